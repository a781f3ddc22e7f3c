"""A case on a virtual clock: what makes no sense is refused and seen, what the customer does counts at once."""

from datetime import datetime, timedelta
from decimal import Decimal

from domain.recovery import Case
from domain.recovery_actions import Closed, Contacted, Diagnosed, Proposed, Resolved
from domain.recovery_policy import Recovery
from domain.simulated_deeds import Does, Scored, ToldAgain
from domain.simulated_recovery import Course, simulate
from tests.domain.follow_ups import at, team_of

POLICY = Recovery.model_validate(
    {
        "team": "sales",
        "causes": {"late": "Delivered late"},
        "remedies": {
            "types": {"voucher": {"label": "a voucher", "by": "voucher"}},
            "bands": [{"severity": ["S1", "S2", "S3", "S4"], "offer": ["voucher"], "most": 100}],
        },
    }
)
MONDAY = at(4, 10)


def course(*script: Does, until: datetime = MONDAY + timedelta(days=3)) -> Course:
    clocks = POLICY.clocks_of("S3")
    case = Case(id="case", number=1001, team="sales", severity="S3", clocks=clocks, opened_at=MONDAY)
    return simulate(POLICY, team_of("ann", "ben"), case, script, until)


def hours(count: int) -> datetime:
    return MONDAY + timedelta(hours=count)


def test_what_makes_no_sense_is_refused_with_its_sentence_and_changes_nothing() -> None:
    lived = course(Does(hours(1), Diagnosed(by="ann", cause="lte")))

    assert [line.what for line in lived.lines if line.kind == "refused"] == [
        "'lte' is no cause of policies/recovery.yaml; did you mean 'late'?; known: late"
    ]
    assert lived.case.cause is None


def test_who_acts_on_their_case_has_accepted_it() -> None:
    lived = course(Does(hours(1), Contacted(by="ann")), until=hours(2))

    assert [line.who for line in lived.lines if line.what == "task_accepted"] == [("ann",)]


def test_who_says_that_it_is_not_made_good_opens_it_again_one_severity_higher() -> None:
    lived = course(Does(hours(1), Resolved(by="ann", text="Done")), Does(hours(30), Scored(1)))

    assert (lived.case.stage, lived.case.severity, lived.case.rounds) == ("open", "S2", 2)
    assert [line.what for line in lived.lines if line.kind == "letter"] == [
        "acknowledged", "resolved", "survey", "reopened"
    ]  # fmt: skip
    assert [key for key, task in lived.tasks.items() if task.ended_at is None] == ["case/2"]


def test_what_is_told_again_and_is_worse_gives_it_the_worse_severity() -> None:
    lived = course(Does(hours(1), ToldAgain("S1")), until=hours(1))

    assert (lived.case.severity, lived.case.joined) == ("S1", 1)
    assert lived.case.promises[-1].target == POLICY.clocks_of("S1").diagnose


def test_what_is_granted_is_delivered_and_then_told() -> None:
    lived = course(Does(hours(1), Proposed(by="ann", kind="voucher", amount=Decimal(20))), until=hours(1))

    assert [each.state for each in lived.case.remedies] == ["delivered"]
    assert [line.what for line in lived.lines if line.kind == "letter"] == ["acknowledged", "offer"]


def test_nothing_rings_any_more_once_it_is_over() -> None:
    lived = course(Does(hours(1), Closed(by="ann", outcome="no complaint at all")), until=at(30))

    assert lived.case.over_at == hours(1)
    assert lived.next_at() is None
