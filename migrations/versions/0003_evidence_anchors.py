"""evidence anchors: sealed persons, daily roots in a chain, rows that stay"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"

FINAL = ("evidence", "evidence_roots", "evidence_leaves", "time_stamps", "revocation_lists")


def upgrade() -> None:
    op.add_column("case_events", sa.Column("salt", sa.String(length=64), server_default="", nullable=False))
    op.add_column("evidence", sa.Column("salt", sa.String(), server_default="", nullable=False), schema="signing")
    op.add_column("evidence", sa.Column("private", sa.LargeBinary(), nullable=True), schema="signing")
    # Days were counted in UTC; the daily trees begin and end with the day in China.
    op.execute("UPDATE signing.evidence SET day = (happened_at AT TIME ZONE 'Asia/Shanghai')::date")
    # No installation has made a root yet.
    op.add_column("evidence_roots", sa.Column("before", sa.String(), nullable=False), schema="signing")
    op.create_unique_constraint(op.f("uq_evidence_roots_before"), "evidence_roots", ["before"], schema="signing")
    op.create_table(
        "evidence_leaves",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day"], ["signing.evidence_roots.day"], name=op.f("fk_evidence_leaves_day")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_evidence_leaves")),
        sa.UniqueConstraint("day", "position", name=op.f("uq_evidence_leaves_day_position")),
        schema="signing",
    )
    op.create_table(
        "evidence_accesses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_accesses_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_accesses")),
    )
    op.create_index(op.f("ix_evidence_accesses_case_id"), "evidence_accesses", ["case_id"])
    # Kept for good (ES-10): the database refuses to change or delete them, whoever asks.
    for table in FINAL:
        _refuse(table, "UPDATE OR DELETE")
    _refuse("certificates", "DELETE")  # a revocation is written into the row


def _refuse(table: str, acts: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE {acts} ON signing.{table} "
        "FOR EACH ROW EXECUTE FUNCTION public.refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON signing.{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()"
    )


def downgrade() -> None:
    for table in (*FINAL, "certificates"):
        op.execute(f"DROP TRIGGER {table}_kept ON signing.{table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON signing.{table}")
    op.drop_table("evidence_accesses")
    op.drop_table("evidence_leaves", schema="signing")
    op.drop_column("evidence_roots", "before", schema="signing")
    op.drop_column("evidence", "private", schema="signing")
    op.drop_column("evidence", "salt", schema="signing")
    op.drop_column("case_events", "salt")
