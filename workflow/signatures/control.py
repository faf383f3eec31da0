"""The signer keeps the signing key: in the phone (passkey), or behind a PIN (ES-01 (1), (2), decision 13).

Either way the server cannot sign alone: a passkey confirms the exact papers on the phone; a PIN's key rests wrapped
under the PIN and the secret of the signer's browser, of which the server keeps only a hash.
"""

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json, structs
from webauthn.helpers.exceptions import WebAuthnException

from signing import pins
from signing.control import PASSKEY, PIN, Proof, Statement, by_pin, public_bytes, rp_id
from signing.errors import ProofRefused, WrongPin
from signing.keys import Key, one_time_key
from workflow.accounts.models import Account, Passkey
from workflow.accounts.passkeys import keep, passkeys_of
from workflow.case import Actor, Case, lock_case, record
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.evidence import records as evidence
from workflow.machine import MOVED_ON, InvitationMachine, next_state
from workflow.personal import blind_index, person_hash
from workflow.settings import settings
from workflow.signatures.checks import SIGNER, bound, plain, require_admitted
from workflow.signatures.invitations import by_token, end_checks, require_signing
from workflow.signatures.models import Control, Invitation
from workflow.signatures.rules import passkey_origin, weak_pin

ASKED_FOR = timedelta(minutes=5)
MAX_PINS = 5
Shown = Sequence[tuple[str, str]]  # kind and SHA-256 of each paper, as the page showed them

NOT_MADE = Words("没有创建成功。请再试一次，或改用 PIN 码。", "It was not created. Try again, or use a PIN.")
NOT_CONFIRMED = Words(
    "手机没有确认这次签署，什么都没有签。请再按一次“全部签署”。",
    "The phone did not confirm; nothing was signed. Press “Sign all” once more.",
)
TOO_LATE = Words(
    "确认已超过 5 分钟而失效，什么都没有签。请再按一次“全部签署”。",
    "More than 5 minutes passed, so the confirmation no longer counts; nothing was signed. Press “Sign all” once more.",
)
WRONG_PIN = Words("PIN 码不正确，还可以试 {left} 次。", "The PIN is wrong; {left} more tries.")
PIN_GONE = Words(
    "PIN 码已输错 5 次，为保护您，签名密钥已销毁。请从身份核验重新开始。",
    "The PIN was wrong five times. To protect you the signing key was destroyed; begin again with the identity check.",
)
NOT_SAME = Words("两次输入的 PIN 码不一致。", "The two PINs differ.")


def control_of(db: Session, row: Invitation) -> Control | None:
    """The control that a signer has chosen, if any."""
    found = db.get(Control, row.id, populate_existing=True)
    if found is None or not found.method:
        return None
    if found.passkey_id is not None and not _is_kept(db, found.passkey_id):
        return None
    return found


def _is_kept(db: Session, passkey_id: uuid.UUID) -> bool:
    """Whether the account still keeps a passkey; a removed one signs nothing."""
    return db.get_one(Passkey, passkey_id, populate_existing=True).removed_at is None


def account_of(db: Session, row: Invitation) -> Account | None:
    """The account of the invited person, by name and ID number, if there is one."""
    found = db.scalar(select(Account).where(Account.id_number_index == blind_index(row.id_number)))
    return found if found is not None and plain(found.name) == plain(row.name) else None


def passkeys_for(db: Session, row: Invitation, address: str) -> list[Passkey]:
    """The passkeys of the invited person's account that work on the page at `address`."""
    origin, _ = passkey_origin(address, settings().portal_url)
    account = account_of(db, row)
    if not origin or account is None:
        return []
    return [passkey for passkey in passkeys_of(db, account.id) if passkey.host == rp_id(origin)]


def may_keep(db: Session, row: Invitation) -> bool:
    """Whether a new passkey may go to the person's account: the person passed a check of the own face or a code."""
    return row.admitted_by in ("face", "code") and account_of(db, row) is not None


def use_passkey(db: Session, token: str, secret: str, passkey_id: uuid.UUID, address: str) -> Control:
    """Sign with a passkey that the signer's account keeps. Raises NotFound, NotAllowed, Conflict."""
    case, row = _choosing(db, token, secret)
    passkey = next((p for p in passkeys_for(db, row, address) if p.id == passkey_id), None)
    if passkey is None:
        raise NotFound("passkey")
    end_control(db, row.id)
    control = Control(
        invitation_id=row.id, method=PASSKEY, public_key=passkey.public_key, credential_id=passkey.credential_id,
        sign_count=passkey.sign_count, passkey_id=passkey.id,
    )  # fmt: skip
    db.add(control)
    return _commit(db, case, row, control, passkey)


def end_control(db: Session, invitation_id: uuid.UUID) -> None:
    """Destroy what a signer had: the wrapped key and the passkey's registration (new link, refusal, fallen papers)."""
    db.execute(delete(Control).where(Control.invitation_id == invitation_id))


