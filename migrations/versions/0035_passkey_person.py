"""whose identity was checked before a kept passkey was made: it can stand for that check later"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("passkeys", sa.Column("person_index", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE passkeys SET person_index = accounts.id_number_index FROM accounts WHERE accounts.id = account_id"
    )
    op.alter_column("passkeys", "person_index", nullable=False)


def downgrade() -> None:
    op.drop_column("passkeys", "person_index")
