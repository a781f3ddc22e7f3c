"""No order of proposals, answers, time, absences, roles and retries gives more than may be given, or gives twice."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from domain.recovery import Case, Ground, Moved, Write
from domain.recovery_actions import CaseAction
from domain.recovery_doing import done, refused
from domain.recovery_ringing import rung
from domain.remedies import COUNTED, Given, Spent
from domain.remedy_moves import settled, to_deliver
from domain.teams import Absence
from tests.domain.giving import DEPUTIES, GIVES, ROLES, SEVERITY, Giving
from tests.domain.remedies import PEOPLE, case, policy, staff

POLICY = policy(**GIVES)
COLLEAGUES: dict[str, object] = {key: {**PEOPLE[key], "deputy": deputy} for key, deputy in DEPUTIES.items()}


class Rules(Giving):
    """The rules alone: cases are values, and whoever keeps them knows what was told under which key."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Case] = {name: case(severity, id=name) for name, severity in SEVERITY.items()}
        self.offers: Counter[str] = Counter()
        self.staff = staff(COLLEAGUES, **self.roles)

    def cases(self) -> dict[str, Case]:
        return self.kept

    def try_it(self, case: str, action: CaseAction, key: str) -> str | None:
        ground = self._ground(case)
        refusal = refused(self.kept[case], action, ground)
        if refusal is None:
            self._keep(case, done(self.kept[case], action, ground, key))
        return refusal

    def deliver(self, case: str, remedy: str, succeeds: bool) -> None:
        if remedy in [each.id for each in to_deliver(self.kept[case])]:
            self._keep(case, settled(self.kept[case], remedy, succeeds, "" if succeeds else "no", self.now))

    def ring(self) -> None:
        for name in self.kept:
            self._keep(name, rung(self.kept[name], self._ground(name)))

    def hire(self) -> None:
        self.staff = replace(staff(COLLEAGUES, **self.roles), absences=self.staff.absences)

    @rule(who=st.sampled_from(sorted(ROLES.values())), days=st.sampled_from([0, 1, 30]))
    def somebody_is_away(self, who: str, days: int) -> None:
        away = (Absence(self.now, self.now + timedelta(days=days)),) if days else ()
        self.staff = replace(self.staff, absences={**self.staff.absences, who: away})

    def _ground(self, case: str) -> Ground:
        given = tuple(
            Given(id=each.id, case=name, kind=each.kind, amount=each.amount, at=each.proposed_at)
            for name, each in self.remedies()
            if each.amount and each.state in COUNTED
        )
        return Ground(POLICY, self.staff, self.now, Spent(given=given))

    def _keep(self, name: str, moved: Moved) -> None:
        self.kept[name] = moved.state
        for deed in moved.deeds:
            if isinstance(deed, Write) and deed.letter == "offer":
                self.offers[deed.key] += 1
                assert self.offers[deed.key] == 1, "the customer is told once"


def test_no_order_of_deeds_gives_more_than_may_be_given() -> None:
    run_state_machine_as_test(Rules, settings=settings(max_examples=40, stateful_step_count=30))


@pytest.mark.large
def test_no_long_order_of_deeds_gives_more_than_may_be_given() -> None:
    run_state_machine_as_test(Rules, settings=settings(max_examples=3000, stateful_step_count=60))
