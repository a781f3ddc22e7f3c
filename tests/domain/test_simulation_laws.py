"""What holds of every simulation, whoever wrote the sequence and whatever the contact does."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loader import load
from domain.simulation import Script, simulate
from domain.story import Story
from tests.domain.kit import MONDAY, Templates, compose, ended
from tests.domain.programs import Case, a_case, corpus


def told(case: Case, until: datetime | None = None) -> Story:
    """Simulate a case of the corpus."""
    templates = Templates.of(case.files)
    loaded = load(case.files, templates)
    assert loaded.errors() == []
    script = Script(
        contact=case.contact,
        at=MONDAY,
        run_event={"form": "demo-request", "plan": "pro", "email": "ada@joinery.example"},
        events=case.events,
        until=until,
    )
    return simulate(loaded.programs["story"], loaded.policies, templates, compose, script)


def keeps_the_laws(case: Case) -> None:
    """Assert what holds of every story, whoever wrote the sequence and whatever the contact does."""
    story = told(case)
    document = story.as_json()

    assert told(case).as_json() == document, "twice the same"
    instants = [row["at"] for row in story.timeline]
    assert instants == sorted(instants), "time never goes back"
    assert all(at >= document["entered_at"] for at in instants)
    steps = story.facts.program.steps
    assert all(steps[row["step"]].kind == row["kind"] for row in story.timeline)
    assert (story.end is None) != (story.waiting is None), "it has ended, or it waits"
    final = [row["step"] for row in story.timeline if row["did"] not in ("deferred", "held", "opened")]
    if not any(step.kind == "repeat" for step in steps.values()):
        assert len(final) == len(set(final)), "without loops one visit of a step, and one row that closes it"
    sent = [number for number, row in enumerate(story.timeline) if row["did"] in ("sent", "notified")]
    assert sent == list(story.letters)
    if story.end is not None and instants:
        assert story.end["at"] >= instants[-1]
        splits_into_a_prefix(case, document["timeline"])


def splits_into_a_prefix(case: Case, timeline: list[dict[str, Any]]) -> None:
    """Assert that a story told up to a moment is the beginning of the story."""
    middle = datetime.fromisoformat(timeline[len(timeline) // 2]["at"])
    for until in (middle, middle - timedelta(seconds=1)):
        early = told(case, until=max(until, MONDAY)).timeline
        assert early == timeline[: len(early)]
        behind = timeline[len(early) :]
        assert all(datetime.fromisoformat(row["at"]) > until for row in behind if until >= MONDAY)


@given(st.integers(min_value=0))
@settings(max_examples=15)
def test_whatever_the_sequence_and_whatever_happens_the_laws_hold(seed: int) -> None:
    keeps_the_laws(a_case(Random(seed)))


@pytest.mark.large
@pytest.mark.parametrize("seed", range(10))
def test_the_laws_hold_over_the_corpus_at_full_size(seed: int) -> None:
    for case in corpus(seed, 200):
        keeps_the_laws(case)


def test_the_corpus_is_the_same_for_the_same_seed_and_reaches_everywhere() -> None:
    cases = corpus(1, 60)
    stories = [told(case) for case in cases]

    assert corpus(1, 60) == cases
    assert corpus(2, 80) != cases
    done = {row["did"] for story in stories for row in story.timeline}
    assert done >= {"sent", "held", "deferred", "skipped", "waited", "matched", "timed_out", "took", "updated"}
    assert done >= {"opened", "notified", "called", "started", "stopped"}
    assert {ended(story) for story in stories} >= {"completed", "converted", "exited:not-now", "unsubscribed"}


def test_a_contact_s_record_is_never_written_by_a_simulation() -> None:
    case = replace_contact(corpus(3, 1)[0])
    before = json.dumps(case.contact, sort_keys=True)

    told(case)

    assert json.dumps(case.contact, sort_keys=True) == before


def replace_contact(case: Case) -> Case:
    """Return the case with values that could be written in place."""
    return case._replace(contact={**case.contact, "tags": ["a"]}, events=[replace(each) for each in case.events])
