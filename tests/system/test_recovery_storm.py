"""Complaints in the middle of a newsletter, and `kill -9` of worker and web at random: every case is answered,
promised, made good once and closed, no marketing leaves while one is open, and none is lost after it.
"""

import asyncio
import random
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from domain.case_letters import TEMPLATES_OF_LETTERS
from domain.recovery_actions import CaseAction, Contacted, Diagnosed, Proposed, Resolved
from records.case_models import CaseLetter, CasePromise, CaseRemedy, ServiceCase
from records.case_rows import case_of
from records.ledger import LEFT
from records.models import Contact, Enrolment, Message
from records.remedy_models import Voucher
from starter.acting import Desk, OutOfReach, Refused, connecting
from tests.system.authored import FORM, LETTER, sequence
from tests.system.company import Company, founded
from tests.system.waiting import until

pytestmark = pytest.mark.system

MANY, FEW = 24, 6
TEAMS = """
    people:
      ada: {name: Ada, email: ada@acme.example}
      bob: {name: Bob, email: bob@acme.example}
      lea: {name: Lea, email: lea@acme.example}
    teams:
      care: {email: care@acme.example, members: [ada, bob], lead: lea}
"""
# Four hours are two seconds here.
RECOVERY = """
    team: care
    open: {complaint: {on: form_submitted, when: event.form == 'complaint', title: A complaint}}
    otherwise: S3
    clocks:
      S3: {acknowledge: 20 seconds, accept: 5 seconds, contact: 10 seconds, update: 15 seconds, resolve: 30 seconds}
    causes: {late: Late}
    reassign_after: 5 seconds
    remedies:
      types: {voucher: {label: a voucher, by: voucher}}
      bands: [{offer: [voucher], most: 100}]
    resolution: {close_after: 3 seconds}
    ask: {after: 1 second}
    afterwards: {bought: []}
    learn: {cases: 1000}
"""
TIPS = """
- send: letters/one
- wait: 4 seconds
- send: letters/two
- wait: 4 seconds
- send: letters/three
"""
STEPS = ("one", "two", "three")


def home() -> dict[str, str]:
    files = {f"templates/email/{each}.html": _letter(each, "service") for each in TEMPLATES_OF_LETTERS}
    files |= {f"templates/email/letters/{each}.html": _letter(each, "marketing") for each in STEPS}
    return files | {
        "policies/teams.yaml": TEAMS,
        "policies/recovery.yaml": RECOVERY,
        "policies/forms/complaint.yaml": FORM + "    complaint: true\n",
        "policies/forms/tips.yaml": FORM,
        "sequences/tips.yaml": sequence("tips", TIPS),
    }


def _letter(name: str, class_: str) -> str:
    return LETTER.format(class_=class_, subject=name.rpartition("/")[2])


