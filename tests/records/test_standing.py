"""Where a crowd stands, counted by SQL, is where each of them was left."""

from collections import Counter
from datetime import UTC, datetime
from textwrap import dedent, indent

import pytest
from sqlmodel import Session

from domain.program import Program
from records.reports.figures import Period
from records.reports.standing import Stood, stood
from records.session import Database
from tests.domain.kit import program
from tests.home import shipped
from tests.records.crowd import Crowd

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SHIPPED = shipped().load().programs

ROUNDS = {
    "rounds of a fixed number": """
        - repeat: {times: 4, steps: [{wait: 1 day}, {send: care/answer}]}
        - wait: 2 days
        """,
    "rounds until something is true": """
        - wait: 1 hour
        - repeat:
            times: 3
            until: did('purchased')
            steps: [{send: care/answer, when: contact.score > 1}, {wait: 2 days}]
        """,
    "rounds within rounds": """
        - repeat:
            times: 3
            until: did('purchased')
            steps:
              - wait: 1 hour
              - repeat:
                  times: 2
                  until: did('refunded')
                  steps: [{send: care/answer}, {branch: [{when: contact.score > 1, steps: [{wait: 1 day}]}]}]
              - wait: 1 week
        - send: care/answer
        """,
    "rounds that begin with rounds": """
        - repeat:
            times: 3
            steps: [{repeat: {times: 2, steps: [{wait: 1 hour}, {send: care/answer}]}}, {wait: 1 day}]
        """,
    "rounds that not all go through": """
        - repeat: {times: 2, steps: [{wait: 1 hour}, {wait: 1 day}]}
          when: contact.score > 1
        - exit: enough
        """,
}


def counted(session: Session, program: Program) -> list[Stood]:
    return list(stood(session, Period(program.sequence), {program.version: program}))


def expect_the_crowd_where_it_stands(main: Database, crowd: Crowd) -> None:
    main.write_now(crowd.write)

    found = main.read_now(lambda session: counted(session, crowd.program))

    inside: Counter[str] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for each in found:
        if each.closed:
            continue
        if each.ended is None:
            inside[each.step] += each.count
        else:
            left[each.step, each.ended] += each.count
    assert inside == crowd.stands
    assert left == crowd.left


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_everybody_is_counted_where_they_stand_or_where_they_left(main: Database, name: str) -> None:
    expect_the_crowd_where_it_stands(main, Crowd(SHIPPED[name], NEW_YEAR, 60))


@pytest.mark.parametrize("steps", ROUNDS.values(), ids=ROUNDS)
def test_in_rounds_too(main: Database, steps: str) -> None:
    text = f"enter: {{on: {{form: demo-request}}}}\nsteps:\n{indent(dedent(steps), '  ')}"

    expect_the_crowd_where_it_stands(main, Crowd(program(text), NEW_YEAR, 120))
