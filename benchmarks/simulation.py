"""How many contacts a second are carried through `demo-welcome` on the virtual clock, about two weeks of it each.

Beside it the same steps walked with every answer given: the state machine without conditions, calendars and the gate.
The same letters rendered, with nothing around them. And a forecast of many from a CSV file, beside the loop one would
write by hand: each row walked by itself.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.home import PROJECT
from benchmarks.measures import Report, Sample, Scale
from domain.facts import Facts
from domain.letters import Compose, Plan, Written
from domain.likeness_fields import read_by_templates
from domain.needs import Change, Decide, Decided, Deliver, Done, Elapsed, Listen, Need, Outcome, Sent, TimedOut
from domain.program import Program
from domain.reactions import Reaction
from domain.run import advance, asks_admission, entered, need
from domain.simulation import Script, Scripted, simulate
from domain.story import Story
from starter.cli_forecast import Foreseen, Many, Sampled
from starter.composer import Composer
from starter.contact_table import Table
from starter.home import LoadedHome, load_home, read_home

CONTACTS = (300, 60, 6)
ROWS = (20_000, 1_000, 30)
MOST_SECONDS = 25
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
COUNTRIES = ("SE", "DE", "US", "JP", "BR")

FORECAST, ONE_BY_ONE = "a forecast from a file", "each row of it by itself"
RULES, WALK = "the rules alone", "the same steps, answers given"
WITH_LETTERS, LETTERS = "with every letter rendered", "the same letters, rendered alone"
COMPARED = {RULES: WALK, WITH_LETTERS: LETTERS, FORECAST: ONE_BY_ONE}
LIMITS = "Python: conditions and calendars for the rules, the rendering process for the letters"


async def measure(scale: Scale) -> Report:
    """Return contacts a second."""
    return await asyncio.to_thread(_measure, scale)


def _measure(scale: Scale) -> Report:
    report = Report("contacts simulated through demo-welcome", LIMITS, COMPARED)
    home = load_home(read_home(PROJECT))
    scripts = [script(number) for number in range(scale.of(*CONTACTS))]
    few = scripts[: max(1, len(scripts) // 5)]  # letters take longer
    with Composer(home) as composer, TemporaryDirectory() as folder:
        table = many(Path(folder) / "many.csv", scale.of(*ROWS))
        _live(home, composer, few[:1])
        for _ in scale.rounds(MOST_SECONDS):
            report.add(WALK, _per_second(lambda _: walk(home.programs["demo-welcome"]), scripts))
            report.add(RULES, _per_second(lambda each: _live(home, _unread, [each]), scripts))
            stories = _live(home, composer, few)
            letters = [[(plan, story.facts) for plan, _ in story.letters.values()] for story in stories]
            report.add(
                LETTERS, _per_second(lambda each: [composer.write(plan, facts) for plan, facts in each], letters)
            )
            report.add(WITH_LETTERS, _per_second(lambda each: _live(home, composer, [each]), few))
            rows = list(Table(table, home.policies, MONDAY).contacts())
            report.add(ONE_BY_ONE, _per_second(_walker(home, composer, table).story, rows[: len(scripts)]))
            report.add(FORECAST, _forecast(home, composer, table, len(rows)))
    return report


def _per_second(work: Callable[[Any], Any], each_of: list[Any]) -> Sample:
    began = time.perf_counter()
    for each in each_of:
        work(each)
    seconds = time.perf_counter() - began
    return {"contacts/s": len(each_of) / seconds, "ms a contact": seconds * 1000 / len(each_of)}


def _live(home: LoadedHome, compose: Compose, scripts: list[Script]) -> list[Story]:
    program = home.programs["demo-welcome"]
    return [simulate(program, home.policies, home.templates, compose, each) for each in scripts]


def _unread(plan: Plan, facts: Facts) -> Written:
    return Written("Hello", "<p>Hello</p>", "Hello")


def script(number: int) -> Script:
    """Return one of many contacts: other countries, scores, hours of entry; every third clicks."""
    at = MONDAY + timedelta(hours=number % 168)
    contact = {
        "email": f"{number}@contacts.example",
        "first_name": "Anna",
        "country": COUNTRIES[number % len(COUNTRIES)],
        "score": number % 100,
    }
    clicks = [Scripted(at + timedelta(days=4), "clicked", of="tips")] if number % 3 == 0 else []
    return Script(contact=contact, at=at, run_event={"plan": "team"}, events=clicks)


def many(path: Path, count: int) -> Path:
    """Write a file of contacts who differ in name, country, score, language and consent; return its path."""
    lines = [
        f"{number}@contacts.example,Anna,{COUNTRIES[number % 5]},{number * 7 % 100},{('', 'en', 'de')[number % 3]},"
        f"{('', 'opted_in', 'opted_in', 'opted_out')[number % 4]}\n"
        for number in range(count)
    ]
    path.write_text("email,first_name,country,score,language,consent:product-news\n" + "".join(lines))
    return path


def _walker(home: LoadedHome, compose: Compose, table: Path) -> Many:
    rendered = read_by_templates(home.sources.values())
    wanted = Foreseen("demo-welcome", table, reactions=(Reaction.parse("clicked: 8%"),))
    return Many(home, home.programs["demo-welcome"], [], MONDAY, wanted, Sampled(compose, rendered), rendered)


def _forecast(home: LoadedHome, compose: Compose, table: Path, rows: int) -> Sample:
    began = time.perf_counter()
    found = _walker(home, compose, table).forecast(Table(table, home.policies, MONDAY))
    seconds = time.perf_counter() - began
    assert found.contacts == rows, "everybody in the file is in the forecast"
    return {"contacts/s": rows / seconds, "ms a contact": seconds * 1000 / rows}


def walk(program: Program) -> int:
    """Walk to the end with every answer given; return how many were."""
    run, answers = entered(program, MONDAY), 0
    while (wanted := need(program, run)) is not None:
        given = Decided(None) if asks_admission(program, run) else _given(wanted)
        run, answers = advance(program, run, given, MONDAY), answers + 1
    return answers


def _given(wanted: Need) -> Outcome:
    if isinstance(wanted, Decide):
        return Decided(len(wanted.conditions) - 1)
    answers: dict[type, Outcome] = {
        Deliver: Sent("accepted"),
        Listen: TimedOut(),
        Change: Done(),
    }
    return answers.get(type(wanted), Elapsed())
