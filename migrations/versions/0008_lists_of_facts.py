"""Staff keep authorities, rules of jurisdiction, names of places, scope entries and everyday words by the same changes.

Revision ID: 0008
Revises: 0003
"""

from alembic import op

revision = "0008"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "ck_name_catalogue_changes_kind"
BEFORE = "kind IN ('word', 'synonym', 'lookalike')"
AFTER = "kind IN ('word', 'synonym', 'lookalike', 'authority', 'rule', 'place', 'scope', 'everyday')"


def upgrade() -> None:
    """Let the changes speak of more lists."""
    op.drop_constraint(op.f(NAME), "name_catalogue_changes", type_="check")
    op.create_check_constraint(op.f(NAME), "name_catalogue_changes", AFTER)


def downgrade() -> None:
    """Only the name lists again; changes to other lists go with their kind."""
    op.execute("DELETE FROM name_catalogue_changes WHERE kind NOT IN ('word', 'synonym', 'lookalike')")
    op.drop_constraint(op.f(NAME), "name_catalogue_changes", type_="check")
    op.create_check_constraint(op.f(NAME), "name_catalogue_changes", BEFORE)
