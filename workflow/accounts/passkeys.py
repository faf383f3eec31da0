"""Passkeys kept in an account, to sign later papers without making one each time (ES-01 (1), (2)).

The tie from person to account to passkey is as strong as the signer's own checks: a passkey is made only after face or
code were checked against the identity data of that very person, in the same session; to be signed in is not enough.
"""

import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from webauthn import generate_registration_options, verify_registration_response
from webauthn.helpers import options_to_json_dict, structs
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.registration.verify_registration_response import VerifiedRegistration

from workflow import pictures
from workflow.accounts.models import Account, Passkey, PasskeyMaking
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.gateways import IdentityGateway
from workflow.messages.operations import send
from workflow.settings import settings

MAX_TRIES = 8
MOST = 10  # live passkeys of one account
ASKED_FOR = timedelta(minutes=5)
CHECK_HOLDS = timedelta(minutes=10)
MAX_FRAME = 15 * 1024 * 1024

NAME_IT = Words("请给通行密钥起个名字，例如“我的手机”。", "Give the passkey a name, such as “my phone”.")
NOT_MADE = Words("没有创建成功，请再试一次。", "It was not created. Try again.")
CHECK_FIRST = Words("请先核验本人，再添加通行密钥。", "Pass the check that it is you first.")
NOT_YOU = Words("核验未通过，请重试或换一种方式。", "The check did not pass. Try again, or the other way.")
BAD_CODE = Words("核验码不正确或已失效。", "The verification code is wrong or no longer valid.")
NO_PICTURE = Words(
    "请提供一张 JPEG 或 PNG 照片，不超过 15 MB。", "Give a JPEG or PNG picture of at most 15 MB."
)
NO_CONSENT = Words("请先勾选同意；不同意可改用核验码。", "Tick your consent, or use a verification code.")
TOO_MANY = Words(
    "核验失败次数过多，请退出登录、重新登录后再试。", "The checks failed too often. Sign out and in again."
)
ENOUGH = Words(
    "一个账户最多保留 10 个通行密钥，请先删除不再使用的。",
    "An account keeps ten passkeys at most. Remove one first.",
)


def passkeys_of(db: Session, account_id: uuid.UUID) -> list[Passkey]:
    """The passkeys that an account keeps, oldest first."""
    query = select(Passkey).where(Passkey.account_id == account_id, Passkey.removed_at.is_(None))
    return list(db.scalars(query.order_by(Passkey.created_at)))


def passkey_of(db: Session, account_id: uuid.UUID, passkey_id: uuid.UUID) -> Passkey:
    """One of them, locked. Raises NotFound."""
    query = select(Passkey).where(
        Passkey.id == passkey_id, Passkey.account_id == account_id, Passkey.removed_at.is_(None)
    )
    row = db.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("passkey")
    return row


def rename(db: Session, account_id: uuid.UUID, passkey_id: uuid.UUID, name: str) -> None:
    """Call it something else. Raises NotFound, RuleViolation."""
    passkey_of(db, account_id, passkey_id).name = _named(name)


def remove(db: Session, account_id: uuid.UUID, passkey_id: uuid.UUID) -> None:
    """From now on it signs nothing; what it signed stays valid. Raises NotFound."""
    passkey_of(db, account_id, passkey_id).removed_at = now()


def _named(name: str) -> str:
    name = " ".join(name.split())[:60]
    if not name:
        raise RuleViolation([Problem("ES-01", "name", NAME_IT)])
    return name


def keep(
    db: Session, account: Account, made: VerifiedRegistration, *, name: str, host: str, by: str, reference: str, at: datetime
) -> Passkey:  # fmt: skip
    """Keep a passkey that was made after this person was checked (`by` face or code, `at`); the person is told.

    Raises RuleViolation, Conflict when another account has it.
    """
    if len(passkeys_of(db, account.id)) >= MOST:
        raise RuleViolation([Problem("ES-01", "", ENOUGH)])
    if db.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        raise Conflict(NOT_MADE, "moved_on")
    row = Passkey(
        account_id=account.id, name=_named(name), host=host, public_key=made.credential_public_key,
        credential_id=made.credential_id, sign_count=made.sign_count, checked_by=by, checked_reference=reference, checked_at=at,
        person_index=account.id_number_index,
    )  # fmt: skip
    db.add(row)
    db.flush()
    send(
        db, "sms", account.phone, "passkey_added", f"passkey_added:{row.id}", language=account.language, name=row.name
    )  # fmt: skip
    return row


# -- adding one on the account's page: check the person, then make it, in one session ------------------------------


def making(db: Session, session_id: uuid.UUID) -> PasskeyMaking:
    """How far this browser's session is with making a passkey; locked."""
    db.execute(insert(PasskeyMaking).values(session_id=session_id).on_conflict_do_nothing())
    return db.get_one(PasskeyMaking, session_id, with_for_update=True, populate_existing=True)


def is_checked(row: PasskeyMaking) -> bool:
    """Whether the person passed the check in this session, a moment ago."""
    return row.checked_at is not None and row.checked_at > now() - CHECK_HOLDS


