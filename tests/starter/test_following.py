"""Links and pictures: who opens one gets where it leads, whatever becomes of the note; nobody gets anywhere else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import col, select

from domain.keys import TRAP, link_id, link_token, mail_token, open_token
from domain.readers import HELD_BACK
from records import links
from records.inbox import waiting
from records.inbox_models import Inbox
from records.models import Contact, Message
from records.session import Database
from starter.app import make_app
from starter.following import MOST_A_MINUTE
from starter.waker import Waker
from tests.databases import lay_down
from tests.starter.site import CONFIG, FORMS, Sleeper, inbox_in, until

(SECRET,) = CONFIG.token_secrets
MESSAGE = "0123456789abcdef" * 2
URL, ADDRESS = (
    "https://www.acme.example/tipps?für=dich",
    "https://www.acme.example/tipps?f%C3%BCr=dich&utm_source=rapport",
)
LINK = link_id(URL, ADDRESS)
CLICK = f"/l/{link_token(MESSAGE, LINK, SECRET)}"
TRAPPED = f"/l/{link_token(MESSAGE, TRAP, SECRET)}"
PICTURE = f"/o/{open_token(MESSAGE, SECRET)}.gif"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Accept-Language": "de"}


@dataclass
class Web:
    """A web process with its databases; a message left an hour ago."""

    http: httpx2.AsyncClient
    inbox: Database
    main: Database
    sleeper: Sleeper

    async def rows(self) -> list[Inbox]:
        return await self.inbox.read(lambda session: list(session.exec(select(Inbox).order_by(col(Inbox.id)))))


@asynccontextmanager
async def web_in(folder: Path, left: timedelta | None = timedelta(hours=1), **changes: Any) -> AsyncIterator[Web]:
    inbox, address = inbox_in(folder), f"sqlite:///{folder}/main.db"
    lay_down("main", address)
    main, sleeper = Database(address), Sleeper()
    now = datetime.now(UTC)
    row = Message(id=MESSAGE, send_key="e1/hello/1", contact_id="c1", channel="email", template="a/b", bundle="b",
                  class_="marketing", message_id="<m@acme.example>", state="accepted",
                  handing_over_at=None if left is None else now - left)  # fmt: skip
    await main.write(lambda session: session.add(Contact(id="c1", created_at=now, updated_at=now)))
    await main.write(lambda session: session.add(row))
    await main.write(lambda session: links.keep(session, [(LINK, URL, ADDRESS)], now))
    waker = Waker(sleeper.connect, pause=0.01, pause_in_an_outage=0.01)
    app = make_app(replace(CONFIG, **changes), inbox, waker, lambda: FORMS, main)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://site.example", headers=BROWSER) as http:
        try:
            yield Web(http, inbox, main, sleeper)
        finally:
            await waker.aclose()
            await asyncio.to_thread(inbox.close)
            await asyncio.to_thread(main.close)


async def test_a_click_leads_on_and_is_noted(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        answer = await web.http.get(CLICK)
        [row] = await web.rows()

    assert (answer.status_code, answer.headers["location"], answer.content) == (302, ADDRESS, b"")
    wanted = {"referrer-policy": "no-referrer", "cache-control": "no-store"}
    assert wanted.items() <= answer.headers.items()
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert (row.kind, row.source, row.contact_id, row.urgent) == ("event", "link", "c1", False)
    assert row.body["data"] == {"url": URL, "link": LINK, "by": "human"}
    assert (row.body["event"], row.body["message"], row.body["contact"]) == ("clicked", MESSAGE, {"id": "c1"})


async def test_a_click_is_taken_in_when_those_beside_it_are_there(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        await web.http.get(CLICK)
        [row] = await web.rows()
        assert row.ready_at == row.received_at + HELD_BACK
        for seconds, there in ((0, 0), (HELD_BACK.total_seconds(), 1)):
            by = row.received_at + timedelta(seconds=seconds)
            assert len(await web.inbox.read(lambda session, by=by: waiting(session, 9, by))) == there  # type: ignore[misc]
        await until(lambda: len(web.sleeper.looks) == 1)


async def test_the_same_reader_in_the_same_second_has_clicked_once_and_another_time_again(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        for _ in range(6):
            assert (await web.http.get(CLICK)).status_code == 302
        once = await web.rows()
        await web.http.get(CLICK, headers={"User-Agent": "Mozilla/5.0 (another) Safari"})
        both = await web.rows()
        await asyncio.sleep(1.01)  # the next second is what is asked about
        await web.http.get(CLICK)
        again = await web.rows()

    assert len(once) <= 2  # a second may turn meanwhile
    assert len(both) == len(once) + 1
    assert len(again) == len(both) + 1
    assert not any("127.0.0.1" in row.key or "Firefox" in row.key for row in again)


async def test_who_opens_a_link_without_end_gets_there_and_fills_nothing(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        began = datetime.now(UTC)
        answers = [
            await web.http.get(CLICK, headers={"User-Agent": f"{number}"}) for number in range(MOST_A_MINUTE + 20)
        ]
        rows, ended = await web.rows(), datetime.now(UTC)

    assert {answer.status_code for answer in answers} == {302}
    assert len(rows) == MOST_A_MINUTE or began.minute != ended.minute


async def test_looking_without_going_there_counts_nothing(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        looked, went = await web.http.head(CLICK), await web.http.get(CLICK)
        pictured = await web.http.head(PICTURE)
        rows = await web.rows()

    assert (looked.status_code, looked.headers["location"]) == (went.status_code, went.headers["location"])
    assert (pictured.status_code, pictured.headers["content-type"]) == (200, "image/gif")
    assert len(rows) == 1


FORGED = [
    link_token(MESSAGE, LINK, "another secret"),
    link_token(MESSAGE, "f" * 20, SECRET),
    link_token(MESSAGE, LINK, SECRET)[:-1],
    link_token(MESSAGE, LINK, SECRET) + "A",
    link_token(MESSAGE, LINK, SECRET).swapcase(),
    open_token(MESSAGE, SECRET),
    mail_token(MESSAGE, SECRET),
    "%2F%2Fevil.example",
    "%5C%5Cevil.example",
    "https:evil.example",
    "https%3A%2F%2Fevil.example",
    "javascript:alert(1)",
    "data:text%2Fhtml,x",
    "%0d%0aLocation:%20https:%2F%2Fevil.example",
    "%ff%00",
    "x" * 5000,
]


@pytest.mark.parametrize("token", FORGED)
async def test_what_is_no_link_of_ours_leads_nowhere(tmp_path: Path, token: str) -> None:
    async with web_in(tmp_path) as web:
        answer = await web.http.get(f"/l/{token}")
        rows = await web.rows()

    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert rows == []


@pytest.mark.parametrize("more", ["?url=https://evil.example", "?next=//evil.example", "#@evil.example"])
async def test_nothing_that_is_asked_for_changes_where_a_link_leads(tmp_path: Path, more: str) -> None:
    async with web_in(tmp_path) as web:
        assert (await web.http.get(CLICK + more)).headers["location"] == ADDRESS


async def test_the_reader_gets_there_though_nothing_can_be_noted(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        await asyncio.to_thread(web.inbox.close)
        click, picture = await web.http.get(CLICK), await web.http.get(PICTURE)

    assert (click.status_code, click.headers["location"], picture.status_code) == (302, ADDRESS, 200)


async def test_while_nobody_can_tell_where_a_link_leads_its_reader_is_told_to_try_again(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        await asyncio.to_thread(web.main.close)
        click, picture = await web.http.get(CLICK), await web.http.get(PICTURE)

    assert (click.status_code, click.headers["retry-after"]) == (503, "5")
    assert "text/html" in click.headers["content-type"]
    assert picture.status_code == 200


async def test_who_opens_the_link_that_nobody_sees_is_a_machine(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        answer = await web.http.get(TRAPPED)
        [row] = await web.rows()

    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert (row.body["data"]["by"], row.body["data"]["trap"]) == ("machine", True)
    assert row.ready_at is None, "it moves nobody, so it waits for nobody"


async def test_a_click_on_its_way_in_is_a_machine_s(tmp_path: Path) -> None:
    async with web_in(tmp_path, left=timedelta()) as web:
        await web.http.get(CLICK)
        [row] = await web.rows()

    assert row.body["data"] | {"url": ""} == {
        "url": "", "link": LINK, "by": "machine", "why": "less than 3 s after the message left",
    }  # fmt: skip


async def test_a_message_that_nobody_remembers_still_leads_on(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        answer = await web.http.get(f"/l/{link_token('f' * 32, LINK, SECRET)}")
        assert (answer.status_code, await web.rows()) == (302, [])


async def test_a_picture_is_given_to_everybody_and_noted_of_those_who_have_a_message(tmp_path: Path) -> None:
    async with web_in(tmp_path) as web:
        ours = await web.http.get(PICTURE)
        foreign = await web.http.get(f"/o/{link_token(MESSAGE, LINK, SECRET)}.gif")
        [row] = await web.rows()

    assert ours.content == foreign.content
    assert (len(ours.content), ours.content[:6], ours.headers["cache-control"]) == (43, b"GIF89a", "no-store")
    assert (row.body["event"], row.body["data"], row.ready_at) == ("opened", {"by": "human"}, None)
