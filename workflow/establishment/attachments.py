"""The files of a case, in order, and the short-lived links by which a phone adds to them."""

import secrets
import uuid
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import objects, pictures
from workflow.case import Actor, Case, lock_case, record
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment import intake
from workflow.establishment.drafts import EDITABLE
from workflow.establishment.models import Attachment, UploadLink
from workflow.machine import MOVED_ON
from workflow.settings import settings

LINK_MINUTES = 30
GRACE = timedelta(minutes=15)  # in which an upload that began before its link ended may finish
MAX_FILES = 30
MARKED = frozenset({"identity"})  # kinds whose pages carry what they are for; the unmarked file is not kept
MARK = "仅供企业登记使用  {case}  {day}"

KINDS: dict[str, Words] = {
    "address_proof": Words("住所材料", "Address document"),
    "identity": Words("身份证件", "Identity document"),
    "approval": Words("批准文件", "Approval"),
    "qualification": Words("主体资格、执业资格证明", "Certificate of an organisation or profession"),
    "election": Words("职工民主选举文件", "Record of the employees' election"),
    "parent_licence": Words("所属公司营业执照", "Licence of the parent company"),
    "other": Words("其他材料", "Other document"),
}
TOO_MANY = Words(
    f"最多上传 {MAX_FILES} 个文件，请先删除不需要的。", f"At most {MAX_FILES} files. Remove some first."
)
LINK_ENDED = Words(
    "上传链接已失效，请在电脑上重新生成二维码。",
    "The upload link has ended. Make a new QR code on the other screen.",
)


def upload_link(db: Session, case: Case, kind: str) -> str:
    """A link for a phone, valid for half an hour; earlier links of the case stay valid until they run out."""
    if kind not in KINDS:
        raise NotFound(kind)
    token = secrets.token_urlsafe(18)
    db.add(
        UploadLink(
            case_id=case.id, kind=kind, token_hash=sha256(token.encode()).digest(),
            expires_at=now() + timedelta(minutes=LINK_MINUTES),
        )
    )  # fmt: skip
    db.flush()
    return f"{settings().portal_url}/u/{token}"


def link_of(db: Session, token: str, grace: timedelta = timedelta()) -> tuple[UploadLink, Case]:
    """The live link of a token and its case; `grace` lets one be that which ended so long ago.

    Raises NotFound, Conflict (`link_expired`, `moved_on`).
    """
    link = db.scalar(select(UploadLink).where(UploadLink.token_hash == sha256(token.encode()).digest()))
    if link is None:
        raise NotFound("upload link")
    if link.expires_at + grace < now():
        raise Conflict(LINK_ENDED, "link_expired")
    case = db.get_one(Case, link.case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    link.opened_at = link.opened_at or now()
    return link, case


def attach(
    db: Session, case_id: uuid.UUID, actor: Actor, kind: str, filename: str, data: bytes, source: str,
    link_id: uuid.UUID | None = None,
) -> Attachment:  # fmt: skip
    """Check and store a file as PDF. The same bytes twice for one kind is one attachment.

    Raises RuleViolation, NotFound, Conflict (`moved_on`), OutsideFailure (a virus scanner that must answer is silent).
    """
    if kind not in KINDS:
        raise NotFound(kind)
    intake.check_size(len(data))
    sent = sha256(data).hexdigest()
    if same := _same(db, case_id, kind, sent):
        return same
    scanned = intake.looked_at(data)
    number = db.get_one(Case, case_id).number
    checked = intake.check_file(data, MARK.format(case=number, day=today()) if kind in MARKED else "")
    case = _editable(db, case_id)
    if same := _same(db, case_id, kind, sent):  # the other of two who sent it at once was first
        return same
    if len(attachments_of(db, case_id)) >= MAX_FILES:
        raise RuleViolation([Problem("file", "file", TOO_MANY)])
    filename = "".join(c for c in filename if c.isprintable())
    stem = filename.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].strip() or KINDS[kind].zh
    row = Attachment(
        case_id=case_id, kind=kind, filename=f"{stem[:150]}.pdf", content_type="application/pdf",
        size=len(checked.data), pages=checked.pages, key=objects.put(checked.data, personal=True), sent_hash=sent,
        source=source, link_id=link_id, scanned=scanned,
        position=1 + (db.scalar(select(func.max(Attachment.position)).where(Attachment.case_id == case_id)) or 0),
    )  # fmt: skip
    db.add(row)
    record(db, case, actor, "attach", detail={"kind": kind, "source": source})
    return row


