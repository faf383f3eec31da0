"""Sealing the papers of an approved case, stamping its files at the close, and renewing the stamps. All repeatable."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from signing import pdf as pades
from signing.errors import PaperRefused
from signing.validation import validate
from workflow import objects
from workflow.archive.models import ArchivedFile, ArchiveStamp
from workflow.archive.rules import digest_for, renew_at
from workflow.case import Case, lock_case
from workflow.catalogues.queries import catalogue
from workflow.db import now
from workflow.errors import Conflict, OutsideFailure
from workflow.establishment.models import Paper
from workflow.licensing.models import Licence
from workflow.machine import MOVED_ON
from workflow.policies.queries import policy
from workflow.queue import enqueue
from workflow.signatures.invitations import live_papers
from workflow.signer import authority, may_fail, time_roots, trusted_roots

DECIDED = ("approved", "licensed", "closed")
HOLDERS: dict[str, type[Paper] | type[Licence]] = {"paper": Paper, "licence": Licence}
PARTS = ("key", "duplicate_key", "notice_key")
AGAIN = timedelta(minutes=30)
BATCH = 20


def seal_papers(db: Session, case_id: uuid.UUID) -> int:
    """Put the authority's acceptance seal on every paper of an approved case (ES-15); how many were sealed now.

    All of them in the caller's transaction; one that has it already is left alone. Raises Conflict (`moved_on`)
    before approval or for a paper that not everyone has signed, OutsideFailure.
    """
    case = lock_case(db, case_id)
    papers = [paper for paper in live_papers(db, case_id) if paper.accepted_at is None]
    if case.state not in DECIDED or any(paper.state != "signed" for paper in papers):
        raise Conflict(MOVED_ON, "moved_on")
    if not papers:
        return 0
    office = catalogue(db).authorities[case.authority_code]
    with may_fail():
        seal = authority().seal_for(db, office.code.replace("-", ""), office.name)
        pen = pades.Pen(db, authority(), seal)
        sealed = pen.accept(*(objects.get(paper.key) for paper in papers))
    for paper, file in zip(papers, sealed, strict=True):
        paper.key, paper.accepted_at = objects.put(file, personal=True), now()
    db.flush()
    return len(papers)


def enlist(db: Session, case_id: uuid.UUID) -> list[uuid.UUID]:
    """Take the sealed papers and the licence's files of a case into the archive; the ids of those without a stamp."""
    files = [("paper", paper.id, "key") for paper in live_papers(db, case_id) if paper.accepted_at]
    for row in db.scalars(select(Licence).where(Licence.case_id == case_id, Licence.issued_at.is_not(None))):
        files += [("licence", row.id, part) for part in PARTS if getattr(row, part)]
    for holder, holder_id, part in files:
        values = {"holder": holder, "holder_id": holder_id, "part": part, "renew_at": now()}
        db.execute(
            insert(ArchivedFile).values(id=uuid.uuid4(), case_id=case_id, failure="", **values)
            .on_conflict_do_nothing()
        )  # fmt: skip
    stamped = exists().where(ArchiveStamp.file_id == ArchivedFile.id)
    query = select(ArchivedFile.id).where(ArchivedFile.case_id == case_id, ~stamped)
    return list(db.scalars(query.order_by(ArchivedFile.id)))


def due(db: Session, before: datetime | None = None, limit: int = BATCH) -> list[uuid.UUID]:
    """Files whose next stamp is due (by `before`, now by default), the most urgent first; never twice a day."""
    today = exists().where(
        ArchiveStamp.file_id == ArchivedFile.id, ArchiveStamp.stamped_at > now() - timedelta(days=1)
    )
    query = select(ArchivedFile.id).where(ArchivedFile.renew_at <= (before or now()), ~today)
    ready = or_(ArchivedFile.try_at.is_(None), ArchivedFile.try_at <= now())
    return list(db.scalars(query.where(ready).order_by(ArchivedFile.renew_at, ArchivedFile.id).limit(limit)))


