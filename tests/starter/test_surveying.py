"""The page of a survey: looking writes nothing, the button does, the last answer counts, and old links say so."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlmodel import col, select

from domain.survey_policy import Language
from records.models import Interaction
from records.published import publish
from starter.link_words import LANGUAGES
from starter.survey_page import WORDS
from tests.starter.published_site import FILES, NOON, PublishedSite, published_site
from tests.starter.site import TOKENS

DAY = timedelta(days=1)
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
POLICY = """
change_within: 3 days
surveys:
  order:
    kind: csat
    question: {en: Is the board right?, de: Ist das Brett richtig?}
    lowest: {en: no}
    thanks: {en: We plane on.}
"""
RECOVERY = """
team: care
open:
  unhappy: {on: survey_answered, when: event.low == true, title: Not satisfied}
"""
TEAMS = """
people: {jo: {name: Jo, email: jo@acme.example}}
teams: {care: {members: {jo: 1}, lead: jo, email: care@acme.example}}
"""


def link(site: PublishedSite, survey: str = "nps", kind: str = "nps", message: str = "m1") -> str:
    return site.link("q", "survey", survey, kind, message, NOON.isoformat())


def checked(html: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+)"\s+value="([^"]+)"[^>]* checked', html))


def offered(html: str, name: str) -> list[str]:
    return re.findall(rf'type="radio" name="{name}"\s+value="([^"]+)"', html)


async def events(site: PublishedSite) -> list[tuple[str, dict[str, Any]]]:
    def read(session: Any, contact: Any) -> list[tuple[str, dict[str, Any]]]:
        answers = select(Interaction).where(Interaction.name == "survey_answered").order_by(col(Interaction.id))
        return [(row.key, dict(row.data)) for row in session.exec(answers)]

    found: list[tuple[str, dict[str, Any]]] = await site.read(read)
    return found


async def published(site: PublishedSite, **policies: str) -> None:
    files = FILES | {f"policies/{name}.yaml": text for name, text in policies.items()}
    await site.main.write(lambda session: publish(session, files, {}, NOON))


async def test_looking_shows_the_score_of_the_link_and_writes_nothing(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        page = await site.http.get(link(site), params={"score": "9"})
        head = await site.http.head(link(site), params={"score": "9"})
        again = await site.http.get(link(site))
        assert await site.rows() == []
        assert await site.drain() == []

    assert checked(page.text) == {"score": "9"}
    assert checked(again.text) == {}
    assert offered(page.text, "score") == [str(each) for each in range(11)]
    assert "How likely is it that you would recommend us?" in page.text
    assert "Nothing has been sent yet" in page.text
    assert page.text.count("<button") == 1
    assert "<script" not in page.text
    assert "set-cookie" not in page.headers
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert head.status_code in (200, 405)


@pytest.mark.parametrize("score", ["11", "-1", "5.5", "x", "٣", "", "999999999999"])
async def test_a_score_that_is_none_is_not_chosen(tmp_path: Path, score: str) -> None:
    async with published_site(tmp_path) as site:
        page = await site.http.get(link(site), params={"score": score})

    assert page.status_code == 200
    assert checked(page.text) == {}


async def test_the_button_answers(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        page = await site.http.post(link(site), data={"score": "9", "comment": " Good <b>boards</b>\r\nindeed "})
        [row] = await site.rows()
        assert (row.kind, row.urgent, row.contact_id) == ("survey", False, site.contact)
        await site.drain()

        assert await events(site) == [
            (
                "survey/m1/1",
                {"survey": "nps", "score": 9, "comment": "Good <b>boards</b>\nindeed", "low": False, "satisfaction": 4},
            )
        ]
    assert "Thank you" in page.text
    assert "A person reads it" in page.text
    assert "8 March 2026" in page.text or "March 8, 2026" in page.text
    assert "in touch" not in page.text


async def test_nothing_is_sent_without_a_score_and_the_comment_is_not_lost(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        for posted in ({"comment": "Oh <dear>"}, {"score": "11", "comment": "Oh <dear>"}):
            page = await site.http.post(link(site), data=posted)
            assert "Nothing was sent" in page.text
            assert "Oh &lt;dear&gt;</textarea>" in page.text
        assert await site.rows() == []


async def test_the_last_answer_counts_and_says_what_was_answered_before(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await site.http.post(link(site), data={"score": "9"})
        await site.http.post(link(site), data={"score": "9"})
        await site.drain()
        site.moved = DAY
        looked = await site.http.get(link(site))
        await site.http.post(link(site), data={"score": "3", "comment": "After all, no."})
        await site.http.post(link(site), data={"score": "9"})
        await site.drain()

        found = await events(site)
    assert [(key, data["score"], data.get("before")) for key, data in found] == [
        ("survey/m1/1", 9, None),
        ("survey/m1/2", 3, 9),
        ("survey/m1/3", 9, 3),
    ]
    assert checked(looked.text) == {"score": "9"}
    assert "This is what you answered" in looked.text


async def test_an_answer_can_be_changed_for_a_week_and_then_stands(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await site.http.post(link(site), data={"score": "9"})
        site.moved = 7 * DAY
        late, looked = await site.http.post(link(site), data={"score": "1"}), await site.http.get(link(site))
        await site.drain()

        assert [data["score"] for _, data in await events(site)] == [9]
    assert "cannot be changed any more" in late.text
    assert looked.text == late.text


@pytest.mark.parametrize(("after", "works"), [(60 * DAY - timedelta(seconds=1), True), (60 * DAY, False)])
async def test_a_link_can_be_answered_for_sixty_days(tmp_path: Path, after: timedelta, works: bool) -> None:
    async with published_site(tmp_path) as site:
        site.moved = after
        looked, pressed = await site.http.get(link(site)), await site.http.post(link(site), data={"score": "9"})

        assert len(await site.rows()) == works
    assert ("made a while ago" in looked.text) is not works
    assert ("made a while ago" in pressed.text) is not works


async def test_a_link_that_is_none_of_ours_writes_nothing(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        good = link(site)
        strange = [
            "/q/forged", good[:-1], good + "x", "/q/%ff%00", "/q/" + "x" * 5000,
            "/q/" + TOKENS.make("unsubscribe", [site.contact, "nps", "nps", "m1", NOON.isoformat()]),
            "/q/" + TOKENS.make("survey", [site.contact]), link(site, kind="stars"),
            "/q/" + TOKENS.make("survey", ["nobody", "nps", "nps", "m1", NOON.isoformat()]),
        ]  # fmt: skip
        for path in strange:
            for page in (await site.http.get(path), await site.http.post(path, data={"score": "9"})):
                assert (page.status_code, "This link is not complete" in page.text) == (200, True), path
        assert await site.rows() == []
        assert (await site.http.put(good)).status_code == 405
        assert (await site.http.delete(good)).status_code == 405
        assert (await site.http.post(good, content=b"x" * 40_000)).status_code == 413


async def test_a_comment_of_the_greatest_length_is_taken_and_a_longer_one_cut(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        await site.http.post(link(site), data={"score": "0", "comment": "😀" * 2_000})
        await site.http.post(link(site, message="m2"), data={"score": "0", "comment": "a" * 2_500})
        await site.drain()

        assert [len(data["comment"]) for _, data in await events(site)] == [2_000, 2_000]


async def test_the_page_speaks_the_contacts_language_and_the_companys_words(tmp_path: Path) -> None:
    async with published_site(tmp_path, language="de") as site:
        await published(site, surveys=POLICY)
        german = await site.http.get(link(site, "order", "csat"))
    (tmp_path / "other").mkdir()
    async with published_site(tmp_path / "other") as site:
        await published(site, surveys=POLICY)
        english = await site.http.get(link(site, "order", "csat"))
        thanks = await site.http.post(link(site, "order", "csat"), data={"score": "5"})
        browser = await site.http.get(link(site), headers=GERMAN)

    assert 'lang="de"' in german.text
    assert "Ist das Brett richtig?" in german.text
    assert "1: gar nicht" in german.text
    assert "Is the board right?" in english.text
    assert "1: no" in english.text
    assert offered(english.text, "score") == ["1", "2", "3", "4", "5"]
    assert "We plane on." in thanks.text
    assert "Wie wahrscheinlich" in browser.text


async def test_a_survey_of_a_case_asks_three_things_on_one_page(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        page = await site.http.get(link(site, "case", "case"), params={"score": "4"})
        await site.http.post(link(site, "case", "case"), data={"score": "4", "effort": "6", "kept": "no"})
        await site.drain()
        again = await site.http.get(link(site, "case", "case"))

        [(_, data)] = await events(site)
    assert (offered(page.text, "score"), offered(page.text, "kept")) == (["1", "2", "3", "4", "5"], ["yes", "no"])
    assert offered(page.text, "effort") == [str(each) for each in range(1, 8)]
    assert checked(page.text) == {"score": "4"}
    assert data == {"survey": "case", "score": 4, "effort": 6, "kept": False, "low": False, "satisfaction": 4}
    assert checked(again.text) == {"score": "4", "effort": "6", "kept": "no"}


async def test_that_somebody_will_be_in_touch_is_said_only_where_the_policy_opens_a_case(tmp_path: Path) -> None:
    async with published_site(tmp_path) as site:
        without = await site.http.post(link(site), data={"score": "3"})
        await published(site, recovery=RECOVERY, teams=TEAMS)
        low = await site.http.post(link(site), data={"score": "2"})
        high = await site.http.post(link(site), data={"score": "9"})

    assert "will be in touch" not in without.text
    assert "Somebody of us will be in touch" in low.text
    assert "will be in touch" not in high.text


async def test_without_the_main_database_it_is_asked_and_kept_all_the_same(tmp_path: Path) -> None:
    async with published_site(tmp_path, main_is_away=True) as site:
        page = await site.http.get(link(site, "order", "csat"), headers=GERMAN)
        pressed = await site.http.post(link(site, "order", "csat"), data={"score": "1"}, headers=GERMAN)
        assert len(await site.rows()) == 1

    assert "Wie zufrieden sind Sie?" in page.text
    assert "Danke" in pressed.text


def test_everything_is_said_in_every_language() -> None:
    assert set(get_args(Language)) == set(LANGUAGES)
    for name, said in WORDS.items():
        assert set(said) == set(LANGUAGES), name
