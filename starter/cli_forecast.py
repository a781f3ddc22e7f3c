"""`simulate --contacts`: what a sequence will do to many, by the rules that hold in production.

Those who are alike in everything the sequence reads are walked through it once. Messages are not rendered for each: one
for each language and each set of fields that are filled in shows whether a message would lack a value.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.definition import nearest
from domain.facts import Facts
from domain.forecast import Forecast, Outline, outline
from domain.letters import Compose, Lacks, Plan, Written
from domain.likeness import Likeness, Remembered, filled_in
from domain.likeness_fields import read_by_templates
from domain.lots import who
from domain.needs import Deliver
from domain.program import Program
from domain.reactions import Reaction, drawn_by, following
from domain.script import SET, Scripted
from domain.simulation import simulate
from domain.spans import Span
from domain.tree import Problem
from starter.cli_home import as_document, problems_found, program_of
from starter.cli_result import FINE, PROBLEMS, ProblemsFound, Result
from starter.cli_simulate import composing, entry_at, prepare, script_for, write
from starter.contact_table import Table
from starter.forecast_lines import lines
from starter.forecast_page import page
from starter.home import LoadedHome, load_home, read_home
from starter.script_files import Told, read_events

# Alike contacts are remembered up to so many different ones.
MOST_REMEMBERED = 50_000
MOST_SHOWN = 20


@dataclass(frozen=True)
class Foreseen:
    """What a forecast was asked."""

    sequence: str
    contacts: Path
    events: Path | None = None
    at: datetime | None = None
    until: datetime | Span | None = None
    reactions: tuple[Reaction, ...] = ()
    out: Path | None = None


def forecast_files(home: Path, wanted: Foreseen) -> Result:
    """Run a sequence for every contact of a CSV file on a virtual clock. Raises `ProblemsFound`, `OutOfReach`."""
    loaded = load_home(read_home(home))
    program, problems = program_of(home, loaded, wanted.sequence)
    told: list[Told] = []
    if wanted.events is not None:
        told, odd = read_events(wanted.events, program, loaded.policies)
        problems += odd
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    _check_reactions(wanted.reactions, program, loaded)
    at = entry_at(wanted.at, told)
    table = Table(wanted.contacts, loaded.policies, at)
    began = time.perf_counter()
    with composing(loaded) as composer:
        rendered = read_by_templates(loaded.sources.values())
        many = Many(loaded, program, told, at, wanted, Sampled(composer, rendered), rendered)
        forecast = many.forecast(table)
    if not forecast.contacts:
        raise problems_found(table.bad or [Problem(str(wanted.contacts), 1, "there is no contact; add a row for each")])
    notes = [str(each) for each in sorted(set(problems + table.odd))] + _bad_rows(table)
    notes.append(_pace(forecast.contacts, time.perf_counter() - began))
    return _result(wanted, loaded, program, forecast, table, at, notes)


def _check_reactions(reactions: tuple[Reaction, ...], program: Program, loaded: LoadedHome) -> None:
    """Raise `ProblemsFound` for a rate of an event, or of a step, that does not exist: it would say nothing."""
    events = frozenset(loaded.policies.event_fields())
    sends = frozenset(id for id in program.steps if isinstance(program.step(id).need(), Deliver))
    wrong = []
    for one in reactions:
        if one.event not in events:
            wrong.append(f"--assume: there is no event '{one.event}'{nearest(one.event, events)}")
        if one.of is not None and one.of not in sends:
            wrong.append(f"--assume: no step '{one.of}' sends{nearest(one.of, sends)}")
    if wrong:
        raise ProblemsFound(wrong)


def _result(
    wanted: Foreseen,
    loaded: LoadedHome,
    program: Program,
    forecast: Forecast,
    table: Table,
    at: datetime,
    notes: list[str],
) -> Result:
    zone = ZoneInfo(loaded.policies.messaging.organisation.time_zone)
    reactions = [str(each) for each in wanted.reactions]
    if wanted.out is not None:
        prepare(wanted.out)
        shown = page(program, forecast, zone, at, reactions)
        write(wanted.out / "forecast.html", shown.encode("utf-8", "replace"))
        notes = [*notes, f"written: {wanted.out / 'forecast.html'}"]
    head = {"sequence": program.sequence, "version": program.version, "at": at, "time_zone": zone.key}
    bad = [as_document(each) for each in table.bad[:MOST_SHOWN]]
    document = head | {"reactions": reactions} | forecast.as_json(zone)
    document |= {"left_out": {"rows": len(table.bad), "first": bad}}
    status = PROBLEMS if table.bad else FINE
    return Result(document, list(lines(program, forecast, zone, at, reactions)), notes, status)


def _bad_rows(table: Table) -> list[str]:
    shown = [str(each) for each in table.bad[:MOST_SHOWN]]
    more = len(table.bad) - len(shown)
    return shown + ([f"{table.path}: {more} more rows like these were left out"] if more > 0 else [])


def _pace(contacts: int, seconds: float) -> str:
    return f"{contacts:,} contacts in {seconds:.1f} s"


@dataclass
class Sampled:
    """Renders one message for each template, language and set of fields that are filled in, and repeats it."""

    compose: Compose
    rendered: frozenset[str] | None
    known: dict[Hashable, Written | Lacks] = field(default_factory=dict)

    def __call__(self, plan: Plan, facts: Facts) -> Written | Lacks:
        filled = filled_in(facts.contact, self.rendered)
        matched = frozenset(facts.matched.data) if facts.matched is not None else None
        message = (plan.need.channel, plan.need.template, plan.team, plan.topic, facts.contact.get("language"))
        key = (message, filled, matched, frozenset(facts.calls))
        if key not in self.known:
            self.known[key] = self.compose(plan, facts)
        return self.known[key]


@dataclass
class Many:
    """Walks contacts through a sequence, those that are alike once."""

    loaded: LoadedHome
    program: Program
    told: list[Told]
    at: datetime
    wanted: Foreseen
    compose: Compose
    rendered: frozenset[str] | None

    def forecast(self, table: Table) -> Forecast:
        """Return the counts of all contacts of a table."""
        set_by_events = {name for each in self.told if each.event == SET for name in each.data}
        happening = {each.event for each in self.told} | {each.event for each in self.wanted.reactions}
        likeness = Likeness(self.program, self.loaded.policies, happening, set_by_events, self.rendered)
        forecast, remembered = Forecast(), Remembered()
        for contact in table.contacts():
            key = likeness.key(contact)
            alike = remembered.find(key, self.draws(contact)) if key is not None else None
            if alike is not None:
                alike.times += 1
                continue
            story, done = self.story(contact)
            if key is None:
                forecast.add(story)
                continue
            remembered.keep(key, done, story)
            if remembered.count >= MOST_REMEMBERED:
                _count(forecast, remembered)
        _count(forecast, remembered)
        return forecast

    def draws(self, contact: dict[str, Any]) -> Callable[[str], tuple[Reaction, ...]]:
        """Return what tells what a contact does with the messages of a step."""
        name, reactions = who(contact), self.wanted.reactions
        return lambda step: drawn_by(reactions, name, step)

    def story(self, contact: dict[str, Any]) -> tuple[Outline, list[tuple[str, Hashable]]]:
        """Return what happens to one contact, and what they did with each message (step, what)."""
        policies, draws = self.loaded.policies, self.draws(contact)
        done: list[tuple[str, Hashable]] = []

        def react(step: str, sent_at: datetime) -> list[Scripted]:
            found = draws(step)
            done.append((step, found))
            return following(found, step, sent_at)

        script = script_for(self.program, policies, contact, self.told, self.at, self.wanted.until)
        script = replace(script, reactions=react)
        return outline(simulate(self.program, policies, self.loaded.templates, self.compose, script)), done


def _count(forecast: Forecast, remembered: Remembered) -> None:
    for told in remembered.clear():
        forecast.add(told.story, told.times)
