"""`POST /events`: our own systems tell what contacts did, one event or a list of them.

Each has an id of its sender's, so that a repeat is recognised; each is answered for itself, and all that are good
share one commit.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from domain.answers import read_address
from records.models import Inbox
from starter.forms.base import NotASubmission, header_bytes, inbox_key, named, read_instant, read_json
from starter.site import Declined, Site

SOURCE = "api"
MOST_EVENTS = 1000
# With these the contact withdraws: they are drained before anything that might write to them.
URGENT = frozenset({"unsubscribed", "complained", "complaint"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_LONGEST_ID = 36
_BODY = {
    "type": "object",
    "required": ["id", "event", "contact"],
    "properties": {
        "id": {"type": "string", "description": "yours; the same when you tell it again"},
        "event": {"type": "string", "description": "a built-in event, or one of our own", "example": "purchased"},
        "contact": {
            "type": "object",
            "description": "our id of them, or their e-mail: an object with id or email",
            "properties": {"id": {"type": "string"}, "email": {"type": "string"}},
        },
        "of": {"type": "string", "description": "the step whose message it is an answer to", "example": "tips"},
        "message": {"type": "string", "description": "our id of that message, where you know it; stronger than of"},
        "data": {"type": "object", "description": "the event's fields"},
        "at": {"type": "string", "format": "date-time", "description": "when it happened"},
    },
}
_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_BODY, {"type": "array", "items": _BODY}]}}},
    },
    "security": [{"bearer": []}],
}
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "all of it was told before"},
    202: {"description": "on disk; each event is answered with accepted, repeated or refused"},
    401: {"description": "not our key"},
    413: {"description": "too large"},
    422: {"description": "none of it is an event; each error says why"},
    503: {"description": "it cannot be kept now; send it again after Retry-After seconds"},
}


class NotAnEvent(ValueError):
    """This is not an event we can keep. The text says what, and what to do."""


@dataclass(frozen=True)
class _Read:
    """One event as it was told: the row to keep, or why there is none."""

    id: str | None
    row: Inbox | None = None
    error: str = ""


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which events come in."""
    router = APIRouter(tags=["events"])

    @router.post("/events", status_code=202, responses=_ANSWERS, openapi_extra=_SCHEMA)
    async def what_contacts_did(request: Request) -> Response:
        _check_key(site, request)
        told = _parsed(await site.read_body(request, site.config.most_event_bytes))
        events = told if isinstance(told, list) else [told]
        if not 1 <= len(events) <= MOST_EVENTS:
            raise Declined(422, f"a list has {len(events)} events; send between 1 and {MOST_EVENTS} at a time")
        answers = await _keep(site, [_read(each, site.clock()) for each in events])
        return JSONResponse(answers if isinstance(told, list) else answers[0], _status(answers))

    return router


def read_event(told: JsonValue, now: datetime) -> Inbox:
    """Return the inbox row of one event. Raises `NotAnEvent`."""
    if not isinstance(told, dict):
        raise NotAnEvent('this is not an event; send an object with "id", "event" and "contact"')
    own_id, name, data = named(told.get("id")), told.get("event"), told.get("data") or {}
    if own_id is None:
        raise NotAnEvent("id is missing; give each event one of your own, so that a repeat is recognised")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NotAnEvent("event is not an event's name; use small letters, digits and _, as in meeting_booked")
    if not isinstance(data, dict):
        raise NotAnEvent('data is not an object; send {"<name>": <value>}')
    at = read_instant(told.get("at"))
    if at is None and told.get("at") is not None:
        raise NotAnEvent("at is not a time; write it like 2026-03-27T09:00:00Z, or leave it out")
    contact = _contact(told.get("contact"))
    step, message = _name_of(told, "of", "the step whose"), _name_of(told, "message", "our id of the")
    return Inbox(
        key=inbox_key(SOURCE, "events", own_id),
        kind="event",
        source=SOURCE,
        contact_id=contact.get("id"),
        urgent=name in URGENT,
        received_at=now,
        body={
            "event": name,
            "contact": contact,
            "data": data,
            "at": at.isoformat() if at else None,
            "step": step,
            "message": message,
        },
    )


def _name_of(told: dict[str, JsonValue], key: str, whose: str) -> str | None:
    """Return the name under a key that may be left out."""
    name = named(told.get(key))
    if name is None and told.get(key) is not None:
        raise NotAnEvent(f"{key} is not a name; write {whose} message it belongs to, or leave it out")
    return name


def _contact(told: JsonValue) -> dict[str, str]:
    if not isinstance(told, dict):
        raise NotAnEvent('contact is missing; send {"id": …} or {"email": …}')
    own_id = named(told.get("id"))
    if own_id is not None:
        if len(own_id) > _LONGEST_ID:
            raise NotAnEvent("contact.id is not one of our ids; send the one we gave, or the e-mail address")
        return {"id": own_id}
    try:
        return {"email": read_address(told.get("email"))}
    except ValueError as error:
        raise NotAnEvent(f"contact: {error}") from None


def _check_key(site: Site, request: Request) -> None:
    if not site.config.events_key:
        raise Declined(401, "no key is set, so nobody can be believed; set RAPPORT_EVENTS_KEY")
    expected = f"Bearer {site.config.events_key}".encode()
    if not hmac.compare_digest(header_bytes(request.headers, "authorization"), expected):
        raise Declined(
            401, "this is not our key; send Authorization: Bearer <RAPPORT_EVENTS_KEY>", {"WWW-Authenticate": "Bearer"}
        )


def _parsed(raw: bytes) -> JsonValue:
    try:
        return read_json(raw)
    except NotASubmission as error:
        raise Declined(422, str(error)) from None


def _read(told: JsonValue, now: datetime) -> _Read:
    own_id = named(told.get("id")) if isinstance(told, dict) else None
    try:
        return _Read(own_id, read_event(told, now))
    except NotAnEvent as error:
        return _Read(own_id, error=str(error))


async def _keep(site: Site, events: list[_Read]) -> list[dict[str, str | None]]:
    rows = [each.row for each in events if each.row is not None]
    fresh = iter(await site.keep(rows) if rows else [])
    return [
        {"id": each.id, "status": "refused", "error": each.error}
        if each.row is None
        else {"id": each.id, "status": "accepted" if next(fresh) else "repeated"}
        for each in events
    ]


def _status(answers: list[dict[str, str | None]]) -> int:
    said = {each["status"] for each in answers}
    if "accepted" in said:
        return 202
    return 200 if "repeated" in said else 422
