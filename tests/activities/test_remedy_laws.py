"""On real records, too, no order of deeds and retries gives more than may be given, or gives twice."""

import asyncio
from collections import Counter, deque
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from sqlmodel import select

from channels.base import Refused, Unknown
from domain.recovery import Case
from domain.recovery_actions import CaseAction
from records.case_models import CaseLetter
from records.remedy_models import PointsEntry
from records.session import Database
from tests.activities.making_good import MakingGood, files
from tests.databases import lay_down
from tests.domain.giving import DEPUTIES, GIVES, SEVERITY, Giving
from tests.domain.remedies import PEOPLE, TEAM

COLLEAGUES = {key: {**PEOPLE[key], **({"deputy": DEPUTIES[key]} if key in DEPUTIES else {})} for key in PEOPLE}


class Records(Giving):
    """The records: each deed is a transaction, deliveries go to a shop that sometimes says no, or is not heard."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Case] = {}
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name)}/records.db"
        lay_down("main", url)
        self.database = Database(url)
        self.work = MakingGood(self.database, now=self.now)
        self.hire()
        self.ids = {name: self.work.open(name, severity) for name, severity in SEVERITY.items()}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def cases(self) -> dict[str, Case]:
        if not self.seen:
            self.seen = {name: self.work.case(id) for name, id in self.ids.items()}
        return self.seen

    def try_it(self, case: str, action: CaseAction, key: str) -> str | None:
        self.work.now, self.seen = self.now, {}
        return self.work.act(self.ids[case], action, key)

    def deliver(self, case: str, remedy: str, succeeds: bool) -> None:
        self.work.now, self.seen = self.now, {}
        self.work.shop.answers = deque([] if succeeds else [Unknown("lost"), Refused("no", "422")])
        self.work.shop.lost = deque([True])
        asyncio.run(self.work.deliver(self.ids[case], remedy))
        self.work.shop.answers.clear()

    def ring(self) -> None:
        self.work.now, self.seen = self.now, {}
        for id in self.ids.values():
            self.work.look(id)

    def hire(self) -> None:
        self.work.now = self.now
        self.work.publish(files(COLLEAGUES, {**TEAM, **self.roles}, **GIVES))

    @invariant()
    def what_was_given_is_what_was_granted_once(self) -> None:
        remedies = {remedy.id: remedy for _, remedy in self.remedies()}
        assert {row.id: row.state for row in self.work.remedies()} == {id: each.state for id, each in remedies.items()}
        for voucher in self.work.vouchers():
            remedy = remedies[voucher.remedy_id]
            assert Decimal(voucher.hundredths) / 100 == remedy.amount
            assert (voucher.voided_at is None) == (remedy.state != "failed")
        for id in self.work.shop.stands:
            assert remedies[id].state in ("approved", "delivered"), "paid, and not taken back"
        points = self.database.read_now(lambda session: session.exec(select(PointsEntry.key, PointsEntry.change)).all())
        for key, change in points:
            assert abs(change) == remedies[key.split("/")[1]].amount * 100
        offers = self.database.read_now(lambda session: session.exec(select(CaseLetter.key, CaseLetter.letter)).all())
        told = Counter(key.split("/")[1] for key, letter in offers if letter == "offer")
        assert all(count == 1 and remedies[id].state == "delivered" for id, count in told.items())


def test_no_order_of_deeds_gives_more_than_may_be_given() -> None:
    run_state_machine_as_test(Records, settings=settings(max_examples=2, stateful_step_count=12))


@pytest.mark.large
def test_no_long_order_of_deeds_gives_more_than_may_be_given() -> None:
    run_state_machine_as_test(Records, settings=settings(max_examples=150, stateful_step_count=40))
