"""`POST /events`: each event is answered for itself, and what is good is on disk."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from tests.starter.site import EVENTS_KEY, Site, site_in

KEY = {"authorization": f"Bearer {EVENTS_KEY}"}
PURCHASE = {
    "id": "o-7",
    "event": "purchased",
    "contact": {"email": "Ann@Acme.example"},
    "data": {"amount": 40},
    "at": "2026-03-27T10:00:00+01:00",
}


async def tell(site: Site, told: object) -> httpx2.Response:
    return await site.http.post("/events", content=json.dumps(told).encode(), headers=KEY)


async def refusal(site: Site, **changes: Any) -> str:
    answer = await tell(site, {key: value for key, value in (PURCHASE | changes).items() if value != "left out"})
    assert answer.status_code == 422
    return str(answer.json()["error"])


async def test_one_event_is_kept_and_a_repeat_is_recognised(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        first, second = await tell(site, PURCHASE), await tell(site, PURCHASE)
        [row] = await site.rows()

    assert (first.status_code, first.json()) == (202, {"id": "o-7", "status": "accepted"})
    assert (second.status_code, second.json()) == (200, {"id": "o-7", "status": "repeated"})
    assert (row.key, row.kind, row.source, row.form, row.urgent) == ("api/events/o-7", "event", "api", None, False)
    assert row.body == {
        "event": "purchased",
        "contact": {"email": "ann@acme.example"},
        "data": {"amount": 40},
        "at": "2026-03-27T09:00:00+00:00",
        "step": None,
        "message": None,
    }


async def test_an_event_says_which_message_it_is_an_answer_to(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        await tell(site, PURCHASE | {"event": "clicked", "of": "tips", "message": "0198-m1"})
        [row] = await site.rows()

    assert (row.body["step"], row.body["message"]) == ("tips", "0198-m1")


async def test_a_list_is_answered_event_by_event_in_one_commit(tmp_path: Path) -> None:
    told = [PURCHASE, {"id": "o-8"}, PURCHASE | {"id": "o-9", "contact": {"id": "c1"}}, PURCHASE, 7]
    async with site_in(tmp_path) as site:
        commits: list[object] = []
        event.listen(site.inbox.engine, "commit", commits.append)
        answer = await tell(site, told)
        rows = await site.rows()

    assert answer.status_code == 202
    assert [each["status"] for each in answer.json()] == ["accepted", "refused", "accepted", "repeated", "refused"]
    assert [row.contact_id for row in rows] == [None, "c1"]
    assert len(commits) == 1


async def test_only_our_key_is_believed(tmp_path: Path) -> None:
    raw = json.dumps(PURCHASE).encode()
    told = [{}, {b"authorization": b"Bearer wrong"}, {b"authorization": b"Bearer \xff"}, {b"authorization": b"Basic x"}]
    async with site_in(tmp_path) as site:
        answers = [await site.http.post("/events", content=raw, headers=headers) for headers in told]
        rows = await site.rows()

    assert {answer.status_code for answer in answers} == {401}
    assert rows == []


async def test_without_a_key_set_nobody_is_believed(tmp_path: Path) -> None:
    async with site_in(tmp_path, events_key=None) as site:
        answer = await site.http.post("/events", json=PURCHASE, headers={"authorization": "Bearer "})

    assert answer.status_code == 401
    assert "RAPPORT_EVENTS_KEY" in answer.json()["error"]


async def test_what_is_no_event_is_refused_with_the_way_out(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        assert "give each event one of your own" in await refusal(site, id="left out")
        assert "as in meeting_booked" in await refusal(site, event="Meeting booked!")
        assert "write it like 2026-03-27T09:00:00Z" in await refusal(site, at="yesterday")
        assert "data is not an object" in await refusal(site, data=[1])
        assert "of is not a name; write the step whose message" in await refusal(site, of=["tips"])
        assert "message is not a name; write our id of the message" in await refusal(site, message={})
        assert "contact is missing" in await refusal(site, contact="left out")
        assert "there is no e-mail address" in await refusal(site, contact={})
        assert "not one of our ids" in await refusal(site, contact={"id": "x" * 37})
        assert await refusal(site, date="2026-03-27") == "'date' is not known here; did you mean 'data'?"
        assert await refusal(site, contact={"email": "a@b.example", "first_name": "Ann"}) == (
            "'contact.first_name' is not known here; there are email, id"
        )


@pytest.mark.parametrize("told", [[], [{}] * 1001])
async def test_a_list_has_between_one_and_a_thousand_events(tmp_path: Path, told: list[Any]) -> None:
    async with site_in(tmp_path) as site:
        answer = await tell(site, told)

    assert answer.status_code == 422
    assert "at a time" in answer.json()["error"]


async def test_a_withdrawal_told_by_another_system_is_urgent(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        await tell(site, PURCHASE | {"event": "unsubscribed"})
        [row] = await site.rows()

    assert row.urgent


async def test_nobody_tells_us_that_a_score_was_reached(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        said = await refusal(site, event="score_reached")

    assert said.endswith("event score_reached is only written here; tell what happened, and the rules find it out")
