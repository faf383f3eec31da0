"""How banks prove who they are, and the file that they may fetch inside a person's consent."""

import base64
import logging
import secrets
import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow import objects
from workflow.case import Case
from workflow.clock import local_date
from workflow.db import now
from workflow.errors import NotAllowed, NotFound, OutsideFailure
from workflow.establishment.data import Application
from workflow.establishment.drafts import submissions_of
from workflow.gateways import BankGateway
from workflow.handoff.models import BankClient, BankToken, Handoff
from workflow.licensing.models import Licence, RegisterEntry
from workflow.machine import HandoffMachine, is_final
from workflow.signatures.invitations import live_papers

log = logging.getLogger("qibu.banks")
TOKEN_MINUTES = 15
ASSERTION_SECONDS = 600  # the longest life of a client assertion
KEYS_SECONDS = 30
RETRY_SECONDS = 2  # after a bank did not answer
MAX_KEYS = 5
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def keys_of(client: BankClient) -> list[Ed25519PublicKey]:
    """The bank's public keys; two may be live while it rotates."""
    return [Ed25519PublicKey.from_public_bytes(base64.b64decode(key)) for key in client.keys]


def refresh_keys(db: Session, client: BankClient, gateway: BankGateway) -> bool:
    """Take the bank's keys from where it publishes them, at most once in `KEYS_SECONDS`; whether they changed.

    A bank that does not answer keeps the keys that are known.
    """
    if not client.jwks_url or (client.keys_at and client.keys_at > now() - timedelta(seconds=KEYS_SECONDS)):
        return False
    client.keys_at = now()
    try:
        found = gateway.keys(client.jwks_url)[:MAX_KEYS]
    except OutsideFailure as failure:  # asked again soon, but not at every request
        client.keys_at = now() - timedelta(seconds=KEYS_SECONDS - RETRY_SECONDS)
        log.warning("%s: %s", client.bank_code, failure)
        return False
    changed = bool(found) and found != client.keys
    if changed:
        client.keys = found
    db.flush()
    return changed


