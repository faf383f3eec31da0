"""The act of signing: all papers of one person at once, under a certificate made for this one act."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from signing.ceremony import SignatureRequest, sign_set
from signing.control import PASSKEY
from workflow import objects
from workflow.accounts.models import Account
from workflow.case import Actor, Case, advance, lock_case, record
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment.drafts import draft_of
from workflow.establishment.models import Paper
from workflow.evidence import records as evidence
from workflow.machine import MOVED_ON, InvitationMachine, next_state
from workflow.messages.operations import send
from workflow.personal import person_hash
from workflow.signatures import control, licences
from workflow.signatures.checks import SIGNER, bound, require_admitted
from workflow.signatures.invitations import by_token, live_papers, require_signing
from workflow.signatures.models import Invitation
from workflow.signer import authority, may_fail

Steps = dict[
    str, dict[str, tuple[str, str]]
]  # of each kind of paper: SHA-256 after a signature -> who signed, and the one before
CONSENT = Words(
    "本人已阅读以上材料，自愿以电子签名签署；本次签名使用为此签发的一次性证书，与手写签名具有同等效力（电子签名法第十三条、第十四条）。",
    "I have read the papers above and sign them electronically of my own will, under a one-time certificate issued "
    "for this act; it has the force of a handwritten signature (Electronic Signature Law, Art. 13 and 14).",
)
NO_CONSENT = Words("请勾选确认后再签署。", "Tick the confirmation to sign.")
NO_CONTROL = Words("请先选择怎样保管签名密钥。", "Choose first how you keep the signing key.")
CHANGED = Words(
    "材料在您阅读期间有变化，什么都没有签。请重新阅读下面的材料后再签署。",
    "The papers changed while you were reading; nothing was signed. Read them below again, then sign.",
)
WHY_DECLINE = Words(
    "请写明拒绝签署的原因，经办人会看到。", "Say why you decline; the person who invited you will read it."
)


def on_behalf_of(db: Session, invitation: Invitation) -> list[str]:
    """The organisations for which this person signs as their representative (5.3)."""
    application, _ = draft_of(db, invitation.case_id)
    return [organisation.name for organisation in licences.represented(application, invitation.person_key)]


def papers_of(db: Session, invitation: Invitation) -> list[Paper]:
    """The papers that this person signs, in order."""
    return [paper for paper in live_papers(db, invitation.case_id) if invitation.person_key in paper.signers]


def papers_to_sign(db: Session, invitation: Invitation) -> list[Paper]:
    """Those of them that still want this person's signature: a paper that did not change keeps the one it has."""
    return _unsigned(db, invitation, _steps(db, invitation.case_id))


def _unsigned(db: Session, invitation: Invitation, steps: Steps) -> list[Paper]:
    return [
        paper for paper in papers_of(db, invitation)
        if paper.state == "open" and invitation.person_key not in signatures_on(paper, steps)
    ]  # fmt: skip


def signatures_on(paper: Paper, steps: Steps) -> set[str]:
    """Who has signed a paper, under any invitation: read back from its present bytes to the unsigned ones."""
    return {key for key, _ in _back(paper, steps)}


def _steps(db: Session, case_id: uuid.UUID) -> Steps:
    """Each signature of a case, read once for all its papers."""
    rows = db.execute(
        select(Invitation.person_key, Invitation.signed_papers).where(
            Invitation.case_id == case_id, Invitation.signed_at.is_not(None)
        )
    )
    found: Steps = {}
    for key, papers in rows:
        for kind, said in papers.items():
            found.setdefault(kind, {})[said["after"]] = key, said["before"]
    return found


def _back(paper: Paper, steps: Steps) -> Iterator[tuple[str, str]]:
    """Who signed a paper, the last one first, with the SHA-256 of the paper before."""
    of_kind, digest, seen = steps.get(paper.kind, {}), paper.key.removesuffix(".p"), set()
    while digest in of_kind and digest not in seen:
        seen.add(digest)
        key, digest = of_kind[digest]
        yield key, digest


