"""texts of papers that staff keep, and the version that each paper follows"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "papers", sa.Column("text_version", sa.String(length=40), server_default="", nullable=False)
    )
    op.create_table(
        "paper_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_paper_texts_decided_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"], name=op.f("fk_paper_texts_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_texts")),
    )
    op.create_index(op.f("ix_paper_texts_name"), "paper_texts", ["name"], unique=False)


def downgrade() -> None:
    op.drop_table("paper_texts")
    op.drop_column("papers", "text_version")
