"""One click: the application becomes papers, and the people who sign them are invited."""

import uuid

from sqlalchemy.orm import Session

from signing.papers import registry
from signing.papers.data import RenderedPaper, Signer
from signing.papers.documents import text_of
from signing.papers.kinds import WORDS
from signing.papers.wording import tags
from signing.pdf import certifier
from workflow import objects
from workflow.case import Actor, Case, advance, lock_case
from workflow.errors import Problem, RuleViolation, Words
from workflow.establishment import types
from workflow.establishment.data import Application
from workflow.establishment.drafts import draft_of
from workflow.establishment.facts import paper_facts
from workflow.establishment.models import Paper
from workflow.establishment.problems import problems_of
from workflow.machine import CaseMachine, InvitationMachine, is_final, next_state
from workflow.naming.declaration import reservation_of
from workflow.signatures.control import end_control
from workflow.signatures.invitations import LIVE, invitations_of, invite, live_papers, owner_label
from workflow.signer import authority, may_fail

SYSTEM = frozenset({"system"})
NO_NAME = Words("名称保留已失效，请重新申报名称。", "The name reservation has ended. Declare a name again.")


def signer_key(signer: Signer) -> str:
    """The person who signs: for an organisation, its representative (5.3)."""
    return signer.hand


def rendered(
    db: Session, case: Case, application: Application, final: bool
) -> list[tuple[RenderedPaper, list[Signer]]]:
    """Every paper that the application needs, with those who sign it. The same data gives the same bytes."""
    facts = paper_facts(db, case, application)
    return [(kind.build(facts, final=final), kind.signers(facts)) for kind in registry.kinds_for(facts)]


def planned(db: Session, case: Case, application: Application) -> list[tuple[str, str]]:
    """Kind and title of every paper that the application needs as it stands now; nothing is rendered."""
    facts = paper_facts(db, case, application)
    has = tags(facts)
    return [
        (
            paper.kind,
            WORDS[facts.entity_type].form
            if paper.kind == "application"
            else text_of(facts, paper.text).title(has),
        )
        for paper in registry.kinds_for(facts)
    ]


def preview(db: Session, case: Case, kind: str) -> RenderedPaper:
    """One paper as it would be now, with the 草稿 mark. Raises KeyError for a paper that is not needed."""
    application, _ = draft_of(db, case.id)
    return registry.render(kind, paper_facts(db, case, application), final=False)


def signed_by(db: Session, case: Case) -> dict[str, list[str]]:
    """Who has signed what so far: title of the paper -> names."""
    names = {i.person_key: i.name for i in invitations_of(db, case.id) if i.state == "signed"}
    papers = {p.title: [names[key] for key in p.signers if key in names] for p in live_papers(db, case.id)}
    return {title: people for title, people in papers.items() if people}


def falling(db: Session, case: Case) -> dict[str, list[str]]:
    """Whose signatures would fall if the papers were made anew: title of the paper -> names of its signers."""
    application, _ = draft_of(db, case.id)
    fresh = {paper.kind: paper.sha256 for paper, _ in rendered(db, case, application, final=True)}
    names = {i.person_key: i.name for i in invitations_of(db, case.id) if i.state == "signed"}
    hit: dict[str, list[str]] = {}
    for paper in live_papers(db, case.id):
        fallen = [names[key] for key in paper.signers if key in names]
        if fallen and fresh.get(paper.kind) != paper.render_hash:
            hit[paper.title] = fallen
    return hit


def generate(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """Make the papers, certify them and invite their signers. Papers that did not change keep their signatures.

    What changed is told by the unsigned bytes (`render_hash`): certified ones differ each time. Raises RuleViolation
    with everything that is wrong or missing, Conflict (`moved_on`), NotAllowed, OutsideFailure.
    """
    case = lock_case(db, case_id)
    next_state(CaseMachine, case.state, "generate_papers", actor.roles, application_complete=True)
    application, _ = draft_of(db, case_id)
    errors = [p for p in problems_of(db, case, application) if p.severity == "error"]
    if reservation_of(db, case_id) is None and not types.is_unnamed(case.entity_type, case.name):
        errors.insert(0, Problem("NM-45", "name", NO_NAME))
    if errors:
        raise RuleViolation(errors)
    papers = rendered(db, case, application, final=True)
    old = {paper.kind: paper for paper in live_papers(db, case_id)}
    kept = {
        kind
        for kind, paper in old.items()
        if any(p.kind == kind and p.sha256 == paper.render_hash for p, _ in papers)
    }
    for kind, paper in old.items():
        if kind not in kept:
            paper.state = "fallen"
    db.flush()
    wanted: dict[str, None] = {}
    with may_fail():
        pen = certifier(db, authority())
    for position, (fresh, signers) in enumerate(papers):
        keys = list(dict.fromkeys(signer_key(s) for s in signers))
        if fresh.kind in kept:
            old[fresh.kind].position = position
            continue
        wanted |= dict.fromkeys(keys)
        boxes = fresh.signature_boxes
        fields = {f"sig_{signer}": box for signer, box in boxes.items()}
        with may_fail():
            certified = pen.certify(fresh.pdf, fields)
        key = objects.put(certified, personal=True)
        db.add(
            Paper(
                case_id=case_id, kind=fresh.kind, position=position, title=fresh.title,
                number=fresh.number, signers=keys, boxes=boxes, render_hash=fresh.sha256,
                key=key, text_version=fresh.text_version,
                state="open" if keys else "signed",
            )
        )  # fmt: skip
    case = advance(
        db,
        case_id,
        "generate_papers",
        actor,
        {"papers": len(papers), "kept": len(kept)},
        application_complete=True,
    )
    _invite(db, case, application, set(wanted))
    return case


def _invite(db: Session, case: Case, application: Application, wanted: set[str]) -> None:
    """Invite those who must sign (again). An invitation of somebody not wanted any more falls."""
    still_open = {
        key for paper in live_papers(db, case.id) if paper.state == "open" for key in paper.signers
    } & (wanted | {i.person_key for i in invitations_of(db, case.id) if i.state in LIVE})
    for row in invitations_of(db, case.id):
        stale = row.person_key in wanted and row.state == "signed"
        if stale or (row.state in LIVE and not is_final(InvitationMachine, row.state)):
            if row.state != "signed":
                end_control(db, row.id)
            row.state = (
                "fallen"
                if row.state == "signed"
                else next_state(InvitationMachine, row.state, "fall", SYSTEM)
            )
    db.flush()
    label = owner_label(db, case)
    for person in application.people:
        if person.key in still_open:
            invite(db, case, application, person.key, label)
