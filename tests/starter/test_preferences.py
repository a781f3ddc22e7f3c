"""The preference page: it shows what is chosen, keeps what is changed and nothing else, and lifts one thing only."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from records.contacts import record_consent, suppress
from records.inbox import withdrawals_waiting
from records.models import Consent, Interaction
from records.permissions import Undrained
from tests.starter.published_site import NOON, PublishedSite, published_site
from tests.starter.site import TOKENS

UNTOUCHED = {"quiet_from": "", "quiet_to": "", "pause": "0", "language": "keep"}


def link(site: PublishedSite) -> str:
    return site.link("p", "preferences", "m1")


def shown(html: str) -> dict[str, str]:
    """Return what a browser would post if nobody touched anything."""
    found = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))
    found |= dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', html))
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.DOTALL):
        found[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return found


async def said(site: PublishedSite, topic: str, state: str, channel: str = "email") -> None:
    await site.main.write(
        lambda session: record_consent(
            session, site.contact, topic, state, NOON, basis="consent", source="test", channel=channel
        )
    )


async def events(site: PublishedSite) -> list[tuple[str, Any]]:
    def read(session: Any, contact: Any) -> list[tuple[str, Any]]:
        return [
            (row.name, row.data.get("topic") or row.data.get("changed")) for row in session.exec(select(Interaction))
        ]

    found: list[tuple[str, Any]] = await site.read(read)
    return found


async def test_it_shows_what_is_chosen_and_looking_changes_nothing(tmp_path: Path) -> None:
    async with published_site(tmp_path, language="de") as site:
        await said(site, "product-news", "opted_in", "sms")
        page, head = await site.http.get(link(site)), await site.http.head(link(site))
        assert await site.rows() == []

    assert shown(page.text) == {
        "was:product-news:email": "no", "say:product-news:email": "no",
        "was:product-news:sms": "yes", "say:product-news:sms": "yes",
        "was:service:email": "yes", "say:service:email": "yes",
        "language": "de", "quiet_from": "", "quiet_to": "", "pause": "0",
    }  # fmt: skip
    assert "Product &lt;news&gt; per SMS" in page.text
    assert "(Europe/Berlin)" in page.text
    assert head.status_code in (200, 405)
    assert "<script" not in page.text
    assert "set-cookie" not in page.headers


async def test_a_yes_and_a_no_are_kept_with_the_words_that_were_shown(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        form = shown((await site.http.get(link(site))).text)
        page = await site.http.post(
            link(site), data=form | {"say:product-news:email": "yes", "say:service:email": "no"}
        )
        assert await site.inbox.read(lambda s: withdrawals_waiting(s, [site.contact])) == {
            site.contact: {Undrained("service", "email")}
        }
        [row] = await site.rows()
        assert (row.kind, row.urgent) == ("preferences", True)
        await site.drain()

        assert await site.says() == {"product-news": "opted_in", "service": "opted_out"}
        proofs = await site.read(lambda session, contact: session.exec(select(Consent)).all())
        assert sorted(await events(site)) == [
            ("preferences_changed", ["product-news by email", "service by email"]),
            ("resubscribed", "product-news"),
            ("unsubscribed", "service"),
        ]
    told = {(each.topic, each.basis, each.source, each.wording, each.given_at) for each in proofs}
    assert told == {
        ("product-news", "consent", "preference page", "Product <news>: yes", NOON),
        ("service", "objection", "preference page", "Service: no", NOON),
    }
    assert "Saved." in page.text
    assert shown(page.text)["say:product-news:email"] == "yes"


async def test_only_what_differs_from_what_was_shown_is_a_choice(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        form = shown((await site.http.get(link(site))).text)
        assert "Saved." in (await site.http.post(link(site), data=form)).text
        assert await site.rows() == []

        await site.http.post(link(site), data=form | {"language": "de"})
        [row] = await site.rows()
        await site.drain()

        assert {key: row.body[key] for key in row.body if key not in ("contact", "message")} == {
            "language": "de", "stopped": [],
        }  # fmt: skip
        assert await site.says() == {}
        assert await site.read(lambda session, contact: contact.language) == "de"


async def test_own_quiet_hours_and_a_pause_stand_on_the_record(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        form = shown((await site.http.get(link(site))).text)
        page = await site.http.post(link(site), data=form | {"quiet_from": "21:00", "quiet_to": "07:30", "pause": "4"})
        await site.drain()
        kept = await site.read(lambda session, contact: (contact.quiet_hours, contact.paused_until))
        assert kept == ("21:00-07:30", NOON + timedelta(weeks=4))
        assert "a pause until March 30, 2026" in page.text

        form = shown(page.text)
        assert (form["quiet_from"], form["quiet_to"], form["pause"]) == ("21:00", "07:30", "keep")
        site.moved = timedelta(days=1)
        await site.http.post(link(site), data=form | {"quiet_from": "", "quiet_to": "", "pause": "0"})
        await site.drain()
        assert await site.read(lambda session, contact: (contact.quiet_hours, contact.paused_until)) == (None, None)
        assert (await events(site))[-1] == ("preferences_changed", ["quiet hours", "pause"])


@pytest.mark.parametrize("half", [{"quiet_from": "21:00"}, {"quiet_to": "07:00"}, {"quiet_from": "9", "quiet_to": "x"}])
async def test_half_a_span_of_quiet_hours_is_said_and_not_saved(tmp_path: Path, half: dict[str, str]) -> None:
    async with published_site(tmp_path) as site:
        page = await site.http.post(link(site), data=UNTOUCHED | half)

        assert await site.rows() == []
    assert "quiet hours need both times" in page.text


async def test_everything_can_be_stopped_and_a_yes_comes_back_to_that_topic_only(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await said(site, "product-news", "opted_in")
        page = await site.http.post(link(site), data={"everything": "stop"})
        assert await site.inbox.read(lambda s: withdrawals_waiting(s, [site.contact])) == {
            site.contact: {Undrained("*")}
        }
        await site.drain()
        assert await site.against() == {"unsubscribed"}
        assert "You have stopped everything." in page.text
        assert {value for name, value in shown(page.text).items() if name.startswith("say:")} == {"no"}

        site.moved = timedelta(hours=1)
        await site.http.post(link(site), data=shown(page.text) | {"say:service:email": "yes"})
        await site.drain()

        assert await site.against() == set()
        assert await site.says() == {"product-news": "opted_out", "service": "opted_in"}
        assert ("resubscribed", "*") in await events(site)


@pytest.mark.parametrize("reason", ["complaint", "manual", "legal", "objection"])
async def test_nothing_else_is_lifted_here_and_the_page_says_so(tmp_path: Path, reason: str) -> None:
    async with published_site(tmp_path) as site:
        await site.main.write(lambda session: suppress(session, "contact", site.contact, reason, NOON))
        page = await site.http.get(link(site))
        await site.http.post(link(site), data=shown(page.text) | {"say:product-news:email": "yes"})
        await site.drain()

        assert await site.against() == {reason}
    assert "At present we write nothing of this kind to you" in page.text


async def test_what_the_workers_have_not_come_to_is_shown_all_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        form = shown((await site.http.get(link(site))).text)
        await site.http.post(link(site), data=form | {"say:product-news:email": "yes", "pause": "1"})
        await site.http.post(site.link("u", "unsubscribe", "service", "m1"))
        seen = shown((await site.http.get(link(site))).text)

    told = (seen["say:product-news:email"], seen["say:service:email"], seen["pause"])
    assert told == ("yes", "no", "keep")


async def test_pressed_twice_it_is_one_choice(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        for _ in range(3):
            await site.http.post(link(site), data=UNTOUCHED | {"language": "de"})
        assert len(await site.rows()) == 1


async def test_while_the_records_are_away_the_form_is_blank_says_so_and_keeps_what_is_chosen(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await said(site, "product-news", "opted_in")
        await site.http.get(link(site))
        await site.main.write(lambda session: session.connection().exec_driver_sql("alter table contact rename to c"))
        page = await site.http.get(link(site))
        form = shown(page.text)
        untouched = await site.http.post(link(site), data=form)
        assert await site.rows() == []
        await site.http.post(link(site), data=form | {"say:product-news:email": "no"})

        [row] = await site.rows()
    assert "cannot be shown at this moment" in page.text
    assert form == {
        "was:product-news:email": "", "was:service:email": "", "language": "keep",
        "quiet_from": "keep", "quiet_to": "keep", "pause": "keep",
    }  # fmt: skip
    assert "Saved." in untouched.text
    assert row.body["stopped"] == ["product-news"]


async def test_a_web_process_that_never_saw_the_records_still_takes_what_is_chosen(tmp_path: Path) -> None:
    async with published_site(tmp_path, main_is_away=True) as site:
        page = await site.http.get(link(site))
        await site.http.post(link(site), data={"everything": "stop"})
        [row] = await site.rows()

    assert "cannot be shown at this moment" in page.text
    assert row.body["stopped"] == ["*"]


async def test_links_that_are_none_of_ours_or_of_somebody_gone_are_all_answered_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        good = link(site)
        strange = [
            good[:-1], good + "x", "/p/%ff%00", "/p/" + "x" * 5000,
            "/p/" + TOKENS.make("unsubscribe", [site.contact, "m1"]),
            "/p/" + TOKENS.make("preferences", [site.contact]),
            "/p/" + TOKENS.make("preferences", ["nobody", "m1"]),
        ]  # fmt: skip
        for method in (site.http.get, site.http.post):
            forged = await method("/p/forged")
            for each in strange:
                answer = await method(each)
                assert (answer.status_code, sorted(answer.headers.items())) == (200, sorted(forged.headers.items()))
                assert answer.content == forged.content
            assert "This link is not complete" in forged.text
        assert await site.rows() == []


@pytest.mark.parametrize(
    "posted",
    [
        {"say:nothing:email": "yes"},
        {"say:product-news:pigeon": "yes"},
        {"say:product-news:email": "perhaps"},
        {"language": "'; drop"},
        {"pause": "400"},
        {"everything": "please"},
    ],
)
async def test_what_no_page_of_ours_asks_is_not_kept(tmp_path: Path, posted: dict[str, str]) -> None:
    async with published_site(tmp_path) as site:
        await site.http.post(link(site), data=UNTOUCHED | posted)

        assert await site.rows() == []
