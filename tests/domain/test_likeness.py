"""Who is alike goes the same way: whatever the sequence, whatever the contacts, whatever happens to them."""

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import pytest

from domain.forecast import Outline, outline
from domain.likeness import Likeness, Remembered, complete, filled_in
from domain.likeness_fields import looked_at
from domain.loader import load
from domain.reactions import Reaction, drawn_by, following
from domain.script import SET, Script, Scripted
from domain.simulation import simulate
from tests.domain.kit import ADA, MONDAY, POLICIES, TEMPLATES, Templates, compose, policies, program
from tests.domain.programs import Case, a_case

SCORES = (None, -5, 0, 3, 10, 12, 14, 19, 20, 25, 40, 61, True, "many", 12.5)
HALF = (Reaction.parse("clicked: 50%"), Reaction.parse("unsubscribed: 10% after 30 minutes"))


def somebody(random: Random, case: Case, number: int) -> dict[str, Any]:
    """Return a contact like the case's, but for a few fields that conditions, clocks and messages read."""
    contact = dict(case.contact) | {"id": f"c{number}", "first_name": f"Ada {number}"}
    for name, values in (
        ("score", SCORES),
        ("country", ("DE", "AT", "US", None)),
        ("time_zone", ("Europe/Berlin", "Asia/Kolkata", None)),
        ("stage", ("lead", "trial", "customer")),
        ("vip", (True, False, None)),
        ("tags", ([], ["engaged"])),
        ("renewal_date", ("2026-03-20", "2026-02-20", None)),
    ):
        if random.random() < 0.4:
            contact[name] = random.choice(values)
    return complete(contact)


class World:
    """One random sequence, and what happens to everybody in it."""

    def __init__(self, random: Random) -> None:
        self.case = a_case(random)
        self.templates = Templates.of(self.case.files)
        loaded = load(self.case.files, self.templates)
        self.program, self.policies = loaded.programs["story"], loaded.policies
        happening = {event.event for event in self.case.events} | {each.event for each in HALF}
        changed = {name for event in self.case.events if event.event == SET for name in event.data}
        self.likeness = Likeness(self.program, self.policies, happening, changed)

    def lived(self, contact: dict[str, Any]) -> tuple[Outline, list[tuple[str, Hashable]]]:
        """Return what happens to a contact, and what they did with each message."""
        done: list[tuple[str, Hashable]] = []

        def react(step: str, sent_at: datetime) -> list[Scripted]:
            found = drawn_by(HALF, contact["id"], step)
            done.append((step, found))
            return following(found, step, sent_at)

        run_event = {"form": "demo-request", "plan": "pro", "email": "ada@joinery.example"}
        script = Script(contact=contact, at=MONDAY, run_event=run_event, events=self.case.events, reactions=react)
        return outline(simulate(self.program, self.policies, self.templates, compose, script)), done


def who_is_alike_goes_the_same_way(random: Random, people: int) -> int:
    """Assert it of random people in a random sequence; return how many were like somebody else."""
    world, remembered, alike = World(random), Remembered(), 0
    for number in range(people):
        contact = somebody(random, world.case, number)
        story, done = world.lived(contact)
        key = world.likeness.key(contact)
        known = remembered.find(key, partial(drawn_by, HALF, contact["id"]))
        if known is None:
            remembered.keep(key, done, story)
            continue
        assert known.story == story, contact
        alike += 1
    return alike


@pytest.mark.parametrize("seed", range(12))
def test_who_is_alike_goes_the_same_way(seed: int) -> None:
    who_is_alike_goes_the_same_way(Random(seed), people=15)


@pytest.mark.timeout(1800)
@pytest.mark.large
def test_among_thousands_who_is_alike_goes_the_same_way() -> None:
    assert sum(who_is_alike_goes_the_same_way(Random(seed), people=60) for seed in range(1000, 1200)) > 1000


SCORED = """
exit: {when: contact.stage == 'customer'}
steps:
  - branch:
      - when: contact.score >= 60 && contact.country in ['DE', 'AT']
        steps: [{send: welcome/hello}]
      - {when: "!has(contact.owner)", steps: [{update: {score: +5}}]}
  - send: welcome/tips
    when: contact.score > 20
"""


def key(text: str, **contact: Any) -> Hashable:
    return Likeness(program(text), policies(), rendered=frozenset()).key(complete(ADA | contact))


