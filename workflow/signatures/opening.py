"""A passkey of the signer's account stands for the face check before the papers open (section 0.6, HB-09).

It shows that the person is the one whom a check by face or code had found when the passkey was made; so it must be of
that very person, made since the account's identity was checked, and not older than the authority allows
(`passkey_check_days`). The device checks face, finger or screen lock; what it signs is kept as evidence.
"""

import json
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session
from webauthn import generate_authentication_options, verify_authentication_response
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json, structs
from webauthn.helpers.exceptions import WebAuthnException

from signing.control import rp_id
from workflow.accounts.models import Passkey
from workflow.case import Case
from workflow.db import now
from workflow.errors import NotAllowed, Problem, RuleViolation, Words
from workflow.personal import blind_index, person_hash
from workflow.policies.queries import policy
from workflow.settings import settings
from workflow.signatures import checks
from workflow.signatures.control import ASKED_FOR, account_of, end_control, passkeys_for, reference
from workflow.signatures.models import Control, Invitation
from workflow.signatures.rules import passkey_origin

FORMAT = "qibu-opening-1"  # another text than a statement about papers: an answer here signs nothing
PASSKEY = "passkey"

NONE_FITS = Words(
    "您的账户中没有可以用于这次核验的通行密钥。请用人脸，或改用核验码。",
    "Your account keeps no passkey that counts for this check. Use your face, or a verification code.",
)
NOT_CONFIRMED = Words(
    "通行密钥没有确认。请再试一次，或改用人脸或核验码。",
    "The passkey did not confirm. Try again, or use your face or a verification code.",
)


def fitting(db: Session, row: Invitation, address: str) -> list[Passkey]:
    """The passkeys of the invited person that count as the check, on the page at `address`."""
    days = int(policy(db, "passkey_check_days", db.get_one(Case, row.case_id).authority_code))
    account, person = account_of(db, row), blind_index(row.id_number)
    return [
        passkey for passkey in passkeys_for(db, row, address)
        if account is not None and passkey.person_index == person and passkey.checked_by in ("face", "code")
        and passkey.created_at >= account.verified_at and passkey.checked_at > now() - timedelta(days=days)
    ]  # fmt: skip


def ask(db: Session, token: str, secret: str, address: str) -> dict[str, Any]:
    """What the device is asked to confirm: this person, this invitation, for once, for five minutes.

    Raises RuleViolation (none counts, too many tries), NotAllowed, Conflict.
    """
    row = checks.begin(db, token, "admit")
    checks.bound(row, secret)
    known = fitting(db, row, address)
    if not known:
        raise RuleViolation([Problem("RN-02", "", NONE_FITS)])
    origin, _ = passkey_origin(address, settings().portal_url)
    content = {
        "format": FORMAT, "reference": reference(db.get_one(Case, row.case_id), row), "signer": row.name,
        "person": person_hash(row.id_number), "nonce": secrets.token_hex(16), "origin": origin,
    }  # fmt: skip
    asked = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    end_control(db, row.id)
    db.add(Control(invitation_id=row.id, asked=asked, asked_until=now() + ASKED_FOR))
    db.flush()
    options = generate_authentication_options(
        rp_id=rp_id(origin), challenge=sha256(asked).digest(),
        allow_credentials=[structs.PublicKeyCredentialDescriptor(passkey.credential_id) for passkey in known],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
        timeout=int(ASKED_FOR.total_seconds() * 1000),
    )  # fmt: skip
    return options_to_json_dict(options)


def check_passkey(db: Session, token: str, secret: str, answer: str, address: str) -> Invitation:
    """Admit by the device's answer, which is used up by this. A wrong one counts as a try.

    Raises RuleViolation (not confirmed, too many tries), NotAllowed, Conflict.
    """
    row = checks.begin(db, token, "admit")
    checks.bound(row, secret)
    pending = db.get(Control, row.id, populate_existing=True)
    asked = pending.asked if pending and pending.asked_until and pending.asked_until > now() else None
    end_control(db, row.id)
    try:
        passkey, proof = _confirmed(db, row, asked, answer, address)
    except (NotAllowed, WebAuthnException, ValueError, KeyError, TypeError):
        checks.fail(db, row, "", NOT_CONFIRMED, "RN-02")
    return checks.admit(db, row, PASSKEY, sha256(passkey.credential_id).hexdigest(), proof)


def _confirmed(
    db: Session, row: Invitation, asked: bytes | None, answer: str, address: str
) -> tuple[Passkey, dict[str, str]]:
    """The passkey that confirmed, and what is kept of it. Raises NotAllowed and what WebAuthn raises."""
    told = parse_authentication_credential_json(json.loads(answer))
    found = next((p for p in fitting(db, row, address) if p.credential_id == told.raw_id), None)
    if asked is None or found is None:
        raise NotAllowed("nothing was asked, or of another passkey")
    passkey = db.get_one(Passkey, found.id, with_for_update=True, populate_existing=True)
    if passkey.removed_at is not None:
        raise NotAllowed("the passkey was removed")
    origin = str(json.loads(asked)["origin"])
    verified = verify_authentication_response(
        credential=told, expected_challenge=sha256(asked).digest(), expected_rp_id=rp_id(origin), expected_origin=origin,
        credential_public_key=passkey.public_key, credential_current_sign_count=passkey.sign_count,
        require_user_verification=True,
    )  # fmt: skip
    passkey.sign_count, passkey.used_at = verified.new_sign_count, now()
    parts = json.loads(answer)["response"]
    assertion = json.dumps(
        {name: parts[name] for name in ("authenticatorData", "clientDataJSON", "signature")}, sort_keys=True
    )
    return passkey, {
        "credential_id_sha256": sha256(passkey.credential_id).hexdigest(),
        "credential": sha256(passkey.public_key).hexdigest(), "public_key": passkey.public_key.hex(),
        "passkey_made_after": passkey.checked_by,
        "passkey_checked_at": passkey.checked_at.isoformat(timespec="seconds"),
        "passkey_reference": passkey.checked_reference,
        "statement": asked.decode(), "assertion": assertion, "assertion_sha256": sha256(assertion.encode()).hexdigest(),
    }  # fmt: skip
