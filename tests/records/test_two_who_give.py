"""Two who give to one customer at the same moment, in two cases or in one: no cap is passed, nothing is given twice."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Barrier, Thread

import pytest

from domain.recovery_actions import Approved, Declined, Proposed
from records.session import Database
from tests.activities.making_good import MakingGood, files

ROUNDS = 3


@pytest.fixture
def workers(main: Database) -> Iterator[tuple[MakingGood, MakingGood]]:
    """Two workers of one company: each has a database of its own, which is the same."""
    other = Database(main.url)
    first = MakingGood(main)
    first.publish(files(caps=[{"most": "100", "in": "12 months"}]))
    second = MakingGood(other, shop=first.shop, publishes=False)
    yield first, second
    other.close()


def at_once(*deeds: Callable[[], object]) -> None:
    """Do several things at one moment."""
    gate, failed = Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        gate.wait(30)
        try:
            deed()
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=run, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


def test_two_cases_of_one_customer_never_pass_a_cap_together(workers: tuple[MakingGood, MakingGood]) -> None:
    one, other = workers
    for number in range(ROUNDS):
        first, second = one.open(f"a{number}"), one.open(f"b{number}")

        def propose(work: MakingGood, case: str, number: int = number) -> Callable[[], object]:
            return lambda: work.act(case, Proposed(by="ada", kind="voucher", amount=Decimal(30)), f"{case}-{number}")

        at_once(propose(one, first), propose(other, second))

    counted = [row for row in one.remedies() if row.state in ("asked", "approved")]
    assert [row.hundredths for row in counted] == [3000] * 3, "a fourth would be above 100"
    assert [row.level for row in counted].count("agent") == 1, "who comes second sees the first"


def test_a_yes_and_a_no_at_once_are_one_of_both(workers: tuple[MakingGood, MakingGood]) -> None:
    one, other = workers
    case = one.open("order 7")
    remedy = one.propose(case, "voucher", 100)

    at_once(
        lambda: one.act(case, Approved(by="lea", remedy=remedy.id), "yes"),
        lambda: other.act(case, Declined(by="max", remedy=remedy.id, note="no"), "no"),
    )

    names = one.timeline()
    assert names.count("case_remedy_approved") + names.count("case_remedy_refused") == 1


@pytest.mark.parametrize("kind", ["voucher", "points", "refund"])
def test_two_who_deliver_one_remedy_give_it_once(workers: tuple[MakingGood, MakingGood], kind: str) -> None:
    one, _ = workers
    case = one.open("order 7")
    remedy = one.grant(case, kind, 40)

    at_once(*(lambda work=work: asyncio.run(work.deliver_at_last(case, remedy.id)) for work in workers))

    given = {"voucher": len(one.vouchers()), "points": one.points() // 4000, "refund": len(one.shop.stands)}
    assert given == {each: int(each == kind) for each in given}
    assert {id for id, _ in one.shop.heard} <= {remedy.id}
    assert one.timeline().count("case_remedy_delivered") == 1
