"""The evidence package of a case: a sealed report for people, a file for machines, the papers, the root certificate.

Each holder finds every event; what speaks of a person is opened only to that person, the applicant (names of the
signers) and the registration authority. Nothing is taken from memory: what is in it is read and made anew each time.
"""

import base64
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session

from signing import anchors, evidence, merkle, pdf, stamps
from signing.dossier import EVIDENCE, FORMAT, ROOT, SHEET, SHEET_SAYS, TIME_ROOTS, signers_of
from signing.errors import SigningError
from signing.papers import evidence_sheet
from signing.papers.data import EvidenceEvent, EvidenceFacts, EvidencePaper, EvidenceRootFacts, EvidenceSigner
from signing.papers.evidence import grouped
from signing.sealing import opening
from signing.stampcheck import check_token
from signing.tables import Evidence, EvidenceRoot
from workflow import objects
from workflow.case import Case, CaseEvent, timeline
from workflow.catalogues.queries import catalogue
from workflow.db import now
from workflow.errors import NotFound, OutsideFailure
from workflow.establishment.notices import notices_of
from workflow.evidence import records, words
from workflow.evidence.models import EvidenceAccess
from workflow.licensing.queries import licence_of_case
from workflow.personal import mask_name
from workflow.review.queries import decisions_of
from workflow.settings import settings
from workflow.signatures.invitations import invitations_of, live_papers
from workflow.signer import authority, time_roots, trusted_roots

NOTE = """本证据包 / This evidence package
report.pdf     证据报告，盖有登记机关电子印章 / the sealed report
evidence.json  机器可读的全部事件 / every event, for machines
papers/        已签署的文件 / the signed papers
root.pem       根证书，请与 {portal}/pki/root.pem 的指纹核对 / compare its fingerprint
time-roots.pem 外部时间戳服务的根证书（使用时才有） / roots of outside time stamping authorities, if there are any

离线核验 / check it offline:
python qibu-verify.pyz THIS.zip --root root.pem   ({portal}/pki/verify.pyz)
qibu evidence verify THIS.zip --root root.pem
有 time-roots.pem 时再加 / and where there is one: --time-root time-roots.pem
"""


@dataclass(frozen=True)
class Holder:
    """Who takes the package: `kind` is applicant, signer, registrar or operator.

    `person`: `personal.person_hash` of the ID number of an applicant or signer. `key`: a signer's key in the case.
    """

    kind: str
    id: str
    person: str = ""
    key: str = ""

    @property
    def sees_all(self) -> bool:
        """The authority, which decides on the case, and the operator, who holds the data."""
        return self.kind in ("registrar", "operator")

    def openings(self, row: Evidence) -> list[dict[str, str]]:
        """The seals that are opened: all of one's own event, the signers' names for the applicant."""
        mine = self.sees_all or row.person == self.person
        return records.openings_of(row, None if mine else {"signer"} if self.kind == "applicant" else set())

    def openings_of_event(self, row: CaseEvent, mine: set[str]) -> list[dict[str, str]]:
        """The same for an event of the case's history; `mine`: one's own ids there."""
        if not row.salt:
            return []
        if self.sees_all or self.kind == "applicant" or row.actor_kind == "system" or row.actor_id in mine:
            return [opening(row.salt, field, value) for field, value in row.personal.items()]
        return []


@dataclass(frozen=True)
class Enclosed:
    """A paper in the package."""

    kind: str
    title: str
    file: str
    data: bytes
    by: str  # signers | authority


def package(db: Session, case: Case, holder: Holder) -> bytes:
    """The package as a ZIP; that it left is written down.

    Raises NotFound while the case has no papers, OutsideFailure when the report cannot be sealed: then nothing leaves.
    """
    try:
        data, number, report = _made(db, case, holder)
    except SigningError as error:
        raise OutsideFailure(f"sealing: {error}") from error
    access = EvidenceAccess(case_id=case.id, actor_kind=holder.kind, actor_id=holder.id)
    access.sha256, access.number, access.report_sha256 = sha256(data).hexdigest(), number, report
    db.add(access)
    db.flush()
    return data


