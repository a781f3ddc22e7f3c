"""`POST /contacts/{id or e-mail}/log`: what people did is on disk, or refused with the way out."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx2
import pytest
from sqlmodel import select

from domain.loader import load
from records.models import Interaction
from records.published import publish
from tests.domain.kit import Templates
from tests.starter.published_site import FILES, NOON, PublishedSite, published_site
from tests.starter.site import EVENTS_KEY

KEY = {"authorization": f"Bearer {EVENTS_KEY}"}
ANN = "ann@acme.example"
TEAMS = """
people:
  ada: {name: Ada, email: ada@acme.example}
teams:
  hot-leads: {email: sales@acme.example, members: [ada], department: sales}
"""
CALL: dict[str, Any] = {"id": "pbx-1", "kind": "call", "by": "ada", "minutes": 12, "direction": "in"}


async def staffed(site: PublishedSite) -> PublishedSite:
    files = FILES | {"policies/teams.yaml": TEAMS}
    programs = load(files, Templates({})).programs
    await site.main.write(lambda session: publish(session, files, programs, NOON))
    return site


async def log(
    site: PublishedSite, told: object, who: str = ANN, key: Mapping[str, str | bytes] = KEY
) -> httpx2.Response:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return await site.http.post(f"/contacts/{quote(who)}/log", content=body, headers=cast(Any, key))


async def test_a_call_is_on_the_timeline_of_whom_it_was_with_and_a_repeat_is_recognised(tmp_path: Path) -> None:
    async with published_site(tmp_path) as bare:
        site = await staffed(bare)
        first, second = await log(site, CALL), await log(site, CALL, who=site.contact)
        await site.drain()
        [row] = await site.main.read(lambda session: session.exec(select(Interaction)).all())

    assert (first.status_code, first.json()) == (202, {"id": "pbx-1", "status": "accepted"})
    assert (second.status_code, second.json()) == (200, {"id": "pbx-1", "status": "repeated"})
    assert (row.contact_id, row.name, row.occurred_at) == (site.contact, "call_logged", NOON)
    assert (row.department, row.person, row.channel, row.direction) == ("sales", "ada", "phone", "in")
    assert row.data == {"person": "ada", "department": "sales", "direction": "in", "minutes": 12}


async def test_of_a_list_each_is_answered_for_itself(tmp_path: Path) -> None:
    note = {"id": "n-1", "kind": "note", "by": "ada@acme.example", "text": "After four.", "at": "2026-03-02T11:00:00Z"}
    async with published_site(tmp_path) as bare:
        site = await staffed(bare)
        answer = await log(site, [CALL, note, CALL | {"id": "x", "by": "adda"}, 7])
        kept = [row.body["event"] for row in await site.rows()]

    assert answer.status_code == 202
    assert [each["status"] for each in answer.json()] == ["accepted", "accepted", "refused", "refused"]
    assert answer.json()[2]["error"] == "by: 'adda' is nobody of policies/teams.yaml; did you mean 'ada'?"
    assert kept == ["call_logged", "note_added"]


@pytest.mark.parametrize(
    "told",
    [b"", b"\xff", b'{"minutes": NaN}', b"[" * 5000, [], {}, CALL | {"id": None}, CALL | {"kind": None},
     CALL | {"kind": ["call"]}, CALL | {"by": None}, CALL | {"at": "yesterday"}, CALL | {"at": 7},
     CALL | {"at": "2026-03-02T14:00:00Z"}, CALL | {"minuets": 3}, CALL | {"minutes": "3"}],
)  # fmt: skip
async def test_what_cannot_be_logged_is_refused(tmp_path: Path, told: object) -> None:
    async with published_site(tmp_path) as bare:
        site = await staffed(bare)
        answer = await log(site, told)

        assert answer.status_code == 422
        assert "; " in answer.json()["error"]
        assert await site.rows() == []


@pytest.mark.parametrize("who", ["bob@acme.example", "nobody", "@", "x" * 60, "a\0b", "\u00e9", " ", "\u202e@\0"])
async def test_a_contact_whom_nobody_knows_is_not_made(tmp_path: Path, who: str) -> None:
    async with published_site(tmp_path) as bare:
        site = await staffed(bare)
        answer = await log(site, CALL, who=who)

        assert answer.status_code == 404
        assert answer.json()["error"].startswith(("there is no contact", "contact"))
        assert await site.rows() == []


@pytest.mark.parametrize("key", [{}, {"authorization": "Bearer nonsense"}, {"authorization": b"Bearer \xc3\xa9"}])
async def test_without_our_key_nothing_is_said_of_anybody(tmp_path: Path, key: Mapping[str, str | bytes]) -> None:
    async with published_site(tmp_path) as site:
        answers = [await log(site, CALL, who=who, key=key) for who in (ANN, "bob@acme.example")]

    assert [each.status_code for each in answers] == [401, 401]
    assert answers[0].content == answers[1].content


async def test_while_the_records_are_away_it_is_kept_and_looked_up_later(tmp_path: Path) -> None:
    async with published_site(tmp_path, main_is_away=True) as bare:
        site = await staffed(bare)
        answer, stranger = await log(site, CALL), await log(site, CALL | {"id": "pbx-2"}, who="bob@acme.example")
        known, unknown = await site.rows()
        assert known.body["contact"] == {"email": ANN, "known": True}
        with pytest.raises(ValueError, match="there is no contact with this address; add one"):
            await site.drain()
        [row] = await site.main.read(lambda session: session.exec(select(Interaction)).all())

    assert (answer.status_code, stranger.status_code, unknown.kind) == (202, 202, "event")
    assert (row.department, row.person) == ("sales", "ada"), "known by then"


async def test_many_at_once_are_one_each(tmp_path: Path) -> None:
    async with published_site(tmp_path) as bare:
        site = await staffed(bare)
        answers = await asyncio.gather(*(log(site, CALL) for _ in range(10)))
        assert len(await site.rows()) == 1

    assert sorted(each.status_code for each in answers) == [200] * 9 + [202]
