"""an organisation's electronic business licence, checked in the signing ceremony"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "licence_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_key", sa.String(length=20), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("session", sa.String(length=100), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("licence_number", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name=op.f("fk_licence_checks_invitation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_checks")),
        sa.UniqueConstraint("invitation_id", "organisation_key", name=op.f("uq_licence_checks_invitation_id_organisation_key")),
    )


def downgrade() -> None:
    op.drop_table("licence_checks")
