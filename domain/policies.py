"""What operations decide once for everything: organisation, senders, topics, quiet hours, own fields and events.

Each model is the shape of a file in `policies/` (sequence-language.md section 9). A missing file means its defaults,
which send nothing anybody could regret: topics that are opted out until the contact says otherwise.
"""

import re
from email.utils import parseaddr
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from domain.attachment_policy import Attachments
from domain.away import Replies
from domain.calendars import Calendar, Calendars
from domain.endpoints import Endpoint, well_named
from domain.events import BUILT_IN, CONTACT_FIELDS, MAIL_LOGGED
from domain.field_values import FieldType
from domain.follow_up_policy import FollowUpsPolicy
from domain.forms import FormMapping
from domain.patterns import HOLDOUT, editors, whole
from domain.recovery_policy import Recovery
from domain.return_addresses import INBOUND
from domain.scoring_policy import Scoring
from domain.shares import read_share
from domain.spans import Span
from domain.survey_policy import Surveys
from domain.teams import TeamsPolicy, checked_address
from domain.texts import checked_sender
from domain.throttles import Throttle, said_once
from domain.tracking import Tracking
from domain.zones import zone_named

MessageClass = Literal["marketing", "service", "transactional"]


class Policy(BaseModel):
    """A part of a policy file."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Organisation(Policy):
    """Who writes. The postal address stands in every marketing message; the zone is the last rung of the ladder."""

    name: str = "Your company"
    address: str = ""
    time_zone: str = "UTC"
    locale: str = "en"
    operator: str | None = None
    """Who is told when the mail server refuses us, or a sequence paused itself: ops@your-domain."""

    @field_validator("operator")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else checked_address(value)

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        zone_named(value)
        return value


class Sender(Policy):
    """An address we write from, as `Name <address>`. `reply_to: inbound` lets answers come to us, who read them.

    `sms` is who text messages are from: a number, a short code, or a name of at most 11 letters and digits.
    """

    from_: str = Field(alias="from")
    reply_to: str | None = None
    sms: str | None = None

    @field_validator("sms")
    @classmethod
    def _can_write_texts(cls, value: str | None) -> str | None:
        return None if value is None else checked_sender(value)

    @field_validator("from_")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and "@" not in parseaddr(value)[1]:
            raise ValueError(f"'{value}' is not an address; write 'Name <name@your-domain>'")
        return value

    @field_validator("reply_to")
    @classmethod
    def _can_be_answered(cls, value: str | None) -> str | None:
        return value if value == INBOUND else cls._is_an_address(value)


class Topic(Policy):
    """What marketing messages can be about; `default` decides for a contact who never said."""

    label: str
    default: Literal["opted_in", "opted_out"] = "opted_out"


class Quiet(Policy):
    """No message of this class and channel while `calendar` is open on the contact's clock."""

    class_: MessageClass = Field(default="marketing", alias="class")
    channel: Literal["email", "sms"] = "email"
    calendar: str


class Cap(Policy):
    """At most so many messages of this class and channel in a rolling span, for each contact."""

    class_: MessageClass = Field(default="marketing", alias="class")
    channel: Literal["email", "sms"] = "email"
    most: int = Field(ge=1)
    in_: Span = Field(alias="in")

    @field_validator("in_")
    @classmethod
    def _has_a_length(cls, value: Span) -> Span:
        value.elapsed()
        return value


class Holdout(Policy):
    """A share of all contacts who get no marketing at all, to be compared with: drawn by a hash, the same for ever.

    With another salt others are drawn. A contact who is added or erased changes nobody else's lot.
    """

    share: Annotated[str, editors(whole(HOLDOUT), "5%")]
    salt: str = "organisation"

    @field_validator("share")
    @classmethod
    def _is_a_share(cls, value: str) -> str:
        read_share(value)
        return value

    @cached_property
    def part(self) -> float:
        """The share as a number from 0 to 1."""
        return read_share(self.share)


class Messaging(Policy):
    """policies/messaging.yaml"""

    organisation: Organisation = Organisation()
    senders: dict[str, Sender] = Field(default_factory=dict)
    topics: dict[str, Topic] = Field(default_factory=dict)
    expires: dict[MessageClass, Span] = Field(default_factory=dict)
    quiet: tuple[Quiet, ...] = ()
    caps: tuple[Cap, ...] = ()
    throttles: Annotated[tuple[Throttle, ...], AfterValidator(said_once)] = ()
    attachments: Attachments = Attachments()
    replies: Replies = Replies()
    tracking: Tracking = Tracking()
    holdout: Holdout | None = None
    webhooks: dict[Annotated[str, AfterValidator(well_named)], Endpoint] = Field(default_factory=dict)


