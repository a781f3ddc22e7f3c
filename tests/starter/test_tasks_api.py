"""`/tasks`: listed, shown, opened once for each key, acted on, and refused with a sentence and a status."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import Session

from domain.follow_up_actions import Action
from domain.follow_up_door import Stands
from domain.loader import load
from domain.recovery_actions import CaseAction
from domain.recovery_door import CaseStands
from records.follow_ups import act
from records.models import Contact
from records.published import Published, publish
from records.session import Database
from records.timeline import record_all
from starter.acting import OutOfReach, Refused
from starter.tasks_api_said import _MORE, _TASK, ACTIONS
from tests.domain.kit import Templates
from tests.starter.case_desk import acted
from tests.starter.published_site import FILES, NOON, PublishedSite, published_site
from tests.starter.site import EVENTS_KEY
from tests.starter.test_cli_tasks import POLICIES, TEAMS

ANN = "ann@acme.example"
CALL: dict[str, Any] = {"contact": {"email": ANN}, "title": "Call Ann", "team": "sales", "policy": "sales-call"}


@dataclass
class Counter:
    """Acts on the records as a worker does, or is out of reach."""

    main: Database | None = None
    away: OutOfReach | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    published: Published = field(default_factory=Published)

    async def act_on_case(self, case: str, action: CaseAction, key: str) -> CaseStands:
        main = self.takes(action.do, key)
        return await main.write(lambda session: acted(session, self.published, case, action, key, NOON))

    def takes(self, do: str, key: str) -> Database:
        self.asked.append((do, key))
        if self.away is not None:
            raise self.away
        assert self.main is not None
        return self.main

    async def act(self, follow_up: str, action: Action, key: str) -> Stands:
        main = self.takes(action.do, key)

        def work(session: Session) -> None:
            kept = act(session, self.published, follow_up, action, key, NOON)
            assert kept is not None
            if kept.refusal is not None:
                raise Refused(kept.refusal)
            contact = session.get(Contact, kept.row.contact_id)
            assert contact is not None
            record_all(session, self.published, contact, kept.told, NOON)

        await main.write(work)
        return Stands()


@dataclass
class Desk:
    site: PublishedSite
    counter: Counter

    async def ask(
        self, path: str, told: object = None, *, key: str | None = None, method: str = "POST"
    ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {EVENTS_KEY}"} | ({"Idempotency-Key": key} if key is not None else {})
        body = told if isinstance(told, bytes) else json.dumps(told).encode() if told is not None else b""
        return await self.site.http.request(method, path, content=body, headers=headers)

    async def get(self, path: str) -> httpx2.Response:
        return await self.ask(path, method="GET")

    async def opened(self, **more: object) -> str:
        answer = await self.ask("/tasks", CALL | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def listed(self, query: str = "") -> list[str]:
        answer = await self.get(f"/tasks?{query}")
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["tasks"]]


@asynccontextmanager
async def at_desk(folder: Path, **options: Any) -> AsyncIterator[Desk]:
    counter = Counter()
    async with published_site(folder, desk=counter, **options) as site:
        files = FILES | {"policies/teams.yaml": TEAMS, "policies/follow-ups.yaml": POLICIES}
        programs = load(files, Templates({})).programs
        await site.main.write(lambda session: publish(session, files, programs, NOON))
        counter.main = site.main
        yield Desk(site, counter)


async def test_a_task_is_opened_once_for_each_key_and_shown_as_it_is_described(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        first = await desk.ask("/tasks", CALL | {"by": "lea"}, key="crm-1")
        again = await desk.ask("/tasks", CALL | {"by": "lea"}, key="crm-1")
        other = await desk.ask("/tasks", CALL)
        shown = (await desk.get(f"/tasks/{first.json()['id']}")).json()

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert (first.json()["status"], again.json()["status"]) == ("opened", "repeated")
    assert (again.json()["id"], first.headers["Idempotency-Key"]) == (first.json()["id"], "crm-1")
    assert (first.json()["assignee"], other.json()["assignee"]) == ("ada", "bob")
    assert (shown["source"], shown["opened_at"]) == ("person lea", "2026-03-02T12:00:00Z")
    assert shown["due"] == "2026-03-02T16:00:00Z"
    assert set(shown) == set(_TASK | _MORE)
    assert [each["event"] for each in shown["timeline"]] == ["task_opened", "task_assigned"]
    assert shown["rings"][0] == {
        "at": "2026-03-02T12:15:00Z",
        "key": "accept/1/50",
        "what": "50 percent of the time to accept it",
    }


async def test_every_action_is_done_when_it_is_answered(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        accepted = await desk.ask(f"/tasks/{task}/accept", {"by": "ada"})
        put_off = await desk.ask(f"/tasks/{task}/snooze", {"until": "2026-03-03T10:00:00+01:00", "by": "ada"})
        handed = await desk.ask(f"/tasks/{task}/reassign", {"to": "bob@acme.example", "note": "French", "by": "ada"})
        said = await desk.ask(f"/tasks/{task}/comment", {"note": "Busy", "by": "bob"})
        done = await desk.ask(f"/tasks/{task}/complete", {"outcome": "booked", "note": "Friday", "by": "bob"})
        cancelled = await desk.ask(f"/tasks/{await desk.opened()}/cancel", {"reason": "sold"})

    answers = [accepted, put_off, handed, said, done, cancelled]
    assert [each.status_code for each in answers] == [200] * 6
    assert [each.json()["did"] for each in answers] == [
        *("accept", "snooze", "reassign", "comment", "complete", "cancel"),
    ]
    assert accepted.json()["accepted_at"] == "2026-03-02T12:00:00Z"
    assert put_off.json()["stands_still_until"] == "2026-03-03T09:00:00Z"
    assert (handed.json()["assignee"], handed.json()["accepted_at"]) == ("bob", None)
    assert (done.json()["outcome"], done.json()["person"], done.json()["note"]) == ("booked", "bob", "Friday")
    assert (cancelled.json()["ended"], cancelled.json()["person"]) == ("cancelled", "operator")


async def test_the_same_key_is_one_deed_and_other_deeds_have_keys_of_their_own(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        answers = [await desk.ask(f"/tasks/{task}/comment", {"note": "Busy"}, key="c-1") for _ in range(2)]
        other = await desk.ask(f"/tasks/{task}/accept", {"by": "ada"}, key="c-1")
        fresh = await desk.ask(f"/tasks/{task}/comment", {"note": "Busy"})
        events = [each["event"] for each in (await desk.get(f"/tasks/{task}")).json()["timeline"]]

    assert [each.status_code for each in (*answers, other, fresh)] == [200] * 4
    assert events.count("task_commented") == 2
    assert [key for _, key in desk.counter.asked][:3] == ["api/comment/c-1", "api/comment/c-1", "api/accept/c-1"]
    assert fresh.headers["Idempotency-Key"] not in ("", "c-1")


async def test_what_makes_no_sense_is_refused_with_the_sentence(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        refused = [
            await desk.ask(f"/tasks/{task}/accept", {"by": "bob"}),
            await desk.ask(f"/tasks/{task}/complete", {"outcome": "boked"}),
            await desk.ask(f"/tasks/{task}/snooze", {"until": "2027-03-03T09:00:00Z"}),
            await desk.ask(f"/tasks/{task}/reassign", {"to": "eve"}),
        ]
        missing = await desk.ask("/tasks/nothing/accept", {"by": "ada"})
        nothing = await desk.get("/tasks/nothing")

    assert [each.status_code for each in (*refused, missing, nothing)] == [409, 409, 409, 409, 404, 404]
    assert refused[0].json() == {"error": "this task is with ada; have it reassigned to bob first"}
    assert refused[1].json()["error"].startswith("'boked' is no outcome of this task; use one of booked, ")
    assert nothing.json() == {"error": "there is no task nothing; GET /tasks lists them"}


@pytest.mark.parametrize(
    ("path", "told", "says"),
    [
        ("complete", {}, "'outcome' is missing; add it"),
        ("complete", {"outcome": 5}, "'outcome'"),
        ("complete", {"outcom": "booked"}, "'outcom' is not known here; did you mean 'outcome'?"),
        ("comment", {"note": "x" * 4001}, "'note' is longer than 4000 characters; shorten it"),
        ("snooze", {"until": "soon"}, "until is not a time; write it like 2026-03-27T09:00:00Z"),
        ("snooze", {"until": 1800000000}, "until is not a time; write it like 2026-03-27T09:00:00Z"),
        ("accept", b"[]", "the body is not a JSON object"),
        ("accept", b"{", "the body is not JSON"),
        ("accept", {"by": "x" * 201}, "'by' is longer than any name"),
    ],
)
async def test_what_cannot_be_read_is_said_with_the_way_out(tmp_path: Path, path: str, told: object, says: str) -> None:
    async with at_desk(tmp_path) as desk:
        answer = await desk.ask(f"/tasks/{await desk.opened()}/{path}", told)

    assert (answer.status_code, answer.json()["error"].startswith(says)) == (422, True), answer.text
    assert desk.counter.asked == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"contact": {"email": "eve@acme.example"}}, "there is no such contact"),
        ({"contact": "ann"}, "contact is not an object"),
        ({"title": None}, "the title is not one of 1 to 200 characters"),
        ({"team": "sale"}, "there is no team 'sale' in policies/teams.yaml; did you mean 'sales'?"),
        ({"team": 5}, "team is not a text; send one"),
        ({"outcomes": "booked"}, "outcomes are not a list of texts"),
        ({"due": "tomorrow"}, "'due' is not known here"),
    ],
)
async def test_what_cannot_be_opened_is_refused_and_nothing_is_there(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    async with at_desk(tmp_path) as desk:
        answer = await desk.ask("/tasks", CALL | change)
        listed = await desk.listed()

    assert (answer.status_code, answer.json()["error"].startswith(says)) == (422, True), answer.text
    assert listed == []


async def test_tasks_are_listed_by_page_and_by_whose_they_are(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        tasks = [await desk.opened() for _ in range(5)]
        asked = await desk.opened(team="phone", policy=None)
        await desk.ask(f"/tasks/{tasks[1]}/complete", {"outcome": "booked"})
        seen, after = [], ""
        while after is not None:
            page = (await desk.get(f"/tasks?team=sales&limit=2{after and f'&after={after}'}")).json()
            seen.append([each["id"] for each in page["tasks"]])
            after = page["next"]
        mine = await desk.listed("person=ada@acme.example&team=sales")
        nobodys = await desk.listed("unassigned=true")
        ended = await desk.listed("ended=true")
        every = await desk.listed("ended=any")
        before = await desk.listed("overdue=true&team=sales")
        desk.site.moved = timedelta(hours=5)
        late = await desk.listed("overdue=true&team=sales")
        wrong = [
            await desk.get(f"/tasks?{each}")
            for each in ("limit=0", "ended=maybe", "overdue=perhaps", "person=eve", "contact=eve@acme.example", "tem=1")
        ]

    still = [tasks[0], *tasks[2:]]
    assert seen == [still[:2], still[2:]]
    assert (mine, nobodys, ended) == ([tasks[0], tasks[2], tasks[4]], [asked], [tasks[1]])
    assert set(every) == {*tasks, asked}
    assert (before, late) == ([], still)
    assert [each.status_code for each in wrong] == [422] * 6
    assert wrong[-1].json() == {"error": "'tem' is not known here; did you mean 'team'?"}


async def test_without_our_key_nobody_is_told_anything(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        answers = [
            await desk.site.http.get("/tasks"),
            await desk.site.http.get(f"/tasks/{task}"),
            await desk.site.http.post("/tasks", json=CALL),
            *[await desk.site.http.post(f"/tasks/{task}/{do}", json=body["example"]) for do, body in ACTIONS.items()],
        ]

    assert {each.status_code for each in answers} == {401}
    assert desk.counter.asked == []


async def test_while_nobody_answers_whoever_asks_is_told_to_ask_again_with_the_key(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        desk.counter.away = OutOfReach("no worker answered in time", maybe_done=True)
        answer = await desk.ask(f"/tasks/{task}/accept", {"by": "ada"})
        again = answer.headers["Idempotency-Key"]
        desk.counter.away = None
        later = await desk.ask(f"/tasks/{task}/accept", {"by": "ada"}, key=again)

    assert (answer.status_code, answer.headers["Retry-After"], later.status_code) == (503, "5", 200)
    assert desk.counter.asked == [("accept", f"api/accept/{again}")] * 2


async def test_while_the_records_are_away_it_is_not_said_that_there_is_nothing(tmp_path: Path) -> None:
    async with at_desk(tmp_path, main_is_away=True) as desk:
        answers = [await desk.get("/tasks"), await desk.get("/tasks/x"), await desk.ask("/tasks", CALL)]

    assert [each.status_code for each in answers] == [503] * 3


async def test_a_body_that_is_too_large_and_a_key_that_is_too_long_are_refused(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        task = await desk.opened()
        large = await desk.ask(f"/tasks/{task}/comment", {"note": "x" * 70_000})
        long = await desk.ask(f"/tasks/{task}/comment", {"note": "x"}, key="k" * 151)
        no_body = await desk.ask(f"/tasks/{task}/accept")

    assert (large.status_code, long.status_code) == (413, 422)
    assert long.json()["error"].startswith("the key is not one line of 1 to 150 characters")
    assert no_body.json() == {"error": "this task is with ada; say who accepts it"}  # the operator does not


async def test_what_is_described_is_what_is_there(tmp_path: Path) -> None:
    async with at_desk(tmp_path) as desk:
        described = (await desk.site.http.get("/openapi.json")).json()["paths"]
        task = await desk.opened(outcomes=["booked"])
        tries = {do: await desk.ask(f"/tasks/{task}/{do}", body["example"]) for do, body in ACTIONS.items()}

    assert {path for path in described if path.startswith("/tasks")} == {
        *("/tasks", "/tasks/{task}"),
        *(f"/tasks/{{task}}/{do}" for do in ACTIONS),
    }
    assert {each.status_code for each in tries.values()} <= {200, 409}
    for do in ACTIONS:
        told = described[f"/tasks/{{task}}/{do}"]["post"]
        assert told["description"]
        assert {"200", "401", "404", "409", "413", "422", "503"} <= set(told["responses"])
