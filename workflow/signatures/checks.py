"""The signer's checks: identity, then face or its lawful alternative, BEFORE anything of the papers opens (HB-09, 0.6)."""

import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import objects, pictures
from workflow.case import Case
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.evidence import records as evidence
from workflow.gateways import IdentityGateway
from workflow.machine import MOVED_ON, InvitationMachine, next_state
from workflow.personal import blind_index, person_hash
from workflow.policies.queries import policy
from workflow.settings import settings
from workflow.signatures.invitations import by_token, require_signing
from workflow.signatures.models import FaceAccess, Invitation
from workflow.signatures.rules import prompts_from

MAX_TRIES = 8
MAX_FRAME = 15 * 1024 * 1024
SIGNER = frozenset({"signer"})

WRONG_PERSON = Words(
    "姓名或身份证号码与被邀请人不一致，请核对；如果这份邀请不是给您的，请关闭本页。",
    "Name or ID number is not that of the person invited. Check them; if the invitation is not for you, close this page.",
)
NO_MATCH = Words(
    "人脸比对未通过。请正对镜头、光线充足后重试，或改用核验码。",
    "The face did not match. Face the camera in good light and try again, or use a verification code instead.",
)
NOT_LIVE = Words(
    "没有看到要求的动作。请按提示逐个做动作后重试，或改用核验码。",
    "The movements were not seen. Do each as you are told and try again, or use a verification code instead.",
)
NO_MOVES = Words(
    "本登记机关要求在镜头前按提示做动作，单张照片不够。请打开摄像头，或改用核验码。",
    "This authority asks for movements before the camera; one photo is not enough. Open the camera, or use a code.",
)
NO_PICTURE = Words(
    "请提供一张 JPEG 或 PNG 照片，不超过 15 MB。", "Give a JPEG or PNG picture of at most 15 MB."
)
NO_CONSENT = Words(
    "使用人脸核验前，请先勾选同意；不同意可改用核验码。",
    "Tick your consent before the face check; without it, use a verification code.",
)
BAD_CODE = Words("核验码不正确或已失效。", "The verification code is wrong or no longer valid.")
TOO_MANY = Words(
    "核验失败次数过多，请联系经办人重新发送邀请。", "The checks failed too often. Ask for a new invitation."
)


def again(db: Session, token: str) -> Invitation:
    """The invitation, locked, after a service has answered: tries that came in meanwhile count (RN-01)."""
    row = by_token(db, token, lock=True)
    _refuse_hammering(row)
    return row


def _refuse_hammering(row: Invitation) -> None:
    if row.tries >= MAX_TRIES:
        raise RuleViolation([Problem("RN-01", "", TOO_MANY)])


def fail(db: Session, row: Invitation, field: str, words: Words, code: str) -> NoReturn:
    """Count a try that failed, although the caller sees an error. Raises RuleViolation."""
    row.tries += 1
    db.commit()
    raise RuleViolation([Problem(code, field, words)])


def begin(db: Session, token: str, event: str) -> Invitation:
    """The invitation, locked, before a check. Raises Conflict (`moved_on`, `not_signing`), RuleViolation (too many tries)."""
    row = by_token(db, token, lock=True)
    _refuse_hammering(row)
    next_state(InvitationMachine, row.state, event, SIGNER)
    require_signing(db.get_one(Case, row.case_id))
    return row


def request_id(row: Invitation, check: str) -> str:
    """The id of one try with one link: the service answers the same again when it is sent twice."""
    link = row.token_hash.hex()[:12] if row.token_hash else ""
    return f"{row.id}:{check}:{link}:{row.tries}"


def identify(
    db: Session,
    token: str,
    name: str,
    id_number: str,
    gateway: IdentityGateway,
    network: str = "",
    device: str = "",
) -> str:
    """Check that the person with the link is the one invited. Returns the secret that binds this browser.

    Raises RuleViolation, Conflict (`link_expired`, `moved_on`), NotFound, OutsideFailure. The transaction ends
    before the service is called.
    """
    row = begin(db, token, "identify")
    if blind_index(id_number) != blind_index(row.id_number) or plain(name) != plain(row.name):
        fail(db, row, "id_number", WRONG_PERSON, "RN-01")
    db.commit()
    verdict = gateway.check_id(request_id(row, "id"), row.name, row.id_number)
    row = again(db, token)
    if not verdict.matches:
        fail(db, row, "id_number", WRONG_PERSON, "RN-01")
    row.state = next_state(InvitationMachine, row.state, "identify", SIGNER)
    secret = secrets.token_urlsafe(24)
    row.browser_hash = sha256(secret.encode()).digest()
    row.identity_reference, row.identified_at = verdict.reference, now()
    row.network, row.device = network[:64], device[:200]
    note(
        db,
        row,
        "identity",
        {"network": row.network, "device": row.device, "identity_reference": verdict.reference},
    )
    return secret


def note(db: Session, row: Invitation, kind: str, facts: dict[str, str]) -> None:
    """Write down a check that was passed (ES-21)."""
    case = db.get_one(Case, row.case_id)
    evidence.record(
        db, subject=case.number, kind=kind, person=person_hash(row.id_number), at=now(),
        facts={"invitation": str(row.id), "signer": row.name} | facts,
    )  # fmt: skip


def plain(name: str) -> str:
    """A name without spaces and with one kind of middle dot, as people write it in several ways."""
    return "".join(name.split()).translate(dict.fromkeys(map(ord, "•．・‧."), "·"))


def bound(row: Invitation, secret: str) -> None:
    """Refuse any browser but the one that passed the identity check. Raises NotAllowed."""
    if not secret or row.browser_hash != sha256(secret.encode()).digest():
        raise NotAllowed("this browser did not pass the identity check")


