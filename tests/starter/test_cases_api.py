"""`/cases`: listed, shown, opened once for each key, acted on, and refused with a sentence and a status."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.loader import load
from records.published import publish
from starter.acting import OutOfReach
from starter.cases_api_said import ACTIONS, CASE, MORE
from tests.domain.kit import Templates
from tests.starter.case_desk import CARE, RECOVERY
from tests.starter.published_site import FILES, NOON
from tests.starter.test_cli_tasks import TEAMS
from tests.starter.test_tasks_api import Desk, at_desk

ANN = "ann@acme.example"
LOST: dict[str, Any] = {"contact": {"email": ANN}, "title": "The parcel was lost", "severity": "S2", "incident": "o-1"}


@asynccontextmanager
async def at_cases(folder: Path) -> AsyncIterator[Desk]:
    """Yield a desk in a company that has a policy for cases."""
    async with at_desk(folder) as desk:
        people = TEAMS.replace("teams:\n", "  max: {name: Max, email: max@acme.example}\nteams:\n" + CARE)
        files = FILES | {"policies/teams.yaml": people, "policies/recovery.yaml": RECOVERY}
        programs = load(files, Templates({})).programs
        await desk.site.main.write(lambda session: publish(session, files, programs, NOON))
        yield desk


async def test_a_case_is_opened_once_for_each_key_joined_and_shown_as_it_is_described(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        first = await desk.ask("/cases", LOST | {"by": "lea", "note": "She is angry"}, key="crm-1")
        again = await desk.ask("/cases", LOST | {"by": "lea"}, key="crm-1")
        joins = await desk.ask("/cases", LOST, key="crm-2")
        shown = (await desk.get(f"/cases/{first.json()['number']}")).json()
        by_id = (await desk.get(f"/cases/{first.json()['id']}")).json()

    assert (first.status_code, again.status_code, joins.status_code) == (201, 200, 200)
    said = [each.json()["status"] for each in (first, again, joins)]
    assert said == ["opened", "repeated", "joined"]
    assert (first.json()["owner"], first.headers["Idempotency-Key"]) == ("ada", "crm-1")
    assert shown == by_id
    assert set(shown) == set(CASE | MORE), "the description is what is answered"
    assert set(first.json()) == {*CASE, "status"}


async def test_cases_are_listed_by_pages_and_by_what_they_are(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        numbers = []
        for number in range(3):
            answer = await desk.ask("/cases", LOST | {"incident": f"o-{number}", "severity": f"S{number + 1}"})
            numbers.append(answer.json()["number"])
        found, after = [], ""
        while True:
            page = (await desk.get(f"/cases?limit=1{after}")).json()
            found += [each["number"] for each in page["cases"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"

        async def listed(query: str) -> list[int]:
            answer = await desk.get(f"/cases?{query}")
            assert answer.status_code == 200, answer.text
            return [each["number"] for each in answer.json()["cases"]]

        assert found == numbers, "what is promised next comes first"
        assert await listed("severity=S2") == numbers[1:2]
        assert sorted(await listed("person=ada&open=true")) == [numbers[0], numbers[2]]
        assert await listed("late=true") == []
        assert await listed("closed=true") == []
        assert len(await listed(f"closed=any&contact={ANN}&team=care")) == 3
        for query in ("severity=S9", "closed=perhaps", "person=nobody", "colour=red", "limit=0", "contact=nobody@x.y"):
            assert (await desk.get(f"/cases?{query}")).status_code == 422, query


async def test_an_action_is_done_once_for_each_key_and_refused_with_its_sentence(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        case = (await desk.ask("/cases", LOST)).json()["number"]
        path = f"/cases/{case}/actions"

        done = await desk.ask(path, {"do": "comment", "note": "Busy", "by": "ada"}, key="k1")
        again = await desk.ask(path, {"do": "comment", "note": "Busy", "by": "ada"}, key="k1")
        refused = await desk.ask(path, {"do": "resolve", "by": "ada"}, key="k2")
        accepted = await desk.ask(path, {"do": "accept", "by": "ada"})
        asked = await desk.ask(path, {"do": "propose", "kind": "refund", "amount": "120.50", "by": "ada"}, key="k3")
        twice = await desk.ask(path, {"do": "propose", "kind": "refund", "amount": "120.50", "by": "ada"}, key="k3")
        story = (await desk.get(f"/cases/{case}")).json()

    assert (done.status_code, done.json()["did"], again.status_code) == (200, "comment", 200)
    assert refused.status_code == 409
    assert "is not resolved without its cause" in refused.json()["error"]
    assert refused.headers["Idempotency-Key"] == "k2"
    assert accepted.json()["accepted"] is True
    assert (asked.status_code, twice.status_code) == (200, 200)
    assert [each["amount"] for each in story["remedies"]] == ["120.50"], "asked again, nothing is paid twice"
    assert [each["event"] for each in story["timeline"]].count("case_commented") == 1


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"do": "explode"}, "there is no action 'explode'"),
        ({}, "there is no action ''"),
        ({"do": "comment", "note": "x", "colour": "red"}, "'colour' is not known here"),
        ({"do": "comment", "note": "x", "amount": "3"}, "'amount' does not belong to comment"),
        ({"do": "comment"}, "'note' is missing"),
        ({"do": "propose", "kind": "refund", "amount": "a lot"}, "amount"),
        ({"do": "severity", "severity": "S9"}, "'severity' cannot be 'S9'"),
        ({"do": "comment", "note": "x" * 4001}, "longer than 4000 characters"),
        (b"[]", "the body is not a JSON object"),
    ],
)
async def test_what_cannot_be_read_says_so(tmp_path: Path, told: object, why: str) -> None:
    async with at_cases(tmp_path) as desk:
        case = (await desk.ask("/cases", LOST)).json()["number"]

        answer = await desk.ask(f"/cases/{case}/actions", told)

    assert answer.status_code == 422
    assert why in answer.json()["error"]


async def test_who_has_no_key_sees_nothing_and_what_is_not_there_is_said(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        for method, path in (("GET", "/cases"), ("GET", "/cases/1"), ("POST", "/cases"), ("POST", "/cases/1/actions")):
            assert (await desk.site.http.request(method, path)).status_code == 401
        assert (await desk.get("/cases/4711")).status_code == 404
        assert (await desk.ask("/cases/4711/actions", {"do": "comment", "note": "x"})).status_code == 404
        assert (await desk.ask("/cases", LOST | {"team": "moon"})).status_code == 422
        assert (await desk.ask("/cases", {"contact": {"email": "no@x.example"}, "title": "x"})).status_code == 422


async def test_nobody_answering_is_503_with_the_key_to_ask_again_with(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        case = (await desk.ask("/cases", LOST)).json()["number"]
        desk.counter.away = OutOfReach("no worker answered in time", maybe_done=True)

        answer = await desk.ask(f"/cases/{case}/actions", {"do": "comment", "note": "x"}, key="k9")

    assert answer.status_code == 503
    assert (answer.headers["Idempotency-Key"], "Retry-After" in answer.headers) == ("k9", True)


async def test_the_description_names_every_action(tmp_path: Path) -> None:
    async with at_cases(tmp_path) as desk:
        described = (await desk.site.http.get("/openapi.json")).json()["paths"]

    body = described["/cases/{case}/actions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["do"]["enum"] == list(ACTIONS)
    assert set().union(*ACTIONS.values()) <= set(body["properties"])
    assert {"/cases", "/cases/{case}"} <= set(described)
