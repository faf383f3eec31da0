"""number and digest of each evidence report that left, so that anybody can look it up"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    for name, length in (("number", 60), ("report_sha256", 64)):
        op.add_column("evidence_accesses", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        op.alter_column("evidence_accesses", name, server_default=None)
    op.create_index(
        "uq_evidence_accesses_number", "evidence_accesses", ["number"], unique=True, postgresql_where=sa.text("number <> ''")
    )


def downgrade() -> None:
    op.drop_index("uq_evidence_accesses_number", table_name="evidence_accesses")
    op.drop_column("evidence_accesses", "report_sha256")
    op.drop_column("evidence_accesses", "number")
