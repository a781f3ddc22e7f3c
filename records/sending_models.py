"""What is remembered of sending: slots of throttles, channels that stand still, what the operator should know."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field

from records.models import Instant, Record


class ThrottleHold(Record, table=True):
    """A slot promised to a message that has not left yet. Promised to nobody any more after `until`."""

    __tablename__ = "throttle_hold"

    throttle: str = Field(primary_key=True, max_length=300)
    message_id: str = Field(primary_key=True, index=True, max_length=36)
    until: datetime = Field(sa_type=Instant)


class ThrottleCount(Record, table=True):
    """Slots that were used at `at`, or shortly before. Nobody asks for the row any more from `gone_at` on."""

    __tablename__ = "throttle_count"
    __table_args__ = (CheckConstraint("taken > 0", name="taken"),)

    throttle: str = Field(primary_key=True, max_length=300)
    at: datetime = Field(primary_key=True, sa_type=Instant)
    taken: int
    gone_at: datetime = Field(sa_type=Instant, index=True)


class ChannelState(Record, table=True):
    """A channel that stands still since `stopped_at`, or did once. Without a row it has always gone.

    `kind` says how it comes back: `away` and `fault` by the message that is let through at `until` (the *probe*, which
    one attempt holds until `probe_until`), the others by `rapport channel resume`, or at `until`.
    `tries` counts the probes that failed.
    """

    __tablename__ = "channel_state"
    __table_args__ = (CheckConstraint("kind in ('away', 'fault', 'person', 'protection', 'disabled')", name="kind"),)

    channel: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=20)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = Field(default="", max_length=1000)
    by: str = Field(default="", max_length=200)
    tries: int = 0
    probe: str | None = Field(default=None, max_length=36)
    probe_until: datetime | None = Field(default=None, sa_type=Instant)
    resumed_at: datetime | None = Field(default=None, sa_type=Instant)


class EndpointState(Record, table=True):
    """How an endpoint of policies/messaging.yaml has answered.

    `failures` are those since its last success, the first of them at `failing_since`; `reason` is that of the last one.
    """

    __tablename__ = "webhook_endpoint"

    name: str = Field(primary_key=True, max_length=40)
    succeeded_at: datetime | None = Field(default=None, sa_type=Instant)
    failed_at: datetime | None = Field(default=None, sa_type=Instant)
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    failures: int = 0
    reason: str = Field(default="", max_length=1000)


class Notice(Record, table=True):
    """Something that the operator should know, once a cause. `owner` is who else is told, by address."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("cause", name="uq_notice_cause"),)

    id: int | None = Field(default=None, primary_key=True)
    cause: str = Field(max_length=300)
    kind: str = Field(max_length=40)
    what: str = Field(max_length=2000)
    owner: str | None = Field(default=None, max_length=320)
    first_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    count: int = 1
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)


class OutboxMessage(Record, table=True):
    """What a message would have said, kept instead of sent until the installation is live. `id` is the ledger's."""

    __tablename__ = "outbox_message"

    id: str = Field(primary_key=True, foreign_key="message.id", max_length=36)
    channel: str = Field(max_length=40)
    sender: str = Field(max_length=320)
    recipient: str = Field(max_length=320)
    body: str = Field(sa_type=Text, repr=False)
    kept_at: datetime = Field(sa_type=Instant, index=True)
