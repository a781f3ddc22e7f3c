"""What is deleted when it has been kept long enough, and what stays, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from activities.forgetting import Forgetting
from domain.keys import link_id
from records import forgetting, links, notices, outbox
from records.inbox import accept, mark_drained, note_failure
from records.inbox_mail import keep as keep_mail
from records.inbox_mail import mail_row
from records.link_models import Link
from records.migrate import migrate_inbox
from records.models import Contact, Inbox, InboxMail, Message
from records.sending_models import Notice, OutboxMessage
from records.session import Database
from tests.records.works import NOON

DAY = timedelta(days=1)
KEPT = 90 * DAY


@pytest.fixture
def received(main: Database) -> Database:
    """The inbox beside the main database: one database here, as on PostgreSQL."""
    migrate_inbox(main.url)
    return main


def at(main: Database, days: int) -> Forgetting:
    return Forgetting(main, main, lambda: NOON + days * DAY, KEPT, KEPT)


def put(database: Database, key: str, *, drained: bool, day: int = 0, parked: bool = False) -> None:
    row = Inbox(key=key, kind="form", source="test", received_at=NOON + day * DAY, body={"answers": {"email": "a@b"}})

    def work(session: Session) -> None:
        assert accept(session, row)
        assert row.id is not None
        for _ in range(3 * parked):
            note_failure(session, row.id, "broken", NOON)
        if drained:
            mark_drained(session, [row.id], NOON)

    database.write_now(work)


def bodies(database: Database) -> dict[str, bool]:
    rows = database.read_now(lambda session: session.exec(select(Inbox)).all())
    return {row.key: bool(row.body) for row in rows}


async def test_what_came_in_is_emptied_once_it_is_drained_and_a_repeat_is_still_known(
    received: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "MOST", 2)
    put(received, "parked", drained=False, parked=True)
    for number in range(5):
        put(received, f"old/{number}", drained=True)
    put(received, "young", drained=True, day=2)

    await at(received, 91).look()

    assert bodies(received) == {f"old/{number}": False for number in range(5)} | {"parked": True, "young": True}
    again = Inbox(key="old/3", kind="form", source="test", received_at=NOON, body={"x": 1})
    assert received.write_now(lambda session: accept(session, again)) is False


async def test_the_bytes_of_mail_go_and_its_row_stays(received: Database) -> None:
    row = mail_row(b"Subject: Hi\r\n\r\n", "", ["b@in.example"], "smtp", NOON)
    received.write_now(lambda session: keep_mail(session, row, b"Subject: Hi\r\n\r\n"))
    received.write_now(lambda session: mark_drained(session, [row.id or 0], NOON))

    await at(received, 89).look()
    assert len(received.read_now(lambda session: session.exec(select(InboxMail)).all())) == 1
    await at(received, 91).look()

    assert received.read_now(lambda session: session.exec(select(InboxMail)).all()) == []
    assert list(bodies(received)) == [row.key]


async def test_the_outbox_forgets_its_oldest_and_the_ledger_nothing(received: Database) -> None:
    def work(session: Session) -> None:
        session.add(Contact(id="c1", created_at=NOON, updated_at=NOON))
        session.flush()
        for number in range(3):
            told: dict[str, Any] = {
                "send_key": f"k{number}",
                "contact_id": "c1",
                "channel": "sms",
                "template": "t/a",
                "bundle": "b",
            }
            more: dict[str, Any] = {"class_": "service", "message_id": f"<{number}@x>", "state": "accepted"}
            session.add(Message(id=f"m{number}", **told, **more))
            session.flush()
            outbox.keep(session, outbox.of(f"m{number}", "sms", "us", "+49", "Hi", NOON + number * DAY))

    received.write_now(work)

    await at(received, 91).look()

    left = received.read_now(lambda session: session.exec(select(OutboxMessage.id)).all())
    assert sorted(left) == ["m1", "m2"]
    assert len(received.read_now(lambda session: session.exec(select(Message)).all())) == 3


async def test_a_notice_that_was_seen_goes_and_one_that_nobody_saw_stays(received: Database) -> None:
    def work(session: Session) -> None:
        for cause in ("seen", "unseen", "back"):
            notices.note(session, cause, "test", "what", NOON)
        seen = session.exec(select(Notice).where(col(Notice.cause) != "unseen")).all()
        notices.mark_seen(session, seen, NOON)
        notices.note(session, "back", "test", "what", NOON + 30 * DAY)

    received.write_now(work)

    await at(received, 91).look()

    left = received.read_now(lambda session: session.exec(select(Notice.cause)).all())
    assert sorted(left) == ["back", "unseen"]


async def test_a_link_goes_three_years_after_it_stood_in_a_message_last(received: Database) -> None:
    old, used = [(link_id(url), url, url) for url in ("https://a.example/old", "https://a.example/used")]
    received.write_now(lambda session: links.keep(session, [old, used], NOON))
    received.write_now(lambda session: links.keep(session, [used], NOON + 29 * DAY))
    assert _noted(received, used[0]) == 0, "a link of every mail is not written for each of them"
    received.write_now(lambda session: links.keep(session, [used], NOON + 700 * DAY))

    await at(received, 3 * 366).look()
    assert received.read_now(lambda session: links.find(session, old[0])) is not None
    await at(received, 3 * 366 + 1).look()

    assert received.read_now(lambda session: links.find(session, old[0])) is None
    assert _noted(received, used[0]) == 700


def _noted(database: Database, id: str) -> int:
    row: Link | None = database.read_now(lambda session: links.find(session, id))
    assert row is not None
    return (row.noted_at - NOON).days
