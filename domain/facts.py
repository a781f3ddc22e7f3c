"""What is known about one contact at one moment, in the shape rules read it.

Activities fill this from the records, the simulation from a script; the rules cannot tell the difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendars import Calendar
from domain.caps import Counted, PutOff
from domain.cases import Standstill, is_held, lasting, stands_still
from domain.conditions import Judgement, is_true, judge, standard_functions
from domain.dues import Due, Sight
from domain.duplicates import Alike
from domain.events import EVERYTHING, ONLY_TESTED
from domain.holds import Hold, apart, held_due, hold_at
from domain.own_wishes import Wishes
from domain.policies import Policies
from domain.program import Program
from domain.readers import by_a_person
from domain.spans import Deadline, Moment, Span
from domain.standing import EMAIL, Standing, after
from domain.zones import Zone, wall, zone_of

__all__ = ["NO_PROGRAM", "Event", "Facts", "Standing", "noted"]


@dataclass(frozen=True)
class Event:
    """Something in a contact's timeline. `at` is the instant of receipt; of one instant, `id` tells the order.

    `enrolment`, `step` and `visit` name the send or the task it belongs to, where it belongs to one.
    """

    id: int
    name: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    enrolment: str | None = None
    step: str | None = None
    visit: int | None = None


def noted(standing: Standing, event: Event) -> Standing:
    """Return what may be sent to a contact after this event, as the records keep it.

    >>> noted(Standing(), Event(1, "complained", datetime(2026, 3, 27, tzinfo=ZoneInfo("UTC")))).suppressed
    frozenset({'complaint'})
    """
    return after(standing, event.name, event.data)


KEPT_WITH = frozenset({"program", "policies", "contact"})
"""What the contact's clock, and its dates on that clock, are worked out of."""

# Segments are the same seen from every sequence.
NO_PROGRAM = Program(sequence="")


