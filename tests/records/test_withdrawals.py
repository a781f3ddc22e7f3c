"""Whoever objects is not written to from the moment it is on disk, by whichever door they said so."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from records import inbox
from records.contacts import find_or_make
from records.migrate import migrate_inbox, migrate_main
from records.models import Inbox
from records.session import Database
from records.withdrawals import withdrawn

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "data", "topics"),
    [
        ("unsubscribed", {"topic": "product-news"}, {"product-news"}),
        ("unsubscribed", {}, {"*"}),
        ("complained", {}, {"*"}),
    ],
)
@pytest.mark.parametrize("by", ["id", "email"])
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
    body: dict[str, Any] = {"event": event, "contact": {"id": ann} if by == "id" else {"email": "ann@acme.example"}}
    row = Inbox(key="k", kind="event", source="api", urgent=True, received_at=NOON, body=body | {"data": data})
    received.write_now(lambda session: inbox.accept(session, row))

    assert withdrawn(main, received, [ann, bob]) == {ann: topics}

    received.write_now(lambda session: inbox.mark_drained(session, [row.id or 0], NOON))
    assert withdrawn(main, received, [ann, bob]) == {}
    main.close()
    received.close()
