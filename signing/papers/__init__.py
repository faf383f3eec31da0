"""The papers of a registration as PDF: forms, articles, decisions, licence, notices, evidence sheet.

Pure: facts in (`data.py`), bytes out (`RenderedPaper`); the same facts give the same bytes.
"""

from signing.papers.data import RenderedPaper
from signing.papers.evidence import evidence_sheet
from signing.papers.fonts import font_path, missing_characters
from signing.papers.licences import duplicate, licence
from signing.papers.notices import notice
from signing.papers.registry import kinds_for, render, render_set, signers
from signing.papers.samples import sample_set

__all__ = [
    "RenderedPaper", "duplicate", "evidence_sheet", "font_path", "kinds_for", "licence", "missing_characters",
    "notice", "render", "render_set", "sample_set", "signers",
]  # fmt: skip