def paper_for(db: Session, token: str, secret: str, kind: str) -> bytes:
    """A paper for reading, only after the checks (HB-09). Raises NotFound, NotAllowed, Conflict."""
    row = by_token(db, token)
    require_admitted(row, secret)
    for paper in papers_of(db, row):
        if paper.kind == kind:
            return objects.get(paper.key)
    raise NotFound(kind)


def shown_to(db: Session, row: Invitation) -> list[tuple[str, str]]:
    """Kind and SHA-256 of each paper that the page shows for signing, in order."""
    return [(paper.kind, paper.key.removesuffix(".p")) for paper in papers_to_sign(db, row)]


def _require_as_shown(db: Session, row: Invitation, shown: control.Shown) -> list[Paper]:
    """The papers to sign are those that were shown; other people's signatures may have come since.

    Raises RuleViolation.
    """
    steps = _steps(db, row.case_id)
    papers = _unsigned(db, row, steps)
    states = [
        {paper.key.removesuffix(".p"), *(before for _, before in _back(paper, steps))} for paper in papers
    ]
    if [kind for kind, _ in shown] != [paper.kind for paper in papers] or not all(
        seen in known for (_, seen), known in zip(shown, states, strict=True)
    ):
        raise RuleViolation([Problem("ES-01", "", CHANGED)])
    return papers


@dataclass(frozen=True)
class Act:
    """What the signer sends: the papers as shown, the consent with its words, and PIN or the passkey's answer."""

    consent: bool
    shown: control.Shown = ()
    pin: str = ""
    answer: str = ""
    words: str = CONSENT.zh
    network: str = ""
    device: str = ""


def ask_passkey(
    db: Session, token: str, secret: str, shown: control.Shown, words: str, address: str
) -> dict[str, object]:
    """What the phone is asked to confirm, on the page at `address`. Raises as `sign`."""
    case, row = _signing(db, token, secret)
    if row.state != "admitted":
        raise Conflict(MOVED_ON, "moved_on")
    require_signing(case)
    _require_as_shown(db, row, shown)
    return control.ask(db, case, row, shown, words, address)


def _signing(db: Session, token: str, secret: str) -> tuple[Case, Invitation]:
    """Case and invitation, locked, of an admitted signer."""
    case = lock_case(db, by_token(db, token).case_id)
    row = by_token(db, token, lock=True)
    require_admitted(row, secret)
    return case, row


def _opened(db: Session, token: str, secret: str, act: Act) -> control.Opened | None:
    """The key behind the PIN, before anything is locked; nothing for who signs with a passkey or cannot sign now."""
    row = by_token(db, token)
    require_admitted(row, secret)
    held = control.control_of(db, row)
    if not act.consent or row.state != "admitted" or held is None or held.method == PASSKEY:
        return None
    return control.open_key(row, held, act.pin, secret)


