"""What was typed for a broadcast, checked against what is published, and made into a program and a row.

Everything that cannot be meant is refused here, with a remedy; the loader compiles and checks the rest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.broadcast import PREFIX, Announcement, as_file, begins_at, read_share, slug
from domain.broadcast_rates import Rate
from domain.definition import NAME, nearest
from domain.loader import SEQUENCES, load_sequence
from domain.policies import Policies
from domain.program import Program
from domain.spans import Span
from records.broadcast_models import Broadcast
from records.broadcasts import find
from records.published import Published
from rendering.bundle import Place
from rendering.catalogue import Catalogue
from starter.cli_result import ProblemsFound
from starter.home import sources_of
from starter.home_files import TEMPLATES

# For how long a conversion counts where nothing is compared.
COUNTS_FOR = "7 days"


@dataclass(frozen=True)
class Wanted:
    """What was typed. `at` is an instant, or with `own_clock` a day and hour without a zone."""

    template: str
    segment: str
    topic: str | None = None
    at: datetime | None = None
    own_clock: bool = False
    rate: str | None = None
    other: str | None = None
    share: str = "20%"
    winner: str = "clicks"
    goal: str | None = None
    after: str = "4 hours"
    name: str | None = None


@dataclass(frozen=True)
class Office:
    """What is published: the newest files, as checks need them."""

    bundle: str
    policies: Policies
    templates: Catalogue

    @classmethod
    def of(cls, session: Session, published: Published) -> "Office":
        """Read it. Raises `ProblemsFound` where nothing is published."""
        bundle = published.bundle(session)
        if bundle is None:
            raise ProblemsFound(["nothing is published; run `rapport publish` first"])
        return cls(bundle, published.policies(session), Catalogue(sources_of(published.files(session, bundle))))


@dataclass(frozen=True)
class Planned:
    """A broadcast that could be made: its row, not written yet, and its program."""

    row: Broadcast
    program: Program
    bundle: str
    templates: Catalogue


def plan_broadcast(session: Session, published: Published, wanted: Wanted, now: datetime) -> Planned:
    """Return the broadcast that was asked for; nothing is written. Raises `ProblemsFound` with all that is wrong."""
    office = Office.of(session, published)
    template = template_named(wanted.template)
    other = template_named(wanted.other) if wanted.other is not None else None
    problems = [*_problems(office, wanted, template, other, now), *_name_problems(session, published, wanted.name)]
    if problems:
        raise ProblemsFound(problems)
    announced = Announcement(
        name=wanted.name or _free_name(session, template, now),
        template=template,
        other=other,
        topic=wanted.topic or office.templates.topic_of("email", template),
        goal=wanted.goal,
        within=None if wanted.goal is None else (wanted.after if other else COUNTS_FOR),
        own_clock=wanted.at if wanted.own_clock else None,
    )
    return Planned(_row(office, wanted, announced, now), compiled(announced, office), office.bundle, office.templates)


def compiled(announced: Announcement, office: Office) -> Program:
    """Return the program of a broadcast. Raises `ProblemsFound`."""
    path = f"{SEQUENCES}{announced.sequence}.yaml"
    program, problems = load_sequence(path, as_file(announced), office.policies, office.templates)
    if program is None:
        raise ProblemsFound([f"{announced.template}: {each.what}" for each in problems if not each.warning])
    return program


def template_named(words: str) -> str:
    """Return the name of a template given by name (`news/march`) or by its file's path."""
    path = words.partition(TEMPLATES)[2] if TEMPLATES in words else words
    place = Place.parse(path)
    return place.name if place else path.removeprefix("email/")


def _row(office: Office, wanted: Wanted, announced: Announcement, now: datetime) -> Broadcast:
    compares = announced.other is not None
    return Broadcast(
        id=str(uuid7()),
        name=announced.name,
        sequence=announced.sequence,
        version="",
        template=announced.template,
        other=announced.other,
        segment=wanted.segment,
        class_=office.templates.class_of("email", announced.template),
        topic=announced.topic,
        begins_at=begins_at(wanted.at, _as_utc(wanted.at, now) if wanted.own_clock else None),
        rate=Rate.parse(wanted.rate).words if wanted.rate is not None else None,
        share=wanted.share if compares else None,
        winner_by=wanted.winner if compares else None,
        goal=announced.goal,
        decide_after=Span.parse(wanted.after).words if compares else None,
        created_at=now,
        created_by="cli",
    )


