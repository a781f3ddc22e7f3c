"""A simulated contact is scored as a real one: by who they are and what the script says they did, as it fades."""

from datetime import timedelta
from typing import Any

from domain.simulated_score import ASSUMED
from domain.story import Story
from tests.domain.kit import POLICIES, ended, lived, on, program, rows
from tests.domain.scores import DAY, SCORING

HOUR = timedelta(hours=1)
FILES = {**POLICIES, "policies/scoring.yaml": SCORING}
STRANGER: dict[str, Any] = {"score": 0, "country": "GB"}


def scored(text: str, *events: Any, **contact: Any) -> Story:
    return lived(program(text, FILES), events, among=FILES, **{**STRANGER, **contact})


def after(days: int, so: int, *events: Any, **contact: Any) -> bool:
    """Whether the score is this after so many days."""
    waits = f"steps: [{{wait: {days} days}}, {{exit: so, when: contact.score == {so}}}]"
    return ended(scored(waits, *events, **contact)) == "exited:so"


def test_the_score_follows_who_they_are_and_what_the_script_says_they_did() -> None:
    assert after(1, 20, benches=60)
    assert after(1, 60, on(23 * HOUR, "trial_started"), on(23 * HOUR, "clicked"), benches=60)
    assert after(1, 20, on(HOUR, "set", benches=60))


def test_it_fades_with_the_virtual_clock() -> None:
    assert after(30, 15, on(HOUR, "trial_started"))
    assert after(60, 8, on(HOUR, "trial_started"))


def test_what_happened_before_the_entry_counts() -> None:
    assert after(1, 15, on(-29 * DAY, "trial_started"))


def test_what_starts_the_run_counts() -> None:
    starts = "enter: {on: {event: trial_started}}\nsteps: [{exit: so, when: contact.score == 30}]"

    assert ended(scored(starts)) == "exited:so"


def test_what_the_contacts_file_says_is_right_at_the_entry_and_does_not_fade() -> None:
    assert after(60, 45, score=45, benches=60)
    assert after(1, 55, on(DAY, "clicked"), score=45)
    assert ASSUMED in scored("steps: [{exit: done}]", score=45).as_json()["assumed"]


def test_what_set_says_is_right_at_that_instant() -> None:
    assert after(2, 70, on(DAY, "trial_started"), on(2 * DAY, "set", score=70))


def test_reaching_a_threshold_ends_a_run_once_and_is_waited_for() -> None:
    leaves = "exit: {event: score_reached, where: event.threshold == 'warm'}\nsteps: [{wait: 60 days}]"
    listens = "steps: [{wait_for: score_reached, up_to: 9 days, then: [{exit: met}], otherwise: [{exit: cold}]}]"
    trial = on(2 * DAY, "trial_started")

    assert ended(scored(leaves, trial)) == "exited:score_reached"
    assert ended(scored(listens, trial)) == "exited:met"
    assert rows(scored(listens, trial))[0] == "2026-03-04T09:00 wait_for-1 matched"
    assert ended(scored(listens)) == "exited:cold"


def test_who_is_above_a_threshold_at_the_entry_does_not_reach_it() -> None:
    listens = "steps: [{wait_for: score_reached, up_to: 9 days, then: [{exit: met}], otherwise: [{exit: cold}]}]"

    assert ended(scored(listens, on(DAY, "clicked"), score=45)) == "exited:cold"
    assert ended(scored(listens, on(DAY, "set", benches=60), score=45)) == "exited:met", "hot at 60, with a fit of 20"


def test_without_the_file_the_score_is_what_it_is() -> None:
    so = "steps: [{wait: 3 days}, {exit: so, when: contact.score == 12}]"

    story = lived(so, [on(DAY, "clicked")], benches=60, score=12)

    assert (ended(story), story.as_json()["assumed"]) == ("exited:so", ["consent: product-news"])
