"""What was typed for a broadcast, made into a program and a row.

What cannot be meant is refused before (`starter/broadcast_problems.py`); the loader compiles and checks the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.broadcast import PREFIX, Announcement, as_file, begins_at, slug
from domain.broadcast_rates import Rate
from domain.counting import CLICKED, uncounted
from domain.definition import NAME
from domain.loader import SEQUENCES, load_sequence
from domain.program import Program
from domain.spans import Span
from domain.winner import By
from records.broadcast_models import Broadcast
from records.broadcasts import find
from records.published import Published
from rendering.catalogue import Catalogue
from starter.broadcast_problems import as_utc, problems_of
from starter.broadcast_wanted import AFTER, SHARE, Office, Wanted, compared, named
from starter.cli_result import ProblemsFound

# For how long a conversion counts where nothing is compared.
COUNTS_FOR = "7 days"


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
    template = named(office, wanted.template, wanted.channel)
    other = compared(office, wanted.other, template) if wanted.other is not None else None
    problems = [*problems_of(office, wanted, template, other, now), *_name_problems(session, published, wanted.name)]
    if problems:
        raise ProblemsFound(problems)
    announced = Announcement(
        name=wanted.name or _free_name(session, template.name, now),
        template=template.name,
        channel=template.channel,
        other=other.name if other is not None else None,
        topic=wanted.topic or office.templates.topic_of(template.channel, template.name),
        goal=wanted.goal,
        within=None if wanted.goal is None else ((wanted.after or AFTER) if other else COUNTS_FOR),
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


def _row(office: Office, wanted: Wanted, announced: Announcement, now: datetime) -> Broadcast:
    compares = announced.other is not None
    class_ = office.templates.class_of(announced.channel, announced.template)
    return Broadcast(
        id=str(uuid7()),
        name=announced.name,
        sequence=announced.sequence,
        version="",
        template=announced.template,
        channel=announced.channel,
        other=announced.other,
        segment=wanted.segment,
        class_=class_,
        topic=announced.topic,
        begins_at=begins_at(wanted.at, as_utc(wanted.at, now) if wanted.own_clock else None),
        rate=Rate.parse(wanted.rate).words if wanted.rate is not None else None,
        share=(wanted.share or SHARE) if compares else None,
        winner_by=_told_by(office, wanted, announced.channel, class_) if compares else None,
        goal=announced.goal,
        decide_after=Span.parse(wanted.after or AFTER).words if compares else None,
        created_at=now,
        created_by="cli",
    )


def _told_by(office: Office, wanted: Wanted, channel: str, class_: str) -> By:
    """Return what the winner is told by: clicks, where they are counted and nothing else was asked for."""
    counts = uncounted(CLICKED, channel, class_, office.policies.messaging.tracking) is None
    return wanted.winner or ("clicks" if counts else "conversions")


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