def _made(db: Session, case: Case, holder: Holder) -> tuple[bytes, str, str]:
    """The ZIP, its report's number, and the report's SHA-256."""
    papers = _papers(db, case, holder)
    if not papers:
        raise NotFound("evidence")
    moment = now()
    number = f"{case.number}-E{moment:%y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
    history, rest = timeline(db, case.id), evidence.of(db, case.number)
    mine = {str(row.id) for row in invitations_of(db, case.id) if row.person_key == holder.key} | {holder.id}
    roots, places = _places(db, [row.hash for row in history] + [row.digest for row in rest])
    content = {
        "format": FORMAT,
        "case": case.number,
        "entity": case.name,
        "made_at": moment.isoformat(timespec="seconds"),
        "holder": holder.kind,
        "papers": [
            {
                "kind": p.kind,
                "title": p.title,
                "file": p.file,
                "sha256": sha256(p.data).hexdigest(),
                "by": p.by,
            }
            for p in papers
        ],
        "consents": [{"sha256": digest, "text": text} for digest, text in _consents(rest)],
        "chains": {
            "case": [
                _event(row.canonical(), row.hash, holder.openings_of_event(row, mine), places)
                for row in history
            ],
            "signing": [
                _event(evidence.canonical_of(row), row.digest, holder.openings(row), places) for row in rest
            ],
        },
        "roots": {
            day.isoformat(): {
                "statement": anchors.statement_of(row).decode(),
                "token": base64.b64encode(row.token).decode(),
            }
            for day, row in sorted(roots.items())
        },
    }
    machine = json.dumps(content, ensure_ascii=False, indent=1).encode()
    days = {digest: date.fromisoformat(place["day"]) for digest, place in places.items()}
    report = _report(db, case, holder, number, moment, machine, papers, history, rest, roots, days, mine)
    believed = [(ROOT, authority().root.public_bytes(Encoding.PEM))]
    if time_roots():
        believed.append((TIME_ROOTS, b"".join(root.public_bytes(Encoding.PEM) for root in time_roots())))
    data = _zipped(
        moment,
        [
            (SHEET, report), (EVIDENCE, machine), *believed,
            ("README.txt", NOTE.format(portal=settings().portal_url).encode()), *((p.file, p.data) for p in papers),
        ],
    )  # fmt: skip
    return data, number, sha256(report).hexdigest()


def _papers(db: Session, case: Case, holder: Holder) -> list[Enclosed]:
    """The papers that the holder may have: a signer the ones that bear the signer's name, the others all."""
    found = [
        (paper.kind, paper.title, paper.key, "signers")
        for paper in live_papers(db, case.id)
        if holder.kind != "signer" or holder.key in paper.signers
    ]
    if holder.kind != "signer":
        found += [(f"notice-{row.number}", "通知书", row.key, "authority") for row in notices_of(db, case.id)]
        found += [
            (f"notice-{row.notice_number}", "通知书", row.notice_key, "authority")
            for row in decisions_of(db, case.id) if row.notice_key
        ]  # fmt: skip
        if (licence := licence_of_case(db, case.id)) is not None:
            found += [
                ("licence", "营业执照", licence.key, "authority"),
                ("duplicate", "营业执照（副本）", licence.duplicate_key, "authority"),
                ("registration", "登记通知书", licence.notice_key, "authority"),
            ]
    return [
        Enclosed(kind, title, f"papers/{number:02d}-{kind}.pdf", objects.get(key), by)
        for number, (kind, title, key, by) in enumerate(found, 1)
    ]


