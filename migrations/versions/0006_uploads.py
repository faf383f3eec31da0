"""files: pages, turn, what was sent; uploads in pieces"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "attachments", sa.Column("sent_hash", sa.String(length=64), server_default="", nullable=False)
    )
    op.add_column("attachments", sa.Column("pages", sa.Integer(), server_default="0", nullable=False))
    op.add_column("attachments", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.add_column("attachments", sa.Column("link_id", sa.Uuid(), nullable=True))
    op.add_column("attachments", sa.Column("scanned", sa.Boolean(), server_default="false", nullable=False))
    op.create_foreign_key(
        op.f("fk_attachments_link_id"), "attachments", "upload_links", ["link_id"], ["id"]
    )
    op.drop_column("attachments", "preview_key")  # never written
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Uuid(), nullable=True),
        sa.Column("pieces_kept", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachments.id"], name=op.f("fk_uploads_attachment_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_uploads_case_id")),
        sa.ForeignKeyConstraint(["link_id"], ["upload_links.id"], name=op.f("fk_uploads_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint(
            "case_id", "link_id", "kind", "key_hash", name=op.f("uq_uploads_case_id_link_id_kind_key_hash"),
            postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_uploads_pieces_kept"), "uploads", ["pieces_kept"], unique=False)


def downgrade() -> None:
    op.drop_table("uploads")
    op.add_column(
        "attachments", sa.Column("preview_key", sa.String(length=80), server_default="", nullable=False)
    )
    op.drop_constraint(op.f("fk_attachments_link_id"), "attachments", type_="foreignkey")
    for name in ("scanned", "link_id", "turn", "pages", "sent_hash"):
        op.drop_column("attachments", name)
