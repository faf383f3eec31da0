"""which movements a face check was asked for and saw"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("invitations", sa.Column("live_prompts", sa.String(length=40), nullable=False, server_default=""))
    op.alter_column("invitations", "live_prompts", server_default=None)


def downgrade() -> None:
    op.drop_column("invitations", "live_prompts")
