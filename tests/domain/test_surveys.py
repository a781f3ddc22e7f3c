"""What an answer means on each scale, and that nobody is asked by two surveys in a week."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consent import AGAIN, Proposed, Verdict, ask
from domain.loader import load
from domain.needs import Deliver
from domain.policies import Policies
from domain.policy_files import load_policies
from domain.script import Script
from domain.simulation import simulate
from domain.survey_policy import DELIVERED, LOW, SCALES, Kind, Language, Survey, Surveys
from domain.survey_words import ends, question, thanks
from domain.surveys import MOST_WORDS, Link, is_low, of_five, read_answer
from domain.tree import Problem
from tests.domain.kit import ADA, MONDAY, POLICIES, Templates, compose, facts, policies, program

DAY = timedelta(days=1)
KINDS = st.sampled_from(get_args(Kind))


@given(KINDS, st.integers(-5, 15))
def test_an_answer_is_a_score_of_its_scale_or_none(kind: Kind, score: int) -> None:
    least, most = SCALES[kind]
    said = read_answer(Survey(kind=kind), {"score": str(score)})

    assert (said is not None) == (least <= score <= most)
    assert said is None or said.score == score


@given(KINDS)
def test_more_is_never_less_of_five_and_what_is_low_is_two_or_less(kind: Kind) -> None:
    survey = Survey(kind=kind)
    found = [of_five(survey, score) for score in survey.scores]

    assert found == sorted(found)
    assert (found[0], found[-1]) == (1, 5)
    assert [each <= 2 for each in found] == [is_low(survey, score) for score in survey.scores]


def test_what_is_low_is_the_specification_s() -> None:
    assert LOW == {"csat": 2, "nps": 6, "effort": 3, "case": 2}


@given(st.dictionaries(st.sampled_from(["score", "comment", "effort", "kept", "x"]), st.text(max_size=3000)))
def test_whatever_is_posted_is_read_or_left(posted: dict[str, str]) -> None:
    for survey in DELIVERED.values():
        said = read_answer(survey, posted)
        if said is not None:
            assert len(said.comment) <= MOST_WORDS
            assert "\x00" not in said.comment
            assert said.effort is None or 1 <= said.effort <= 7


@given(KINDS, st.sampled_from(get_args(Language)))
def test_every_kind_has_words_in_every_language(kind: Kind, lang: Language) -> None:
    survey = Survey(kind=kind)

    assert all([question(survey, lang), *ends(survey, lang), thanks(survey, lang)])


def test_a_survey_that_changed_its_kind_is_asked_as_when_the_link_was_made() -> None:
    link = Link("c1", "order", "csat", "m1", MONDAY)
    policy = Surveys(surveys={"order": Survey(kind="nps", low=8)})

    assert link.asks(policy).kind == "csat"
    assert Link("c1", "order", "nps", "m1", MONDAY).asks(policy).low == 8


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("surveys: {order: {kind: stars}}", "'csat', 'nps', 'effort' or 'case'"),
        ("surveys: {Order: {kind: csat}}", "'Order' cannot be the name of a survey"),
        ("surveys: {order: {}}", "kind"),
        ("surveys: {order: {kind: csat, question: {fr: Alors?}}}", "fr"),
        ("surveys: {order: {kind: csat, question: {en: ''}}}", "en"),
        ("at_most_every: forever", "bad span 'forever'"),
        ("change_within: 3 business days", "no fixed length"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(text: str, says: str) -> None:
    problems: list[Problem] = []
    load_policies({"policies/surveys.yaml": f"{text}\n"}, problems)

    assert any(says in str(problem) for problem in problems), problems
    assert all(problem.path == "policies/surveys.yaml" for problem in problems)


# At most one in a week -----------------------------------------------------------------------------------------------


def asked(now: datetime, last: datetime | None, survey: str | None = "nps", **policy: Any) -> Verdict:
    in_force = Policies(surveys=Surveys.model_validate(policy))
    known = replace(facts(program("steps: []"), now), policies=in_force, surveyed=last)
    need = Deliver(template="nps/one-question", window="none", expires=None)
    proposed = Proposed(need, "transactional", None, now, survey=survey)
    first, again = ask(proposed, known), ask(proposed, known, AGAIN)
    assert (first.answer, first.until) == (again.answer, again.until)
    return first


def test_who_was_asked_lately_is_asked_when_the_week_is_over() -> None:
    verdict = asked(MONDAY, MONDAY - 7 * DAY + timedelta(hours=3))

    assert (verdict.answer, verdict.reason) == ("later", "one survey in 7 days")
    assert verdict.until == MONDAY + timedelta(hours=3)
    assert asked(MONDAY, MONDAY - 7 * DAY).answer == "go"
    assert asked(MONDAY, None).answer == "go"


def test_other_messages_do_not_wait_and_the_span_is_the_policy_s() -> None:
    assert asked(MONDAY, MONDAY - DAY, survey=None).answer == "go"
    assert asked(MONDAY, MONDAY - 2 * DAY, at_most_every="2 days").answer == "go"
    assert asked(MONDAY, MONDAY - 2 * DAY, at_most_every="50 hours").until == MONDAY + timedelta(hours=2)


def test_a_simulation_puts_the_second_survey_off_too() -> None:
    templates = Templates({"survey/first": "service", "survey/second": "service", "care/answer": "service"})
    text = "steps: [{send: survey/first}, {wait: 6 days}, {send: survey/second}, {send: care/answer}]"
    made = load({**POLICIES, "sequences/story.yaml": text}, templates).programs["story"]

    story = simulate(made, policies(), templates, compose, Script(contact=ADA, at=MONDAY))

    assert [(row["at"][:10], row["step"], row["did"]) for row in story.timeline if row["kind"] == "send"] == [
        ("2026-03-02", "first", "sent"),
        ("2026-03-08", "second", "deferred"),
        ("2026-03-09", "second", "sent"),
        ("2026-03-09", "answer", "sent"),
    ]
