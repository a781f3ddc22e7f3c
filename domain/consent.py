"""May we write to this contact, on this channel, now? And if not, why.

The questions are asked in one order, each a small function; the first *no* or *not yet* is the answer. The same
questions are asked by the simulation, before a message is rendered, and again at the moment it is claimed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.business_time import is_open, next_closing, next_opening
from domain.calendars import CONTACT
from domain.caps import GIVES_WAY, OVER_CAP, OnCap, before_it, count_in, free_from
from domain.dues import resolve
from domain.events import EVERYTHING
from domain.facts import Facts, Standing
from domain.holds import SUSPENDED
from domain.needs import Deliver
from domain.policies import MessageClass

# Who may be written to all the same. A person who unsubscribed from everything still gets the receipt they asked for;
# one who reported us as spam gets nothing they have not just caused themselves.
ALLOWED: dict[str, frozenset[MessageClass]] = {
    "erased": frozenset(),
    "hard_bounce": frozenset(),
    "invalid_address": frozenset(),
    "manual": frozenset(),
    "legal": frozenset(),
    "complaint": frozenset({"transactional"}),
    "objection": frozenset({"service", "transactional"}),
    "unsubscribed": frozenset({"service", "transactional"}),
}


@dataclass(frozen=True)
class Proposed:
    """A message that wants to go: what it is, to whom, since when it waits."""

    need: Deliver
    class_: MessageClass
    topic: str | None
    asked_at: datetime
    """The contact's arrival at the step."""


@dataclass(frozen=True)
class Verdict:
    """`go`, `no` (with its reason), or `later` (until when). `why` is every question asked, with its answer."""

    answer: str
    reason: str = ""
    until: datetime | None = None
    why: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class No:
    """Never, for this reason."""

    reason: str


@dataclass(frozen=True)
class NotYet:
    """Not before this instant, for this reason; without one, nobody knows yet when."""

    until: datetime | None
    reason: str


Answer = str | No | NotYet
Question = Callable[[Proposed, Facts], Answer]


def suppressed(proposed: Proposed, facts: Facts) -> Answer:
    """Nobody is written to against a suppression, a withdrawal still in the inbox included."""
    if not facts.contact.get("email"):
        return No("no address")
    reason = barred(proposed.class_, facts.standing)
    return "not suppressed" if reason is None else No(f"suppressed: {reason}")


def barred(class_: MessageClass, standing: Standing) -> str | None:
    """Return the suppression that stands against a message of this class, None if none does.

    >>> barred("marketing", Standing(suppressed=frozenset({"complaint"})))
    'complaint'
    """
    reasons = standing.suppressed | ({"unsubscribed"} if EVERYTHING in standing.withdrawn else set())
    return next((reason for reason in sorted(reasons) if class_ not in ALLOWED.get(reason, frozenset())), None)


def consented(proposed: Proposed, facts: Facts) -> Answer:
    """Marketing needs the contact's yes to its topic; without a word from them the topic's default decides."""
    if proposed.class_ != "marketing":
        return f"{proposed.class_}: no consent needed"
    topic = proposed.topic or ""
    if topic in facts.standing.withdrawn:
        return No(f"no consent: {topic} was withdrawn just now")
    said = facts.standing.consents.get(topic)
    known = facts.policies.messaging.topics.get(topic)
    state = said or (known.default if known else "opted_out")
    if state != "opted_in":
        return No(f"no consent: {topic} is {state}" + ("" if said else " by default"))
    return f"consent: {topic} is opted_in" + ("" if said else " by default")


def not_suspended(proposed: Proposed, facts: Facts) -> Answer:
    """A paused sequence sends nothing: its messages wait until it is resumed."""
    suspension = facts.suspension
    return "the sequence is not paused" if suspension is None else NotYet(suspension.until, SUSPENDED)


def not_quiet(proposed: Proposed, facts: Facts) -> Answer:
    """Quiet hours hold a message until they are over on the contact's clock."""
    for quiet in facts.policies.messaging.quiet:
        if quiet.class_ == proposed.class_ and quiet.channel == proposed.need.channel:
            calendar = facts.calendar(quiet.calendar)
            assert calendar is not None, "a calendar of this name is there or refused"
            if is_open(facts.now, calendar, facts.zone.zone):
                return NotYet(next_closing(facts.now, calendar, facts.zone.zone), f"quiet hours ({quiet.calendar})")
    return "not in quiet hours"


def not_their_pause(proposed: Proposed, facts: Facts) -> Answer:
    """Whoever asked for a pause on their preference page gets no marketing until it is over."""
    until = facts.wishes.paused_for(facts.now) if proposed.class_ == "marketing" else None
    return "they have not asked for a pause" if until is None else NotYet(until, "they asked for a pause")


