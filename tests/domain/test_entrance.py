"""How the head of a sequence says who enters: what is understood, and what is refused with its way out."""

import pytest

from domain.shares import read_share
from tests.domain.kit import POLICIES, program, said

SEGMENTS = {**POLICIES, "policies/segments.yaml": "segments: {hot: {when: contact.score >= 50}}"}
REFUSED = [
    ("enter: {on: {segment: cold}}", "segment 'cold' is not in policies/segments.yaml; there is hot"),
    ("exit: {segment: hto}", "segment 'hto' is not in policies/segments.yaml; did you mean 'hot'?"),
    ("enter: {on: {segment: hot, where: contact.score > 1}}",
     "'where' looks at an event and a segment has none; put it into 'when'"),
    ("enter: {on: {date: 2026-12-01, where: contact.score > 1}}",
     "'where' looks at an event and a date has none; put it into 'when'"),
    ("enter: {on: {date: contact.company yearly}}",
     "bad date 'contact.company yearly'; write 'contact.FIELD yearly at HH:MM'"),
    ("enter: {on: {date: 30 days}}",
     "bad moment '30 days'; begin with contact.FIELD, run.event.FIELD, run.entered_at, matched.FIELD, "
     "calls.NAME.FIELD or a date, e.g. 'contact.renewal_date - 30 days at 09:00' or '2026-05-01 at 09:00'"),
    ("enter: {on: {date: run.event.due}}",
     "'run.event.due' is not known before a run begins; count the date from contact.FIELD or from a day such as "
     "2026-12-01"),
    ("exit: {date: 2026-12-01}",
     "'date' only starts a run; to end one ask the date in 'when', as in 'now > contact.ends_on'"),
    ("exit: {event: purchased, within: 3 days}", "'within' belongs to a goal; delete it here"),
    ("enter: {on: {event: purchased, within: 3 days}}", "'within' belongs to a goal; delete it here"),
    ("enter: {again: restart 3 days}", "'restart' takes no span; write 'restart' alone"),
    ("enter: {holdout: 5}", "'5' is no share; write it in per cent, such as 5%"),
    ("enter: {holdout: 100%}", "'100%' would hold everybody out; write less than 100%"),
    ("enter: {salt: a}", "'salt' draws the holdout and there is none; add 'holdout: 5%', or delete 'salt'"),
    ("group: Nurture!", "'Nurture!' cannot be a group; use small letters, digits and -, at most 64"),
    ("on_conflict: wait",
     "'on_conflict' is asked between the sequences of a group; add 'group: NAME', or delete it"),
]  # fmt: skip
WARNED = [
    ("enter: {on: {date: contact.renewal_date}}",
     "a date comes once for each contact, because 'again' is never; say 'again: after_exit' or 'always'"),
    ("enter: {holdout: 5%}", "'holdout' compares who reaches the goal, and there is none; add 'goal:'"),
    ("enter: {on: {event: trial_started}, per: run.event.paln}",
     "there is no field run.event.paln; did you mean 'plan'?"),
    ("enter: {on: {segment: hot}}\ngoal: {segment: hot}",
     "'hot' starts the sequence and is its goal; check that this is meant"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_cannot_be_meant_is_refused(line: str, expected: str) -> None:
    assert said(f"{line}\nsteps: []\n", SEGMENTS) == [f"1: {expected}"]


@pytest.mark.parametrize(("line", "expected"), WARNED, ids=[line for line, _ in WARNED])
def test_what_may_not_be_meant_is_warned_of(line: str, expected: str) -> None:
    found = said(f"{line}\nsteps: []\n", SEGMENTS)

    assert [each.partition(": ")[2].partition(": ")[2] for each in found] == [expected]


def test_a_fixed_day_comes_once_anyway_and_is_not_warned_of() -> None:
    assert said("enter: {on: {date: 2026-12-01 at 09:00}}\nsteps: []\n") == []


def test_everything_of_the_head_reaches_the_program() -> None:
    made = program(
        """
        group: nurture
        on_conflict: preempt
        enter:
          on: [{segment: hot}, {date: contact.renewal_date yearly at 09:00}]
          again: restart
          holdout: 2.5%
          salt: x
        goal: {event: purchased, within: 14 days}
        steps: []
        """,
        SEGMENTS,
    )

    assert (made.group, made.on_conflict, made.again.rule) == ("nurture", "preempt", "restart")
    assert (made.holdout, made.holdout_salt, made.goal[0].within) == (0.025, "x", "14 days")
    assert [trigger.name for trigger in made.enter] == ["segment_entered", None]


@pytest.mark.parametrize(("words", "share"), [(None, 0), ("0%", 0), ("0.5%", 0.005), ("12.5%", 0.125)])
def test_shares_are_per_cent(words: str | None, share: float) -> None:
    assert read_share(words) == share