def _choosing(db: Session, token: str, secret: str) -> tuple[Case, Invitation]:
    case = lock_case(db, by_token(db, token).case_id)
    row = by_token(db, token, lock=True)
    require_admitted(row, secret)
    require_signing(case)
    if row.state != "admitted" or control_of(db, row):
        raise Conflict(MOVED_ON, "moved_on")
    return case, row


def passkey_options(db: Session, token: str, secret: str, address: str) -> dict[str, Any]:
    """What the browser needs to make a passkey on the page at `address`: it must check face, finger or screen lock.

    Raises RuleViolation where no passkey can be made, NotAllowed, Conflict.
    """
    _, row = _choosing(db, token, secret)
    origin = _origin(address)
    options = generate_registration_options(
        rp_id=rp_id(origin), rp_name="七步 Qibu", user_name=row.name, user_id=row.id.bytes,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        timeout=int(ASKED_FOR.total_seconds() * 1000),
    )  # fmt: skip
    end_control(db, row.id)
    db.add(Control(invitation_id=row.id, asked=options.challenge, asked_until=now() + ASKED_FOR))
    db.flush()
    return options_to_json_dict(options)


def keep_by_passkey(
    db: Session, token: str, secret: str, answer: str, address: str, keep_as: str = ""
) -> Control:
    """Take the passkey that the phone has made; with `keep_as` it stays in the person's account under that name.

    Raises RuleViolation, NotAllowed, Conflict.
    """
    case, row = _choosing(db, token, secret)
    pending = db.get(Control, row.id, populate_existing=True)
    if pending is None or pending.asked is None or not pending.asked_until or pending.asked_until < now():
        raise RuleViolation([Problem("ES-01", "", NOT_MADE)])
    origin = _origin(address)
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=pending.asked, expected_rp_id=rp_id(origin), expected_origin=origin,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise RuleViolation([Problem("ES-01", "", NOT_MADE)]) from error
    pending.method, pending.asked, pending.asked_until = PASSKEY, None, None
    pending.public_key, pending.credential_id = made.credential_public_key, made.credential_id
    pending.sign_count = made.sign_count
    account = account_of(db, row) if keep_as and may_keep(db, row) else None
    if account is None or row.admitted_at is None:
        return _commit(db, case, row, pending)
    passkey = keep(
        db, account, made, name=keep_as, host=rp_id(origin), by=row.admitted_by, reference=row.admitted_reference,
        at=row.admitted_at,
    )  # fmt: skip
    pending.passkey_id = passkey.id
    return _commit(db, case, row, pending, passkey)


def keep_by_pin(db: Session, token: str, secret: str, pin: str, again: str) -> Control:
    """Make the signing key now and wrap it. Raises RuleViolation for a weak PIN, NotAllowed, Conflict."""
    case, row = _choosing(db, token, secret)
    if why := weak_pin(pin, row.id_number, row.phone):
        raise RuleViolation([Problem("ES-01", "pin", why)])
    if pin != again:
        raise RuleViolation([Problem("ES-01", "again", NOT_SAME)])
    key = one_time_key()
    end_control(db, row.id)
    control = Control(
        invitation_id=row.id, method=PIN, public_key=public_bytes(key.public_key()),
        wrapped_key=pins.wrap(key, pin, secret, row.id.bytes),
    )  # fmt: skip
    db.add(control)
    return _commit(db, case, row, control)


def _origin(address: str) -> str:
    origin, why = passkey_origin(address, settings().portal_url)
    if why is not None:
        raise RuleViolation([Problem("ES-01", "", why)])
    return origin


def _commit(
    db: Session, case: Case, row: Invitation, control: Control, passkey: Passkey | None = None
) -> Control:
    """Put on record, before anything is signed, which key is this person's."""
    db.flush()
    facts = {"method": control.method, "credential": sha256(control.public_key).hexdigest()}
    record(db, case, signer(row), "choose_control", detail=facts)
    if passkey is not None:  # what ties it to the person
        facts |= {
            "passkey_made_after": passkey.checked_by,
            "passkey_checked_at": passkey.checked_at.isoformat(timespec="seconds"),
            "passkey_reference": passkey.checked_reference,
        }
    evidence.record(
        db, subject=case.number, kind="control", person=person_hash(row.id_number), at=now(),
        facts={
            **facts, "invitation": str(row.id), "signer": row.name, "public_key": control.public_key.hex(),
            "network": row.network, "device": row.device,
        },
    )  # fmt: skip
    return control


def signer(row: Invitation) -> Actor:
    """The invited person as an actor."""
    return Actor("signer", str(row.id), row.name, SIGNER)


def start_over(db: Session, token: str, secret: str) -> Invitation:
    """Forget PIN or passkey and begin with the identity check again, under the same link. Raises NotAllowed, Conflict."""
    case = lock_case(db, by_token(db, token).case_id)
    row = by_token(db, token, lock=True)
    bound(row, secret)
    return _start_over(db, case, row)