def stamp(db: Session, file_id: uuid.UUID, before: datetime | None = None) -> bool:
    """Give a file its next archive stamp: new bytes stored, the row switched, the stamp recorded, in one transaction.

    False when another worker has it or it is not due any more. A file that does not hold as it is gets no stamp:
    that would vouch for what cannot be vouched for. Raises PaperRefused (it does not hold), OutsideFailure.
    """
    row = db.scalar(
        select(ArchivedFile).where(ArchivedFile.id == file_id).with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if row is None or row.renew_at > (before or now()):
        return False
    holder = db.get_one(HOLDERS[row.holder], row.holder_id, with_for_update=True, populate_existing=True)
    key: str = getattr(holder, row.part)
    file = objects.get(key)
    if faults := [r for r in validate(file, trusted_roots(), now(), time_roots()) if not r.valid]:
        raise PaperRefused(f"{faults[0].field}: {faults[0].reason}")
    ahead = timedelta(days=policy(db, "archive_renew_days"))
    sunsets = policy(db, "digest_sunsets")
    with may_fail():
        done = pades.archive(db, authority(), file, digest_for(sunsets, now(), ahead))
    made = pades.newest_stamp(done)
    after = objects.put(done, personal=key.endswith(".p"))
    setattr(holder, row.part, after)
    seq = len(db.scalars(select(ArchiveStamp.id).where(ArchiveStamp.file_id == row.id)).all()) + 1
    db.add(
        ArchiveStamp(
            file_id=row.id, seq=seq, before=key, after=after, stamped_at=made.at, authority=made.authority[:200],
            authority_until=made.until, digest=made.digest,
        )
    )  # fmt: skip
    row.renew_at = renew_at(made.at, made.until, made.digest, sunsets, ahead)
    row.try_at, row.failure = None, ""
    db.flush()
    return True


def note_failure(db: Session, file_id: uuid.UUID, reason: str) -> None:
    """Write down why a file could not be stamped; it is tried again in half an hour."""
    row = db.get_one(ArchivedFile, file_id)
    row.failure, row.try_at = reason[:300], now() + AGAIN


def renew_due(db: Session, before: datetime | None = None) -> tuple[int, int]:
    """Stamp one batch of what is due: how many got a stamp, and how many did not. Commits after each file.

    When no time stamp is to be had the batch ends: the others wait too. A file that does not hold is noted, and
    the next one follows.
    """
    stamped = failed = 0
    for file_id in due(db, before):
        try:
            stamped += stamp(db, file_id, before)
            db.commit()
        except (OutsideFailure, PaperRefused) as error:
            db.rollback()
            note_failure(db, file_id, str(error))
            db.commit()
            failed += 1
            if isinstance(error, OutsideFailure):
                break
    return stamped, failed


def archive_forgotten(db: Session) -> int:
    """Have the papers of cases archived that closed without it, or whose licence is old and the case still open.

    So nothing rests on the applicant's closing the case; papers of earlier installations are caught up too.
    """
    old = now() - timedelta(days=policy(db, "archive_after_days"))
    known = exists().where(ArchivedFile.case_id == Case.id)
    open_long = exists().where(Licence.case_id == Case.id, Licence.issued_at < old)
    rows = db.scalars(
        select(Case.id).where(~known, or_(Case.state == "closed", (Case.state == "licensed") & open_long))
        .order_by(Case.id).limit(BATCH)
    ).all()  # fmt: skip
    for case_id in rows:
        enqueue(db, "archive_papers", str(case_id), key=f"archive_papers:{case_id}:caught_up")
    return len(rows)


def remove_superseded(db: Session) -> int:
    """Remove from the store what a later stamp's file repeats word for word, some days after it was stored.

    Nothing is lost: an archive stamp only appends, and the later file is read and compared first.
    """
    old = now() - timedelta(days=policy(db, "superseded_days"))
    rows = db.scalars(
        select(ArchiveStamp).where(ArchiveStamp.removed_at.is_(None), ArchiveStamp.stamped_at < old)
        .order_by(ArchiveStamp.stamped_at).limit(BATCH).with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    for row in rows:
        later = db.scalar(
            select(ArchiveStamp.after).where(ArchiveStamp.file_id == row.file_id).order_by(ArchiveStamp.seq.desc())
        )  # fmt: skip
        assert later is not None
        if objects.get(later).startswith(objects.get(row.before)):
            objects.delete(row.before)
            row.removed_at = now()
    return len(rows)
