"""What anybody may try about remedies, in any order, and what must hold whatever they try: for rules and for records.

A machine of either kind says how a thing is tried (`try_it`), how what was granted is delivered (`deliver`), and what
stands (`cases`). What is right is said here once more in other words than the product's: nothing of its judgement is
asked.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.recovery import Case
from domain.recovery_actions import Approved, CaseAction, Declined, Delivered, NotDelivered, Proposed, Withdrawn
from domain.remedies import Remedy
from domain.remedy_policy import Severity
from tests.domain.remedies import MONDAY

EVERYBODY = ("ada", "bob", "lea", "max", "hal", "operator", "care", "stranger")
# By role, how much they may grant; `deputy` stands in for the lead.
LIMITS = {"lead": Decimal(250), "manager": Decimal(1000), "head": Decimal(10**9)}
ROLES = {"lead": "lea", "manager": "max", "head": "hal"}
DEPUTIES = {"lea": "bob", "max": "lea"}
CAP, CAP_DAYS, TIMES, TIMES_DAYS, AGAIN_DAYS = Decimal(1500), 365, 4, 90, 90
GIVES: dict[str, object] = {
    "types": {
        "apology": {"label": "our apology", "counts": False},
        "voucher": {"label": "a voucher", "by": "voucher"},
        "points": {"label": "points", "by": "points"},
        "refund": {"label": "your money back", "by": "webhook", "endpoint": "shop"},
        "gift": {"label": "a gift", "by": "person"},
    },
    "bands": [
        {"severity": ["S1"], "offer": ["refund", "voucher", "points", "gift", "apology"], "most": "1200"},
        {"severity": ["S3"], "offer": ["voucher", "gift", "apology"], "most": "100"},
    ],
    "caps": [{"most": str(CAP), "in": f"{CAP_DAYS} days"}, {"times": TIMES, "in": f"{TIMES_DAYS} days"}],
}
MOST = {"S1": Decimal(1200), "S3": Decimal(100)}
SEVERITY: dict[str, Severity] = {"one": "S1", "other": "S1", "mild": "S3"}

CASES = st.sampled_from(sorted(SEVERITY))
PEOPLE = st.sampled_from(EVERYBODY)
KINDS = st.sampled_from(["apology", "voucher", "points", "refund", "gift", "cake"])
AMOUNTS = st.sampled_from([0, 1, 49.99, 50, 50.01, 100, 250, 250.01, 600, 1000, 1000.01, 1200, 1201])
KEYS = st.integers(0, 3)


class Giving(RuleBasedStateMachine):
    """Three cases of one customer, one of them mild; people, time and retries in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.roles = dict(ROLES)
        self.tried = 0
        self.last: tuple[str, CaseAction, str] | None = None
        self.granted: dict[str, tuple[Remedy, dict[str, str], datetime]] = {}

    def cases(self) -> dict[str, Case]:
        raise AssertionError("a machine knows its cases")

    def try_it(self, case: str, action: CaseAction, key: str) -> str | None:
        raise AssertionError("a machine tries things")

    def deliver(self, case: str, remedy: str, succeeds: bool) -> None:
        raise AssertionError("a machine delivers")

    def ring(self) -> None:
        raise AssertionError("a machine's clocks ring")

    def hire(self) -> None:
        """Roles have changed."""

    def remedies(self) -> list[tuple[str, Remedy]]:
        return [(name, remedy) for name, case in self.cases().items() for remedy in case.remedies]

    def do(self, case: str, action: CaseAction, key: str) -> None:
        self.last = (case, action, key)
        self.try_it(case, action, key)

    @rule(case=CASES, by=PEOPLE, kind=KINDS, amount=AMOUNTS)
    def propose(self, case: str, by: str, kind: str, amount: float) -> None:
        self.tried += 1
        self.do(case, Proposed(by=by, kind=kind, amount=Decimal(str(amount))), f"key-{self.tried}")

    @rule(case=CASES, by=PEOPLE, amount=AMOUNTS, key=KEYS)
    def propose_under_a_key_that_was_used(self, case: str, by: str, amount: float, key: int) -> None:
        self.do(case, Proposed(by=by, kind="voucher", amount=Decimal(str(amount))), f"key-{key}")

    @rule(case=CASES, by=st.sampled_from(EVERYBODY[:5]), kind=st.sampled_from(["voucher", "gift", "points"]))
    def propose_a_little(self, case: str, by: str, kind: str) -> None:
        self.tried += 1
        self.do(case, Proposed(by=by, kind=kind, amount=Decimal(40)), f"key-{self.tried}")

    @rule(
        case=st.sampled_from(["one", "other"]),
        by=st.sampled_from(EVERYBODY[:5]),
        kind=st.sampled_from(["refund", "gift"]),
    )
    def propose_much(self, case: str, by: str, kind: str) -> None:
        self.tried += 1
        self.do(case, Proposed(by=by, kind=kind, amount=Decimal(600)), f"key-{self.tried}")

    @rule(by=PEOPLE, which=st.integers(0, 20))
    def approve(self, by: str, which: int) -> None:
        self._approve(by, self._any(which, "asked"))

    @rule(by=PEOPLE, which=st.integers(0, 20))
    def approve_in_another_case_or_again(self, by: str, which: int) -> None:
        found = self._any(which)
        if found is not None:
            self._approve(by, ("other", found[1]))

    @rule(which=st.integers(0, 20))
    def everybody_approves(self, which: int) -> None:
        found = self._any(which, "asked")
        for by in EVERYBODY:
            self._approve(by, found)

    def _approve(self, by: str, found: tuple[str, Remedy] | None) -> None:
        if found is not None:
            self.tried += 1
            self.do(found[0], Approved(by=by, remedy=found[1].id), f"key-{self.tried}")

    @rule(by=PEOPLE, which=st.integers(0, 20), kind=st.sampled_from([Declined, Withdrawn, Delivered, NotDelivered]))
    def decide_otherwise(self, by: str, which: int, kind: Any) -> None:
        found = self._any(which)
        if found is not None:
            self.tried += 1
            self.do(found[0], kind(by=by, remedy=found[1].id, note="so it is"), f"key-{self.tried}")

    @rule()
    def the_same_again(self) -> None:
        if self.last is not None:
            before = self.cases()
            refusal = self.try_it(*self.last)
            assert refusal is not None or _without_clock(self.cases()) == _without_clock(before)

    @rule(which=st.integers(0, 20), succeeds=st.booleans(), times=st.integers(1, 2))
    def a_delivery(self, which: int, succeeds: bool, times: int) -> None:
        found = self._any(which, "approved")
        for _ in range(times if found is not None else 0):
            assert found is not None
            self.deliver(found[0], found[1].id, succeeds)

    @rule(hours=st.sampled_from([0, 1, 4, 24, 24 * 30, 24 * 91, 24 * 366]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.ring()

    @rule(role=st.sampled_from(sorted(ROLES)), who=st.sampled_from(EVERYBODY[:5]))
    def somebody_else_has_a_role(self, role: str, who: str) -> None:
        self.roles[role] = who
        self.hire()

    def _any(self, which: int, state: str | None = None) -> tuple[str, Remedy] | None:
        known = [each for each in self.remedies() if state in (None, each[1].state)]
        return known[which % len(known)] if known else None

    @invariant()
    def whatever_is_granted_somebody_else_may_grant(self) -> None:
        for name, remedy in self.remedies():
            if remedy.state not in ("approved", "delivered", "failed") or remedy.id in self.granted:
                continue
            self.granted[remedy.id] = (remedy, dict(self.roles), self.now)
            assert remedy.amount <= MOST[SEVERITY[name]], "above the band"
            if remedy.decided_by is None:
                assert remedy.amount <= 50, "above what nobody has to say yes to"
                assert not self._lately(remedy), "a second one, and nobody asked"
            else:
                assert remedy.decided_by != remedy.proposed_by, "their own"
                assert remedy.amount <= self._limit(remedy.decided_by), "above their limit"

    def _limit(self, who: str) -> Decimal:
        """Return how much somebody may grant at the most, by what they are now, or whom they stand in for."""
        mine = {who} | {person for person, deputy in DEPUTIES.items() if deputy == who}
        return max((LIMITS[role] for role, holder in self.roles.items() if holder in mine), default=Decimal(0))

    def _lately(self, remedy: Remedy) -> bool:
        if not remedy.amount:
            return False
        since = remedy.proposed_at - timedelta(days=AGAIN_DAYS)
        known = [each for _, each in self.remedies() if each.id != remedy.id and each.amount]
        # One that has failed meanwhile counted then; one that was given after it did not.
        order = list(self.granted)
        return any(
            since < each.proposed_at <= remedy.proposed_at
            and each.state in ("approved", "delivered")
            and each.id in order
            and order.index(each.id) < order.index(remedy.id)
            for each in known
        )

    @invariant()
    def no_cap_is_passed(self) -> None:
        money = sorted(
            (each.proposed_at, each.amount)
            for _, each in self.remedies()
            if each.amount and each.state in ("asked", "approved", "delivered")
        )
        for at, _ in money:
            year = [amount for when, amount in money if at - timedelta(days=CAP_DAYS) < when <= at]
            assert sum(year) <= CAP
            assert sum(at - timedelta(days=TIMES_DAYS) < when <= at for when, _ in money) <= TIMES

    @invariant()
    def what_is_settled_stays_so(self) -> None:
        now = {remedy.id: remedy for _, remedy in self.remedies()}
        for id, (remedy, _, _) in self.granted.items():
            assert now[id].amount == remedy.amount
            assert now[id].decided_by == remedy.decided_by
            assert now[id].state in ("approved", "delivered", "failed")


def _without_clock(cases: dict[str, Case]) -> dict[str, object]:
    return {name: case.remedies for name, case in cases.items()}