class Care:
    """What is done: forms, the work of our people, and parts that die."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self.company, self.chance = company, chance
        self.complained: list[str] = []

    def submit(self, form: str, email: str) -> bool:
        """Whether the form was answered; a form service would send it again where nobody was there."""
        with suppress(OSError):
            return self.company.submit(form, email, first_name="Ann").status == 202
        return False

    def kill(self) -> None:
        with suppress(Exception):
            self.company.stack.kill(self.chance.choice(["worker", "worker", "web"]))

    async def work(self, desk: Desk) -> None:
        """Somebody does the next thing about a case that is open."""
        rows = [row for row in self.read(select(ServiceCase)) if case_of(row).is_open]
        if rows:
            row = self.chance.choice(rows)
            await self.act(desk, row.id, self.next_action(row))

    def next_action(self, row: ServiceCase) -> CaseAction:
        case = case_of(row)
        if case.promise("contact") is not None:
            return Contacted(by="ada")
        if not case.remedies:
            return Proposed(by="ada", kind="voucher", amount=Decimal(40), note="They waited")
        return Diagnosed(by="bob", cause="late") if case.cause is None else Resolved(by="ada")

    async def act(self, desk: Desk, case: str, action: CaseAction) -> None:
        """Have it done; where nobody answers it is asked again with the same key."""
        key = str(uuid.uuid4())
        for _ in range(5):
            with suppress(OutOfReach):
                with suppress(Refused):
                    await desk.act_on_case(case, action, key)
                return

    def read(self, wanted: Any) -> list[Any]:
        return self.company.main.read_now(lambda session: list(session.exec(wanted).all()))


@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("seed", "cases"), [(1, FEW), *(pytest.param(seed, MANY, marks=pytest.mark.large) for seed in (1, 2, 3))]
)
def test_whatever_dies_every_case_is_made_good_once_and_marketing_waits_and_is_not_lost(
    tmp_path: Path, seed: int, cases: int
) -> None:
    with founded(tmp_path) as company:
        said = company.edit_all(home())
        assert all(line.startswith("published") for line in said), said
        care = Care(company, random.Random(seed))

        asyncio.run(_a_day(care, cases))
        for part in ("temporal", "worker", "web"):
            company.stack.wait_until_ready(part, within=60)
        company.drained(within=60)
        asyncio.run(_the_rest(care))
        until(lambda: not care.read(_going()), "the end of every case and every run", within=150, every=0.5)

        _every_complaint_has_a_case(care, cases)
        _every_promise_and_letter_is_there_once(care)
        _what_was_granted_was_given_once(care)
        _no_marketing_left_while_a_case_was_open_and_none_was_lost(care)


async def _a_day(care: Care, cases: int) -> None:
    desk = Desk(connecting(care.company.settings), care.company.main, patience=timedelta(seconds=5))
    for number in range(cases):
        email = f"care-{number}@customer.example"
        await asyncio.to_thread(until, partial(care.submit, "tips", email), f"an answer to {email}", 60, 0.1)
        await asyncio.sleep(care.chance.uniform(0.1, 1.0))  # the day's own rhythm; nothing is waited for
        if await asyncio.to_thread(care.submit, "complaint", email):
            care.complained.append(email)
        await care.work(desk)
        if number % 3 == 1:
            await asyncio.to_thread(care.kill)


async def _the_rest(care: Care) -> None:
    """Our people go on until no case is open, and parts go on dying now and then."""
    desk = Desk(connecting(care.company.settings), care.company.main, patience=timedelta(seconds=10))
    async with asyncio.timeout(240):
        while any(case_of(row).is_open for row in care.read(select(ServiceCase))):
            await care.work(desk)
            if care.chance.random() < 0.03:
                await asyncio.to_thread(care.kill)


def _going() -> Any:
    """Select what has not come to its end: cases by their ids, runs by theirs."""
    cases = select(ServiceCase.id).where(
        col(ServiceCase.released_at).is_(None) | col(ServiceCase.asked_at).is_not(None)
    )
    return cases.union(select(Enrolment.id).where(col(Enrolment.ended_at).is_(None)))


def _every_complaint_has_a_case(care: Care, cases: int) -> None:
    assert len(care.complained) > cases / 2
    whose = care.read(select(Contact.email).join(ServiceCase, col(ServiceCase.contact_id) == col(Contact.id)))
    assert set(care.complained) <= set(whose), "who was answered 202 has a case"
    assert max(Counter(whose).values()) == 1
    numbers = care.read(select(ServiceCase.number))
    assert len(set(numbers)) == len(numbers)


def _every_promise_and_letter_is_there_once(care: Care) -> None:
    for row in care.read(select(ServiceCase)):
        rang = Counter(each.key for each in case_of(row).rang)
        assert max(rang.values(), default=1) == 1
    for promise in care.read(select(CasePromise)):
        assert promise.kept_at is not None or promise.dropped_at is not None, f"{promise.name} was forgotten"
    letters = care.read(select(CaseLetter))
    for letter in ("acknowledged", "offer", "resolved", "survey", "closed"):
        mine = [each for each in letters if each.letter == letter]
        assert len(mine) == len(care.read(select(ServiceCase))), f"{letter}: one for each case"
    assert all(each.settled_at is not None for each in letters)
    sent = Counter(care.read(select(Message.enrolment_id).where(col(Message.state).in_(LEFT))))
    assert max(sent[each.enrolment_id] for each in letters) == 1


def _what_was_granted_was_given_once(care: Care) -> None:
    remedies = care.read(select(CaseRemedy))
    assert {each.state for each in remedies} == {"delivered"}
    assert len(remedies) == len(care.read(select(ServiceCase))), "one for each case"
    assert len(care.read(select(Voucher))) == len(remedies)


def _no_marketing_left_while_a_case_was_open_and_none_was_lost(care: Care) -> None:
    suspended = {row.contact_id: (row.opened_at, row.released_at) for row in care.read(select(ServiceCase))}
    tips = care.read(select(Message).where(Message.sequence == "tips", col(Message.state).in_(LEFT)))
    for message in tips:
        opened_at, released_at = suspended.get(message.contact_id, (None, None))
        inside = opened_at is not None and released_at is not None and opened_at < message.handing_over_at < released_at
        assert not inside, f"{message.step} left while a case was open"
    runs = care.read(select(Enrolment).where(Enrolment.sequence == "tips"))
    assert Counter(each.enrolment_id for each in tips) == {run.id: len(STEPS) for run in runs}
    assert {run.end_reason for run in runs} == {"completed"}
