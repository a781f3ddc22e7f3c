"""What cannot be meant by what was typed for a broadcast, each with a remedy; nothing is written."""

from collections.abc import Callable, Iterator
from datetime import datetime

from domain.broadcast import read_share
from domain.broadcast_rates import Rate
from domain.counting import CLICKED, uncounted
from domain.definition import nearest
from domain.spans import Span
from starter.broadcast_wanted import AFTER, CHANNELS, SHARE, Named, Office, Wanted, name_problems


def problems_of(office: Office, wanted: Wanted, template: Named, other: Named | None, now: datetime) -> Iterator[str]:
    """Yield all that is wrong, in the order of the options."""
    yield from name_problems(office, wanted.template, template, wanted.channel)
    segments = frozenset(office.policies.segments.segments)
    if wanted.segment not in segments:
        found = nearest(wanted.segment, segments)
        yield f"--to: segment '{wanted.segment}' is not in the published policies/segments.yaml{found}"
    topics = frozenset(office.policies.messaging.topics)
    if wanted.topic is not None and wanted.topic not in topics:
        yield f"--topic: '{wanted.topic}' is not in policies/messaging.yaml{nearest(wanted.topic, topics)}"
    is_marketing = office.class_of(template.channel, template.name) == "marketing"
    if is_marketing and wanted.topic is None and office.templates.topic_of(template.channel, template.name) is None:
        yield f"{template.name}: is marketing and has no topic; give --topic{nearest('', topics)}"
    events = frozenset(office.policies.event_fields())
    if wanted.goal is not None and wanted.goal not in events:
        yield f"--goal: event '{wanted.goal}' is not declared in policies/events.yaml{nearest(wanted.goal, events)}"
    if other is not None:
        yield from _comparison_problems(office, wanted, template, other)
    if wanted.other is None:
        # Without --ab everybody gets it: whoever typed a share meant something else.
        given = {"--share": wanted.share, "--winner": wanted.winner, "--after": wanted.after}
        for option in (option for option, value in given.items() if value is not None):
            yield f"{option}: is about two messages that are compared; give --ab TEMPLATE, or leave it out"
    yield from _time_problems(wanted, now)


def _comparison_problems(office: Office, wanted: Wanted, template: Named, other: Named) -> Iterator[str]:
    first, second = office.class_of(template.channel, template.name), office.class_of(other.channel, other.name)
    if first is not None and second is not None and template.channel != other.channel:
        kinds = f"{other.name} is {CHANNELS[other.channel]} and {template.name} {CHANNELS[template.channel]}"
        yield f"--ab: {kinds}; compare two messages of one channel"
        return
    yield from name_problems(office, wanted.other or "", other, None)
    if first is not None and second is not None and first != second:
        yield f"--ab: {other.name} is {second} and {template.name} is {first}; compare two messages of one class"
    elif first is not None and template == other:
        yield f"--ab: {other.name} is the same message; name another one"
    if first is not None:
        yield from _winner_problems(office, wanted, template.channel, first)
    yield from _refused("--share", lambda: read_share(wanted.share or SHARE))
    yield from _refused("--after", lambda: Span.parse(wanted.after or AFTER).elapsed())


def _winner_problems(office: Office, wanted: Wanted, channel: str, class_: str) -> Iterator[str]:
    unknown = uncounted(CLICKED, channel, class_, office.policies.messaging.tracking)
    if unknown is not None and wanted.winner != "conversions" and (wanted.winner or wanted.goal is None):
        yield f"--winner: {unknown}, so no click would be known; write --winner conversions --goal EVENT"
    elif wanted.winner == "conversions" and wanted.goal is None:
        yield "--winner: conversions are told by an event; give --goal EVENT"


def _time_problems(wanted: Wanted, now: datetime) -> Iterator[str]:
    if wanted.rate is not None:
        yield from _refused("--rate", lambda: Rate.parse(wanted.rate or ""))
    if wanted.own_clock and wanted.at is None:
        yield "--own-clock: says on whose clock --at is; give --at, such as 2026-03-27T09:00"
    last = as_utc(wanted.at, now) if wanted.own_clock else wanted.at
    if last is not None and last <= now:
        yield f"--at: {last:%Y-%m-%d %H:%M} is over; give a time to come, or leave it out to begin now"


def as_utc(at: datetime | None, now: datetime) -> datetime | None:
    """Return a day and hour without a zone as if it were on our clock."""
    return at.replace(tzinfo=now.tzinfo) if at is not None else None


def _refused(option: str, read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except ValueError as error:
        yield f"{option}: {error}"