def sign(db: Session, token: str, secret: str, act: Act) -> Invitation:
    """Sign every paper that wants this person's signature in one act; a repeat returns what was done.

    The signer's own proof over the papers as shown (ES-01), one-time certificate, a signature and a time stamp on each
    paper, the evidence record, and when this was the last signer the case moves on: all in the caller's transaction.
    Whoever signs papers of the same case at the same moment waits, but not for the PIN to be tried.
    Raises RuleViolation, NotAllowed, Conflict (`not_signing`, `moved_on`, `link_expired`), OutsideFailure.
    """
    opened = _opened(db, token, secret, act)
    case, row = _signing(db, token, secret)
    if row.state == "signed":
        return row
    require_signing(case)
    if not act.consent:
        raise RuleViolation([Problem("ES-01", "consent", NO_CONSENT)])
    held = control.control_of(db, row)
    if held is None:
        raise RuleViolation([Problem("ES-01", "", NO_CONTROL)])
    papers = _require_as_shown(db, row, act.shown)
    key = None
    if held.method == PASSKEY:
        proof = control.proof_by_passkey(db, held, act.answer, act.shown, act.words)
    else:
        proof, key = control.proof_by_pin(db, case, row, held, opened, act.shown, act.words)
    requests = [
        SignatureRequest(
            kind=paper.kind, pdf=objects.get(paper.key), field=f"sig_{row.person_key}", box=tuple(paper.boxes[row.person_key]),
            fields={f"sig_{key}": tuple(box) for key, box in paper.boxes.items()},
        )
        for paper in papers
    ]  # fmt: skip
    id_hash = person_hash(row.id_number)
    shown = licences.proven(db, row)
    with may_fail():  # nothing was signed then: the caller rolls back
        done = sign_set(
            db, authority(), requests, real_name=row.name, id_hash=id_hash, evidence_reference=control.reference(case, row),
            proof=proof, key=key, organisations=[check.organisation for check in shown],
        )  # fmt: skip
    before = {paper.kind: paper.key.removesuffix(".p") for paper in papers}
    for paper in papers:
        paper.key = objects.put(done.papers[paper.kind], personal=True)
    row.state = next_state(InvitationMachine, row.state, "sign", SIGNER)
    row.signed_at, row.consent, row.certificate_serial = now(), act.words, done.serial
    row.network, row.device = act.network[:64], act.device[:200]
    held.proof = proof.dump()
    row.signed_papers = {
        paper.kind: {"before": before[paper.kind], "after": paper.key.removesuffix(".p")} for paper in papers
    }
    evidence.record(
        db, subject=case.number, kind="signature", person=id_hash, at=row.signed_at,
        facts={
            "signer": row.name, "on_behalf_of": on_behalf_of(db, row),
            "licences": [
                {"organisation": c.organisation, "uscc": c.uscc, "licence_number": c.licence_number, "role": c.role}
                for c in shown
            ],
            "invitation": str(row.id), "identified_by": f"id+{row.admitted_by}",
            "identity_reference": row.identity_reference, "admission_reference": row.admitted_reference,
            "face_hash": row.face_hash, "liveness": row.live_prompts, "papers": row.signed_papers, "certificate": done.serial,
            "network": row.network, "device": row.device, "consent": row.consent,
            "consent_sha256": sha256(row.consent.encode()).hexdigest(), "method": proof.method,
            "credential": sha256(proof.credential).hexdigest(), "statement": proof.statement.decode(),
            "proof_sha256": sha256(held.proof).hexdigest(),
        },
    )  # fmt: skip
    detail = {"papers": len(papers), "certificate": done.serial, "method": proof.method}
    record(db, case, control.signer(row), "sign", detail=detail)
    db.flush()
    _complete(db, case)
    return row


def _complete(db: Session, case: Case) -> None:
    """Mark papers that everyone has signed; with the last one the case moves on."""
    steps = _steps(db, case.id)
    for paper in live_papers(db, case.id):
        if paper.state == "open" and set(paper.signers) <= signatures_on(paper, steps):
            paper.state, paper.signed_at = "signed", now()
    db.flush()
    complete_if_all_signed(db, case.id)


def complete_if_all_signed(db: Session, case_id: uuid.UUID) -> bool:
    """Move the case on when every live paper is signed, and tell the applicant."""
    if any(paper.state != "signed" for paper in live_papers(db, case_id)):
        return False
    case = advance(db, case_id, "complete_signatures", Actor.system(), all_signed=True)
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, "all_signed", f"all_signed:{case.id}:{case.changed_at.isoformat()}", case_id=case.id,
        language=owner.language, case=case.number,
    )  # fmt: skip
    return True


def decline(db: Session, token: str, secret: str, reason: str) -> Invitation:
    """Decline to sign, with a reason that the applicant reads; possible as soon as it is known who declines.

    Raises RuleViolation, NotAllowed, Conflict.
    """
    found = by_token(db, token)
    case = lock_case(db, found.case_id)
    row = by_token(db, token, lock=True)
    bound(row, secret)
    require_signing(case)
    if not reason.strip():
        raise RuleViolation([Problem("required", "reason", WHY_DECLINE)])
    row.state = next_state(InvitationMachine, row.state, "decline", SIGNER)
    row.declined_reason = reason.strip()[:500]
    control.end_control(db, row.id)
    record(db, case, control.signer(row), "decline", detail={"person": row.person_key})
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, "signing_declined", f"signing_declined:{row.id}", case_id=case.id,
        language=owner.language, case=case.number, signer=row.name, reason=row.declined_reason,
    )  # fmt: skip
    return row
