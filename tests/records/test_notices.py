"""The operator is told once a cause and hour, where there is an operator and mail goes."""

from datetime import datetime, timedelta
from email.parser import BytesParser
from email.policy import default

import pytest

from activities.telling import Telling
from channels.base import Unavailable
from records import channel_states, notices
from records.sending_models import Notice
from records.session import Database
from tests.records.dispatch import NEWS, NOW, Dispatch, home

pytestmark = pytest.mark.system

HOUR = timedelta(hours=1)
CAUSE = "sequence/news/complained/pause"
OPERATOR = "ops@acme.example"


class Office(Dispatch):
    """A company whose operator has an address, or none."""

    def note(self, *, owner: str | None = None) -> bool:
        at = self.now
        what = "sequence news has paused itself"
        return self.workers[0].write_now(
            lambda session: notices.note(session, CAUSE, "paused itself", what, at, owner=owner)
        )

    async def tell(self) -> int:
        clock: datetime = self.now
        return await Telling(self.workers[0], self.published, self.taker, self.settings, lambda: clock).look()


def founded(main: Database, operator: str = OPERATOR) -> Office:
    files = home(news=NEWS)
    said = files["policies/messaging.yaml"]
    files["policies/messaging.yaml"] = said.replace(
        "{name: Acme,", f"{{name: Acme, operator: {operator},", bool(operator)
    )
    return Office([main], files)


async def test_the_operator_and_the_owner_get_one_letter_each_a_cause_and_hour(main: Database) -> None:
    office = founded(main)

    assert [office.note(owner="ann@acme.example") for _ in range(3)] == [True, False, False]
    assert [await office.tell(), await office.tell()] == [1, 0]

    assert [each.recipient for each in office.taker.taken] == [OPERATOR, "ann@acme.example"]
    letter = BytesParser(policy=default).parsebytes(office.taker.taken[0].body)
    assert letter["subject"] == f"Rapport: paused itself: {CAUSE}"
    assert "sequence news has paused itself" in letter.get_content()
    assert "3 times" in letter.get_content()
    office.now += timedelta(minutes=59)
    office.note()
    assert await office.tell() == 0
    office.now = NOW + HOUR
    assert await office.tell() == 1
    [row] = office.read(Notice)
    assert (row.count, row.told_at) == (4, NOW + HOUR)


async def test_nobody_is_told_by_mail_where_there_is_no_operator_or_mail_stands_still(main: Database) -> None:
    office = founded(main, operator="")
    office.note()
    assert await office.tell() == 0

    office.publish({**office.files, **founded(main).files})
    await main.write(lambda session: channel_states.stop(session, "email", "person", "test", NOW))
    assert await office.tell() == 0
    await main.write(lambda session: channel_states.try_again(session, "email", NOW, "test"))
    await main.write(lambda session: channel_states.answered(session, "email", "", NOW + HOUR, True, NOW + HOUR))
    assert await office.tell() == 1


async def test_a_letter_that_was_not_taken_is_tried_again(main: Database) -> None:
    office = founded(main)
    office.note()
    office.taker.says = {"*": [Unavailable("later", "451 4.3.0")]}

    assert [await office.tell(), await office.tell()] == [0, 1]


async def test_two_workers_tell_once(main: Database) -> None:
    office = founded(main)
    office.note()
    [row] = office.read(Notice)

    told = [await main.write(lambda session: notices.tell(session, row, NOW)) for _ in range(2)]

    assert told == [True, False]


async def test_what_was_seen_is_listed_again_only_when_it_happens_again(main: Database) -> None:
    office = founded(main)
    office.note()
    await main.write(lambda session: notices.mark_seen(session, notices.listed(session), NOW))

    assert await main.read(lambda session: len(notices.listed(session))) == 0
    assert await main.read(lambda session: len(notices.listed(session, seen=True))) == 1
    assert office.note() is True
    assert await main.read(lambda session: len(notices.listed(session))) == 1
