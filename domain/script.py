"""What a simulation is given: who the contact is, when they enter, and what happens to them when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.facts import Standing
from domain.program import Program
from domain.standing import SMS

# A run that has not ended after this long is left where it waits.
HORIZON = timedelta(days=5 * 366)
ENTER, SET = "enter", "set"


@dataclass(frozen=True)
class Scripted:
    """Something that happens at an instant: an event, `set` (fields that change), `pause` (`until`) or `resume`."""

    at: datetime
    event: str
    of: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    visit: int | None = None
    """Which visit of the step `of` it belongs to, where whoever tells of it knows."""


Reactions = Callable[[str, datetime], Iterable[Scripted]]


def _none(step: str, sent_at: datetime) -> Iterable[Scripted]:
    return ()


@dataclass(frozen=True)
class Script:
    """A contact, the instant of entry, what started the run, and what happens afterwards.

    `steps_take` is the time between the asking and the answer of one step after another; on a real clock a moment.
    Those it does not name take none.
    """

    contact: Mapping[str, Any]
    at: datetime
    run_event: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Scripted] = ()
    until: datetime | None = None
    steps_take: Sequence[timedelta] = ()
    reactions: Reactions = _none


def assume(program: Program, contact: Mapping[str, Any]) -> tuple[Standing, list[str]]:
    """A contact without a word about the sequence's topic is taken to have opted in to it, and the story says so.

    What is said of it holds for e-mail; a yes for texts is assumed where it is no *no*.
    """
    consents, topic = dict(contact.get("consents") or {}), program.topic
    if topic is None:
        return Standing(consents=consents), []
    assumed = [] if topic in consents or program.channels == {SMS} else [f"consent: {topic}"]
    standing = Standing(consents={topic: "opted_in"} | consents if assumed else consents)
    if SMS in program.channels and program.marketing:
        there = consents.get(topic, "opted_in")
        standing = standing.with_on(SMS, Standing(consents={topic: there}))
        assumed += [f"consent: {topic} for {SMS}"] if there == "opted_in" else []
    return standing, assumed