def test_of_a_number_counts_what_conditions_make_of_it_now_and_after_what_is_added() -> None:
    assert key(SCORED, score=70) == key(SCORED, score=95)
    assert key(SCORED, score=15) != key(SCORED, score=16)  # with five more it is over twenty
    assert key(SCORED, score=59) != key(SCORED, score=60)
    assert key(SCORED, score=None) != key(SCORED, score=0)


def test_what_nothing_reads_tells_nobody_apart() -> None:
    assert key(SCORED, first_name="Bo", email="bo@other.example", id="c2") == key(SCORED)
    assert key(SCORED, country="DE") == key(SCORED, country="AT")
    assert key(SCORED, country="DE") != key(SCORED, country="FR")


def test_a_field_that_is_written_or_counted_from_counts_by_its_value() -> None:
    text = "steps: [{update: {stage: trial}}, {wait: until contact.renewal_date, if_past: continue}]"
    looked = looked_at(program(text), policies(), frozenset(), frozenset())

    assert looked is not None
    assert {"stage", "renewal_date"} <= set(looked.by_value)


def test_clock_and_lots_count() -> None:
    split = "steps: [{split: {arms: [{name: a, share: 1}, {name: b, share: 1}]}}]"

    assert key("steps: [{wait: 1 day}]", time_zone="Asia/Tokyo") != key("steps: [{wait: 1 day}]")
    assert len({key(split, id=f"c{number}") for number in range(30)}) == 2


def test_who_gets_another_country_counts_by_all_that_tells_a_clock() -> None:
    text = "steps: [{wait_for: purchased, up_to: 1 day}, {update: {country: {from: matched.currency}}}, {wait: 1 day}]"
    in_berlin = {"time_zone": None, "country": "DE"}

    # In the United States, where several clocks are kept, it is the phone's area that tells.
    assert key(text, **in_berlin, phone="+12125550123") != key(text, **in_berlin, phone="+13105550123")


def test_what_is_asked_of_an_event_counts_only_if_it_happens() -> None:
    text = "goal: {event: meeting_booked, where: event.email == contact.email}\nsteps: [{wait: 1 day}]"
    with_goal = Likeness(program(text), policies(), happening=["meeting_booked"])

    assert key(text, email="bo@other.example") == key(text)
    assert with_goal.key(complete(ADA | {"email": "bo@other.example"})) != with_goal.key(complete(ADA))


def test_a_message_that_may_lack_a_value_tells_apart_who_has_one() -> None:
    assert filled_in({"vip": None, "email": "a@b.example"}, frozenset({"vip"})) == {"email"}
    assert filled_in({"vip": True, "email": ""}, None) == {"vip"}


def test_a_lot_falls_on_about_its_share_and_always_on_the_same() -> None:
    clicked = Reaction.parse("clicked of tips: 8% after 1 day")

    hits = [number for number in range(5000) if clicked.falls_on(f"c{number}", "tips")]

    assert 340 < len(hits) < 460
    assert hits == [number for number in range(5000) if clicked.falls_on(f"c{number}", "tips")]
    assert not any(clicked.falls_on(f"c{number}", "hello") for number in range(200))


@pytest.mark.parametrize(
    "words", ["clicked", "clicked: 101%", "clicked: 8", "clicked: 8% after 2 months", "8%: clicked"]
)
def test_what_is_no_rate_is_said(words: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Reaction.parse(words)


def test_a_click_by_lot_moves_a_simulation() -> None:
    text = "steps: [{send: welcome/hello}, {wait_for: clicked, of: hello, up_to: 3 days}]"
    always = (Reaction.parse("clicked: 100% after 2 hours"),)
    script = Script(contact=ADA, at=MONDAY, reactions=lambda step, at: following(always, step, at))

    story = simulate(program(text), policies(), TEMPLATES, compose, script)

    assert [(row["did"], row["at"]) for row in story.timeline[1:]] == [("matched", "2026-03-02T11:00:00Z")]
    assert outline(story) == replace(outline(story), end="completed")


def test_where_a_score_is_computed_and_looked_at_what_it_is_made_of_tells_contacts_apart() -> None:
    computed = policies({**POLICIES, "policies/scoring.yaml": "fit: [{when: contact.benches > 9, points: 5}]"})
    reads = program("steps: [{exit: hot, when: contact.score > 3}]")
    waits = program("steps: [{wait: 2 days}]")

    looked, not_looked = (looked_at(each, computed, frozenset(), frozenset()) for each in (reads, waits))

    assert looked is not None
    assert {"score", "benches"} <= set(looked.by_value)
    assert not_looked is not None
    assert not {"score", "benches"} & set(not_looked.by_value)
