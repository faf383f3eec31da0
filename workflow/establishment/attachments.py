"""Files for a case, from the desk or from a phone by a short-lived link."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

from pillow_heif import register_heif_opener
from pypdf import PdfReader
from pypdf.errors import PdfReadError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import objects, pictures
from workflow.case import Actor, Case, lock_case, record
from workflow.catalogues.queries import Catalogue
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment.data import Application
from workflow.establishment.drafts import EDITABLE
from workflow.establishment.models import Attachment, UploadLink
from workflow.establishment.rules.common import uses
from workflow.machine import MOVED_ON
from workflow.settings import settings

LINK_MINUTES = 30
MAX_BYTES = 15 * 1024 * 1024
MAX_FILES = 30
LONGEST_SIDE = 2400  # pixels after straightening

KINDS: dict[str, Words] = {
    "address_proof": Words("住所材料", "Address document"),
    "identity": Words("身份证件", "Identity document"),
    "approval": Words("批准文件", "Approval"),
    "other": Words("其他材料", "Other document"),
}
EMPTY = Words("请选择一个文件。", "Choose a file.")
TOO_LARGE = Words(
    "文件超过 15 MB，请压缩或分开上传。", "The file is larger than 15 MB. Compress it or upload it in parts."
)
WRONG_KIND = Words(
    "只能上传照片（JPEG、PNG、HEIC）或 PDF，请换一个文件。",
    "Only photos (JPEG, PNG, HEIC) and PDF can be uploaded. Choose another file.",
)
ACTIVE = Words(
    "该 PDF 含有自动执行的操作或者附加文件，请重新打印成 PDF 后上传，或者拍照上传。",
    "This PDF runs something by itself or carries other files. Print it to a PDF again, or upload photos of it.",
)
TOO_MANY = Words("最多上传 30 个文件，请先删除不需要的。", "At most 30 files. Remove some first.")
LINK_ENDED = Words(
    "上传链接已失效，请在电脑上重新生成二维码。",
    "The upload link has ended. Make a new QR code on the other screen.",
)


@dataclass(frozen=True)
class Checked:
    """A file that was opened and found to be what it says."""

    data: bytes
    content_type: str
    extension: str


@dataclass(frozen=True)
class Needed:
    """A kind of document that the answers make necessary, and why; `present` when a file of it is there."""

    kind: str
    why: Words
    present: bool


HOSTED = Words(
    "住所为托管地址，须提交托管合同或者租赁合同。",
    "The address is a hosted one: the hosting contract or the lease is needed.",
)
NO_COMMITMENT = Words(
    "没有作出住所承诺，须提交住所使用证明（如租赁合同、产权证明）。",
    "Without the address commitment, a proof of use is needed, such as a lease or a title.",
)
APPROVAL = Words(
    "“{entry}”须在登记前取得批准，请提交批准文件。",
    "{entry} needs an approval before registration: its document is needed.",
)
FOREIGN = Words(
    "{name}使用的不是居民身份证，须提交证件照片。",
    "{name} has no resident ID card: a picture of the document is needed.",
)


def needed(db: Session, case: Case, application: Application, facts: Catalogue) -> list[Needed]:
    """Which documents the answers make necessary (ADR-03, SC-06, RN-05), in the order of the form."""
    kinds = {a.kind for a in attachments_of(db, case.id)}
    reasons: list[tuple[str, Words]] = []
    if application.address.use == "hosted":
        reasons.append(("address_proof", HOSTED))
    elif application.address.text and not application.address.commitment:
        reasons.append(("address_proof", NO_COMMITMENT))
    for entry in application.scope:
        standard = facts.scope_entries.get(entry.code)
        if standard is not None and standard.timing == "before":
            reasons.append(("approval", APPROVAL.format(entry=standard.text)))
    used = {key for _, key in uses(application)}
    for person in application.people:
        if person.id_type != "resident_id" and person.key in used:
            reasons.append(("identity", FOREIGN.format(name=person.name)))
    return [Needed(kind, why, kind in kinds) for kind, why in reasons]


def check_file(data: bytes) -> Checked:
    """Open the file, judge it by its content, straighten and shrink photos and drop their metadata.

    Raises RuleViolation.
    """
    if not data:
        raise RuleViolation([Problem("file", "file", EMPTY)])
    if len(data) > MAX_BYTES:
        raise RuleViolation([Problem("file", "file", TOO_LARGE)])
    if data[:1024].lstrip().startswith(b"%PDF-"):
        try:
            reader = PdfReader(BytesIO(data))
            active = _is_active(reader)
            if len(reader.pages) == 0:
                raise PdfReadError("no pages")
        except Exception as error:  # a broken PDF fails in many ways; each is a file that we do not take
            raise RuleViolation([Problem("file", "file", WRONG_KIND)]) from error
        if active:
            raise RuleViolation([Problem("file", "file", ACTIVE)])
        return Checked(data, "application/pdf", "pdf")
    register_heif_opener()
    try:
        picture = pictures.straightened(data, ["JPEG", "PNG", "HEIF"], LONGEST_SIDE, 85)
    except ValueError as error:
        raise RuleViolation([Problem("file", "file", WRONG_KIND)]) from error
    return Checked(picture, "image/jpeg", "jpg")


def _is_active(reader: PdfReader) -> bool:
    """Whether a PDF runs something when it is opened or carries other files: a registrar shall open it without fear."""
    root = reader.root_object
    opening = root.get("/OpenAction")
    opening = opening.get_object() if opening is not None else None
    names = root.get("/Names")
    carried = names.get_object() if names is not None else {}
    return (
        "/AA" in root
        or (isinstance(opening, dict) and opening.get("/S") != "/GoTo")
        or bool({"/JavaScript", "/EmbeddedFiles"} & set(carried))
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


def link_of(db: Session, token: str) -> tuple[UploadLink, Case]:
    """The live link of a token and its case. Raises NotFound, Conflict (`link_expired`, `moved_on`)."""
    link = db.scalar(select(UploadLink).where(UploadLink.token_hash == sha256(token.encode()).digest()))
    if link is None:
        raise NotFound("upload link")
    if link.expires_at < now():
        raise Conflict(LINK_ENDED, "link_expired")
    case = db.get_one(Case, link.case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    link.opened_at = link.opened_at or now()
    return link, case


def attach(
    db: Session, case_id: uuid.UUID, actor: Actor, kind: str, filename: str, data: bytes, source: str
) -> Attachment:
    """Check and store a file. The same bytes twice for one kind is one attachment.

    Raises RuleViolation, NotFound, Conflict (`moved_on`).
    """
    if kind not in KINDS:
        raise NotFound(kind)
    checked = check_file(data)
    case = lock_case(db, case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    present = attachments_of(db, case_id)
    key = objects.put(checked.data, personal=True)
    if same := next((a for a in present if a.key == key and a.kind == kind), None):
        return same
    if len(present) >= MAX_FILES:
        raise RuleViolation([Problem("file", "file", TOO_MANY)])
    filename = "".join(c for c in filename if c.isprintable())
    stem = filename.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].strip() or KINDS[kind].zh
    row = Attachment(
        case_id=case_id, kind=kind, filename=f"{stem[:150]}.{checked.extension}", content_type=checked.content_type,
        size=len(checked.data), key=key, source=source,
        position=1 + (db.scalar(select(func.max(Attachment.position)).where(Attachment.case_id == case_id)) or 0),
    )  # fmt: skip
    db.add(row)
    record(db, case, actor, "attach", detail={"kind": kind, "source": source})
    return row


def attachments_of(db: Session, case_id: uuid.UUID) -> list[Attachment]:
    """The files of a case, in order."""
    query = select(Attachment).where(Attachment.case_id == case_id, Attachment.removed_at.is_(None))
    return list(db.scalars(query.order_by(Attachment.position)))


def attachment_of(db: Session, case_id: uuid.UUID, attachment_id: uuid.UUID) -> Attachment:
    """One file of a case. Raises NotFound."""
    row = db.get(Attachment, attachment_id)
    if row is None or row.case_id != case_id or row.removed_at is not None:
        raise NotFound("attachment")
    return row


def remove(db: Session, case_id: uuid.UUID, actor: Actor, attachment_id: uuid.UUID) -> None:
    """Take a file out of the case; the bytes stay in the archive's history. Raises NotFound, Conflict."""
    case = lock_case(db, case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    attachment_of(db, case_id, attachment_id).removed_at = now()
    record(db, case, actor, "remove_attachment", detail={"attachment": str(attachment_id)})


def restore(db: Session, case_id: uuid.UUID, actor: Actor, attachment_id: uuid.UUID) -> None:
    """Undo a removal. Raises NotFound, Conflict."""
    case = lock_case(db, case_id)
    row = db.get(Attachment, attachment_id)
    if row is None or row.case_id != case_id:
        raise NotFound("attachment")
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    row.removed_at = None
    record(db, case, actor, "restore_attachment", detail={"attachment": str(attachment_id)})
