"""Whose turn it is: counted in the database, whoever asks at once, whatever restarts, whoever was away."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from domain.policies import Policies
from domain.policy_files import load_policies
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.models import Contact
from records.session import Database
from records.staffing import is_away, is_back

NOW = datetime(2026, 5, 6, 9, tzinfo=UTC)
OPENING = Opening("Call", team="sales")
WEIGHTS = {"ada": 3, "bob": 2, "cy": 1, "dot": 1}
PEOPLE = "".join(f"  {key}: {{name: {key}, email: {key}@acme.example}}\n" for key in WEIGHTS)
SHARES = ", ".join(f"{key}: {weight}" for key, weight in WEIGHTS.items())
TEAM = f"teams: {{sales: {{email: sales@acme.example, members: {{{SHARES}}}}}}}\n"
TEAMS = {"policies/teams.yaml": f"people:\n{PEOPLE}{TEAM}"}


@pytest.fixture(autouse=True)
def _a_contact(main: Database) -> None:
    contact = Contact(id="c", email="c@customer.example", created_at=NOW, updated_at=NOW)
    main.write_now(lambda session: session.add(contact))


def policies() -> Policies:
    return load_policies(TEAMS, [])


def open_some(database: Database, many: int) -> None:
    known = policies()

    def one(session: Session) -> None:
        contact = session.get(Contact, "c")
        assert contact is not None
        open_follow_up(session, known, contact, OPENING, NOW)

    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda _: database.write_now(one), range(many)))


def counts(database: Database) -> Counter[str | None]:
    return Counter(database.read_now(lambda session: session.exec(select(FollowUp.assignee)).all()))


def is_fair(found: Counter[str | None], weights: dict[str, int]) -> bool:
    """Whether everybody has their share, to within one of what a turn of theirs is worth."""
    rounds = {key: found[key] / weight for key, weight in weights.items()}
    return max(rounds.values()) - min(rounds.values()) <= 1


@pytest.mark.parametrize("many", [140, pytest.param(4_200, marks=pytest.mark.large)])
def test_two_processes_at_once_and_a_restart_give_everybody_their_share(main: Database, url: str, many: int) -> None:
    with closing(Database(url)) as other, ThreadPoolExecutor(2) as both:
        list(both.map(lambda database: open_some(database, many // 2), [main, other]))
    assert is_fair(counts(main), WEIGHTS)

    with closing(Database(url)) as again:
        open_some(again, many // 2)

    found = counts(main)
    assert found.total() == many + many // 2
    assert is_fair(found, WEIGHTS)
    # Whole rounds of seven: nobody has a turn more than another.
    assert {key: found[key] * 7 for key in WEIGHTS} == {key: weight * found.total() for key, weight in WEIGHTS.items()}


def test_who_was_away_gets_their_share_from_then_on_and_nothing_of_what_they_missed(main: Database) -> None:
    open_some(main, 14)
    main.write_now(lambda session: is_away(session, "cy", NOW - timedelta(1), None, by="test", now=NOW))
    before = counts(main)
    open_some(main, 60)
    assert counts(main)["cy"] == before["cy"]

    main.write_now(lambda session: is_back(session, "cy", NOW))
    before = counts(main)
    open_some(main, 70)

    assert is_fair(counts(main) - before, WEIGHTS)
    assert (counts(main) - before)["cy"] == 10
