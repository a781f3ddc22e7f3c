"""The page about follow-ups: its files load, its day is the day that the rules make of it."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.assignment import Staff
from domain.follow_up import FollowUp, Notify
from domain.follow_up_policy import Terms
from domain.policies import Policies
from domain.policy_files import load_policies
from domain.teams import Person, Team
from domain.tree import Problem
from tests.domain.follow_ups import Keeper
from tests.test_architecture import PROJECT
from tests.test_author_docs import examples, page

BERLIN = ZoneInfo("Europe/Berlin")
PAGE = "follow-ups.md"
# What a line of the table says by which note.
NOTES = {"assigned": "has it", "reminder": "reminded", "warning": "told", "overdue": "told"}


def policies_of(files: dict[str, str]) -> Policies:
    problems: list[Problem] = []
    found = load_policies(files, problems)
    assert problems == []
    return found


def ours() -> dict[str, str]:
    return {f"policies/{each.name}": each.read_text("utf-8") for each in (PROJECT / "policies").glob("*.yaml")}


def test_every_file_that_is_shown_loads_among_the_others_of_the_example() -> None:
    shown = {each.path: each.text for each in examples(PAGE) if each.path}
    # Its teams are sales alone: who answers for cases is another page's example.
    policies_of({path: text for path, text in ours().items() if path != "policies/recovery.yaml"} | shown)


@pytest.mark.parametrize("model", [Person, Team, Terms])
def test_every_key_is_explained(model: type[Person] | type[Team] | type[Terms]) -> None:
    told = set(re.findall(r"`(\w+)`", page(PAGE)))

    assert set(model.model_fields) - {"label"} <= told


def test_the_worked_day_is_what_the_rules_make_of_it() -> None:
    policies = policies_of(ours())
    began = datetime(2026, 5, 6, 15, 30, tzinfo=BERLIN)
    kept = Keeper(Staff(policies.teams, "sales", BERLIN, policies.calendars), began)
    kept.open(FollowUp(id="call", team="sales", terms=policies.follow_ups.terms("normal"), opened_at=began))
    kept.until(datetime(2026, 5, 14, tzinfo=BERLIN))

    rows = re.findall(r"^\| (\w{3} \d\d:\d\d) \| (.*) \|$", page(PAGE), re.MULTILINE)
    rang = [
        (f"{when.astimezone(BERLIN):%a %H:%M}", deed)
        for when, _, deed in kept.told
        if isinstance(deed, Notify) and deed.about in NOTES
    ]
    assert len(rows) == 11
    for when, said in rows:
        found = [deed for at, deed in rang if at == when and NOTES[deed.about] in said]
        assert found, f"nothing of this sort happens at {when}: {said}"
        # Whoever is named is who is told; the head of the example is its manager.
        assert any(who in said for deed in found for who in deed.to) or re.search("the head|she|whoever", said)
