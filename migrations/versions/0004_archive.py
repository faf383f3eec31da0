"""archive stamps, acceptance seals, work that waits"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0006"


def _moment(name: str, nullable: bool = False, default: bool = False) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=nullable, server_default=sa.text("now()") if default else None
    )


def upgrade() -> None:
    op.add_column("papers", _moment("accepted_at", nullable=True))
    op.create_table(
        "archived_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=10), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        _moment("renew_at"),
        _moment("try_at", nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=False),
        _moment("created_at", default=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_archived_files_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_files")),
        sa.UniqueConstraint("holder_id", "part", name=op.f("uq_archived_files_holder_id_part")),
    )
    op.create_index(op.f("ix_archived_files_case_id"), "archived_files", ["case_id"])
    op.create_index(op.f("ix_archived_files_renew_at"), "archived_files", ["renew_at"])
    op.create_table(
        "archive_stamps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=80), nullable=False),
        sa.Column("after", sa.String(length=80), nullable=False),
        _moment("stamped_at"),
        sa.Column("authority", sa.String(length=200), nullable=False),
        _moment("authority_until"),
        sa.Column("digest", sa.String(length=10), nullable=False),
        _moment("removed_at", nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["archived_files.id"], name=op.f("fk_archive_stamps_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_stamps")),
        sa.UniqueConstraint("after", name=op.f("uq_archive_stamps_after")),
        sa.UniqueConstraint("file_id", "seq", name=op.f("uq_archive_stamps_file_id_seq")),
    )
    op.create_index(op.f("ix_archive_stamps_before"), "archive_stamps", ["before"])
    op.create_index(
        "ix_archive_stamps_kept", "archive_stamps", ["stamped_at"], postgresql_where=sa.text("removed_at IS NULL")
    )
    op.create_table(
        "waiting_work",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("work", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("since"),
        _moment("try_at"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_waiting_work_case_id")),
        sa.PrimaryKeyConstraint("case_id", "work", name=op.f("pk_waiting_work")),
    )
    op.create_index(op.f("ix_waiting_work_try_at"), "waiting_work", ["try_at"])


def downgrade() -> None:
    op.drop_table("waiting_work")
    op.drop_table("archive_stamps")
    op.drop_table("archived_files")
    op.drop_column("papers", "accepted_at")
