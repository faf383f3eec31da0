"""What the tests of the worker look at: a case, its papers, and the signatures on them."""

import sys
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import select

from signing.validation import validate
from workflow import objects
from workflow.case import Case
from workflow.signatures.invitations import live_papers
from workflow.signer import time_roots, trusted_roots

WORKER = [sys.executable, "-m", "app.cli", "worker"]


def reports_of(key: str) -> list:
    reports = validate(objects.get(key), trusted_roots(), time_roots=time_roots())
    assert {r.reason for r in reports} == {""}, reports
    return reports


def fields_of(key: str) -> list[str]:
    """The signatures in a file, oldest first; says nothing of whether they hold."""
    signatures = PdfFileReader(BytesIO(objects.get(key))).embedded_signatures
    return [s.field_name for s in sorted(signatures, key=lambda s: s.signed_revision)]


def state(db, case) -> str:
    db.rollback()
    return db.scalar(select(Case.state).where(Case.id == case.id))


def keys(db, case) -> list[tuple[str, bool]]:
    db.rollback()
    db.expire_all()
    return [(paper.key, paper.accepted_at is not None) for paper in live_papers(db, case.id)]
