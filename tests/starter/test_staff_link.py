"""The page behind a link to our people: looking changes nothing, what is posted is done once, refusals say why."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from domain.events import BUILT_IN, MAIL_LOGGED, SUPPRESSED, UNSUPPRESSED
from domain.staff_links import VERBS
from starter.link_words import LANGUAGES
from starter.staff_lines import EVENTS
from starter.staff_words import WORDS
from tests.starter.staff_site import MONDAY, link, posting, staff_site, text_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_it_shows_whose_task_it_is_by_when_and_for_whom(tmp_path: Path) -> None:
    async with staff_site(tmp_path, company="Acme & Co", phone="+49 30 123456") as site:
        task = await site.open(source="rule call-hot-lead")
        page = await site.http.get(link(task))

    shown = text_of(page)
    assert page.status_code == 200
    assert shown.startswith("Call Ann You are Ada Berger. This task is yours, since Mon 4 May, 09:00.")
    assert "Accept by Mon 4 May, 13:00 Done by Wed 6 May, 09:00 All times: Europe/Berlin" in shown
    assert "Company Acme & Co" in shown
    assert 'href="mailto:ann@customer.example"' in page.text
    assert 'href="tel:+4930123456"' in page.text
    assert "Opened by rule call-hot-lead, Mon 4 May, 09:00. It is the turn of ada." in shown
    assert "Bob Falk (0 of 5 open)" in shown


async def test_a_scanner_that_follows_every_link_changes_nothing(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        before = await site.everything()
        for address in [link(task), *(f"{link(task)}?do={verb}" for verb in VERBS), f"{link(task)}?did=accept.k"]:
            looked, head = await site.http.get(address), await site.http.head(address)
            assert looked.status_code == 200
            assert head.status_code in (200, 405)
            assert "You have" not in looked.text

        assert await site.everything() == before


async def test_the_address_opens_the_form_that_the_mail_named(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page, plain = await site.http.get(f"{link(task)}?do=snooze"), await site.http.get(link(task))
        strange = await site.http.get(f"{link(task)}?do=%22%3E%3Cscript%3E")

    assert '<details id="snooze" open>' in page.text
    assert page.text.count(" open>") == 1
    assert " open>" not in plain.text
    assert strange.status_code == 200
    assert "<script" not in strange.text


async def test_nothing_of_a_page_is_kept_run_or_told_to_others(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        page = await site.http.get(link(await site.open()))

    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text


async def test_who_accepts_is_told_so_and_twice_is_once(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        form = posting(await site.http.get(link(task)), "accept")
        first, second = await site.http.post(link(task), data=form), await site.http.post(link(task), data=form)
        page = await site.http.get(f"/s/{first.headers['location']}")

        assert (await site.state(task)).accepted_at == MONDAY
        assert [name for name, _, _ in await site.told()].count("task_accepted") == 1
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert "You have accepted this task." in text_of(page)
    assert "Accepted Mon 4 May, 09:00." in text_of(page)
    assert '<button id="accept">' not in page.text


async def test_a_link_alone_is_enough_to_act_and_the_same_posting_is_done_once(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        answers = [await site.http.post(f"{link(task)}?do=accept") for _ in range(2)]

        assert (await site.state(task)).accepted_at == MONDAY
    assert [each.status_code for each in answers] == [303, 303]


async def test_completed_with_an_outcome_and_a_note(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open(outcomes=("reached", "no_answer"))
        page = await site.http.get(f"{link(task)}?do=complete")
        done = await site.http.post(
            link(task), data=posting(page, "complete", outcome="reached", note="Calls back\r\non Friday.")
        )
        after = await site.http.get(f"/s/{done.headers['location']}")
        state = await site.state(task)

        assert (state.ended, state.outcome, state.by) == ("completed", "reached", "ada")
        assert ("task_completed", "ada") in [(name, person) for name, person, _ in await site.told()]
    shown = text_of(after)
    assert "The task is completed." in shown
    assert "Already completed by Ada Berger at Mon 4 May, 09:00, with “reached”. Note: Calls back on Friday." in shown
    assert [verb for verb in VERBS if f'name="do" value="{verb}"' in after.text] == ["comment"]


async def test_completed_twice_is_refused_and_says_who_was_first(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        before = await site.http.get(link(task))
        await site.http.post(link(task, "lea"), data={"do": "complete", "outcome": "sold"})
        late = await site.http.post(link(task), data=posting(before, "complete", outcome="no answer"))

        assert (await site.state(task)).outcome == "sold"
    assert late.status_code == 409
    assert "Nothing was done. This task is over." in text_of(late)
    assert "Already completed by Lea Lead at Mon 4 May, 09:00, with “sold”." in text_of(late)


async def test_an_unknown_outcome_is_refused_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open(outcomes=("reached", "no_answer"))
        posted = {"do": "complete", "outcome": "</textarea>", "note": "<b>Nice</b>"}
        page = await site.http.post(link(task), data=posted)
        none = await site.http.post(link(task), data={"do": "complete"})

        assert (await site.state(task)).ended_at is None
    assert (page.status_code, none.status_code) == (422, 422)
    assert "Nothing was done. Say what came of it: reached, no_answer." in text_of(page)
    assert "\n&lt;b&gt;Nice&lt;/b&gt;</textarea>" in page.text
    assert '<details id="complete" open>' in page.text


async def test_put_off_to_an_hour_on_the_teams_clock(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.get(f"{link(task)}?do=snooze")
        done = await site.http.post(link(task), data=posting(page, "snooze", at="2026-05-06T09:00"))
        after = text_of(await site.http.get(f"/s/{done.headers['location']}"))

        assert (await site.state(task)).holds[0].until == MONDAY + 2 * DAY
    shown = text_of(page)
    assert "Tomorrow: Tue 5 May, 09:00" in shown
    assert "In an hour: Mon 4 May, 10:00" in shown
    assert "At the latest Mon 11 May, 09:00. Put off 0 of 3 times so far." in shown
    assert 'min="2026-05-04T09:00" max="2026-05-11T09:00"' in page.text
    assert "The task is put off." in after
    assert "its clocks stand still until Wed 6 May, 09:00." in after


async def test_put_off_by_a_button(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.get(link(task))
        tomorrow = (MONDAY + DAY).isoformat()
        assert f'name="until" value="{tomorrow}"' in page.text
        await site.http.post(link(task), data=posting(page, "snooze", until=tomorrow))

        assert (await site.state(task)).holds[0].until == MONDAY + DAY


@pytest.mark.parametrize(
    ("at", "status", "said"),
    [
        ("2026-05-11T09:01", 409, "a task may be put off by 5 business days; give 2026-05-11 09:00 Europe/Berlin"),
        ("2026-05-04T08:00", 409, "2026-05-04 08:00 Europe/Berlin is over; give an instant to come"),
        ("soon", 422, "Say until when, as a day and an hour"),
        ("9999-12-31T23:59", 422, "Say until when"),
        ("", 422, "Say until when"),
    ],
)
async def test_put_off_too_long_is_refused(tmp_path: Path, at: str, status: int, said: str) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.post(link(task), data={"do": "snooze", "at": at})

        assert (await site.state(task)).holds == ()
    assert page.status_code == status
    assert said.lower() in text_of(page).lower()
    assert f'value="{at}"' in page.text


async def test_put_off_too_often_is_refused(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        for day in ("05", "06", "07"):
            assert (
                await site.http.post(link(task), data={"do": "snooze", "at": f"2026-05-{day}T09:00"})
            ).status_code == 303
        page = await site.http.post(link(task), data={"do": "snooze", "at": "2026-05-08T09:00"})

    assert page.status_code == 409
    assert "was put off 3 times, and no more is allowed" in text_of(page)
    assert '<details id="snooze"' not in page.text


async def test_handed_on_and_the_old_link_says_with_whom_it_is_now(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        stale = await site.http.get(link(task))
        await site.http.post(link(task), data=posting(stale, "reassign", to="bob", note="You know them."))
        old, new = await site.http.get(link(task)), await site.http.get(link(task, "bob"))
        late = await site.http.post(link(task), data=posting(stale, "complete", outcome="sold"))

        assert (await site.state(task)).assignee == "bob"
        assert (await site.state(task)).ended_at is None
    assert "This task is with Bob Falk, since Mon 4 May, 09:00." in text_of(old)
    assert "It is not yours: you can take it over, or comment." in text_of(old)
    assert [verb for verb in VERBS if f'name="do" value="{verb}"' in old.text] == ["take", "comment"]
    assert "This task is yours" in text_of(new)
    assert "Ada Berger Given to Bob Falk: ada handed it on; You know them." in text_of(new)
    assert late.status_code == 409
    assert "This task is with Bob Falk now, and not yours." in text_of(late)


async def test_whoever_lost_it_takes_it_over(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        await site.http.post(link(task), data={"do": "reassign", "to": "bob"})
        form = posting(await site.http.get(link(task)), "take")
        answers = [await site.http.post(link(task), data=form) for _ in range(2)]
        state = await site.state(task)

    assert [each.status_code for each in answers] == [303, 303]
    assert (state.assignee, state.accepted_at) == ("ada", MONDAY)


@pytest.mark.parametrize(
    ("to", "status", "said"),
    [
        ("bob", 409, "Bob is away until 2026-05-08 09:00 Europe/Berlin; choose somebody else"),
        ("ada", 409, "this task is with ada already"),
        ("nobody\r\nSet-Cookie: a=b", 409, "There is nobody 'nobody Set-Cookie: a=b' in policies/teams.yaml"),
        ("", 422, "Say to whom"),
    ],
)
async def test_handing_on_to_somebody_who_cannot_is_refused(tmp_path: Path, to: str, status: int, said: str) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        await site.away("bob", MONDAY + 4 * DAY)
        page = await site.http.post(link(task), data={"do": "reassign", "to": to, "note": "Please."})

        assert (await site.state(task)).assignee == "ada"
    assert page.status_code == status
    assert said.lower() in text_of(page).lower()
    assert "\nPlease.</textarea>" in page.text
    assert '<option value="bob" disabled' in page.text
    assert "Bob Falk (away until Fri 8 May, 09:00)" in text_of(page)
    assert "set-cookie" not in page.headers


async def test_comments_are_kept_each_once(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.get(link(task))
        for text in ("First", "First", "Second"):
            await site.http.post(link(task), data=posting(page, "comment", note=text))
        empty = await site.http.post(link(task), data=posting(page, "comment", note=" \r\n "))
        long = await site.http.post(link(task), data=posting(page, "comment", note="x" * 4001))
        shown = text_of(await site.http.get(link(task)))

        assert [data["note"] for name, _, data in await site.told() if name == "task_commented"] == ["First", "Second"]
    assert "Ada Berger Second" in shown
    assert (empty.status_code, long.status_code) == (422, 422)
    assert "That is 4001 characters; at most 4000 are kept." in text_of(long)
    assert "x" * 4001 in long.text


async def test_cancelled_with_a_reason(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        without = await site.http.post(link(task), data={"do": "cancel"})
        done = await site.http.post(link(task), data={"do": "cancel", "reason": "Moved away."})
        shown = text_of(await site.http.get(f"/s/{done.headers['location']}"))

        assert (await site.state(task)).ended == "cancelled"
    assert without.status_code == 422
    assert "Already cancelled by Ada Berger at Mon 4 May, 09:00. Note: Moved away." in shown


async def test_every_field_has_a_label_and_every_id_is_there_once(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        free, chosen = await site.open(), await site.open("Another", outcomes=("reached",))
        pages = [(await site.http.get(link(task, who))).text for task in (free, chosen) for who in ("ada", "bob")]

    for page in pages:
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        fields = re.findall(r"<(?:textarea|select|input(?! type=\"(?:hidden|radio)\"))\s+([^>]*)>", page)
        assert {re.findall(r'id="([^"]+)"', field)[0] for field in fields} == set(re.findall(r' for="([^"]+)"', page))
        assert page.count("<h1>") == 1
        assert '<html lang="en">' in page


# What events have beside the fields that rules may read.
MORE = {"why", "text", "reason", "subject"}


def test_every_event_is_said_in_every_language() -> None:
    silent = {"delivered", "deferred", "opened", "points_changed", "tier_changed", "score_reached"}
    for name in (BUILT_IN.keys() | {MAIL_LOGGED, SUPPRESSED, UNSUPPRESSED}) - silent:
        assert set(EVENTS[name]) == set(LANGUAGES), name
        for words in EVENTS[name].values():
            assert set(re.findall(r"\{(\w+)\}", words)) <= BUILT_IN.get(name, frozenset()) | MORE, name
    for said in WORDS.values():
        assert set(said) == set(LANGUAGES)
        assert len({frozenset(re.findall(r"\{(\w+)\}", words)) for words in said.values()}) == 1, said
