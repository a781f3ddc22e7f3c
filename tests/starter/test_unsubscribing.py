"""Unsubscribing: GET changes nothing, POST acts at once, and strangers learn nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from records.inbox import withdrawals_waiting
from records.permissions import Undrained
from starter.unsubscribing import withdrawal_key
from tests.starter.site import TOKENS, Site, site_in

LINK = "/u/" + TOKENS.make("unsubscribe", ["c1", "product-news", "m1"])
FOREIGN = "/u/" + TOKENS.make("survey", ["c1", "product-news", "m1"])
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def waiting(site: Site) -> dict[str, set[Undrained]]:
    return await site.inbox.read(lambda session: withdrawals_waiting(session, ["c1"]))


async def test_looking_at_the_page_changes_nothing(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        page = await site.http.get(LINK)
        rows = await site.rows()

    assert page.status_code == 200
    assert page.text.count("<button") == 2
    assert rows == []


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_a_mail_program_s_one_click_counts_at_once(tmp_path: Path, encoding: str) -> None:
    async with site_in(tmp_path) as site:
        if encoding == "multipart":
            answer = await site.http.post(LINK, files={name: (None, value) for name, value in ONE_CLICK.items()})
        else:
            answer = await site.http.post(LINK, data=ONE_CLICK)
        [row] = await site.rows()
        assert await waiting(site) == {"c1": {Undrained("product-news", "email")}}

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert (row.kind, row.urgent, row.contact_id) == ("withdrawal", True, "c1")
    assert row.body == {
        "contact": "c1",
        "topic": "product-news",
        "message": "m1",
        "channel": "email",
        "how": "one-click",
    }


@pytest.mark.parametrize(("button", "topic"), [("topic", "product-news"), ("everything", "*")])
async def test_the_page_s_buttons_stop_a_topic_or_everything(tmp_path: Path, button: str, topic: str) -> None:
    async with site_in(tmp_path) as site:
        await site.http.post(LINK, data={"stop": button})
        [row] = await site.rows()

    assert (row.body["topic"], row.body["how"]) == (topic, "page")


@pytest.mark.parametrize("body", [b"", b"\0\xff", b"{}", b"List-Unsubscribe=One-Click"])
async def test_a_mail_program_that_says_it_badly_is_understood(tmp_path: Path, body: bytes) -> None:
    async with site_in(tmp_path) as site:
        answer = await site.http.post(LINK, content=body)
        assert await waiting(site) == {"c1": {Undrained("product-news", "email")}}

    assert answer.status_code == 200


@pytest.mark.parametrize("path", [f"{LINK}/", "/u/.%2e%2f", "/l/x/"])
async def test_nobody_is_redirected_least_of_all_to_where_they_say_we_are(tmp_path: Path, path: str) -> None:
    async with site_in(tmp_path) as site:
        for method in ("GET", "POST"):
            answer = await site.http.request(method, path, headers={"Host": "evil.example"})
            assert answer.status_code in (404, 405)
            assert "location" not in answer.headers


@pytest.mark.parametrize("link", ["/u/forged", FOREIGN, LINK[:-1], LINK + "x", "/u/%ff%00", "/u/" + "x" * 5000])
async def test_an_unknown_token_is_answered_exactly_like_a_good_one(tmp_path: Path, link: str) -> None:
    def said(answer: httpx2.Response) -> object:
        return answer.status_code, sorted(answer.headers.items()), answer.content

    async with site_in(tmp_path) as site:
        assert said(await site.http.get(link)) == said(await site.http.get(LINK))
        assert said(await site.http.post(link, data=ONE_CLICK)) == said(await site.http.post(LINK, data=ONE_CLICK))
        rows = await site.rows()

    assert len(rows) == 1


async def test_hammering_the_link_fills_nothing(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        for _ in range(20):
            await site.http.post(LINK, data=ONE_CLICK)
        assert len(await site.rows()) <= 2  # a minute may turn meanwhile


def test_who_comes_back_and_leaves_again_by_the_same_old_mail_leaves_again() -> None:
    now = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)

    assert withdrawal_key("token", "news", now) == withdrawal_key("token", "news", now + timedelta(seconds=59))
    assert withdrawal_key("token", "news", now) != withdrawal_key("token", "news", now + timedelta(days=1))
