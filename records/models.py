"""What we remember, one class a table.

Every instant is UTC. Past-participle columns (`claimed_at`, `accepted_at`) tell a row's story; what must never be
true is kept out by named constraints, not by the code that writes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from records.columns import NAMES as NAMES
from records.columns import InboxRecord as InboxRecord
from records.columns import Instant as Instant
from records.columns import Record as Record
from records.columns import json_column as json_column
from records.inbox_models import INBOX_KINDS as INBOX_KINDS
from records.inbox_models import Inbox as Inbox
from records.inbox_models import InboxMail as InboxMail


class Contact(Record, table=True):
    """A person we may know only an address of. `fields` holds what `policies/contact.yaml` declares.

    `quiet_hours` (`22:00-07:00`, on their clock) and `paused_until` are their own wishes, from their preference page.
    """

    __tablename__ = "contact"

    id: str = Field(primary_key=True, max_length=36)
    email: str | None = Field(default=None, max_length=320, index=True)
    phone: str | None = Field(default=None, max_length=40)
    first_name: str | None = Field(default=None, max_length=200)
    last_name: str | None = Field(default=None, max_length=200)
    company: str | None = Field(default=None, max_length=200)
    country: str | None = Field(default=None, max_length=2)
    city: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=35)
    time_zone: str | None = Field(default=None, max_length=64)
    quiet_hours: str | None = Field(default=None, max_length=11)
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    stage: str | None = Field(default=None, max_length=60)
    tier: str | None = Field(default=None, max_length=60)
    score: int = 0
    owner: str | None = Field(default=None, max_length=200)
    source: str | None = Field(default=None, max_length=200)
    tags: list[str] = Field(default_factory=list, sa_column=json_column())
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    notes: list[str] = Field(default_factory=list, sa_column=json_column())
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class Identity(Record, table=True):
    """Something a contact can be recognised by. `value` is normalised; one value belongs to one contact."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "value", name="uq_identity_kind_value"),)

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", index=True, max_length=36)
    kind: str = Field(max_length=40)
    value: str = Field(max_length=320)
    recorded_at: datetime = Field(sa_type=Instant)
    verified_at: datetime | None = Field(default=None, sa_type=Instant)


