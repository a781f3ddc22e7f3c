"""`POST /events/calendly`: what is believed and kept, and what it makes of a contact."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from activities.received import apply
from records.contacts import find, find_or_make
from records.models import Contact, Inbox, Interaction
from records.published import Published, publish
from records.session import Database
from starter.app import make_app
from starter.waker import Waker
from tests.channels.calendly_webhooks import (
    ANN,
    CREATED,
    NOW,
    SECRET,
    body_of,
    cancelled,
    missed,
    moved,
    signature,
    told,
)
from tests.channels.test_told import TREES
from tests.databases import lay_down
from tests.domain.kit import POLICIES
from tests.starter.site import CONFIG, EVENTS_KEY, FORMS, Site, Sleeper, inbox_in

TEAMS = """
people: {ada: {name: Ada, email: Ada@Acme.example}}
teams: {field: {email: f@acme.example, members: [ada], department: outside-sales}}
"""
FILES = POLICIES | {"policies/teams.yaml": TEAMS}


@asynccontextmanager
async def site_of(folder: Path, **changes: Any) -> AsyncIterator[Site]:
    inbox, sleeper = inbox_in(folder), Sleeper()
    waker = Waker(sleeper.connect, pause=0.01, pause_in_an_outage=0.01)
    config = replace(CONFIG, **({"calendly_secrets": ["secret-of-now-16chars", SECRET]} | changes))
    app = make_app(config, inbox, waker, lambda: FORMS, clock=lambda: NOW)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://site.example") as http:
        try:
            yield Site(http, inbox, sleeper)
        finally:
            await waker.aclose()
            inbox.close()


async def post(site: Site, raw: bytes, header: str | bytes | None = None) -> httpx2.Response:
    shown = signature(raw) if header is None else header
    headers = cast(Any, {"Calendly-Webhook-Signature": shown} if shown else {})
    return await site.http.post("/events/calendly", content=raw, headers=headers)


async def test_a_booking_is_on_disk_and_a_repeat_recognised(tmp_path: Path) -> None:
    async with site_of(tmp_path) as site:
        first, second = await post(site, body_of(CREATED)), await post(site, body_of(told(updated_at="later")))
        [row] = await site.rows()

    assert (first.status_code, first.json()) == (202, {"accepted": 1, "repeated": 0})
    assert (second.status_code, second.json()) == (200, {"accepted": 0, "repeated": 1})
    assert (row.kind, row.source, row.urgent) == ("event", "calendly", False)
    assert (row.body["event"], row.body["contact"]) == ("meeting_booked", {"email": ANN})


RAW = body_of(CREATED)


@pytest.mark.parametrize(
    ("raw", "header", "status"),
    [
        (RAW, None, 202),
        (RAW, signature(RAW, "secret-of-now-16chars"), 202),
        (RAW.replace(b"Visit", b"Visis"), signature(RAW), 401),
        (RAW, signature(RAW, "wrong"), 401),
        (RAW, signature(RAW, at=NOW - timedelta(minutes=4)), 401),
        (RAW, "", 401),
        (RAW, b"t=\xc3\xa9,v1=\xff\xfe", 401),
        (b"\xff\xfe", None, 422),
        (b"", None, 422),
        (b"[]", None, 422),
        (b"[" * 5000, None, 422),
        (b'{"event": NaN}', None, 422),
        (body_of(told(email="nobody")), None, 422),
        (body_of(told("invitee_no_show.deleted")), None, 200),
        (body_of(cancelled(rescheduled=True)), None, 200),
        (b"{}", None, 200),
        (b" " * (1024 * 1024 + 1), None, 413),
    ],
)
async def test_each_gets_its_answer(tmp_path: Path, raw: bytes, header: str | bytes | None, status: int) -> None:
    async with site_of(tmp_path) as site:
        assert (await post(site, raw, header)).status_code == status
        assert len(await site.rows()) == (status == 202)


async def test_without_a_secret_nobody_is_believed(tmp_path: Path) -> None:
    async with site_of(tmp_path, calendly_secrets=()) as site:
        answer = await post(site, RAW)
        there = await site.http.get("/events/calendly")

    assert answer.status_code == 401
    assert "set RAPPORT_CALENDLY_SECRET" in answer.json()["error"]
    assert (there.status_code, there.json()) == (200, {"provider": "calendly"})


class Records:
    """The main database, into which rows of the inbox are drained."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'main.db'}"
        lay_down("main", url)
        self.database, self.published = Database(url), Published()
        self.database.write_now(lambda session: publish(session, FILES, {}, NOW))

    def drain(self, rows: list[Inbox]) -> None:
        for row in rows:
            self.database.write_now(lambda session, row=row: apply(session, self.published, row, NOW))  # type: ignore[misc]

    def timeline(self) -> list[Interaction]:
        chosen = select(Interaction).order_by(col(Interaction.id))
        return self.database.read_now(lambda session: list(session.exec(chosen)))

    def contact(self) -> Contact:
        found = self.database.read_now(lambda session: find(session, ANN))
        assert found is not None
        return found