def check_face(
    db: Session,
    token: str,
    secret: str,
    frame: bytes,
    consent: bool,
    gateway: IdentityGateway,
    moves: Sequence[bytes] = (),
) -> Invitation:
    """Admit by face. The frame is kept encrypted, or only its hash and the verdict, by policy (HB-09).

    `moves`: a picture for each of `prompts_of`, in their order; none without scripts, where the policy allows that.
    Raises RuleViolation (no consent, no picture, no match, not live, too many tries), NotAllowed, Conflict,
    OutsideFailure.
    """  # fmt: skip
    row = begin(db, token, "admit")
    bound(row, secret)
    if not consent:
        raise RuleViolation([Problem("consent", "consent", NO_CONSENT)])
    picture = _normalised(frame)
    prompts = prompts_of(row)
    required = policy(db, "face_liveness", db.get_one(Case, row.case_id).authority_code) == "required"
    if len(moves) != len(prompts) and (moves or required):
        raise RuleViolation([Problem("RN-01", "frame", NOT_LIVE if moves else NO_MOVES)])
    seen = [_normalised(move, 640) for move in moves]
    db.commit()
    mark = sha256(picture).hexdigest()
    verdict = gateway.check_face(request_id(row, f"face:{mark[:16]}"), row.name, row.id_number, picture)
    words = NO_MATCH
    if verdict.matches and seen:
        question = request_id(row, f"live:{mark[:16]}")
        verdict = gateway.check_live(
            question, row.name, row.id_number, picture, list(zip(prompts, seen, strict=True))
        )
        words = NOT_LIVE
    row = again(db, token)
    if not verdict.matches:
        fail(db, row, "frame", words, "RN-01")
    row.live_prompts = ",".join(prompts) if seen else ""
    case = db.get_one(Case, row.case_id)
    if policy(db, "keep_face_frame", case.authority_code):
        row.face_key = objects.put(picture, personal=True)
    row.face_hash, row.face_consent_at = mark, now()
    return admit(db, row, "face", verdict.reference)


def check_code(db: Session, token: str, secret: str, code: str, gateway: IdentityGateway) -> Invitation:
    """Admit by the code of a notary or a registration desk (RN-02). Raises as check_face."""
    row = begin(db, token, "admit")
    bound(row, secret)
    code = "".join(code.split())
    db.commit()
    mark = sha256(code.encode()).hexdigest()[:16]
    verdict = gateway.check_code(request_id(row, f"code:{mark}"), row.name, row.id_number, code)
    row = again(db, token)
    if not verdict.matches:
        fail(db, row, "code", BAD_CODE, "RN-02")
    return admit(db, row, "code", verdict.reference)


def admit(
    db: Session, row: Invitation, by: str, reference: str, facts: dict[str, str] | None = None
) -> Invitation:
    """Open the papers to this person. `by`: face, code, licence or passkey; `facts`: what else is kept of the check."""
    row.state = next_state(InvitationMachine, row.state, "admit", SIGNER)
    row.admitted_by, row.admitted_reference, row.admitted_at = by, reference[:80], now()
    said = {"by": by, "admission_reference": reference, "face_hash": row.face_hash}
    note(db, row, "admission", said | (facts or {}))
    return row


def prompts_of(row: Invitation) -> tuple[str, str]:
    """The two movements that this browser is asked for in this try; nobody can know them before."""
    seed = row.id.bytes + (row.browser_hash or b"") + row.tries.to_bytes(2, "big")
    return prompts_from(hmac.digest(settings().secret_key.encode(), seed, sha256))


def _normalised(frame: bytes, most: int = 1280) -> bytes:
    """The picture as a JPEG of at most so many pixels a side, without metadata. Raises RuleViolation."""
    if not frame or len(frame) > MAX_FRAME:
        raise RuleViolation([Problem("picture", "frame", NO_PICTURE)])
    try:
        return pictures.straightened(frame, ["JPEG", "PNG"], most, 90)
    except ValueError as error:
        raise RuleViolation([Problem("picture", "frame", NO_PICTURE)]) from error


def forget_faces(db: Session) -> int:
    """Delete kept frames whose time is over by policy; that, too, is written down. The hash and the verdict stay."""
    rows = db.execute(
        select(Invitation, Case.authority_code).join(Case, Case.id == Invitation.case_id)
        .where(Invitation.face_key != "").order_by(Invitation.admitted_at).limit(500)
        .with_for_update(of=Invitation, skip_locked=True)
    ).all()  # fmt: skip
    count = 0
    for row, authority_code in rows:
        days = int(policy(db, "face_frame_days", authority_code))
        if row.admitted_at is None or row.admitted_at > now() - timedelta(days=days):
            continue
        key, row.face_key = row.face_key, ""
        db.add(FaceAccess(invitation_id=row.id, actor_id="system", reason=f"deleted after {days} days"))
        db.flush()
        if db.scalar(select(Invitation.id).where(Invitation.face_key == key).limit(1)) is None:
            objects.delete(key)
        count += 1
    return count


def read_face(db: Session, invitation_id: uuid.UUID, actor_id: str, reason: str) -> bytes:
    """A stored face frame; the read is written down. Raises NotFound."""
    row = db.get(Invitation, invitation_id)
    if row is None or not row.face_key:
        raise NotFound("face frame")
    db.add(FaceAccess(invitation_id=invitation_id, actor_id=actor_id, reason=reason))
    db.flush()
    return objects.get(row.face_key)


def require_admitted(row: Invitation, secret: str) -> None:
    """Only an admitted signer in the same browser goes on. Raises NotAllowed, Conflict (`moved_on`)."""
    bound(row, secret)
    if row.state not in ("admitted", "signed"):
        raise Conflict(MOVED_ON, "moved_on")