def seed_of(row: PasskeyMaking) -> bytes:
    """What the movements of this try are drawn from."""
    return hmac.digest(
        settings().secret_key.encode(), row.session_id.bytes + row.tries.to_bytes(2, "big"), sha256
    )


def check_face(
    db: Session, account: Account, session_id: uuid.UUID, frame: bytes, consent: bool, prompts: Sequence[str],
    moves: Sequence[bytes], gateway: IdentityGateway,
) -> None:  # fmt: skip
    """Check the account's person by face, with movements where the camera took them; no picture is kept.

    Raises RuleViolation, OutsideFailure. The transaction ends before the service is called.
    """
    row = _trying(db, session_id)
    if not consent:
        raise RuleViolation([Problem("consent", "consent", NO_CONSENT)])
    if moves and len(moves) != len(prompts):
        raise RuleViolation([Problem("RN-01", "frame", NOT_YOU)])
    picture = _picture(frame, 1280)
    seen = [_picture(move, 640) for move in moves]
    name, number, mark = account.name, account.id_number, sha256(picture).hexdigest()[:16]
    asked = f"passkey:{session_id}:{row.tries}:{mark}"
    db.commit()
    verdict = gateway.check_face(f"{asked}:face", name, number, picture)
    if verdict.matches and seen:
        verdict = gateway.check_live(
            f"{asked}:live", name, number, picture, list(zip(prompts, seen, strict=True))
        )
    _judge(db, session_id, verdict.matches, "face", verdict.reference, Problem("RN-01", "frame", NOT_YOU))


def check_code(
    db: Session, account: Account, session_id: uuid.UUID, code: str, gateway: IdentityGateway
) -> None:
    """The lawful alternative: the code of a notary or registration desk (RN-02). Raises as check_face."""
    row = _trying(db, session_id)
    code = "".join(code.split())
    asked = f"passkey:{session_id}:{row.tries}:code:{sha256(code.encode()).hexdigest()[:16]}"
    name, number = account.name, account.id_number
    db.commit()
    verdict = gateway.check_code(asked, name, number, code)
    _judge(db, session_id, verdict.matches, "code", verdict.reference, Problem("RN-02", "code", BAD_CODE))


def _trying(db: Session, session_id: uuid.UUID) -> PasskeyMaking:
    row = making(db, session_id)
    if row.tries >= MAX_TRIES:
        raise RuleViolation([Problem("RN-01", "", TOO_MANY)])
    return row


def _judge(
    db: Session, session_id: uuid.UUID, passed: bool, by: str, reference: str, problem: Problem
) -> None:
    row = _trying(db, session_id)
    if not passed:
        row.tries += 1
        db.commit()  # the try counts although the caller sees an error
        raise RuleViolation([problem])
    row.checked_by, row.checked_reference, row.checked_at = by, reference[:80], now()


def _picture(frame: bytes, most: int) -> bytes:
    if not frame or len(frame) > MAX_FRAME:
        raise RuleViolation([Problem("picture", "frame", NO_PICTURE)])
    try:
        return pictures.straightened(frame, ["JPEG", "PNG"], most, 90)
    except ValueError as error:
        raise RuleViolation([Problem("picture", "frame", NO_PICTURE)]) from error


def options(db: Session, account: Account, session_id: uuid.UUID, host: str) -> dict[str, Any]:
    """What the browser needs to make a passkey under this host; none that is here already. Raises RuleViolation."""
    row = making(db, session_id)
    if not is_checked(row):
        raise RuleViolation([Problem("ES-01", "", CHECK_FIRST)])
    known = [structs.PublicKeyCredentialDescriptor(p.credential_id) for p in passkeys_of(db, account.id)]
    made = generate_registration_options(
        rp_id=host, rp_name="七步 Qibu", user_name=account.name, user_id=account.id.bytes, exclude_credentials=known,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        timeout=int(ASKED_FOR.total_seconds() * 1000),
    )  # fmt: skip
    row.asked, row.asked_until = made.challenge, now() + ASKED_FOR
    return options_to_json_dict(made)


def add(
    db: Session, account: Account, session_id: uuid.UUID, answer: str, name: str, host: str, origin: str
) -> Passkey:
    """Keep the passkey that the device has made; the check is used up by it. Raises RuleViolation, Conflict."""
    row = making(db, session_id)
    if not is_checked(row) or row.checked_at is None:
        raise RuleViolation([Problem("ES-01", "", CHECK_FIRST)])
    name = _named(name)
    if row.asked is None or row.asked_until is None or row.asked_until < now():
        raise RuleViolation([Problem("ES-01", "", NOT_MADE)])
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=row.asked, expected_rp_id=host, expected_origin=origin,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise RuleViolation([Problem("ES-01", "", NOT_MADE)]) from error
    kept = keep(
        db, account, made, name=name, host=host, by=row.checked_by, reference=row.checked_reference, at=row.checked_at
    )  # fmt: skip
    db.delete(row)
    db.flush()
    return kept
