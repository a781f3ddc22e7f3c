"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _contacts_and_runs()
    _entry()
    _sending()


def _contacts_and_runs() -> None:
    op.create_table(
        "bundle",
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_bundle")),
    )
    with op.batch_alter_table("bundle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bundle_published_at"), ["published_at"], unique=False)

    op.create_table(
        "contact",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("first_name", sa.String(length=200), nullable=True),
        sa.Column("last_name", sa.String(length=200), nullable=True),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("quiet_hours", sa.String(length=11), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=60), nullable=True),
        sa.Column("tier", sa.String(length=60), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_email"), ["email"], unique=False)

    op.create_table(
        "drained",
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("did", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_drained")),
    )
    with op.batch_alter_table("drained", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drained_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('contact', 'address')", name=op.f("ck_suppression_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("kind", "value", "reason", name="uq_suppression_kind_value_reason"),
    )
    op.create_table(
        "wake",
        sa.Column("wave", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("wave", name=op.f("pk_wake")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.String(length=4000), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("form", sa.String(length=100), nullable=True),
        sa.Column("form_version", sa.String(length=80), nullable=True),
        sa.Column("page", sa.String(length=500), nullable=True),
        sa.Column("message", sa.String(length=36), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('opted_in', 'opted_out', 'pending')", name=op.f("ck_consent_state")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_consent_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("ix_consent_contact_topic_channel", ["contact_id", "topic", "channel"], unique=False)
    _never_change("consent")

    op.create_table(
        "edition",
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("program", sa.JSON(), nullable=False),
        sa.Column("bundle", sa.String(length=80), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.hash"], name=op.f("fk_edition_bundle")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_edition")),
    )
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_sequence"), ["sequence"], unique=False)
        batch_op.create_index(
            "uq_edition_current",
            ["sequence"],
            unique=True,
            sqlite_where=sa.text("retired_at is null"),
            postgresql_where=sa.text("retired_at is null"),
        )

    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_identity_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("kind", "value", name="uq_identity_kind_value"),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "interaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=True),
        sa.Column("visit", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_interaction_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("key", name="uq_interaction_key"),
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index("ix_interaction_contact_name_at", ["contact_id", "name", "at"], unique=False)
        batch_op.create_index(
            "ix_interaction_enrolment",
            ["enrolment_id"],
            unique=False,
            sqlite_where=sa.text("enrolment_id is not null"),
            postgresql_where=sa.text("enrolment_id is not null"),
        )
        batch_op.create_index(
            "ix_interaction_harm",
            ["at"],
            unique=False,
            sqlite_where=sa.text("name in ('complained', 'bounced')"),
            postgresql_where=sa.text("name in ('complained', 'bounced')"),
        )

    op.create_table(
        "pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("resumed_at is null or resumed_at >= paused_at", name=op.f("ck_pause_resumed")),
        sa.CheckConstraint("until is null or until >= paused_at", name=op.f("ck_pause_until")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_pause_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    with op.batch_alter_table("pause", schema=None) as batch_op:
        batch_op.create_index("ix_pause_contact_sequence", ["contact_id", "sequence"], unique=False)
        batch_op.create_index(
            "uq_pause_open_contact",
            ["sequence", "contact_id"],
            unique=True,
            sqlite_where=sa.text("resumed_at is null"),
            postgresql_where=sa.text("resumed_at is null"),
        )
        batch_op.create_index(
            "uq_pause_open_sequence",
            ["sequence"],
            unique=True,
            sqlite_where=sa.text("resumed_at is null and contact_id is null"),
            postgresql_where=sa.text("resumed_at is null and contact_id is null"),
        )

    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("bundle", sa.String(length=80), nullable=True),
        sa.Column("slot", sa.String(length=400), nullable=True),
        sa.Column("group_slot", sa.String(length=200), nullable=True),
        sa.Column("per", sa.String(length=200), nullable=True),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wave", sa.String(length=200), nullable=True),
        sa.Column("stirred", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=200), nullable=True),
        sa.Column("end_detail", sa.String(length=1000), nullable=True),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'ended') = (ended_at is not null)", name=op.f("ck_enrolment_ended")),
        sa.CheckConstraint("state in ('starting', 'running', 'ended')", name=op.f("ck_enrolment_state")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_enrolment_contact_id")),
        sa.ForeignKeyConstraint(["version"], ["edition.version"], name=op.f("fk_enrolment_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("group_slot", name="uq_enrolment_group_slot"),
        sa.UniqueConstraint("slot", name="uq_enrolment_slot"),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index("ix_enrolment_contact_sequence", ["contact_id", "sequence"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_sequence"), ["sequence"], unique=False)
        batch_op.create_index(
            "ix_enrolment_open",
            ["sequence"],
            unique=False,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )
        batch_op.create_index(
            "ix_enrolment_starting",
            ["state"],
            unique=False,
            sqlite_where=sa.text("state = 'starting'"),
            postgresql_where=sa.text("state = 'starting'"),
        )
        batch_op.create_index(batch_op.f("ix_enrolment_wave"), ["wave"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("asked", sa.String(length=20), nullable=False),
        sa.Column("did", sa.String(length=40), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_decision_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_decision_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_contact_at", ["contact_id", "at"], unique=False)
        batch_op.create_index("ix_decision_enrolment", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_decision_entry",
            ["sequence", "at"],
            unique=False,
            sqlite_where=sa.text("kind = 'entry'"),
            postgresql_where=sa.text("kind = 'entry'"),
        )
        batch_op.create_index(
            "uq_decision_visit",
            ["enrolment_id", "step", "visit", "asked"],
            unique=True,
            sqlite_where=sa.text("final"),
            postgresql_where=sa.text("final"),
        )

    op.create_table(
        "message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("send_key", sa.String(length=400), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("sequence", sa.String(length=100), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=True),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(length=200), nullable=False),
        sa.Column("bundle", sa.String(length=80), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("survey", sa.String(length=64), nullable=True),
        sa.Column("topic", sa.String(length=100), nullable=True),
        sa.Column("recipient", sa.String(length=320), nullable=True),
        sa.Column("subject", sa.String(length=1000), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("reply", sa.String(length=1000), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("attempt", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handing_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unknown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('claimed', 'handing_over', 'accepted', 'refused', 'unknown', 'skipped')",
            name=op.f("ck_message_state"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_message_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_message_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("send_key", name="uq_message_send_key"),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_contact_template", ["contact_id", "template"], unique=False)
        batch_op.create_index("ix_message_enrolment_step", ["enrolment_id", "step"], unique=False)
        batch_op.create_index("ix_message_recipient_template", ["recipient", "template"], unique=False)
        batch_op.create_index("ix_message_handing_over_at", ["handing_over_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_message_id"), ["message_id"], unique=False)
        batch_op.create_index(
            "ix_message_on_its_way",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'handing_over'"),
            postgresql_where=sa.text("state = 'handing_over'"),
        )
        batch_op.create_index(
            "ix_message_survey",
            ["contact_id", "handing_over_at"],
            unique=False,
            sqlite_where=sa.text("survey is not null"),
            postgresql_where=sa.text("survey is not null"),
        )
        batch_op.create_index(batch_op.f("ix_message_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "meeting_told",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("meeting", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_meeting_told_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_meeting_told")),
    )
    with op.batch_alter_table("meeting_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_told_meeting"), ["meeting"], unique=False)


def _entry() -> None:
    op.create_table(
        "round",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("bundle", sa.String(length=80), nullable=True),
        sa.Column("reached", sa.String(length=36), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_round")),
    )
    op.create_table(
        "date_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("occurrence", sa.String(length=40), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_date_entry_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_entry")),
        sa.UniqueConstraint(
            "contact_id", "sequence", "words", "occurrence", name="uq_date_entry_contact_sequence_words_occurrence"
        ),
    )
    with op.batch_alter_table("date_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_date_entry_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("fired_at is null"),
            postgresql_where=sa.text("fired_at is null"),
        )

    op.create_table(
        "staff_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deputy", sa.String(length=64), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until is null or until >= since", name=op.f("ck_staff_absence_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_absence")),
    )
    with op.batch_alter_table("staff_absence", schema=None) as batch_op:
        batch_op.create_index("ix_staff_absence_person", ["person"], unique=False)

    op.create_table(
        "staff_turns",
        sa.Column("team", sa.String(length=100), nullable=False),
        sa.Column("had", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_staff_turns")),
    )
    op.create_table(
        "follow_up",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=True),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("opener", sa.String(length=200), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("policy", sa.String(length=100), nullable=True),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_accept_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.Column("outcome", sa.String(length=100), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.CheckConstraint("ended in ('completed', 'cancelled')", name=op.f("ck_follow_up_ended")),
        sa.CheckConstraint("(ended is null) = (ended_at is null)", name=op.f("ck_follow_up_ended_at")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_follow_up_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_follow_up_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("enrolment_id", "step", "visit", name="uq_follow_up_visit"),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(
            "ix_follow_up_asked",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("asked_at is not null"),
            postgresql_where=sa.text("asked_at is not null"),
        )
        batch_op.create_index(
            "ix_follow_up_assignee",
            ["assignee"],
            unique=False,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )
        batch_op.create_index("ix_follow_up_contact", ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_follow_up_next",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )
        batch_op.create_index(
            "ix_follow_up_open",
            ["team", "done_due"],
            unique=False,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )
        batch_op.create_index("ix_follow_up_opened", ["opened_at"], unique=False)
        batch_op.create_index(
            "uq_follow_up_opener",
            ["contact_id", "opener"],
            unique=True,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )

    op.create_table(
        "follow_up_words",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=4500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_follow_up_words")),
    )
    op.create_table(
        "staff_note",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("follow_up_id", sa.String(length=36), nullable=True),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("to_team", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.JSON(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.String(length=1000), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("handing_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('email', 'chat')", name=op.f("ck_staff_note_channel")),
        sa.CheckConstraint(
            "state in ('waiting', 'handing_over', 'accepted', 'refused', 'unknown', 'skipped')",
            name=op.f("ck_staff_note_state"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_staff_note_contact_id")),
        sa.ForeignKeyConstraint(["follow_up_id"], ["follow_up.id"], name=op.f("fk_staff_note_follow_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_note")),
        sa.UniqueConstraint("key", name="uq_staff_note_key"),
    )
    with op.batch_alter_table("staff_note", schema=None) as batch_op:
        batch_op.create_index("ix_staff_note_contact", ["contact_id"], unique=False)
        batch_op.create_index("ix_staff_note_follow_up", ["follow_up_id"], unique=False)
        batch_op.create_index("ix_staff_note_message_id", ["message_id"], unique=False)
        batch_op.create_index(
            "ix_staff_note_waiting",
            ["at"],
            unique=False,
            sqlite_where=sa.text("state in ('waiting', 'handing_over')"),
            postgresql_where=sa.text("state in ('waiting', 'handing_over')"),
        )

    op.create_table(
        "service_case",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("incident", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("policy", sa.String(length=100), nullable=True),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=100), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("tier", sa.String(length=60), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stood", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("follow_up_id", sa.String(length=36), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_service_case_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_service_case_enrolment_id")),
        sa.ForeignKeyConstraint(["follow_up_id"], ["follow_up.id"], name=op.f("fk_service_case_follow_up_id")),
        sa.UniqueConstraint("number", name="uq_service_case_number"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_case")),
    )
    with op.batch_alter_table("service_case", schema=None) as batch_op:
        batch_op.create_index(
            "uq_service_case_open",
            ["contact_id", "incident"],
            unique=True,
            sqlite_where=sa.text("closed_at is null"),
            postgresql_where=sa.text("closed_at is null"),
        )
        batch_op.create_index(
            "ix_service_case_asked",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("asked_at is not null"),
            postgresql_where=sa.text("asked_at is not null"),
        )
        batch_op.create_index("ix_service_case_cause", ["cause", "opened_at"], unique=False)
        batch_op.create_index("ix_service_case_contact", ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_service_case_next",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at is not null"),
            postgresql_where=sa.text("next_at is not null"),
        )
        batch_op.create_index("ix_service_case_opened", ["opened_at"], unique=False)
        batch_op.create_index(
            "ix_service_case_suspended",
            ["contact_id"],
            unique=False,
            sqlite_where=sa.text("released_at is null"),
            postgresql_where=sa.text("released_at is null"),
        )

    op.create_table(
        "held_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("interaction_id", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_held_event_contact_id")),
        sa.ForeignKeyConstraint(["interaction_id"], ["interaction.id"], name=op.f("fk_held_event_interaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_event")),
        sa.UniqueConstraint("interaction_id", name="uq_held_event_interaction"),
    )
    with op.batch_alter_table("held_event", schema=None) as batch_op:
        batch_op.create_index("ix_held_event_contact", ["contact_id"], unique=False)

    op.create_table(
        "case_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("letter", sa.String(length=40), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fate", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_letter_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_case_letter_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_case_letter_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_letter")),
        sa.UniqueConstraint("case_id", "key", name="uq_case_letter"),
    )
    with op.batch_alter_table("case_letter", schema=None) as batch_op:
        batch_op.create_index("ix_case_letter_contact", ["contact_id", "letter", "written_at"], unique=False)
        batch_op.create_index("ix_case_letter_enrolment", ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_case_letter_unsettled",
            ["case_id"],
            unique=False,
            sqlite_where=sa.text("settled_at is null"),
            postgresql_where=sa.text("settled_at is null"),
        )

    op.create_table(
        "case_promise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plain_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_promise_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_promise")),
        sa.UniqueConstraint("case_id", "name", "number", name="uq_case_promise"),
    )
    with op.batch_alter_table("case_promise", schema=None) as batch_op:
        batch_op.create_index("ix_case_promise_due", ["due_at"], unique=False)

    op.create_table(
        "case_remedy",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("hundredths", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("hundredths >= 0", name=op.f("ck_case_remedy_hundredths")),
        sa.CheckConstraint(
            "state not in ('approved', 'delivered', 'failed') or level = 'agent' "
            "or (decided_by is not null and decided_by <> proposed_by)",
            name=op.f("ck_case_remedy_four_eyes"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_remedy_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_case_remedy_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_remedy")),
    )
    with op.batch_alter_table("case_remedy", schema=None) as batch_op:
        batch_op.create_index("ix_case_remedy_case", ["case_id"], unique=False)
        batch_op.create_index("ix_case_remedy_contact", ["contact_id", "proposed_at"], unique=False)

    op.create_table(
        "points_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("change <> 0", name=op.f("ck_points_entry_change")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_points_entry_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entry")),
        sa.UniqueConstraint("key", name="uq_points_entry_key"),
    )
    with op.batch_alter_table("points_entry", schema=None) as batch_op:
        batch_op.create_index("ix_points_entry_contact", ["contact_id", "at"], unique=False)

    op.create_table(
        "remedy_delivery",
        sa.Column("remedy_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("endpoint", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("undo", sa.String(length=10), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("patience", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'done', 'refused')", name=op.f("ck_remedy_delivery_state")),
        sa.CheckConstraint("step in ('voucher', 'points', 'webhook')", name=op.f("ck_remedy_delivery_step")),
        sa.CheckConstraint("undo is null or undo in ('undone', 'stuck')", name=op.f("ck_remedy_delivery_undo")),
        sa.ForeignKeyConstraint(["remedy_id"], ["case_remedy.id"], name=op.f("fk_remedy_delivery_remedy_id")),
        sa.PrimaryKeyConstraint("remedy_id", "number", name=op.f("pk_remedy_delivery")),
    )
    op.create_table(
        "voucher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("remedy_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("hundredths", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("hundredths > 0", name=op.f("ck_voucher_hundredths")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_voucher_contact_id")),
        sa.ForeignKeyConstraint(["remedy_id"], ["case_remedy.id"], name=op.f("fk_voucher_remedy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code", name="uq_voucher_code"),
        sa.UniqueConstraint("remedy_id", name="uq_voucher_remedy"),
    )
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.create_index("ix_voucher_contact", ["contact_id"], unique=False)
    _never_change("points_entry")

    op.create_table(
        "corrective_action",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("follow_up_id", sa.String(length=36), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_corrective_action_case_id")),
        sa.ForeignKeyConstraint(["follow_up_id"], ["follow_up.id"], name=op.f("fk_corrective_action_follow_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_action")),
    )
    with op.batch_alter_table("corrective_action", schema=None) as batch_op:
        batch_op.create_index(
            "uq_corrective_action_open",
            ["cause"],
            unique=True,
            sqlite_where=sa.text("done_at is null"),
            postgresql_where=sa.text("done_at is null"),
        )

    op.create_table(
        "call_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_call_answer_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_answer")),
        sa.UniqueConstraint("enrolment_id", "step", "visit", name="uq_call_answer_visit"),
    )

    op.create_table(
        "waiting_message",
        sa.Column("enrolment_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queue", sa.String(length=300), nullable=True),
        sa.Column("passes", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_waiting_message_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_waiting_message_enrolment_id")),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_waiting_message")),
    )
    with op.batch_alter_table("waiting_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_message_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_waiting_message_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_waiting_message_queue_due_at", ["queue", "due_at"], unique=False)

    op.create_table(
        "broadcast",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("template", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("other", sa.String(length=200), nullable=True),
        sa.Column("segment", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rate", sa.String(length=60), nullable=True),
        sa.Column("share", sa.String(length=20), nullable=True),
        sa.Column("winner_by", sa.String(length=20), nullable=True),
        sa.Column("goal", sa.String(length=100), nullable=True),
        sa.Column("decide_after", sa.String(length=60), nullable=True),
        sa.Column("decide_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("winner", sa.String(length=1), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.String(length=36), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("chunk_size", sa.Integer(), nullable=False),
        sa.Column("chunk_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("sent_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.String(length=1000), nullable=True),
        sa.CheckConstraint(
            "state in ('scheduled', 'snapshotting', 'sending', 'comparing', 'finishing', 'done',"
            " 'stopping', 'stopped')",
            name=op.f("ck_broadcast_state"),
        ),
        sa.CheckConstraint("(share is null) = (other is null)", name=op.f("ck_broadcast_compares")),
        sa.ForeignKeyConstraint(["version"], ["edition.version"], name=op.f("fk_broadcast_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint("name", name="uq_broadcast_name"),
    )
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.create_index(
            "ix_broadcast_active",
            ["state"],
            unique=False,
            sqlite_where=sa.text("state not in ('done', 'stopped')"),
            postgresql_where=sa.text("state not in ('done', 'stopped')"),
        )
        batch_op.create_index(batch_op.f("ix_broadcast_sequence"), ["sequence"], unique=False)

    op.create_table(
        "broadcast_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=1), nullable=True),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("chunk", sa.Integer(), nullable=True),
        sa.Column("enrolment_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "(state = 'entered') = (enrolment_id is not null)", name=op.f("ck_broadcast_member_entered")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'entered', 'refused', 'gone', 'left_out')", name=op.f("ck_broadcast_member_state")
        ),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_member_broadcast_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_broadcast_member_contact_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_broadcast_member_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_member")),
        sa.UniqueConstraint("broadcast_id", "contact_id", name="uq_broadcast_member_broadcast_contact"),
    )
    with op.batch_alter_table("broadcast_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_member_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_broadcast_member_waiting",
            ["broadcast_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "link",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )

    op.create_table(
        "holdout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=True),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("per", sa.String(length=200), nullable=False),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_holdout_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdout")),
        sa.UniqueConstraint("sequence", "contact_id", "per", name="uq_holdout_sequence_contact_per"),
    )
    with op.batch_alter_table("holdout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holdout_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("segment", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_membership_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("contact_id", "segment", name="uq_membership_contact_segment"),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_segment"), ["segment"], unique=False)

    op.create_table(
        "contact_score",
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("recipe", sa.String(length=80), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("reached", sa.JSON(), nullable=False),
        sa.Column("crossings", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_score_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_score")),
    )

    op.create_table(
        "waiting_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.String(length=100), nullable=False),
        sa.Column("asks", sa.String(length=40), nullable=False),
        sa.Column("trigger", sa.JSON(), nullable=True),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot", sa.String(length=400), nullable=True),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_waiting_entry_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entry")),
        sa.UniqueConstraint("slot", name=op.f("uq_waiting_entry_slot")),
    )
    with op.batch_alter_table("waiting_entry", schema=None) as batch_op:
        batch_op.create_index("ix_waiting_entry_contact_sequence", ["contact_id", "sequence"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_entry_due_at"), ["due_at"], unique=False)


def _sending() -> None:
    op.create_table(
        "throttle_hold",
        sa.Column("throttle", sa.String(length=300), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("throttle", "message_id", name=op.f("pk_throttle_hold")),
    )
    with op.batch_alter_table("throttle_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_hold_message_id"), ["message_id"], unique=False)

    op.create_table(
        "throttle_count",
        sa.Column("throttle", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_throttle_count_taken")),
        sa.PrimaryKeyConstraint("throttle", "at", name=op.f("pk_throttle_count")),
    )
    with op.batch_alter_table("throttle_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_count_gone_at"), ["gone_at"], unique=False)

    op.create_table(
        "channel_state",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("probe", sa.String(length=36), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('away', 'fault', 'person', 'protection', 'disabled')", name=op.f("ck_channel_state_kind")
        ),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_state")),
    )

    op.create_table(
        "webhook_endpoint",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_endpoint")),
    )

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=2000), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("cause", name="uq_notice_cause"),
    )

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["message.id"], name=op.f("fk_outbox_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_message_kept_at"), ["kept_at"], unique=False)


def _never_change(table: str) -> None:
    """Have the database itself refuse to change or delete rows of a table: they are proof."""
    said = f"{table} is append-only: write a new row"
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("update", "delete"):
            refusal = f"begin select raise(abort, '{said}'); end"
            op.execute(f"create trigger {table}_no_{deed} before {deed} on {table} {refusal}")
        return
    refusal = f"begin raise exception '{said}'; end"
    op.execute(f"create function {table}_never_changes() returns trigger language plpgsql as $$ {refusal} $$")
    op.execute(
        f"create trigger {table}_never_changes before update or delete on {table} "
        f"for each row execute function {table}_never_changes()"
    )


def downgrade() -> None:
    raise RuntimeError("revision 0001: there is no way back; restore the copy made before the upgrade")
