"""Addresses where a commitment does not suffice, as a list that staff keep; wordings that applicants wished for.

Revision ID: 0024
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0031"
branch_labels = None
depends_on = None

NAME = "ck_name_catalogue_changes_kind"
BEFORE = "kind IN ('word', 'synonym', 'lookalike', 'authority', 'rule', 'place', 'scope', 'everyday')"
AFTER = BEFORE.removesuffix(")") + ", 'exception', 'forbidden')"


def upgrade() -> None:
    """Two tables more; addresses that a policy listed become rows of the list."""
    op.create_table(
        "address_exceptions",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("authority_code", sa.String(), server_default="", nullable=False),
        sa.Column("basis", sa.String(), server_default="", nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_by", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint(
            "why IN ('disputed', 'false_commitment')", name=op.f("ck_address_exceptions_why")
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_address_exceptions")),
    )
    op.execute(
        "INSERT INTO address_exceptions (address, why, authority_code, source, valid_from, valid_to, edited_at, edited_by) "
        "SELECT DISTINCT ON (row->>'address') row->>'address', row->>'why', authority_code, reason, valid_from, "
        "valid_to + 1, created_at, '' FROM policies, jsonb_array_elements(value) AS row "
        "WHERE key = 'address_exceptions' AND row->>'why' IN ('disputed', 'false_commitment') "
        "ORDER BY row->>'address', valid_from DESC, created_at DESC"
    )
    op.execute("DELETE FROM policies WHERE key = 'address_exceptions'")
    op.create_table(
        "scope_wishes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=100), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="", nullable=False),
        sa.Column("entry_code", sa.String(length=16), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('', 'answered', 'refused')", name=op.f("ck_scope_wishes_state")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_scope_wishes_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_wishes")),
        sa.UniqueConstraint("text", name=op.f("uq_scope_wishes_text")),
    )
    op.create_table(
        "scope_wish_cases",
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["wish_id"], ["scope_wishes.id"], name=op.f("fk_scope_wish_cases_wish_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_scope_wish_cases_case_id")),
        sa.PrimaryKeyConstraint("wish_id", "case_id", name=op.f("pk_scope_wish_cases")),
    )
    _fill_wishes()
    op.drop_constraint(op.f(NAME), "name_catalogue_changes", type_="check")
    op.create_check_constraint(op.f(NAME), "name_catalogue_changes", AFTER)


def _fill_wishes() -> None:
    """What was handed in until now."""
    asked = (
        "SELECT s.case_id, left(trim(e->>'text'), 100) AS text, min(s.submitted_at) AS at "
        "FROM submissions s, jsonb_array_elements(s.data->'scope') AS e "
        "WHERE e->>'code' = '' AND trim(e->>'text') <> '' GROUP BY 1, 2"
    )
    op.execute(
        f"INSERT INTO scope_wishes (id, text, asked_at) SELECT gen_random_uuid(), text, min(at) FROM ({asked}) a GROUP BY text"
    )
    op.execute(
        "INSERT INTO scope_wish_cases (wish_id, case_id, asked_at) "
        f"SELECT w.id, a.case_id, a.at FROM ({asked}) a JOIN scope_wishes w USING (text)"
    )


def downgrade() -> None:
    """Without them; changes to these lists go with their kind, a list of addresses becomes a policy again."""
    op.execute("DELETE FROM name_catalogue_changes WHERE kind IN ('exception', 'forbidden')")
    op.drop_constraint(op.f(NAME), "name_catalogue_changes", type_="check")
    op.create_check_constraint(op.f(NAME), "name_catalogue_changes", BEFORE)
    op.drop_table("scope_wish_cases")
    op.drop_table("scope_wishes")
    op.execute(
        "INSERT INTO policies (id, key, authority_code, value, valid_from, reason) "
        "SELECT gen_random_uuid(), 'address_exceptions', authority_code, "
        "jsonb_agg(jsonb_build_object('address', address, 'why', why)), current_date, 'migration' "
        "FROM address_exceptions WHERE valid_to IS NULL OR valid_to > current_date GROUP BY authority_code"
    )
    op.drop_table("address_exceptions")
    op.execute("DELETE FROM catalogue_versions WHERE name = 'address_exceptions'")
