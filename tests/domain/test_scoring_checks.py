"""Everything that is wrong with policies/scoring.yaml is said at once, with its line and the way out."""

import pytest

from tests.domain.scores import SCORING, loaded

SENT = "topic: product-news\nsteps:\n  - send: welcome/hello\n"


def problems(text: str, **sequences: str) -> list[str]:
    return [str(problem) for problem in loaded(text, **sequences).problems]


def test_a_sound_file_has_no_problems() -> None:
    assert problems(SCORING) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fit: [{when: contact.bnches > 1, points: 5}]", "there is no field contact.bnches; did you mean 'benches'?"),
        ("fit: [{when: contact.score > 1, points: 5}]", "a score cannot ask for itself; ask for another field"),
        ("fit: [{when: run.round > 1, points: 5}]", "a score knows no run, so there is no run.round; ask for a field"),
        (
            "fit: [{when: \"did('clicked')\", points: 5}]",
            "fit asks who they are, and did() what they did; ask for a field, or add a term to 'engagement'",
        ),
        ("fit: [{when: event.url == 'x', points: 5}]", "the name event is known only in where, enter, exit and goal"),
        ("fit: [{when: contact.vip, points: 0}]", "0 points change nothing; write a number such as 5 or -5"),
        (
            "engagement: [{event: clickd, points: 5, half_life: 14 days}]",
            "event 'clickd' is not in policies/events.yaml; did you mean 'clicked'?",
        ),
        (
            "engagement: [{event: score_reached, points: 5, half_life: 14 days}]",
            "a score cannot hang on score_reached, which it makes itself; name another event",
        ),
        (
            "engagement: [{event: trial_started, when: event.plam == 'pro', points: 5, half_life: 14 days}]",
            "there is no field event.plam; did you mean 'plan'?",
        ),
        (
            "engagement: [{event: clicked, when: contact.vip, points: 5, half_life: 14 days}]",
            "a term of 'engagement' asks the event alone, not contact.vip; ask event.FIELD, or put it below 'fit'",
        ),
        (
            "engagement: [{event: clicked, when: days_since(event.at) > 3, points: 5, half_life: 14 days}]",
            "a term of 'engagement' asks the event alone, not days_since()",
        ),
        ("engagement: [{event: clicked, points: 5}]", "'half_life' is missing; add it"),
        (
            "engagement: [{event: clicked, points: 5, half_life: 1 month}]",
            "'1 month' has no fixed length; write hours, days or weeks",
        ),
        ("thresholds: {hot: {score: 60, until: 70}}", "'until' lies above 'score', so nobody could reach it"),
        ("thresholds: {Hot!: {score: 60}}", "'Hot!' cannot be the name of a threshold; use small letters"),
        (
            "fit: [{when: contact.vip, points: 5}]\nthresholds: {hot: {score: 60, fit: 10}}",
            "nobody has a fit of 10: all terms together give 5; write at most that",
        ),
        (
            "engagement: [{event: clicked, points: 5, half_life: 14 days, most: 20}]\nthresholds: {hot: {score: 30}}",
            "nobody has a score of 30: all terms together give 20; write at most that",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(text: str, said: str) -> None:
    [found, *_] = problems(text)

    assert found.startswith("policies/scoring.yaml:")
    assert said in found


def test_all_problems_are_said_at_once_each_with_its_line() -> None:
    text = "fit:\n  - {when: contact.a, points: 5}\nengagement:\n  - {event: nope, points: 5, half_life: 2 days}\n"

    assert [each.split(";")[0] for each in problems(text)] == [
        "policies/scoring.yaml:2: there is no field contact.a",
        "policies/scoring.yaml:4: event 'nope' is not in policies/events.yaml",
    ]


def test_a_sequence_does_not_set_a_score_that_is_computed() -> None:
    text = SENT + "  - update: {score: +20}\n"

    assert problems(SCORING, welcome=text) == [
        "sequences/welcome.yaml:4: 'score' is computed by policies/scoring.yaml; delete it here, and give points there"
    ]


def test_a_threshold_starts_a_sequence_and_is_read_by_conditions() -> None:
    head = "enter: {on: {event: score_reached, where: event.threshold == 'hot'}}\n"

    assert problems(SCORING, welcome=head + SENT) == []


def test_a_threshold_that_is_not_there_is_named() -> None:
    head = "enter: {on: {event: score_reached, where: event.threshold == 'hott'}}\n"
    waits = "  - wait_for: score_reached\n    where: event.threshold != 'cool'\n    up_to: 2 days\n"

    assert problems(SCORING, welcome=head + SENT + waits) == [
        "sequences/welcome.yaml:1: there is no threshold 'hott' in policies/scoring.yaml; did you mean 'hot'?",
        "sequences/welcome.yaml:6: there is no threshold 'cool' in policies/scoring.yaml; there is hot, warm",
    ]


def test_who_waits_for_a_threshold_where_there_is_none_is_told() -> None:
    said = "score_reached never happens: policies/scoring.yaml has no thresholds; write some there"

    found = problems("fit: []\n", welcome="exit: {event: score_reached}\n" + SENT)

    assert found == [f"sequences/welcome.yaml:1: {said}"]
