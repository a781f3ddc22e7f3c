"""Clicks wait for those beside them, and are judged together."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.readers import CLICK_SOURCE, HELD_BACK
from records.contacts import find
from records.inbox import accept, oldest_waiting
from records.models import Inbox, Interaction
from tests.activities.test_intake import Drainer
from tests.records.door import NOW

SECOND = timedelta(seconds=1)


class Clicked(Drainer):
    """A drainer, and a contact who opens links of messages that nobody remembers any more."""

    def click(self, link: str, at: datetime, message: str = "m1", **data: Any) -> None:
        contact = self.door.database.read_now(lambda session: find(session, "ann@acme.example"))
        assert contact is not None
        said = {"url": f"https://acme.example/{link}", "link": link, "by": "human"} | data
        body = {"event": "clicked", "contact": {"id": contact.id}, "message": message, "data": said}
        row = Inbox(key=f"{link}/{message}/{at}", kind="event", source=CLICK_SOURCE, contact_id=contact.id,
                    received_at=at, ready_at=at + HELD_BACK, body=body)  # fmt: skip
        self.inbox.write_now(lambda session: accept(session, row))

    def told(self) -> list[tuple[str, str, str]]:
        """Return of each click that was taken in which link it was, who did it, and why that is known."""

        def read(session: Session) -> list[tuple[str, str, str]]:
            rows = select(Interaction).where(Interaction.name == "clicked").order_by(col(Interaction.at))
            return [(row.data["link"], row.data["by"], row.data.get("why", "")) for row in session.exec(rows)]

        return self.door.database.read_now(read)


@pytest.fixture
def drainer(tmp_path: Path) -> Iterator[Clicked]:
    made = Clicked(tmp_path)
    yield made
    made.door.database.close()
    made.inbox.close()


async def test_a_click_is_taken_in_after_a_moment_and_counts_as_waiting_till_then(drainer: Clicked) -> None:
    drainer.click("tips", NOW)

    drained = await drainer.drain(NOW + HELD_BACK - timedelta(milliseconds=1))
    assert (drained.drained, drained.more, drainer.told()) == (0, False, [])
    assert drainer.inbox.read_now(oldest_waiting) == NOW, "no time-out is believed before it is read"

    contact = drainer.door.database.read_now(lambda session: find(session, "ann@acme.example"))
    assert contact is not None
    for about, oldest in (([contact.id], NOW), (["somebody else"], None)):
        assert drainer.inbox.read_now(lambda session, about=about: oldest_waiting(session, about)) == oldest  # type: ignore[misc]

    await drainer.drain(NOW + HELD_BACK)
    assert drainer.told() == [("tips", "human", "")]


async def test_of_a_burst_all_are_a_machine_s_the_first_too_and_the_person_s_hours_later_are_not(
    drainer: Clicked,
) -> None:
    for number in range(3):
        drainer.click(f"link{number}", NOW + number * SECOND)
    drainer.click("link0", NOW + 3600 * SECOND)

    for number in range(4):
        await drainer.drain(NOW + HELD_BACK + number * SECOND)
    await drainer.drain(NOW + 3600 * SECOND + HELD_BACK)

    burst = "3 links within 2 s"
    assert drainer.told() == [(f"link{number}", "machine", burst) for number in range(3)] + [("link0", "human", "")]


async def test_links_of_three_messages_opened_at_once_are_a_person_s_who_was_away(drainer: Clicked) -> None:
    for number in range(3):
        drainer.click(f"link{number}", NOW, f"m{number}")

    await drainer.drain(NOW + HELD_BACK)

    assert [by for _, by, _ in drainer.told()] == ["human"] * 3


async def test_whoever_opens_the_link_that_nobody_sees_is_known_by_it_before_and_afterwards(drainer: Clicked) -> None:
    drainer.click("tips", NOW)
    drainer.click("0", NOW + 2 * SECOND, trap=True, by="machine")
    drainer.click("more", NOW + 20 * SECOND)
    drainer.click("more", NOW + 100 * SECOND)

    for seconds in (0, 2, 20, 100):
        await drainer.drain(NOW + seconds * SECOND + HELD_BACK)

    assert [by for _, by, _ in drainer.told()] == ["machine", "machine", "machine", "human"]


async def test_what_came_in_stays_as_it_came_in(drainer: Clicked) -> None:
    for number in range(3):
        drainer.click(f"link{number}", NOW)

    await drainer.drain(NOW + HELD_BACK)

    rows = drainer.inbox.read_now(lambda session: session.exec(select(Inbox)).all())
    assert [row.body["data"]["by"] for row in rows] == ["human"] * 3
    assert all(row.drained_at is not None for row in rows)
