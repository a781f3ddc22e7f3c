"""`POST /events`: our own systems tell what contacts did, one event or a list of them.

Each has an id of its sender's, so that a repeat is recognised; each is answered for itself, and all that are good
share one commit.
"""

import re
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue

from domain.events import ONLY_WE_SAY
from records.models import Inbox
from starter.api import (
    CONTACT,
    SOURCE,
    NotUsable,
    answers,
    contact_in,
    data_of,
    known_only,
    one_or_many,
    own_id_of,
    take,
)
from starter.forms.base import inbox_key, named, read_instant
from starter.site import Site

# With these, and with an address that is bad, nobody is written to: they are drained before anything that might write.
URGENT = frozenset({"unsubscribed", "complained", "complaint"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_BODY: dict[str, object] = {
    "type": "object",
    "required": ["id", "event", "contact"],
    "properties": {
        "id": {"type": "string", "description": "yours; the same when you tell it again"},
        "event": {"type": "string", "description": "a built-in event, or one of our own", "example": "purchased"},
        "contact": CONTACT,
        "of": {"type": "string", "description": "the step whose message it is an answer to", "example": "tips"},
        "message": {"type": "string", "description": "our id of that message, where you know it; stronger than of"},
        "data": {"type": "object", "description": "the event's fields"},
        "at": {"type": "string", "format": "date-time", "description": "when it happened"},
    },
}


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which events come in."""
    router = APIRouter(tags=["events"])

    @router.post("/events", status_code=202, responses=answers("events", "an event"), openapi_extra=one_or_many(_BODY))
    async def what_contacts_did(request: Request) -> Response:
        return await take(site, request, "events", read_event)

    return router


def read_event(told: JsonValue, now: datetime) -> Inbox:
    """Return the inbox row of one event. Raises `NotUsable`."""
    if not isinstance(told, dict):
        raise NotUsable('this is not an event; send an object with "id", "event" and "contact"')
    known_only(told, _BODY)
    own_id, name = own_id_of(told, "event"), told.get("event")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NotUsable("event is not an event's name; use small letters, digits and _, as in meeting_booked")
    if name in ONLY_WE_SAY:
        raise NotUsable(f"event {name} is only written here; tell what happened, and the rules find it out")
    data = data_of(told)
    at = read_instant(told.get("at"))
    if at is None and told.get("at") is not None:
        raise NotUsable("at is not a time; write it like 2026-03-27T09:00:00Z, or leave it out")
    contact = contact_in(told.get("contact"))
    step, message = _name_of(told, "of", "the step whose"), _name_of(told, "message", "our id of the")
    return Inbox(
        key=inbox_key(SOURCE, "events", own_id),
        kind="event",
        source=SOURCE,
        contact_id=contact.get("id"),
        urgent=name in URGENT or (name == "bounced" and data.get("permanent") is True),
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
        raise NotUsable(f"{key} is not a name; write {whose} message it belongs to, or leave it out")
    return name
