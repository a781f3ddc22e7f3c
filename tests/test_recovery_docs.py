"""The page about service recovery: its worked case is what the rules make of it, line by line."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.assignment import Staff
from domain.follow_up_actions import Accept, Complete
from domain.recovery import Case
from domain.recovery_actions import AskedCustomer, Contacted, Diagnosed, Proposed, Resolved
from domain.simulated_deeds import Does, Line, Replied, Scored
from domain.simulated_recovery import simulate
from tests.test_author_docs import page
from tests.test_follow_up_docs import ours, policies_of

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=BERLIN)


SOMEBODY_DOES = [
    Does(at(6, 15, 40), Accept(by="sofia")),
    Does(at(6, 16), Contacted(by="sofia")),
    Does(at(7, 10), AskedCustomer(by="sofia", text="Can you send us a photo?")),
    Does(at(11, 9), Replied()),
    Does(at(11, 11), Diagnosed(by="sofia", cause="damaged")),
    Does(at(11, 11, 5), Proposed(by="sofia", kind="voucher", amount=Decimal(40))),
    Does(at(11, 16), Resolved(by="sofia", text="The new one is on its way.")),
    Does(at(12, 18), Scored(5)),
    Does(at(18, 17), Complete(by="sofia", outcome="reached"), task="call/1"),
]
# What a line of the table says of what; of the rest, which goes with these, it need not.
WORDS = {
    "case_opened": "opened",
    "case_waiting": "stand still",
    "case_answered": "answered",
    "case_diagnosed": "cause",
    "case_remedy_delivered": "delivered",
    "case_resolved": "resolve",
    "case_closed": "closed",
    "case_released": "released",
    "promise_missed": "missed",
    "acknowledged": "acknowledge",
    "question": "question",
    "reminder": "reminder",
    "offer": "offer",
    "resolved": "resolved",
    "survey": "survey",
    "closed": "closed",
    "task_accepted": "accepts",
    "task_assigned": "has it|sofia's|to call",
    "task_escalated": "told",
    "task_not_accepted": "nobody is left",
}


def course(script: Sequence[Does], until: datetime) -> list[Line]:
    policies = policies_of(ours())
    policy, began = policies.recovery, at(6, 15, 30)
    assert policy is not None
    clocks = policy.clocks_of("S2")
    case = Case(id="case", number=1001, team=policy.team, severity="S2", clocks=clocks, opened_at=began)
    staff = Staff(policies.teams, policy.team, BERLIN, policies.calendars)
    lines = simulate(policy, staff, case, script, until, policies.follow_ups.terms(None)).lines
    return [each for each in lines if each.kind != "note"]


def table(heading: str) -> dict[str, str]:
    part = page("service-recovery.md").partition(f"**{heading}**")[2]
    return dict(re.findall(r"^\| (\w{3} \d+, \d\d:\d\d) \| (.*) \|$", part.partition("\n\n**")[0], re.MULTILINE))


def when(line: Line) -> str:
    there = line.at.astimezone(BERLIN)
    return f"{there:%a} {there.day}, {there:%H:%M}"


@pytest.mark.parametrize(
    ("heading", "script", "until"),
    [("Nobody does anything.", [], at(8, 10, 45)), ("Somebody does.", SOMEBODY_DOES, at(30, 12))],
)
def test_the_worked_case_is_what_the_rules_make_of_it(heading: str, script: list[Does], until: datetime) -> None:
    rows, lines = table(heading), course(script, until)

    assert len(rows) > 10
    assert set(rows) <= {when(each) for each in lines}
    assert not [each for each in lines if each.kind == "refused"]
    for line in lines:
        if line.what in WORDS:
            said = rows[when(line)]
            assert re.search(WORDS[line.what], said), f"{when(line)}: {line.what} {line.data} is not in: {said}"
            to = line.data.get("to")
            assert not isinstance(to, str) or to in said, f"{when(line)}: {to} is not in: {said}"


def test_who_is_reminded_is_said_where_the_table_says_that_somebody_is() -> None:
    reminded = {when(each): each.data["to"] for each in course([], at(8, 10, 45)) if each.what == "task_reminded"}

    for instant, said in table("Nobody does anything.").items():
        assert ("reminded" in said) == (instant in reminded), instant
        assert all(who in said for who in reminded.get(instant, ())), instant
