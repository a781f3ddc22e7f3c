"""`/tasks`: what people are to do for contacts, listed, shown, opened and acted on by our own systems.

An action is done when it is answered. It has a key (`Idempotency-Key`): asked again under the same one it is done once.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue
from sqlmodel import Session

from domain.assignment import OPERATOR
from records.follow_up_views import View, find, notes_of, told_of, view
from starter.acting import Refused
from starter.api import NotUsable, check_key, contact_in
from starter.asked_actions import deed_key, read_action
from starter.asked_records import read_records, write_records
from starter.deed_requests import answered, body_of, contact_named, done_at_desk, key_of, texts_of
from starter.forms.base import read_instant
from starter.opening_by_hand import Opened, Wanted, open_by_hand
from starter.site import Declined, Site
from starter.task_story import as_json, story_as_json
from starter.tasks_api_said import ACTIONS, DONE, LISTED, OPENED, OPENING, PARAMETERS, SHOWN, described
from starter.tasks_api_sought import read_sought


def routes(site: Site) -> APIRouter:
    """Return the endpoints of tasks."""
    router = APIRouter(tags=["tasks"])

    @router.get("/tasks", responses=LISTED, openapi_extra={"parameters": PARAMETERS, "security": [{"bearer": []}]})
    async def tasks(request: Request) -> Response:
        check_key(site, request)
        return await _list(site, request.query_params)

    @router.get("/tasks/{task}", responses=SHOWN, openapi_extra={"security": [{"bearer": []}]})
    async def one_task(task: str, request: Request) -> Response:
        check_key(site, request)
        return await _show(site, task)

    @router.post("/tasks", status_code=201, responses=OPENED, openapi_extra=described(OPENING))
    async def open_a_task(request: Request) -> Response:
        check_key(site, request)
        return await _open(site, await body_of(site, request, OPENING), key_of(request))

    for do, body in ACTIONS.items():
        told = described(body)
        router.post(f"/tasks/{{task}}/{do}", responses=DONE, openapi_extra=told, name=do)(_acting(site, do, body))
    return router


def _acting(site: Site, do: str, body: Mapping[str, Any]) -> Callable[[str, Request], Awaitable[Response]]:
    async def act(task: str, request: Request) -> Response:
        check_key(site, request)
        said: dict[str, Any] = dict(await body_of(site, request, body))
        said["by"], key = said.get("by") or OPERATOR, key_of(request)
        if said.get("until") is not None:
            said["until"] = read_instant(said["until"])
            if said["until"] is None:
                raise Declined(422, "until is not a time; write it like 2026-03-27T09:00:00Z")
        return await _act(site, task, do, said, key)

    act.__doc__ = str(body["description"])
    return act


async def _list(site: Site, asked: Mapping[str, str]) -> Response:
    now = site.clock()

    def read(session: Session) -> tuple[list[View], int]:
        policies = site.published.policies(session)
        sought, most = read_sought(session, policies, asked, now)
        return find(session, policies, sought, now, most=most + 1, after=asked.get("after")), most

    found, most = await read_records(site, read)
    following = found[most - 1].row.id if len(found) > most else None
    return answered({"tasks": [as_json(each, now) for each in found[:most]], "next": following})


async def _show(site: Site, task: str) -> Response:
    now = site.clock()

    def read(session: Session) -> dict[str, Any]:
        found = _found(site, session, task, now)
        return story_as_json(found, notes_of(session, found.row.id), told_of(session, found.row), now)

    return answered(await read_records(site, read))


async def _open(site: Site, told: dict[str, JsonValue], key: str) -> Response:
    now = site.clock().replace(microsecond=0)
    try:
        who, wanted, opener = contact_in(told.get("contact")), _wanted(told), deed_key("api", "open", key)
    except ValueError as error:
        raise Declined(422, str(error)) from None

    def write(session: Session) -> tuple[Opened, View]:
        opened = open_by_hand(session, site.published, contact_named(session, who), wanted, opener, now)
        return opened, _found(site, session, opened.row.id, now)

    try:
        opened, found = await write_records(site, write)
    except Refused as error:
        raise Declined(422, str(error)) from None
    status = {True: "opened", False: "repeated"}[opened.fresh]
    return answered(as_json(found, now) | {"status": status}, 201 if opened.fresh else 200, key)


def _wanted(told: Mapping[str, JsonValue]) -> Wanted:
    """Return what is to be opened. Raises ValueError."""
    words = texts_of(told, "title", "team", "owner", "policy", "by")
    outcomes = told.get("outcomes") or []
    if not isinstance(outcomes, list) or not all(isinstance(each, str) for each in outcomes):
        raise NotUsable('outcomes are not a list of texts; send ["booked", "not_now"]')
    words |= {"title": words["title"] or "", "by": words["by"] or OPERATOR}
    return Wanted(**words, outcomes=tuple(map(str, outcomes)))


async def _act(site: Site, task: str, do: str, said: Mapping[str, Any], key: str) -> Response:
    try:
        action, known_by = read_action(do, said), deed_key("api", do, key)
    except ValueError as error:
        raise Declined(422, str(error)) from None
    await read_records(site, lambda session: _found(site, session, task, site.clock()))
    await done_at_desk(site, key, lambda desk: desk.act(task, action, known_by))
    found = await read_records(site, lambda session: _found(site, session, task, site.clock()))
    return answered(as_json(found, site.clock()) | {"did": do}, key=key)


def _found(site: Site, session: Session, task: str, now: datetime) -> View:
    found = view(session, site.published.policies(session), task[:36], now)
    if found is None:
        raise Declined(404, f"there is no task {task[:36]}; GET /tasks lists them")
    return found
