"""What came in, on disk before its sender is answered."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("form", sa.String(length=100), nullable=True),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=1000), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drained_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('form', 'event', 'withdrawal', 'return', 'confirmation', 'preferences', 'enrolment', 'mail', "
            "'survey')",
            name=op.f("ck_inbox_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("key", name="uq_inbox_key"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_inbox_waiting",
            ["urgent", "id"],
            unique=False,
            sqlite_where=sa.text("drained_at is null and parked_at is null"),
            postgresql_where=sa.text("drained_at is null and parked_at is null"),
        )
        batch_op.create_index(
            "ix_inbox_parked",
            ["urgent", "id"],
            unique=False,
            sqlite_where=sa.text("drained_at is null and parked_at is not null"),
            postgresql_where=sa.text("drained_at is null and parked_at is not null"),
        )
    op.create_table(
        "inbox_mail",
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_inbox_mail_inbox_id")),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_inbox_mail")),
    )
    with op.batch_alter_table("inbox_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_mail_received_at"), ["received_at"], unique=False)


def downgrade() -> None:
    raise RuntimeError("revision 0001: there is no way back; restore the copy made before the upgrade")
