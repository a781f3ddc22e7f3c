"""`/cases`: what went wrong for contacts, listed, shown, opened and acted on by our own systems.

An action is done when it is answered. It has a key (`Idempotency-Key`): asked again under the same one it is done once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue
from sqlmodel import Session

from domain.assignment import OPERATOR
from domain.vocabulary import nearest
from records.case_stories import case_story
from records.case_views import CaseView, case_view, find_cases
from starter.acting import Refused
from starter.api import check_key, contact_in
from starter.asked_actions import deed_key, read_action, read_case_action
from starter.asked_records import read_records, write_records
from starter.case_by_hand import CaseWanted, open_case_by_hand
from starter.case_story import case_as_json, case_story_as_json
from starter.cases_api_said import ACTION, ACTIONS, DONE, LISTED, OF_ITS_TASK, OPENED, OPENING, PARAMETERS, SHOWN
from starter.cases_api_sought import read_cases_sought
from starter.deed_requests import answered, body_of, contact_named, done_at_desk, key_of, texts_of
from starter.site import Declined, Site
from starter.tasks_api_said import described

_SECURE: dict[str, Any] = {"security": [{"bearer": []}]}


def routes(site: Site) -> APIRouter:
    """Return the endpoints of cases."""
    router = APIRouter(tags=["cases"])

    @router.get("/cases", responses=LISTED, openapi_extra={"parameters": PARAMETERS} | _SECURE)
    async def cases(request: Request) -> Response:
        check_key(site, request)
        return await _list(site, request.query_params)

    @router.get("/cases/{case}", responses=SHOWN, openapi_extra=_SECURE)
    async def one_case(case: str, request: Request) -> Response:
        check_key(site, request)
        return await _show(site, case)

    @router.post("/cases", status_code=201, responses=OPENED, openapi_extra=described(OPENING))
    async def open_a_case(request: Request) -> Response:
        check_key(site, request)
        return await _open(site, await body_of(site, request, OPENING), key_of(request))

    @router.post("/cases/{case}/actions", responses=DONE, openapi_extra=described(ACTION))
    async def act_on_a_case(case: str, request: Request) -> Response:
        check_key(site, request)
        return await _act(site, case, await body_of(site, request, ACTION), key_of(request))

    return router


async def _list(site: Site, asked: Mapping[str, str]) -> Response:
    now = site.clock()

    def read(session: Session) -> tuple[list[CaseView], int]:
        policies = site.published.policies(session)
        sought, most = read_cases_sought(session, policies, asked, now)
        return find_cases(session, policies, sought, now, most=most + 1, after=asked.get("after")), most

    found, most = await read_records(site, read)
    following = found[most - 1].row.id if len(found) > most else None
    return answered({"cases": [case_as_json(each, now) for each in found[:most]], "next": following})


async def _show(site: Site, case: str) -> Response:
    now = site.clock()

    def read(session: Session) -> dict[str, Any]:
        found = case_story(session, site.published.policies(session), case[:36], now)
        if found is None:
            raise _no_case(case)
        return case_story_as_json(found, now)

    return answered(await read_records(site, read))


async def _open(site: Site, told: dict[str, JsonValue], key: str) -> Response:
    now = site.clock().replace(microsecond=0)
    try:
        who, opener = contact_in(told.get("contact")), deed_key("api", "open", key)
        words = texts_of(told, "title", "severity", "incident", "team", "note", "by")
        wanted = CaseWanted(**words | {"title": words["title"] or "", "by": words["by"] or OPERATOR})
    except ValueError as error:
        raise Declined(422, str(error)) from None

    def write(session: Session) -> tuple[str, CaseView]:
        contact = contact_named(session, who)
        opened = open_case_by_hand(session, site.published, contact, wanted, opener, now)
        return opened.status, _found(site, session, opened.row.id, now)

    try:
        status, found = await write_records(site, write)
    except Refused as error:
        raise Declined(422, str(error)) from None
    return answered(case_as_json(found, now) | {"status": status}, 201 if status == "opened" else 200, key)


async def _act(site: Site, case: str, told: dict[str, JsonValue], key: str) -> Response:
    do, said = str(told.get("do") or ""), {name: value for name, value in told.items() if name != "do"}
    if do not in ACTIONS:
        raise Declined(422, f"there is no action '{do[:40]}' on a case; {nearest(do, ACTIONS)}")
    of_its_task = do in OF_ITS_TASK
    try:
        said["by"] = said.get("by") or OPERATOR
        for name in said:
            if name not in ACTIONS[do]:
                raise ValueError(f"'{name}' does not belong to {do}; it takes {', '.join(ACTIONS[do])}")
        known_by = deed_key("api", do, key)
        action: Any = read_action(do, said) if of_its_task else read_case_action(do, said)
    except ValueError as error:
        raise Declined(422, str(error)) from None
    row = (await read_records(site, lambda session: _ours(site, session, case, site.clock()))).row
    task = row.follow_up_id or ""
    await done_at_desk(
        site,
        key,
        lambda desk: desk.act(task, action, known_by) if of_its_task else desk.act_on_case(row.id, action, known_by),
    )
    found = await read_records(site, lambda session: _found(site, session, row.id, site.clock()))
    return answered(case_as_json(found, site.clock()) | {"did": do}, key=key)


def _found(site: Site, session: Session, case: str, now: datetime) -> CaseView:
    found = case_view(session, site.published.policies(session), case[:36], now)
    if found is None:
        raise _no_case(case)
    return found


def _ours(site: Site, session: Session, case: str, now: datetime) -> CaseView:
    found = _found(site, session, case, now)
    if found.row.number is None:
        raise Declined(409, "another system answers for this case; do it there, and tell of it by an event")
    return found


def _no_case(case: str) -> Declined:
    return Declined(404, f"there is no case {case[:36]}; GET /cases lists them")
