"""The page behind the unsubscribe link names the topic; for a week the same link takes back what it stopped."""

from datetime import timedelta
from pathlib import Path

import pytest

from records.contacts import record_consent
from tests.starter.published_site import NOON, PublishedSite, published_site
from tests.starter.site import TOKENS

UNDO = {"undo": "yes"}
DAY = timedelta(days=1)


def link(site: PublishedSite, message: str = "m1") -> str:
    return site.link("u", "unsubscribe", "product-news", message)


async def opted_in(site: PublishedSite, state: str = "opted_in") -> None:
    await site.main.write(
        lambda session: record_consent(
            session, site.contact, "product-news", state, NOON - DAY, basis="consent", source="test"
        )
    )


async def leave(site: PublishedSite, stop: str = "topic", message: str = "m1") -> str:
    answer = await site.http.post(link(site, message), data={"stop": stop})
    await site.drain()
    return answer.text


async def take_back(site: PublishedSite, message: str = "m1") -> str:
    answer = await site.http.post(link(site, message), data=UNDO)
    await site.drain()
    return answer.text


async def test_the_page_names_the_topic_and_leads_to_the_preferences(tmp_path: Path) -> None:
    async with published_site(tmp_path, language="de") as site:
        page = await site.http.get(link(site))
        preferences = "/p/" + TOKENS.make("preferences", [site.contact, "m1"])
        assert (await site.http.get(preferences)).status_code == 200

    assert "„Product &lt;news&gt;“ abbestellen" in page.text
    assert f'href="{preferences}"' in page.text


async def test_what_a_link_stopped_it_takes_back(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site)
        assert "For seven days you can take it back here." in await leave(site)
        assert await site.says() == {"product-news": "opted_out"}

        site.moved = 6 * DAY
        assert "Everything is as it was" in await take_back(site)
        assert await site.says() == {"product-news": "opted_in"}


async def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site)
        await leave(site, "everything")
        assert await site.against() == {"unsubscribed"}

        await take_back(site)

        assert await site.against() == set()
        assert await site.says() == {"product-news": "opted_in"}


@pytest.mark.parametrize("stop", ["topic", "everything"])
async def test_after_a_week_it_is_too_late(tmp_path: Path, stop: str) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site)
        await leave(site, stop)
        before = await site.says(), await site.against()

        site.moved = 7 * DAY + timedelta(seconds=1)
        await take_back(site)

        assert (await site.says(), await site.against()) == before


async def test_another_link_takes_nothing_back(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site)
        await leave(site)
        await leave(site, "everything")
        await take_back(site, "m2")

        assert (await site.says(), await site.against()) == ({"product-news": "opted_out"}, {"unsubscribed"})


@pytest.mark.parametrize("state", ["opted_out", "pending"])
async def test_what_they_did_not_have_before_does_not_come_back(tmp_path: Path, state: str) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site, state)
        await leave(site)
        await take_back(site)

        assert await site.says() == {"product-news": "opted_out"}


async def test_who_had_left_everything_before_is_not_brought_back_by_a_later_link(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await leave(site, "everything", "m1")
        site.moved = DAY
        await leave(site, "everything", "m2")
        await take_back(site, "m2")

        assert await site.against() == {"unsubscribed"}


async def test_leaving_and_taking_back_within_a_second_ends_as_it_was(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await opted_in(site)
        await site.http.post(link(site), data={"stop": "topic"})
        await site.http.post(link(site), data=UNDO)
        assert await site.drain() == ["withdrawal", "return"]

        assert await site.says() == {"product-news": "opted_in"}


async def test_a_forged_link_takes_nothing_back_and_is_answered_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        good = await site.http.post(link(site), data=UNDO)
        forged = await site.http.post("/u/forged", data=UNDO)

        assert len(await site.rows()) == 1
    assert (good.status_code, good.content) == (forged.status_code, forged.content)


async def test_a_mail_program_s_one_click_does_not_ask_the_records(tmp_path: Path) -> None:
    async with published_site(tmp_path, language="de") as site:
        answer = await site.http.post(link(site), data={"List-Unsubscribe": "One-Click"})

    assert "We stop these e-mails" in answer.text