class Consent(Record, table=True):
    """What a contact said about a topic on a channel, append-only; `records.facts.what_holds` tells what holds.

    It is the proof, too: the words they saw (`wording`), the form and the version of its file (`form_version` is the
    hash of its text), the page it stood on, and for a confirmation the message whose link they used. No address of a
    computer is kept. A trigger in the database refuses to change or delete a row.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("state in ('opted_in', 'opted_out', 'pending')", name="state"),
        Index("ix_consent_contact_topic_channel", "contact_id", "topic", "channel"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    channel: str = Field(default="email", max_length=40)
    topic: str = Field(max_length=100)
    state: str = Field(max_length=20)
    basis: str = Field(max_length=40)
    wording: str | None = Field(default=None, max_length=4000)
    source: str = Field(max_length=200)
    form: str | None = Field(default=None, max_length=100)
    form_version: str | None = Field(default=None, max_length=80)
    page: str | None = Field(default=None, max_length=500)
    message: str | None = Field(default=None, max_length=36)
    given_at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)


class Suppression(Record, table=True):
    """Somebody or some address nobody may write to. `value` is a contact's id or a normalised address."""

    __tablename__ = "suppression"
    __table_args__ = (
        CheckConstraint("kind in ('contact', 'address')", name="kind"),
        UniqueConstraint("kind", "value", "reason", name="uq_suppression_kind_value_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    value: str = Field(max_length=320)
    reason: str = Field(max_length=60)
    recorded_at: datetime = Field(sa_type=Instant)


class Interaction(Record, table=True):
    """The timeline of every contact across departments, append-only. `at` is the receipt, `id` the order of writing.

    `key` names the occurrence in the sender's words, so that the same event told twice is one row.
    """

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("key", name="uq_interaction_key"),
        Index("ix_interaction_contact_name_at", "contact_id", "name", "at"),
        Index(
            "ix_interaction_enrolment",
            "enrolment_id",
            sqlite_where=text("enrolment_id is not null"),
            postgresql_where=text("enrolment_id is not null"),
        ),
        Index(
            "ix_interaction_harm",
            "at",
            sqlite_where=text("name in ('complained', 'bounced')"),
            postgresql_where=text("name in ('complained', 'bounced')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    key: str = Field(max_length=200)
    name: str = Field(max_length=100)
    at: datetime = Field(sa_type=Instant)
    occurred_at: datetime | None = Field(default=None, sa_type=Instant)
    department: str = Field(default="marketing", max_length=60)
    channel: str | None = Field(default=None, max_length=40)
    direction: str = Field(default="in", max_length=10)
    person: str | None = Field(default=None, max_length=200)
    enrolment_id: str | None = Field(default=None, max_length=36)
    step: str | None = Field(default=None, max_length=200)
    visit: int | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())


class Enrolment(Record, table=True):
    """One contact in one sequence. `slot` keeps the rule of `again`: unique while it is filled.

    `never` keeps its slot for ever, `after_exit` and `restart` give it back at the end, `always` has none. `group_slot`
    is held while the run is open: one sequence of a group at a time. `stirred` is higher than that of every companion
    in its wave when something last happened to this run. `bundle` is what stood published at the entry, for texts that
    stay as they were. `converted_at` is when it reached its goal, while the goal counted; `reached_at` is when the
    contact first did so after the entry, whatever had become of the run: what is compared with those held out.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint("state in ('starting', 'running', 'ended')", name="state"),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ended"),
        UniqueConstraint("slot", name="uq_enrolment_slot"),
        UniqueConstraint("group_slot", name="uq_enrolment_group_slot"),
        Index("ix_enrolment_contact_sequence", "contact_id", "sequence"),
        Index(
            "ix_enrolment_starting",
            "state",
            sqlite_where=text("state = 'starting'"),
            postgresql_where=text("state = 'starting'"),
        ),
        Index(
            "ix_enrolment_open",
            "sequence",
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    sequence: str = Field(max_length=100, index=True)
    version: str = Field(foreign_key="edition.version", max_length=80)
    bundle: str | None = Field(default=None, max_length=80)
    slot: str | None = Field(default=None, max_length=400)
    group_slot: str | None = Field(default=None, max_length=200)
    per: str | None = Field(default=None, max_length=200)
    event: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    event_id: int | None = None
    state: str = Field(default="starting", max_length=20)
    wave: str | None = Field(default=None, max_length=200, index=True)
    stirred: int = 0
    entered_at: datetime = Field(sa_type=Instant)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    end_reason: str | None = Field(default=None, max_length=200)
    end_detail: str | None = Field(default=None, max_length=1000)
    converted_at: datetime | None = Field(default=None, sa_type=Instant)
    reached_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(Record, table=True):
    """The ledger: one row a message, unique on its send key. No other table may say that something was sent.

    `recipient` is the contact's address it was written to, in small letters (None: written to staff): it goes when the
    contact is erased. `survey` is the one that it asks to answer.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(
            "state in ('claimed', 'handing_over', 'accepted', 'refused', 'unknown', 'skipped')", name="state"
        ),
        UniqueConstraint("send_key", name="uq_message_send_key"),
        Index("ix_message_contact_template", "contact_id", "template"),
        Index("ix_message_enrolment_step", "enrolment_id", "step"),
        Index("ix_message_recipient_template", "recipient", "template"),
        Index("ix_message_handing_over_at", "handing_over_at"),
        Index(
            "ix_message_survey",
            "contact_id",
            "handing_over_at",
            sqlite_where=text("survey is not null"),
            postgresql_where=text("survey is not null"),
        ),
        Index(
            "ix_message_on_its_way",
            "lease_until",
            sqlite_where=text("state = 'handing_over'"),
            postgresql_where=text("state = 'handing_over'"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    send_key: str = Field(max_length=400)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    sequence: str | None = Field(default=None, max_length=100)
    step: str | None = Field(default=None, max_length=200)
    visit: int = 1
    channel: str = Field(max_length=40)
    template: str = Field(max_length=200)
    bundle: str = Field(max_length=80)
    class_: str = Field(sa_column_kwargs={"name": "class"}, max_length=20)
    survey: str | None = Field(default=None, max_length=64)
    topic: str | None = Field(default=None, max_length=100)
    recipient: str | None = Field(default=None, max_length=320)
    subject: str | None = Field(default=None, max_length=1000)
    message_id: str = Field(max_length=200, index=True)
    state: str = Field(max_length=20)
    reason: str | None = Field(default=None, max_length=1000)
    reply: str | None = Field(default=None, max_length=1000)
    provider_id: str | None = Field(default=None, max_length=200, index=True)
    attempt: str | None = Field(default=None, max_length=36)
    attempts: int = 0
    repeats: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
    handing_over_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    refused_at: datetime | None = Field(default=None, sa_type=Instant)
    unknown_at: datetime | None = Field(default=None, sa_type=Instant)
    skipped_at: datetime | None = Field(default=None, sa_type=Instant)


class Decision(Record, table=True):
    """What was decided about a contact, when, and why. `final` rows close a visit of a step, once.

    `outcome` is what the workflow was told; an activity that is tried again answers from here.
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index(
            "uq_decision_visit",
            "enrolment_id",
            "step",
            "visit",
            "asked",
            unique=True,
            sqlite_where=text("final"),
            postgresql_where=text("final"),
        ),
        Index("ix_decision_contact_at", "contact_id", "at"),
        Index("ix_decision_enrolment", "enrolment_id"),
        Index(
            "ix_decision_entry",
            "sequence",
            "at",
            sqlite_where=text("kind = 'entry'"),
            postgresql_where=text("kind = 'entry'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    sequence: str = Field(max_length=100)
    version: str | None = Field(default=None, max_length=80)
    step: str | None = Field(default=None, max_length=200)
    kind: str = Field(max_length=40)
    visit: int = 1
    asked: str = Field(default="", max_length=20)
    did: str = Field(max_length=40)
    final: bool = False
    shown: bool = True
    at: datetime = Field(sa_type=Instant)
    why: list[str] = Field(default_factory=list, sa_column=json_column())
    more: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    outcome: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    event_id: int | None = None


class Wake(Record, table=True):
    """A wave that has something to look at. Written with what it should see, deleted once the signal was taken."""

    __tablename__ = "wake"

    wave: str = Field(primary_key=True, max_length=200)
    asked_at: datetime = Field(sa_type=Instant)


class Drained(Record, table=True):
    """An inbox row whose effects are in this database, written in the same transaction as they."""

    __tablename__ = "drained"

    inbox_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    contact_id: str | None = Field(default=None, max_length=36, index=True)
    did: str = Field(max_length=200)
    at: datetime = Field(sa_type=Instant)