class OwnField(Policy):
    """A field of ours on the contact."""

    type: FieldType = "text"
    label: str | None = None


def _own_field(name: str) -> str:
    if name in CONTACT_FIELDS:
        raise ValueError(f"field '{name}' is built in; delete it here")
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,63}", name):
        raise ValueError(f"'{name}' cannot be the name of a field; use small letters, digits and _, at most 64")
    return name


def _own_event(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", name):
        raise ValueError(f"'{name}' cannot be the name of an event; use letters, digits and _, at most 64")
    if name == MAIL_LOGGED:
        # Who wrote it is what the mail says: were it declared, a forged one could move a sequence.
        raise ValueError(f"'{name}' is what your people's own mail is kept as, and moves nothing; choose another name")
    return name


class ContactPolicy(Policy):
    """policies/contact.yaml: the fields a company adds to the built-in ones."""

    fields: dict[Annotated[str, AfterValidator(_own_field)], OwnField] = Field(default_factory=dict)


class OwnEvent(Policy):
    """An event of ours, or a built-in one, with the fields that conditions may read; those built in stay."""

    fields: list[str] = Field(default_factory=list)


class EventsPolicy(Policy):
    """policies/events.yaml: what happens at this company beside the built-in events."""

    events: dict[Annotated[str, AfterValidator(_own_event)], OwnEvent] = Field(default_factory=dict)


def _segment_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ValueError(f"'{name}' cannot be the name of a segment; use small letters, digits and -, at most 64")
    return name


class Segment(Policy):
    """Contacts who have something in common: those of whom `when` is true."""

    label: str | None = None
    when: str


class SegmentsPolicy(Policy):
    """policies/segments.yaml: groups of contacts, by a condition on the contact and what they did."""

    segments: dict[Annotated[str, AfterValidator(_segment_name)], Segment] = Field(default_factory=dict)


class Policies(Policy):
    """All policies together."""

    messaging: Messaging = Messaging()
    calendars: Calendars = Calendars()
    contact: ContactPolicy = ContactPolicy()
    events: EventsPolicy = EventsPolicy()
    segments: SegmentsPolicy = SegmentsPolicy()
    teams: TeamsPolicy = TeamsPolicy()
    follow_ups: FollowUpsPolicy = FollowUpsPolicy()
    scoring: Scoring | None = None
    """None where there is no such file: then sequences and people set contact.score, and nothing else does."""
    recovery: Recovery | None = None
    """None where there is no such file: then cases are opened and closed, and nobody is promised anything."""
    surveys: Surveys = Surveys()
    forms: dict[str, FormMapping] = Field(default_factory=dict)
    version: str = ""
    """The hash of the bundle they were published in; empty where they were not."""

    def contact_fields(self) -> frozenset[str]:
        """Return every field a contact can have."""
        return CONTACT_FIELDS | frozenset(self.contact.fields)

    def field_type(self, name: str) -> FieldType:
        """Return what sort of value a field of a contact holds."""
        own = self.contact.fields.get(name)
        return "number" if name == "score" else own.type if own is not None else "text"

    def event_fields(self) -> dict[str, frozenset[str]]:
        """Return every event, with its fields."""
        own = self.events.events.items()
        return BUILT_IN | {name: frozenset(each.fields) | BUILT_IN.get(name, frozenset()) for name, each in own}

    def calendar(self, name: str | None) -> Calendar | None:
        """Return the calendar of this name, else the default one, else None. Raises ValueError for an unknown name."""
        return self.calendars.named(name)

    def sender(self, name: str | None) -> Sender:
        """Return the sender of this name, else `default`. Raises KeyError."""
        return self.messaging.senders[name or "default"]

    def expiry(self, class_: MessageClass) -> Span:
        """Return how long a message of this class may wait before it is of no use any more."""
        return self.messaging.expires.get(class_) or Span.parse(DEFAULT_EXPIRY[class_])

    @classmethod
    def none(cls) -> Self:
        """Return the policies of a company that has written none."""
        return cls()


# sequence-language.md section 9
DEFAULT_EXPIRY: dict[MessageClass, str] = {"marketing": "7 days", "service": "2 days", "transactional": "1 day"}