def not_their_quiet(proposed: Proposed, facts: Facts) -> Answer:
    """The contact's own quiet hours hold all but what they have just asked for."""
    until = None if proposed.class_ == "transactional" else facts.wishes.quiet_until(facts.now, facts.zone.zone)
    if until is None:
        return "not in quiet hours of their own"
    return NotYet(until, f"quiet hours of their own ({facts.wishes.quiet_hours})")


def in_window(proposed: Proposed, facts: Facts) -> Answer:
    """A window holds the contact before the step until it opens."""
    name = proposed.need.window or facts.program.window
    if name is None or name == "none":
        return "no window"
    return not_before(name, facts) or f"inside {name} ({_clock(name, facts)})"


def not_before(window: str | None, facts: Facts) -> NotYet | None:
    """Return when the window of a step (else of its sequence) opens; None if it is open, or there is none."""
    name = window or facts.program.window
    if name is None or name == "none":
        return None
    calendar = facts.calendar(name)
    assert calendar is not None, "a calendar of this name is there or refused"
    opening = next_opening(facts.now, calendar, facts.zone.zone)
    if opening <= facts.now:
        return None
    return NotYet(opening, f"outside {name} ({_clock(name, facts)})")


def _clock(name: str, facts: Facts) -> str:
    """Return whose clock a calendar is read on: its own, or the contact's and how that is known."""
    calendar = facts.calendar(name)
    return str(facts.zone) if calendar is None or calendar.zone == CONTACT else f"{calendar.zone}, its own clock"


def waits_for(window: str | None, facts: Facts) -> NotYet | None:
    """Return what a task or a message to staff waits for: the end of a pause, or a window; None if it may go."""
    suspension = facts.suspension
    return not_before(window, facts) if suspension is None else NotYet(suspension.until, SUSPENDED)


def under_cap(proposed: Proposed, facts: Facts) -> Answer:
    """A frequency cap counts what the contact got in a rolling span, whatever sequence it came from.

    A free place goes to the message of highest priority that is due, then to the one that waits longest.
    """
    for cap in facts.policies.messaging.caps:
        if (cap.class_, cap.channel) != (proposed.class_, proposed.need.channel):
            continue
        free = free_from(facts.counted, cap.class_, cap.channel, cap.most, cap.in_.elapsed(), facts.now)
        if free > facts.now:
            return _over(proposed, free, f"{cap.most} {cap.class_} messages in {cap.in_}", facts)
        kind = (cap.class_, cap.channel)
        places = cap.most - count_in(facts.counted, *kind, cap.in_.elapsed(), facts.now)
        if before_it(facts.put_off, *kind, facts.program.priority, proposed.asked_at, facts.now) >= places:
            return _over(proposed, facts.now + GIVES_WAY, f"{cap.most} in {cap.in_}, a more important one first", facts)
    return "under every cap"


def _over(proposed: Proposed, free: datetime, cap: str, facts: Facts) -> Answer:
    on_cap = OnCap.parse(proposed.need.on_cap) if proposed.need.on_cap else None
    if on_cap is None:
        return NotYet(free, f"cap: {cap}")
    if on_cap.after is None:
        return No(OVER_CAP)
    due = resolve(on_cap.after, proposed.asked_at, facts.sight())
    assert due is not None, "a span has an end"
    return No(OVER_CAP) if facts.now >= due.at else NotYet(min(free, due.at), f"cap: {cap}")


# messaging.md section 1; the numbers it leaves out here are asked where their facts are (cases, throttles).
QUESTIONS: Sequence[Question] = (
    suppressed,
    consented,
    not_suspended,
    not_their_pause,
    under_cap,
    not_quiet,
    not_their_quiet,
    in_window,
)

# What is asked once more in the transaction that claims the message: what can have changed in between.
AGAIN: Sequence[Question] = (suppressed, consented, not_suspended, not_their_pause, under_cap)


def ask(proposed: Proposed, facts: Facts, questions: Sequence[Question] = QUESTIONS) -> Verdict:
    """Ask every question in order; the first that does not say yes is the verdict."""
    expires = expiry(proposed, facts)
    if facts.now >= expires:
        return Verdict("no", "expired", why=[f"expired at {expires:%Y-%m-%d %H:%M} UTC"])
    why: list[str] = []
    for question in questions:
        answer = question(proposed, facts)
        if isinstance(answer, No):
            return Verdict("no", answer.reason, why=[*why, answer.reason])
        if isinstance(answer, NotYet):
            until = expires if answer.until is None else min(answer.until, expires)
            return Verdict("later", answer.reason, until, [*why, answer.reason])
        why.append(answer)
    return Verdict("go", why=why)


def expiry(proposed: Proposed, facts: Facts) -> datetime:
    """Return the instant from which the message is of no use any more: the step's word, else the policies'."""
    words = proposed.need.expires or facts.policies.expiry(proposed.class_)
    due = resolve(words, proposed.asked_at, facts.sight())
    assert due is not None, "an expiry has an end"
    return due.at