def give_token(db: Session, assertion: str, audience: str, gateway: BankGateway) -> tuple[str, int]:
    """An access token for a signed client assertion (RFC 7523); returns it and its seconds.

    Each assertion works once and for `ASSERTION_SECONDS` at most. When no known key fits, the bank's published
    keys are looked at. Raises NotAllowed.
    """
    try:
        unchecked = jwt.decode(assertion, options={"verify_signature": False})
        client = db.get(BankClient, str(unchecked.get("sub", "")))
    except jwt.PyJWTError as error:
        raise NotAllowed("invalid assertion") from error
    if client is None or not client.active:
        raise NotAllowed("unknown client")
    claims = _checked(client, assertion, audience)
    if claims is None:
        changed = refresh_keys(db, client, gateway)
        db.commit()  # the look counts although the caller may be refused
        claims = _checked(client, assertion, audience) if changed else None
    if claims is None:
        raise NotAllowed("invalid assertion")
    used = sha256(str(claims["jti"]).encode()).hexdigest()
    token = secrets.token_urlsafe(32)
    row = BankToken(
        bank_code=client.bank_code, token_hash=sha256(token.encode()).digest(),
        assertion_id=f"{client.bank_code}:{used}", expires_at=now() + timedelta(minutes=TOKEN_MINUTES),
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
    except IntegrityError as error:
        raise NotAllowed("this assertion was used before") from error
    return token, TOKEN_MINUTES * 60


def _checked(client: BankClient, assertion: str, audience: str) -> dict[str, Any] | None:
    """The claims when one of the bank's keys signed them for us and they are fresh."""
    for key in keys_of(client):
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion, key, algorithms=["EdDSA"], audience=audience, issuer=client.bank_code, leeway=30,
                options={"require": ["exp", "jti", "sub", "iss", "aud"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            continue
        return claims if int(claims["exp"]) <= now().timestamp() + ASSERTION_SECONDS else None
    return None


def client_of(db: Session, token: str) -> BankClient:
    """The bank behind an access token. Raises NotAllowed."""
    row = db.scalar(select(BankToken).where(BankToken.token_hash == sha256(token.encode()).digest()))
    if row is None or row.expires_at < now():
        raise NotAllowed("the access token is unknown or has run out")
    client = db.get_one(BankClient, row.bank_code)
    if not client.active:
        raise NotAllowed("the bank does not take part any more")
    return client


def check_body(client: BankClient, signature: str, body: bytes) -> None:
    """A report is signed by the bank over the exact bytes. Raises NotAllowed."""
    try:
        mark = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise NotAllowed("the signature is not base64") from error
    for key in keys_of(client):
        try:
            return key.verify(mark, body)
        except InvalidSignature:
            continue
    raise NotAllowed("the signature does not fit the body")


def handoff_for(db: Session, client: BankClient, handoff_id: uuid.UUID) -> Handoff:
    """A handoff to this bank. Raises NotFound for any other bank's."""
    row = db.get(Handoff, handoff_id)
    if row is None or row.bank_code != client.bank_code:
        raise NotFound("handoff")
    return row


def file_for_bank(db: Session, row: Handoff) -> dict[str, Any]:
    """What the person agreed to pass on, and nothing else (BK-07). Raises NotAllowed once consent has ended."""
    if row.state in ("withdrawn", "declined"):
        raise NotAllowed("the consent has ended")
    case = db.get_one(Case, row.case_id)
    licence = db.scalars(select(Licence).where(Licence.case_id == case.id, Licence.state == "active")).one()
    everything = values_for_bank(db, case) | {
        "licence": _file(licence.key),
        "articles": next((_file(p.key) for p in live_papers(db, case.id) if p.kind == "articles"), None),
    }
    row.pulled_at = row.pulled_at or now()
    return {
        "handoff_id": str(row.id),
        "business_number": row.business_number,
        "bank_code": row.bank_code,
        "branch_code": row.branch_code,
        "consented_at": row.consented_at.isoformat(),
        "consent": row.consent_text,
        "as_of": local_date(now()).isoformat(),
        **{key: everything[key] for key in row.fields},
    }


def values_for_bank(db: Session, case: Case) -> dict[str, Any]:
    """The data of a licensed case for a bank, files aside: what the person reads before agreeing is what goes."""
    entry = db.scalars(select(RegisterEntry).where(RegisterEntry.case_id == case.id)).one()
    application = submissions_of(db, case.id)[-1][1]
    finance = next((o.person for o in application.officers if o.office == "finance_chief"), "")
    lead = application.governance.legal_representative
    return {
        "name": entry.name,
        "uscc": entry.uscc,
        "type": entry.type_text,
        "address": entry.address,
        "capital": entry.capital,
        "scope": entry.scope,
        "established_on": entry.established_on.isoformat(),
        "authority": entry.authority_name,
        "legal_representative": _person(application, lead, "id_number", "phone"),
        "shareholders": entry.facts["contributors"],
        "officers": entry.facts["officers"],
        "finance": _person(application, finance, "phone"),
    }


def _person(application: Application, key: str, *fields: str) -> dict[str, str] | None:
    person = application.person(key)
    if person is None:
        return None
    return {"name": person.name, **{field: str(getattr(person, field)) for field in fields}}


def _file(key: str) -> dict[str, str]:
    data = objects.get(key)
    return {"sha256": sha256(data).hexdigest(), "pdf": base64.b64encode(data).decode()}


def open_handoffs(db: Session, bank_code: str) -> list[Handoff]:
    """The bank's handoffs that are not finished, oldest first."""
    ends = [s.id for s in HandoffMachine.states if is_final(HandoffMachine, s.id)]
    query = select(Handoff).where(Handoff.bank_code == bank_code, Handoff.state.not_in(ends))
    return list(db.scalars(query.order_by(Handoff.consented_at)))