def _start_over(db: Session, case: Case, row: Invitation) -> Invitation:
    row.state = next_state(InvitationMachine, row.state, "start_over", SIGNER)
    row.browser_hash = None
    end_checks(db, row.id)
    record(db, case, signer(row), "start_over", detail={"person": row.person_key})
    return row


# -- the act ---------------------------------------------------------------------------------------------------------


def reference(case: Case, row: Invitation) -> str:
    """What certificate, statement and evidence of one act have in common."""
    return f"{case.number}/{row.id}"


def _statement(
    case: Case, row: Invitation, control: Control, shown: Shown, consent: str, origin: str
) -> Statement:
    return Statement(
        reference=reference(case, row), signer=row.name, person=person_hash(row.id_number), method=control.method,
        credential=sha256(control.public_key).hexdigest(), consent=sha256(consent.encode()).hexdigest(),
        nonce=secrets.token_hex(16), papers=tuple(shown), origin=origin,
    )  # fmt: skip


def ask(db: Session, case: Case, row: Invitation, shown: Shown, consent: str, address: str) -> dict[str, Any]:
    """Ask the passkey to confirm these papers: its challenge is the statement's SHA-256. For once, for five minutes."""
    control = control_of(db, row)
    if control is None or control.method != PASSKEY:
        raise Conflict(MOVED_ON, "moved_on")
    statement = _statement(case, row, control, shown, consent, _origin(address))
    control.asked, control.asked_until = statement.canonical(), now() + ASKED_FOR
    options = generate_authentication_options(
        rp_id=rp_id(statement.origin), challenge=statement.challenge,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(control.credential_id)],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
        timeout=int(ASKED_FOR.total_seconds() * 1000),
    )  # fmt: skip
    return options_to_json_dict(options)


def proof_by_passkey(db: Session, control: Control, answer: str, shown: Shown, consent: str) -> Proof:
    """The phone's confirmation of what it was asked; used up by this. Raises RuleViolation.

    The counter of one that the account keeps counts over all papers: a copy of the phone shows there.
    """
    asked, until = control.asked, control.asked_until
    if asked is None or until is None or not answer:
        raise RuleViolation([Problem("ES-01", "", NOT_CONFIRMED)])
    if until < now():
        raise RuleViolation([Problem("ES-01", "", TOO_LATE)])
    try:
        told = parse_authentication_credential_json(json.loads(answer)).response
        proof = Proof(
            PASSKEY, control.public_key, asked, told.signature, told.authenticator_data, told.client_data_json
        )
        kept = control.passkey_id and db.get_one(
            Passkey, control.passkey_id, with_for_update=True, populate_existing=True
        )
        if kept and kept.removed_at is not None:
            raise ProofRefused("the passkey was removed")
        statement, count = proof.check(kept.sign_count if kept else control.sign_count)
    except (ProofRefused, WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise RuleViolation([Problem("ES-01", "", NOT_CONFIRMED)]) from error
    if statement.papers != tuple(shown) or statement.consent != sha256(consent.encode()).hexdigest():
        raise RuleViolation([Problem("ES-01", "", NOT_CONFIRMED)])
    control.sign_count, control.asked, control.asked_until = count, None, None
    if kept:
        kept.sign_count, kept.used_at = count, now()
    return proof


@dataclass(frozen=True)
class Opened:
    """What a PIN made of a wrapped key: the key, or nothing when it is the wrong one."""

    wrapped: bytes
    key: Key | None


def open_key(row: Invitation, control: Control, pin: str, secret: str) -> Opened:
    """Try a PIN. Slow on purpose, so it is done before the case is locked; what comes of it counts only under the lock."""
    wrapped = control.wrapped_key or b""
    try:
        return Opened(wrapped, pins.unwrap(wrapped, pin, secret, row.id.bytes))
    except WrongPin:
        return Opened(wrapped, None)


def proof_by_pin(
    db: Session,
    case: Case,
    row: Invitation,
    control: Control,
    opened: Opened | None,
    shown: Shown,
    consent: str,
) -> tuple[Proof, Key]:
    """The proof of a key that its PIN opened; it is gone from storage with this transaction. A wrong PIN counts, the
    fifth ends it.

    Raises RuleViolation, Conflict when the key that was opened is not the one that rests here now.
    """
    if opened is None or not opened.wrapped or opened.wrapped != control.wrapped_key:
        raise Conflict(MOVED_ON, "moved_on")
    if (key := opened.key) is None:
        control.tries += 1
        left = MAX_PINS - control.tries
        if left <= 0:
            _start_over(db, case, row)
        db.commit()  # the try counts although the caller sees an error
        words = WRONG_PIN.format(left=left) if left > 0 else PIN_GONE
        raise RuleViolation([Problem("ES-01", "pin", words)])
    control.wrapped_key = None
    return by_pin(key, _statement(case, row, control, shown, consent, "")), key