@dataclass(frozen=True)
class Facts:
    """A contact in a program, now.

    `holds` are the pauses of this contact in this sequence, past ones too; `suspended` is the last one of the sequence.
    """

    now: datetime
    program: Program
    policies: Policies
    contact: Mapping[str, Any]
    entered_at: datetime
    enrolment: str = ""
    run_event: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
    taken: frozenset[int] = frozenset()
    matched: Event | None = None
    outcome: str | None = None
    """What came of this run's last task; `timed_out` is an outcome, too."""
    sends: Mapping[str, int] = field(default_factory=dict)
    """The visit of each step at which its last message was accepted."""
    begun: Mapping[tuple[str, int], datetime] = field(default_factory=dict)
    """When each task or case of this run was opened, by step and visit."""
    calls: Mapping[str, Any] = field(default_factory=dict)
    """What other systems answered, by name."""
    counted: Sequence[Counted] = ()
    """The messages that count under frequency caps, from all sequences, as far back as the longest cap reaches."""
    put_off: Sequence[PutOff] = ()
    """Messages of the contact that other runs put off and that are not sent yet."""
    waited_for: str = ""
    """What this run's message was put off for last."""
    alike: Sequence[Alike] = ()
    """What left lately to the contact's address and may be the same as what is to go now, whoever asked for it."""
    surveyed: datetime | None = None
    """When the contact was asked last to answer a survey, by whatever message."""
    cases: Sequence[Standstill] = ()
    """When marketing to the contact stood still for a case, or still does; the oldest first."""
    round: int | None = None
    standing: Standing = field(default_factory=Standing)
    wishes: Wishes = field(default_factory=Wishes)
    """When the contact wants to be left alone."""
    holds: tuple[Hold, ...] = ()
    suspended: Hold | None = None
    asking: frozenset[str] = frozenset()
    """The segments that are being asked, the one in the other."""

    def but(self, **changed: Any) -> "Facts":
        """Return the same facts but for these, as `dataclasses.replace`: what was worked out of the others is kept.

        A simulation asks thousands of times, and each asks for the contact's clock.
        """
        facts = object.__new__(Facts)
        facts.__dict__.update(self.__dict__)
        facts.__dict__.update(changed)
        if not KEPT_WITH.isdisjoint(changed):
            for name in ("zone", "dated_contact"):
                facts.__dict__.pop(name, None)
        return facts

    @cached_property
    def zone(self) -> Zone:
        """The contact's clock, and the rung of the ladder it was found on."""
        organisation = self.policies.messaging.organisation.time_zone
        return zone_of(self.contact, self.program.time_zone, organisation)

    def calendar(self, name: str | None) -> Calendar | None:
        """Return the calendar of this name, else the sequence's, else the default one."""
        return self.policies.calendar(name or self.program.calendar)

    def sight(self) -> Sight:
        """Return what a time is resolved with."""
        return Sight(zone=self.zone.zone, calendar=self.calendar(None), read=self.read)

    def due(self, words: Span | Moment | Deadline, since: datetime) -> Due | None:
        """Return when `words` are due, the clock stopped while this contact was held; None for `forever`.

        None, too, while nobody knows: a case keeps the clock from getting there. Raises as `resolve` does.
        """
        due = held_due(words, since, self.sight(), (*self.holds, *self.still))
        now = self.standstill
        return None if due is not None and now is not None and due.at > now.paused_at else due

    @property
    def still(self) -> tuple[Hold, ...]:
        """When the clock of this run stood still for cases: of marketing, and not for what it opened itself."""
        if not self.cases or not stands_still(self.program):
            return ()
        return tuple(each.hold for each in self.cases if not each.run or each.run != self.enrolment)

    @property
    def standstill(self) -> Hold | None:
        """Since when the clock of this run stands still for a case; None while it goes."""
        found = [hold for hold in apart(self.still, self.entered_at) if hold.stands(self.now)] if self.cases else []
        return found[-1] if found else None

    @property
    def told(self) -> Sequence[Event]:
        """What happened, but for what a case keeps from moving anything (`hold_events` of policies/recovery.yaml)."""
        policy = self.policies.recovery
        if not self.cases or policy is None or not policy.hold_events or not self.held_by:
            return self.events
        return [event for event in self.events if not is_held(event, policy, self.cases)]

    @property
    def held_by(self) -> list[Standstill]:
        """The cases that marketing to the contact waits for."""
        return lasting(self.cases)

    @property
    def hold(self) -> Hold | None:
        """The pause of this contact that has not ended: nothing begins until it does."""
        return hold_at(self.holds, self.now)

    @property
    def suspension(self) -> Hold | None:
        """The pause of the sequence that has not ended: messages wait until it does."""
        return self.suspended if self.suspended is not None and self.suspended.stands(self.now) else None

    def read(self, path: str) -> Any | None:
        """Return what stands at a dotted path such as `contact.renewal_date`, None if nothing does.

        Dates are given as they are kept: a plain date has no zone yet, so that days can be counted on any calendar.
        """
        value: Any = self._records()
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def names(self, event: Event | None) -> dict[str, Any]:
        """Return the names a condition may use; `now` is on the contact's clock, and so are its dates."""
        names = self._records() | {
            "contact": self.dated_contact,
            "now": self._local_now,
        }
        if event is not None:
            names["event"] = {**event.data, "name": event.name, "at": event.at}
        return names

    @cached_property
    def dated_contact(self) -> Mapping[str, Any]:
        """The contact with its dates as instants: 00:00 on its own clock."""
        dates = frozenset(name for name, own in self.policies.contact.fields.items() if own.type == "date")
        return _with_dates(self.contact, dates, self.zone.zone)

    def _records(self) -> dict[str, Any]:
        names: dict[str, Any] = {
            "contact": self.contact,
            "run": {"event": dict(self.run_event), "entered_at": self.entered_at, "round": self.round},
            "calls": self.calls,
        }
        if self.outcome is not None:
            names["outcome"] = self.outcome
        if self.matched is not None:
            told = {"event": self.matched.name, "at": self.matched.at, "id": str(self.matched.id)}
            names["matched"] = {**self.matched.data, **told}
        return names

    @property
    def _local_now(self) -> datetime:
        return self.now.astimezone(self.zone.zone)

    def holds_true(self, source: str) -> bool:
        """Tell whether a condition is true, and nothing about why: for what is asked again and again, and rarely is."""
        return is_true(source, self.names(None), standard_functions(self, self._local_now))

    def judge(self, source: str, event: Event | None = None) -> Judgement:
        """Tell whether a condition is true, and on which values."""
        return judge(source, self.names(event), standard_functions(self, self._local_now))

    # What the functions of a condition ask (sequence-language.md 4).

    def sent(self, step: str) -> bool:
        return step in self.sends

    def opened(self, step: str) -> bool:
        return any(True for _ in self._of("opened", step))

    def clicked(self, step: str, url: str | None) -> bool:
        return any(url is None or event.data.get("url") == url for event in self._of("clicked", step))

    def replied(self, step: str) -> bool:
        return any(True for _ in self._of("replied", step))

    def did(self, event: str, days: float | None) -> bool:
        since = None if days is None else self.now - timedelta(days=days)
        return any(since is None or each.at >= since for each in self._done(event))

    def count(self, event: str, days: float) -> int:
        since = self.now - timedelta(days=days)
        return sum(each.at >= since for each in self._done(event))

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in a segment now, whatever sequence asks; one that hangs on itself has no members."""
        segment = self.policies.segments.segments.get(name)
        if segment is None or name in self.asking or self.contact.get("source") == ONLY_TESTED:
            return False
        return self.but(program=NO_PROGRAM, asking=self.asking | {name}).judge(segment.when).true

    def topic(self, name: str, channel: str = EMAIL) -> bool:
        """Whether the contact wants to hear about a topic: what they said, else its default, and nothing withdrawn.

        Of texts there is no default: they take a yes of their own.
        """
        standing, known = self.standing.on(channel), self.policies.messaging.topics.get(name)
        if {name, EVERYTHING} & standing.withdrawn or "unsubscribed" in standing.suppressed:
            return False
        default = known.default if known is not None and channel == EMAIL else None
        return standing.consents.get(name, default) == "opted_in"

    def _of(self, name: str, step: str) -> Iterator[Event]:
        """Yield what people did with this run's latest send of a step; what machines did does not count."""
        for event in self.events:
            mine = event.name == name and event.step == step and event.enrolment == self.enrolment
            mine = mine and event.visit in (None, self.sends.get(step))
            if mine and by_a_person(name, event.data):
                yield event

    def _done(self, name: str) -> Iterator[Event]:
        """Yield the events of this name, without the clicks and opens of machines."""
        return (event for event in self.events if event.name == name and by_a_person(name, event.data))


def _with_dates(contact: Mapping[str, Any], fields: frozenset[str], zone: ZoneInfo) -> dict[str, Any]:
    """Return the contact with its dates as instants: 00:00 on its own clock."""
    return {name: _instant(value, zone) if name in fields else value for name, value in contact.items()}


def _instant(value: Any, zone: ZoneInfo) -> Any:
    try:
        if isinstance(value, str):
            value = date.fromisoformat(value) if len(value) == len("2026-01-31") else datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo else wall(value.date(), value.time(), zone)
        return wall(value, time(), zone) if isinstance(value, date) else value
    except (ValueError, OverflowError):
        # Not a date, or one that is no instant: many systems write 0001-01-01 for none, and east of Greenwich that day
        # begins before the first year. To a condition it is missing.
        return None