def _event(
    text: str, digest: str, openings: list[dict[str, str]], places: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return {"text": text, "sha256": digest, "openings": openings, "place": places.get(digest)}


def _places(db: Session, digests: list[str]) -> tuple[dict[date, EvidenceRoot], dict[str, dict[str, Any]]]:
    """The roots that these events stand under, and each event's place and path, by digest."""
    leaves = anchors.places(db, digests)
    roots = {day: db.get_one(EvidenceRoot, day) for day in {leaf.day for leaf in leaves.values()}}
    places: dict[str, dict[str, Any]] = {}
    for day in roots:
        mine = [leaf for leaf in leaves.values() if leaf.day == day]
        entries = [bytes.fromhex(digest) for digest in anchors.digests_of(db, day)]
        for leaf, path in zip(mine, merkle.paths(entries, [leaf.position for leaf in mine]), strict=True):
            places[leaf.digest] = {
                "day": day.isoformat(), "index": leaf.position, "path": [step.hex() for step in path],
            }  # fmt: skip
    return roots, places


def _consents(rest: list[Evidence]) -> list[tuple[str, str]]:
    """The texts that people agreed to, by digest, each once."""
    texts = dict.fromkeys(row.facts["consent"] for row in rest if row.facts.get("consent"))
    return [(sha256(text.encode()).hexdigest(), text) for text in texts]


def _report(
    db: Session, case: Case, holder: Holder, number: str, moment: datetime, machine: bytes, papers: list[Enclosed],
    history: list[CaseEvent], rest: list[Evidence], roots: dict[date, EvidenceRoot], days: dict[str, date], mine: set[str],
) -> bytes:  # fmt: skip
    office = catalogue(db).authorities[case.authority_code]
    digest = sha256(machine).hexdigest()
    events = [
        EvidenceEvent(f"案 {row.seq}", row.at, words.EVENTS.get(row.event, row.event), _who(holder, row, mine), row.hash, days.get(row.hash))
        for row in history
    ] + [
        EvidenceEvent(f"签 {row.position}", row.happened_at, words.EVENTS.get(row.kind, row.kind), _signer(holder, row), row.digest, days.get(row.digest))
        for row in rest
    ]  # fmt: skip
    trusted = [*trusted_roots(), *time_roots()]
    facts = EvidenceFacts(
        number=number, case_number=case.number, entity_name=case.name,
        authority=office.name, issued=moment, holder=words.HOLDER[holder.kind], file_sha256=digest,
        papers=tuple(
            EvidencePaper(p.title, p.file, sha256(p.data).hexdigest(), tuple(_signed_by(p.data, holder)))
            for p in papers
        ),
        signers=tuple(_acts(holder, rest, {p.kind: p.title for p in papers})),
        events=tuple(sorted(events, key=lambda e: e.at)),
        roots=tuple(
            EvidenceRootFacts(
                day, row.root, row.leaves,
                check_token(row.token, sha256(anchors.statement_of(row)).digest(), trusted)[0],
            )
            for day, row in sorted(roots.items())
        ),
        consents=tuple(_consents(rest)), verification_url=f"{settings().portal_url}/verify",
        simulated=settings().simulated,
    )  # fmt: skip
    paper = evidence_sheet(facts)
    seal = authority().seal_for(db, office.code.replace("-", ""), office.name)
    return pdf.sign(
        db, authority(), paper.pdf, seal, field="seal", box=paper.signature_boxes["seal"],
        look=stamps.round_seal(seal.name, sample=authority().sample), reason=SHEET_SAYS + digest, certify=True,
    )  # fmt: skip


def _signed_by(data: bytes, holder: Holder) -> Iterable[str]:
    for name, person in signers_of(data):
        hidden = person and not (holder.sees_all or holder.kind == "applicant")
        yield mask_name(name) if hidden else name


def _who(holder: Holder, row: CaseEvent, mine: set[str]) -> str:
    """Who did it: the kind of actor, and the name where the holder may know it."""
    kind = words.ACTORS.get(row.actor_kind, row.actor_kind)
    if row.actor_kind == "system":
        return kind
    opened = holder.sees_all or holder.kind == "applicant" or row.actor_id in mine
    return f"{kind}\n{row.actor_label if opened else mask_name(row.actor_label)}"


def _signer(holder: Holder, row: Evidence) -> str:
    name = records.personal_of(row).get("signer", "")
    opened = any(found["field"] == "signer" for found in holder.openings(row))
    return name if opened else mask_name(name) if name else ""


def _acts(holder: Holder, rest: list[Evidence], titles: dict[str, str]) -> Iterable[EvidenceSigner]:
    """Each act of signing with what it rests on: invitation, identity, admission, control, certificate."""
    for row in rest:
        if row.kind != "signature":
            continue
        before = [r for r in rest if r.person == row.person and r.position < row.position]
        opened = {found["field"]: found["value"] for found in holder.openings(row)}
        facts: list[tuple[str, str]] = []
        for kind, label in _BEFORE:
            facts += [(label, _said(holder, r)) for r in before if r.kind == kind]
        method = str(row.facts.get("method", ""))
        facts += [
            ("签名控制", words.CONTROL.get(method, "未绑定签名人的设备或口令")),
            ("签名证书序列号", str(row.facts["certificate"])),
            (
                "签名时间",
                f"{row.happened_at.astimezone(evidence.CHINA):%Y-%m-%d %H:%M:%S} +08:00；每份文件内含时间戳",
            ),
            ("设备", opened.get("device", "不公开")),
            ("网络地址", opened.get("network", "不公开")),
            ("同意内容 SHA-256", grouped(sha256(str(row.facts.get("consent", "")).encode()).hexdigest())),
        ]
        papers = tuple(
            (titles.get(kind, kind), digests["before"], digests["after"])
            for kind, digests in row.facts["papers"].items()
        )
        yield EvidenceSigner(_signer(holder, row), tuple(facts), papers)


_BEFORE = (
    ("invitation", "邀请送达"),
    ("identity", "身份核验"),
    ("licence", "所代表的单位"),
    ("admission", "本人核验"),
)


def _said(holder: Holder, row: Evidence) -> str:
    """One event before the signature in a line."""
    at = f"{row.happened_at.astimezone(evidence.CHINA):%Y-%m-%d %H:%M:%S}"
    opened = {found["field"]: found["value"] for found in holder.openings(row)}
    if row.kind == "invitation":
        channel, sent = words.CHANNEL[row.facts["channel"]], words.SENT[row.facts["state"]]
        return f"{at} {channel} {opened.get('recipient', '（号码不公开）')} {sent}"
    if row.kind == "identity":
        return f"{at} 姓名与身份证号码核验一致，凭据 {opened.get('identity_reference', '不公开')}"
    if row.kind == "licence":
        shown, role = row.facts, words.ROLE.get(row.facts["role"], row.facts["role"])
        return (
            f"{at} {shown['organisation']}（{shown['uscc']}）的电子营业执照（编号 {shown['licence_number']}）"
            f"由{role}确认，凭据 {opened.get('licence_reference', '不公开')}"
        )
    how = words.ADMISSION[row.facts["by"]]
    if earlier := row.facts.get("passkey_made_after"):
        how += f"（该密钥于 {_day(row.facts['passkey_checked_at'])} 经{words.ADMISSION[earlier]}后设立）"
    return f"{at} {how}，凭据 {opened.get('admission_reference', '不公开')}"


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(evidence.CHINA):%Y-%m-%d}"


def _zipped(moment: datetime, files: list[tuple[str, bytes]]) -> bytes:
    out = BytesIO()
    stamp = moment.astimezone(evidence.CHINA).timetuple()[:6]
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()
