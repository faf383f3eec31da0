"""The table of who fetched which evidence package."""

import uuid

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now


class EvidenceAccess(Base):
    """One package that left: to whom, for which case."""

    __tablename__ = "evidence_accesses"
    __table_args__ = (
        Index("uq_evidence_accesses_number", "number", unique=True, postgresql_where=text("number <> ''")),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    actor_kind: Mapped[str] = mapped_column(String(16))  # applicant | signer | registrar | operator
    actor_id: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))  # of the file
    number: Mapped[str] = mapped_column(String(60), default="")  # of its report, as printed on it
    report_sha256: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[Now]
