"""Whoever objects is not written to from the moment it is on disk, by whichever door they said so."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from records import inbox
from records.contacts import find_or_make
from records.migrate import migrate_inbox, migrate_main
from records.models import Inbox, Message
from records.session import Database
from records.withdrawals import withdrawn

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sent_to(contact: str) -> Message:
    return Message(
        id="m1",
        send_key="e1/hello/1",
        contact_id=contact,
        channel="email",
        template="welcome/hello",
        bundle="b",
        class_="marketing",
        message_id="<m1@acme.example>",
        state="accepted",
    )


@pytest.mark.parametrize(
    ("event", "data", "topics"),
    [
        ("unsubscribed", {"topic": "product-news"}, {"product-news"}),
        ("unsubscribed", {}, {"*"}),
        ("complained", {}, {"*"}),
    ],
)
@pytest.mark.parametrize("by", ["id", "email", "message"])
def test_an_objection_told_as_an_event_counts_until_it_is_drained(
    tmp_path: Path, event: str, data: dict[str, str], topics: set[str], by: str
) -> None:
    migrate_main(f"sqlite:///{tmp_path}/main.db")
    migrate_inbox(f"sqlite:///{tmp_path}/inbox.db")
    main, received = Database(f"sqlite:///{tmp_path}/main.db"), Database(f"sqlite:///{tmp_path}/inbox.db")
    ann, bob = (
        main.write_now(lambda session, who=who: find_or_make(session, {"email": who}, "test", NOON).id)  # type: ignore[misc]
        for who in ("ann@acme.example", "bob@acme.example")
    )
    main.write_now(lambda session: session.add(sent_to(ann)))
    who: dict[str, Any] = {"id": {"contact": {"id": ann}}, "email": {"contact": {"email": "ann@acme.example"}}}
    body = {"event": event, **who.get(by, {"message": "m1"})}
    row = Inbox(key="k", kind="event", source="api", urgent=True, received_at=NOON, body=body | {"data": data})
    received.write_now(lambda session: inbox.accept(session, row))

    assert withdrawn(main, received, [ann, bob]) == {ann: topics}

    received.write_now(lambda session: inbox.mark_drained(session, [row.id or 0], NOON))
    assert withdrawn(main, received, [ann, bob]) == {}
    main.close()
    received.close()


def test_a_bounce_that_waits_is_no_objection(tmp_path: Path) -> None:
    migrate_main(f"sqlite:///{tmp_path}/main.db")
    migrate_inbox(f"sqlite:///{tmp_path}/inbox.db")
    main, received = Database(f"sqlite:///{tmp_path}/main.db"), Database(f"sqlite:///{tmp_path}/inbox.db")
    ann = main.write_now(lambda session: find_or_make(session, {"email": "ann@acme.example"}, "test", NOON).id)
    body = {"event": "bounced", "contact": {"id": ann}, "data": {"permanent": True}}
    row = Inbox(key="k", kind="event", source="api", urgent=True, received_at=NOON, body=body)
    received.write_now(lambda session: inbox.accept(session, row))

    assert withdrawn(main, received, [ann]) == {}
    main.close()
    received.close()
