"""Mail lies beside its row: kept once, read from its beginning, deleted when it has been kept long enough."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from records.inbox import mark_drained
from records.inbox_mail import bytes_of, forget, keep, mail_row
from records.models import Inbox
from records.session import Database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MAIL = b"Subject: Hi\r\n\r\n\x00\xff and more\r\n"


def put(inbox: Database, raw: bytes = MAIL, to: str = "b@in.example", at: datetime = NOW) -> tuple[bool, int | None]:
    row = mail_row(raw, "", [to], "smtp", at)
    return inbox.write_now(lambda session: keep(session, row, raw)), row.id


def test_the_same_mail_in_the_same_envelope_is_kept_once(inbox: Database) -> None:
    fresh, id = put(inbox)
    again, _ = put(inbox, at=NOW + DAY)
    other, _ = put(inbox, to="c@in.example")

    assert (fresh, again, other) == (True, False, True)
    assert inbox.read_now(lambda session: bytes_of(session, id or 0)) == MAIL
    assert inbox.read_now(lambda session: bytes_of(session, id or 0, 7)) == MAIL[:7]
    assert len(inbox.read_now(lambda session: session.exec(select(Inbox)).all())) == 2


def test_only_what_was_drained_and_is_old_is_deleted(inbox: Database) -> None:
    ids = [put(inbox, to=f"{number}@in.example", at=NOW + number * DAY)[1] or 0 for number in range(3)]
    inbox.write_now(lambda session: mark_drained(session, ids[1:], NOW))

    assert inbox.write_now(lambda session: forget(session, NOW + 2 * DAY)) == 1
    left = [inbox.read_now(lambda session, id=id: bytes_of(session, id)) is not None for id in ids]  # type: ignore[misc]
    assert left == [True, False, True]
