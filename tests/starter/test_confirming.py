"""The link that confirms: looking changes nothing, the button counts once, and old or strange links say so."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from records.contacts import record_consent
from tests.starter.published_site import NOON, PublishedSite, published_site
from tests.starter.site import TOKENS

HOUR = timedelta(hours=1)
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def link(site: PublishedSite) -> str:
    return site.link("c", "confirm", "product-news", "email", "m1", NOON.isoformat())


async def requested(site: PublishedSite) -> None:
    await site.main.write(
        lambda session: record_consent(
            session, site.contact, "product-news", "pending", NOON, basis="consent", source="form newsletter"
        )
    )


async def test_the_page_names_the_topic_and_has_one_button_and_looking_changes_nothing(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        page, head = await site.http.get(link(site)), await site.http.head(link(site))

        assert await site.rows() == []
    assert "May we write to you about “Product &lt;news&gt;”?" in page.text
    assert (page.status_code, page.text.count("<button"), page.text.count("<form")) == (200, 1, 1)
    assert "set-cookie" not in page.headers
    assert head.status_code in (200, 405)


async def test_the_button_confirms(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await requested(site)
        page = await site.http.post(link(site))
        [row] = await site.rows()
        assert (row.kind, row.urgent, row.contact_id) == ("confirmation", False, site.contact)
        await site.drain()

        assert await site.says() == {"product-news": "opted_in"}
    assert "Thank you, it is confirmed" in page.text


async def test_pressed_twice_it_counts_once_and_says_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        first, second = await site.http.post(link(site)), await site.http.post(link(site))
        site.moved = 99 * HOUR
        late, looked = await site.http.post(link(site)), await site.http.get(link(site))

        assert len(await site.rows()) == 1
    assert first.content == second.content == late.content == looked.content


@pytest.mark.parametrize(("after", "works"), [(72 * HOUR - timedelta(seconds=1), True), (72 * HOUR, False)])
async def test_it_works_for_72_hours(tmp_path: Path, after: timedelta, works: bool) -> None:
    async with published_site(tmp_path) as site:
        site.moved = after
        looked, pressed = await site.http.get(link(site)), await site.http.post(link(site))

        assert len(await site.rows()) == works
    assert ("does not work any more" in looked.text) is not works
    assert ("fill in the form once more" in pressed.text) is not works


async def test_a_link_that_is_none_of_ours_is_answered_like_one_that_is_too_old(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        good = link(site)
        strange = [
            "/c/forged", good[:-1], good + "x", "/c/%ff%00", "/c/" + "x" * 5000,
            "/c/" + TOKENS.make("unsubscribe", [site.contact, "product-news", "email", "m1", NOON.isoformat()]),
            "/c/" + TOKENS.make("confirm", [site.contact]),
        ]  # fmt: skip
        site.moved = 72 * HOUR
        for method in (site.http.get, site.http.post):
            old = await method(good)
            for each in strange:
                answer = await method(each)
                assert (answer.status_code, sorted(answer.headers.items())) == (200, sorted(old.headers.items()))
                assert answer.content == old.content

        assert await site.rows() == []


async def test_what_was_withdrawn_since_cannot_be_confirmed_any_more(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await requested(site)
        site.moved = HOUR
        await site.http.post(site.link("u", "unsubscribe", "product-news", "m0"))
        await site.drain()
        page = await site.http.post(link(site))

        assert await site.drain() == []
        assert await site.says() == {"product-news": "opted_out"}
    assert "does not work any more" in page.text


@pytest.mark.parametrize(
    ("language", "headers", "said"),
    [
        ("de", {}, "Dürfen wir Ihnen"),
        ("de-CH", {"Accept-Language": "en"}, "Dürfen wir Ihnen"),
        (None, GERMAN, "Dürfen wir Ihnen"),
        ("fr", GERMAN, "Dürfen wir Ihnen"),
        ("fr", {}, "May we write"),
        ("en", GERMAN, "May we write"),
    ],
)
async def test_it_speaks_the_contact_s_language_else_the_browser_s(
    tmp_path: Path, language: str | None, headers: dict[str, str], said: str
) -> None:
    async with published_site(tmp_path, language=language) as site:
        page = await site.http.get(link(site), headers=headers)

    assert said in page.text
    assert f'<html lang="{"de" if said.startswith("D") else "en"}">' in page.text


async def test_while_the_records_are_away_it_confirms_all_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path, main_is_away=True) as site:
        page = await site.http.get(link(site), headers=GERMAN)
        await site.http.post(link(site))

        assert [row.kind for row in await site.rows()] == ["confirmation"]
    assert "Dürfen wir Ihnen zu „product-news“ schreiben?" in page.text


async def test_no_log_ever_holds_a_link(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with published_site(tmp_path) as site:
            links = [
                link(site),
                site.link("u", "unsubscribe", "product-news", "m0"),
                site.link("p", "preferences", "m0"),
            ]
            await site.main.write(lambda session: session.connection().exec_driver_sql("drop table suppression"))
            for each in links:
                await site.http.get(each)
                await site.http.post(each, data={"everything": "stop"})

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert any("shown without what is known of its reader" in line for line in ours)
    assert not [line for line in ours for each in links if each[3:] in line]
