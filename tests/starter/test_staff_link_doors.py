"""Who gets in by a link to our people, and what nobody gets by with: forged, expired, hostile, or parts away."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.client import Client

from records.models import Contact
from records.published import publish
from starter.acting import Desk
from tests.starter.site import TOKENS
from tests.starter.staff_site import MONDAY, PEOPLE, StaffSite, link, posting, staff_site, text_of

DAY = timedelta(days=1)
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "token",
    [
        "forged",
        TOKENS.make("staff", ["one part"]),
        TOKENS.make("unsubscribe", ["c1", "news", "m1"]),
        "a" * 3000,
        "%00%0d%0aSet-Cookie:%20a=b",
        "%ff%fe",
    ],
)
async def test_a_link_that_is_none_of_ours_says_so_and_nothing_else(tmp_path: Path, token: str) -> None:
    async with staff_site(tmp_path) as site:
        await site.open()
        before = await site.everything()
        looked = await site.http.get(f"/s/{token}")
        acted = await site.http.post(f"/s/{token}", data={"do": "accept"})

        assert await site.everything() == before
    assert (looked.status_code, acted.status_code) == (404, 404)
    assert "This link leads nowhere" in looked.text
    assert looked.text == acted.text
    assert "set-cookie" not in acted.headers


async def test_a_token_with_one_letter_changed_is_none_of_ours(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        good = link(await site.open())
        here = len(good) - 9
        other = good[:here] + ("A" if good[here] != "A" else "B") + good[here + 1 :]

        assert (await site.http.get(good)).status_code == 200
        assert (await site.http.get(other)).status_code == 404
        assert (await site.http.get(good[:-2])).status_code == 404


async def over(site: StaffSite, address: str) -> bool:
    looked = await site.http.get(address)
    acted = await site.http.post(address, data={"do": "comment", "note": "Hello"})
    return looked.status_code == acted.status_code == 410 and "Ann" not in looked.text + acted.text


async def test_a_link_expires_thirty_days_after_the_end(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        site.moved = 60 * DAY
        assert (await site.http.get(link(task))).status_code == 200
        await site.http.post(link(task), data={"do": "cancel", "reason": "Old."})
        site.moved = 89 * DAY
        assert (await site.http.get(link(task))).status_code == 200
        site.moved = 90 * DAY

        assert await over(site, link(task))


async def test_a_link_ends_with_its_person_its_task_and_its_contact(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        assert await over(site, link("01900000-0000-7000-8000-000000000000"))
        assert await over(site, link(task, "somebody"))
        without = PEOPLE | {"policies/teams.yaml": PEOPLE["policies/teams.yaml"].replace("bob", "rob")}
        await site.main.write(lambda session: publish(session, without, {}, MONDAY + DAY))
        assert await over(site, link(task, "bob"))

        def erase(session: object) -> None:
            contact = session.get(Contact, site.contact)  # type: ignore[attr-defined]
            contact.erased_at = MONDAY
            session.add(contact)  # type: ignore[attr-defined]

        await site.main.write(erase)
        assert await over(site, link(task))


async def test_a_mailbox_acts_as_its_team(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open(team="desk")
        page = await site.http.get(link(task, ""))
        await site.http.post(link(task, ""), data=posting(page, "accept"))
        await site.http.post(link(task, ""), data={"do": "complete", "outcome": "done"})
        state = await site.state(task)

    assert "You are desk. This task is with the team desk." in text_of(page)
    assert (state.ended, state.by, state.assignee) == ("completed", "desk", None)


async def test_a_team_of_people_can_comment_by_its_own_link_while_somebody_has_it(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.get(link(task, ""))
        done = await site.http.post(link(task, ""), data={"do": "cancel", "reason": "No."})

        assert (await site.state(task)).ended_at is None
    assert "You are Sales. This task is with Ada Berger" in text_of(page)
    assert "You can comment." in text_of(page)
    assert page.text.count("<summary>") == 1
    assert done.status_code == 409


async def test_the_lead_can_do_everything_but_accept_what_another_has(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.get(link(task, "lea"))
        refused = await site.http.post(link(task, "lea"), data={"do": "accept"})
        await site.http.post(link(task, "lea"), data={"do": "reassign", "to": "bob"})

        assert (await site.state(task)).assignee == "bob"
    assert '<button id="take">' in page.text
    assert '<details id="cancel">' in page.text
    assert refused.status_code == 409
    assert "This task is with ada; have it reassigned to lea first" in text_of(refused)


async def test_the_page_speaks_the_readers_language(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        german = await site.http.get(link(task), headers=GERMAN)
        silent = await site.http.get(link(task), headers={"Accept-Language": "fr"})
        nowhere = await site.http.get("/s/forged", headers=GERMAN)
        refused = await site.http.post(link(task), data={"do": "reassign", "to": "ada"}, headers=GERMAN)

    assert 'lang="de"' in german.text
    assert "Sie sind Ada Berger. Diese Aufgabe liegt seit Mo. 4. Mai, 09:00 bei Ihnen." in text_of(german)
    assert 'lang="de"' in silent.text  # what ada speaks
    assert "Dieser Link führt nirgendwohin" in nowhere.text
    # The rules speak English, and the page says so.
    assert 'Es ist nichts geschehen. <span lang="en">This task is with ada already.</span>' in refused.text


async def test_what_contacts_and_people_write_is_text(tmp_path: Path) -> None:
    evil: dict[str, Any] = {
        "first_name": EVIL,
        "last_name": '"><img src=x>',
        "company": EVIL,
        "phone": 'javascript:"alert(1)',
    }
    async with staff_site(tmp_path, **evil) as site:
        task = await site.open(title=EVIL, source=EVIL, outcomes=(EVIL, '" onclick="x'))
        await site.http.post(link(task), data={"do": "comment", "note": EVIL})
        pages = [
            await site.http.get(f"{link(task)}?do={EVIL}&did={EVIL}"),
            await site.http.post(
                link(task), data={"do": "complete", "outcome": EVIL * 9, "note": f"</textarea>{EVIL}"}
            ),
            await site.http.post(link(task), data={"do": EVIL, "key": EVIL}),
        ]

    for page in pages:
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert ' onclick="x' not in page.text
        assert 'href="javascript' not in page.text
    assert [page.status_code for page in pages] == [200, 422, 422]
    assert "does not say what to do" in text_of(pages[2])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"do=comment&note=%E4%F6", "application/x-www-form-urlencoded"),
        (b"do=comment&note=\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"do": "comment", "note": "x"}', "application/json"),
        (b"do=comment&note=x", "text/plain"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"&".join(b"a=b" for _ in range(2000)), "application/x-www-form-urlencoded"),
    ],
)
async def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, kind: str) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        before = await site.everything()
        page = await site.http.post(link(task), content=content, headers={"Content-Type": kind})

        assert await site.everything() == before
    assert page.status_code == 422
    assert "Nothing was done." in text_of(page)


async def test_a_form_of_a_browser_that_sends_parts_is_read(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        await site.http.post(link(task), files={"do": (None, "comment"), "note": (None, "Grüße\r\n„Ann“")})

        assert [data["note"] for name, _, data in await site.told() if name == "task_commented"] == ["Grüße\n„Ann“"]


async def test_more_than_a_page_can_send_is_refused(tmp_path: Path) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        page = await site.http.post(link(task), data={"do": "comment", "note": "x" * 70_000})

    assert page.status_code == 413
    assert "<h1>" in page.text


async def test_while_nobody_answers_the_page_says_so_and_sends_the_same_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        typed = posting(await site.http.get(link(task)), "comment", note="Private <words>")
        site.desk.away = True
        page = await site.http.post(link(task), data=typed)
        site.desk.away = False
        again = await site.http.post(link(task), data=posting(page, "comment"))

        assert len({key for _, key in site.desk.asked}) == 1
        assert [data["note"] for name, _, data in await site.told() if name == "task_commented"] == ["Private <words>"]
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "nobody knows yet whether it was done. It is safe to send it again: it is done once." in text_of(page)
    assert again.status_code == 303
    assert "Private" not in caplog.text


async def test_while_temporal_is_away_nothing_is_done_and_the_page_says_so(tmp_path: Path) -> None:
    async def out_of_reach() -> Client:
        raise RuntimeError("connection refused")

    async with staff_site(tmp_path) as site:
        task = await site.open()
        site.desk.instead = Desk(out_of_reach, site.main)
        page = await site.http.post(link(task), data={"do": "accept"})
        site.desk.instead = None
        site.moved = timedelta(minutes=5)
        again = await site.http.post(link(task), data=posting(page, "accept"))
        twice = await site.http.post(link(task), data=posting(page, "accept"))

        assert (await site.state(task)).accepted_at == MONDAY + timedelta(minutes=5)
    assert (page.status_code, again.status_code, twice.status_code) == (503, 303, 303)
    assert "nothing was done. Send it again in a moment." in text_of(page)


async def test_while_the_records_are_away_nothing_is_shown_and_nothing_is_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staff_site(tmp_path) as site:
        task = await site.open()
        await site.main.write(lambda session: session.execute(text("alter table follow_up rename to away")) and None)
        looked = await site.http.get(link(task))
        acted = await site.http.post(link(task), data={"do": "comment", "note": "Kept words"})
        await site.main.write(lambda session: session.execute(text("alter table away rename to follow_up")) and None)
        again = await site.http.post(link(task), data=posting(acted, "comment"))

    assert (looked.status_code, acted.status_code, again.status_code) == (503, 503, 303)
    assert "The task cannot be shown now. Nothing was changed." in text_of(looked)
    assert "nothing was done. Send it again in a moment." in text_of(acted)
    ours = "".join(each.getMessage() for each in caplog.records if not each.name.startswith("httpx2"))
    assert "OperationalError" in ours
    assert task not in ours
    assert link(task).removeprefix("/s/") not in ours
    assert "Kept words" not in ours
