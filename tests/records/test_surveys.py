"""At most one survey of a contact in a week, whoever asks, on real records and by several workers at once."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from domain.needs import Later, Sent
from records.case_models import CaseLetter, ServiceCase
from records.contacts import find_or_make
from records.models import Message
from records.session import Database
from records.surveys import last_survey
from tests.records.dispatch import MAIL, NOW, Dispatch, home

pytestmark = pytest.mark.system

DAY = timedelta(days=1)
ANN = "ann@customer.example"
NAMES = [f"s{number}" for number in range(5)]
FILES = home(**{name: f"steps: [{{send: t/{name}}}]" for name in NAMES}, answer="steps: [{send: t/answer}]") | {
    f"templates/email/t/{name}.html": f"---\nclass: service\nsurvey: asked\n---\n{MAIL}" for name in NAMES
}
FILES["policies/surveys.yaml"] = "surveys: {asked: {kind: csat, waits: 30 days}}\n"


@pytest.fixture
def office(main: Database) -> Iterator[Dispatch]:
    other = Database(main.url)
    yield Dispatch([main, other], FILES)
    other.close()


def last(office: Dispatch, but_case: str | None = None) -> datetime | None:
    def ask(session: Session) -> datetime | None:
        return last_survey(session, find_or_make(session, {"email": ANN}, "test", NOW).id, but_case)

    return office.workers[0].write_now(ask)


async def test_sequences_that_ask_in_the_same_second_ask_once_and_the_others_wait_for_their_week(
    office: Dispatch,
) -> None:
    runs = [office.enrol(name, [ANN])[0] for name in NAMES]
    office.taker.slow = 0.005

    found = await asyncio.gather(*(office.ask([run], number % 2) for number, run in enumerate(runs)))

    outcomes = [each for part in found for each in part.values()]
    assert outcomes.count(Sent("accepted")) == 1
    assert outcomes.count(Later(NOW + 7 * DAY, "one survey in 7 days")) == len(NAMES) - 1
    assert len(office.taker.taken) == 1
    assert last(office) == NOW

    await office.live()

    left = [at for at, _ in office.left()]
    assert [at - NOW for at in left] == [number * 7 * DAY for number in range(5)], "each gets its turn, none is lost"


async def test_the_ledger_says_which_message_asked_and_others_are_not_held(office: Dispatch) -> None:
    [asks], [answer] = office.enrol("s0", [ANN]), office.enrol("answer", [ANN])

    assert list((await office.ask([asks, answer])).values()) == [Sent("accepted")] * 2

    assert sorted(str(row.survey) for row in office.read(Message)) == ["None", "asked"]
    [decision] = [row for row in office.said(asks) if row.did == "sent"]
    assert dict(decision.more["asked"])["survey"] == "not asked in the last 7 days"


async def test_a_message_that_never_left_asked_nobody(office: Dispatch) -> None:
    [first], [second] = office.enrol("s0", [ANN]), office.enrol("s1", [ANN])
    await office.ask([first])

    def refuse(session: Session) -> None:
        row = session.get(Message, office.messages_id(first))
        assert row is not None
        row.state = "refused"
        session.add(row)

    office.workers[0].write_now(refuse)

    assert last(office) is None
    assert await office.ask([second]) == {second: Sent("accepted")}


async def test_a_letter_of_a_case_that_has_not_left_yet_counts_for_other_cases(office: Dispatch) -> None:
    def write(session: Session) -> None:
        contact = find_or_make(session, {"email": ANN}, "test", NOW)
        session.add(ServiceCase(id="k1", number=1, contact_id=contact.id, title="Late", incident="o1", opened_at=NOW))
        session.flush()
        for key, letter in (("survey/1", "survey"), ("update/1", "update")):
            session.add(CaseLetter(case_id="k1", contact_id=contact.id, key=key, letter=letter, written_at=NOW))

    office.workers[0].write_now(write)

    assert (last(office), last(office, "k1"), last(office, "k2")) == (NOW, None, NOW)