def _as_utc(at: datetime | None, now: datetime) -> datetime | None:
    return at.replace(tzinfo=now.tzinfo) if at is not None else None


def template_problems(office: Office, template: str) -> Iterator[str]:
    """Yield what is wrong with the name of a template."""
    names = office.templates.names("email")
    if template not in names:
        found = nearest(template, names)
        yield f"template '{template}' is not published{found}, or run `rapport publish` if its file is new"


def _problems(office: Office, wanted: Wanted, template: str, other: str | None, now: datetime) -> Iterator[str]:
    yield from template_problems(office, template)
    segments = frozenset(office.policies.segments.segments)
    if wanted.segment not in segments:
        found = nearest(wanted.segment, segments)
        yield f"--to: segment '{wanted.segment}' is not in the published policies/segments.yaml{found}"
    topics = frozenset(office.policies.messaging.topics)
    if wanted.topic is not None and wanted.topic not in topics:
        yield f"--topic: '{wanted.topic}' is not in policies/messaging.yaml{nearest(wanted.topic, topics)}"
    known = office.templates.names("email")
    is_marketing = template in known and office.templates.class_of("email", template) == "marketing"
    if is_marketing and wanted.topic is None and office.templates.topic_of("email", template) is None:
        yield f"{template}: is marketing and has no topic; give --topic{nearest('', topics)}"
    yield from _comparison_problems(office, wanted, template, other)
    yield from _time_problems(wanted, now)


def _comparison_problems(office: Office, wanted: Wanted, template: str, other: str | None) -> Iterator[str]:
    events = frozenset(office.policies.event_fields())
    if wanted.goal is not None and wanted.goal not in events:
        yield f"--goal: event '{wanted.goal}' is not declared in policies/events.yaml{nearest(wanted.goal, events)}"
    if other is None:
        return
    yield from template_problems(office, other)
    known = office.templates.names("email")
    if {template, other} <= known:
        first, second = (office.templates.class_of("email", each) for each in (template, other))
        if first != second:
            yield f"--ab: {other} is {second} and {template} is {first}; compare two messages of one class"
        elif template == other:
            yield f"--ab: {other} is the same message; name another one"
    if wanted.winner == "conversions" and wanted.goal is None:
        yield "--winner: conversions are told by an event; give --goal EVENT"
    yield from _refused("--share", lambda: read_share(wanted.share))
    yield from _refused("--after", lambda: Span.parse(wanted.after).elapsed())


def _time_problems(wanted: Wanted, now: datetime) -> Iterator[str]:
    if wanted.rate is not None:
        yield from _refused("--rate", lambda: Rate.parse(wanted.rate or ""))
    if wanted.own_clock and wanted.at is None:
        yield "--own-clock: says on whose clock --at is; give --at, such as 2026-03-27T09:00"
    last = _as_utc(wanted.at, now) if wanted.own_clock else wanted.at
    if last is not None and last <= now:
        yield f"--at: {last:%Y-%m-%d %H:%M} is over; give a time to come, or leave it out to begin now"


def _refused(option: str, read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except ValueError as error:
        yield f"{option}: {error}"


def _name_problems(session: Session, published: Published, name: str | None) -> Iterator[str]:
    if name is None:
        return
    if not NAME.fullmatch(name) or len(PREFIX + name) > 64:
        yield f"--name: '{name[:60]}' cannot be the name of a broadcast; use small letters, digits and -, at most 54"
    elif find(session, name) is not None or published.named(session, PREFIX + name) is not None:
        yield f"--name: there is a broadcast '{name}' already; choose another name"


def _free_name(session: Session, template: str, now: datetime) -> str:
    base = f"{slug(template.rpartition('/')[2])[:40]}-{now:%Y%m%d}"
    name, number = base, 1
    while find(session, name) is not None:
        number += 1
        name = f"{base}-{number}"
    return name
