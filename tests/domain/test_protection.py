"""Every threshold of self-protection, on both sides."""

import pytest

from domain.protection import LIMITS, Limit, judge, worst

COMPLAINTS_HOUR, COMPLAINTS_DAY, BOUNCES_HOUR, BOUNCES_DAY = LIMITS


@pytest.mark.parametrize(
    ("limit", "sent", "harmed", "act"),
    [
        (COMPLAINTS_HOUR, 1_000, 4, None),
        (COMPLAINTS_HOUR, 1_001, 5, None),
        (COMPLAINTS_HOUR, 1_000, 5, "warn"),
        (COMPLAINTS_HOUR, 1_000, 9, "warn"),
        (COMPLAINTS_HOUR, 1_000, 10, "pause"),
        (COMPLAINTS_HOUR, 500, 5, "pause"),
        (COMPLAINTS_HOUR, 200, 5, "pause"),
        (COMPLAINTS_HOUR, 199, 199, None),
        (COMPLAINTS_HOUR, 200, 4, None),
        (COMPLAINTS_DAY, 6_666, 10, "warn"),
        (COMPLAINTS_DAY, 6_667, 10, None),
        (COMPLAINTS_DAY, 3_334, 10, "warn"),
        (COMPLAINTS_DAY, 3_333, 10, "pause"),
        (COMPLAINTS_DAY, 1_000, 10, "pause"),
        (COMPLAINTS_DAY, 999, 999, None),
        (COMPLAINTS_DAY, 1_000, 9, None),
        (BOUNCES_HOUR, 200, 10, "warn"),
        (BOUNCES_HOUR, 200, 9, None),
        (BOUNCES_HOUR, 200, 19, "warn"),
        (BOUNCES_HOUR, 200, 20, "pause"),
        (BOUNCES_HOUR, 199, 199, None),
        (BOUNCES_DAY, 1_000, 24, None),
        (BOUNCES_DAY, 1_000, 25, "warn"),
        (BOUNCES_DAY, 1_000, 49, "warn"),
        (BOUNCES_DAY, 1_000, 50, "pause"),
        (BOUNCES_DAY, 999, 999, None),
    ],
)
def test_a_threshold_warns_or_pauses_once_it_is_reached_with_enough_messages(
    limit: Limit, sent: int, harmed: int, act: str | None
) -> None:
    alarm = judge(limit, sent, harmed)

    assert (alarm.act if alarm else None) == act


def test_the_figures_are_those_of_the_specification() -> None:
    said = [(each.event, each.span.total_seconds() / 3600, each.warn, each.pause) for each in LIMITS]

    assert said == [
        ("complained", 1, 0.5, 1.0),
        ("complained", 24, 0.15, 0.3),
        ("bounced", 1, 5.0, 10.0),
        ("bounced", 24, 2.5, 5.0),
    ]
    assert {(each.least_sent, each.least_harmed) for each in LIMITS} == {(200, 5), (1_000, 10)}


def test_of_several_alarms_a_pause_weighs_most() -> None:
    warns, pauses = judge(BOUNCES_HOUR, 200, 10), judge(COMPLAINTS_HOUR, 200, 5)

    assert worst([None, warns, pauses]) == pauses
    assert worst([None, warns]) == warns
    assert worst([None]) is None