async def drained(folder: Path, *trees: dict[str, Any], **known: Any) -> tuple[Contact, list[Interaction]]:
    """Tell all of these, and return what the records say of Ann, who was known by these fields, if any."""
    records = Records(folder)
    try:
        if known:
            fields = {"email": ANN} | known
            records.database.write_now(lambda session: find_or_make(session, fields, "test", NOW - timedelta(1)).id)
        async with site_of(folder) as site:
            for tree in trees:
                await post(site, body_of(tree))
            records.drain(await site.rows())
        return records.contact(), records.timeline()
    finally:
        records.database.close()


async def test_whoever_books_and_is_not_known_becomes_a_contact(tmp_path: Path) -> None:
    contact, [event] = await drained(tmp_path, CREATED)

    assert (contact.source, contact.first_name, contact.last_name) == ("calendly", "Ann", "de Vries")
    assert contact.time_zone == "Europe/Amsterdam"
    assert (event.name, event.department, event.person) == ("meeting_booked", "outside-sales", "ada")
    assert (event.channel, event.direction, event.data["minutes"]) == ("calendar", "in", 45)


async def test_of_who_is_known_only_what_is_empty_is_filled(tmp_path: Path) -> None:
    contact, _ = await drained(tmp_path, CREATED, first_name="Anna", time_zone="Europe/Berlin")

    assert (contact.first_name, contact.last_name, contact.time_zone) == ("Anna", "de Vries", "Europe/Berlin")
    assert contact.source == "test"


async def test_booked_moved_missed_and_cancelled_tell_the_story_in_its_order(tmp_path: Path) -> None:
    story = [CREATED, CREATED, cancelled(rescheduled=True), moved(), moved(), missed(), cancelled()]

    _, events = await drained(tmp_path, *story)

    assert [event.name for event in events] == [
        "meeting_booked",
        "meeting_moved",
        "meeting_missed",
        "meeting_cancelled",
    ]
    assert events[1].data["moved_from"] == events[0].data["meeting"]


async def test_a_meeting_that_we_cancel_went_the_other_way(tmp_path: Path) -> None:
    by_us = {"reason": "Ill.", "canceler_type": "host", "created_at": "2026-03-02T12:00:10Z"}

    _, [event] = await drained(tmp_path, cancelled(cancellation=by_us))

    assert (event.direction, event.data["cancelled_by"]) == ("out", "us")


async def test_our_own_systems_may_tell_of_meetings_in_the_same_words(tmp_path: Path) -> None:
    told_by_us = {
        "id": "m-1", "event": "meeting_booked", "contact": {"email": ANN}, "data": {"host_email": "ada@acme.example"},
    }  # fmt: skip
    records = Records(tmp_path)
    async with site_of(tmp_path) as site:
        key = {"authorization": f"Bearer {EVENTS_KEY}"}
        assert (await site.http.post("/events", content=body_of(told_by_us), headers=key)).status_code == 202
        records.drain(await site.rows())
    [event] = records.timeline()
    records.database.close()

    assert (event.name, event.department, event.person) == ("meeting_booked", "outside-sales", "ada")


@given(raw=st.one_of(st.binary(max_size=200), TREES.map(body_of)), odd=TREES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_that_is_signed_makes_it_fail(tmp_path: Path, raw: bytes, odd: Any) -> None:
    whole = body_of(told(scheduled_event=odd, name=odd, cancellation=odd, questions_and_answers=odd))
    async with site_of(tmp_path) as site:
        for each in (raw, whole):
            assert (await post(site, each)).status_code in (200, 202, 422)