def _same(db: Session, case_id: uuid.UUID, kind: str, sent: str) -> Attachment | None:
    rows = attachments_of(db, case_id)
    return next((a for a in rows if a.kind == kind and a.sent_hash == sent), None)


def _editable(db: Session, case_id: uuid.UUID) -> Case:
    case = lock_case(db, case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    return case


def attachments_of(db: Session, case_id: uuid.UUID) -> list[Attachment]:
    """The files of a case: by kind in the order of KINDS, then in the order that people gave them."""
    query = select(Attachment).where(Attachment.case_id == case_id, Attachment.removed_at.is_(None))
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(
        db.scalars(query.order_by(Attachment.position)), key=lambda a: order.get(a.kind, len(order))
    )


def attachment_of(db: Session, case_id: uuid.UUID, attachment_id: uuid.UUID) -> Attachment:
    """One file of a case. Raises NotFound."""
    row = db.get(Attachment, attachment_id)
    if row is None or row.case_id != case_id or row.removed_at is not None:
        raise NotFound("attachment")
    return row


def pdf_of(row: Attachment) -> bytes:
    """The file as PDF, as it was stored. Photos of the time before all became PDF are made one."""
    data = objects.get(row.key)
    if row.content_type == "application/pdf":
        return data
    return pictures.as_pdf([pictures.opened(data, intake.PHOTO_FORMATS, intake.LONGEST_SIDE)], intake.QUALITY)


def page_count(row: Attachment) -> int:
    """How many pages it has; counted anew for files of the time before it was written down."""
    return row.pages or len(pictures.page_sizes(pdf_of(row)))


def page_of(row: Attachment, number: int, width: int) -> bytes:
    """Page `number` (from 1) as a JPEG, turned as people turned it. Raises NotFound."""
    return pictures.photo(pdf_of(row), number, width, row.turn)


def turn(db: Session, case_id: uuid.UUID, attachment_id: uuid.UUID, quarters: int) -> Attachment:
    """Show the file turned clockwise by so many quarters from how it came. Raises NotFound, Conflict."""
    _editable(db, case_id)
    row = attachment_of(db, case_id, attachment_id)
    row.turn = quarters % 4
    return row


def place(db: Session, case_id: uuid.UUID, attachment_id: uuid.UUID, place: int) -> Attachment:
    """Put the file at this place (from 0) among those of its kind; beyond the end is the end.

    Raises NotFound, Conflict.
    """
    _editable(db, case_id)
    row = attachment_of(db, case_id, attachment_id)
    others = [a for a in attachments_of(db, case_id) if a.kind == row.kind and a.id != row.id]
    positions = sorted([a.position for a in others] + [row.position])
    others.insert(min(max(place, 0), len(others)), row)
    for one, position in zip(others, positions, strict=True):
        one.position = position
    return row


def remove(db: Session, case_id: uuid.UUID, actor: Actor, attachment_id: uuid.UUID) -> None:
    """Take a file out of the case; its bytes stay, so that this can be undone. Raises NotFound, Conflict."""
    case = _editable(db, case_id)
    attachment_of(db, case_id, attachment_id).removed_at = now()
    record(db, case, actor, "remove_attachment", detail={"attachment": str(attachment_id)})


def restore(db: Session, case_id: uuid.UUID, actor: Actor, attachment_id: uuid.UUID) -> Attachment:
    """Undo a removal; the file that was sent again in the meantime is enough. Raises NotFound, Conflict."""
    case = _editable(db, case_id)
    row = db.get(Attachment, attachment_id)
    if row is None or row.case_id != case_id:
        raise NotFound("attachment")
    if row.removed_at is None:
        return row
    if row.sent_hash and (same := _same(db, case_id, row.kind, row.sent_hash)):
        return same
    row.removed_at = None
    record(db, case, actor, "restore_attachment", detail={"attachment": str(attachment_id)})
    return row
