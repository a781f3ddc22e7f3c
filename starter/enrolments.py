"""`POST /enrolments`: our own systems let contacts enter a sequence, one or a list of them.

Key, ids, lists and answers are those of `POST /events`. Every check at the door is asked when the row is drained, but
a trigger's own `where`: there is none. Who was refused, and why, stands in the decision log.
"""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue

from domain.definition import NAME
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
from starter.forms.base import inbox_key
from starter.site import Site

_BODY: dict[str, object] = {
    "type": "object",
    "required": ["id", "sequence", "contact"],
    "properties": {
        "id": {"type": "string", "description": "yours; the same when you ask for it again"},
        "sequence": {"type": "string", "description": "the name of a published sequence", "example": "onboarding"},
        "contact": CONTACT,
        "data": {"type": "object", "description": "what the run knows as run.event"},
    },
}


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which entries are asked for."""
    router = APIRouter(tags=["enrolments"])
    said = answers("enrolments", "an enrolment")

    @router.post("/enrolments", status_code=202, responses=said, openapi_extra=one_or_many(_BODY))
    async def who_is_to_enter(request: Request) -> Response:
        return await take(site, request, "enrolments", read_enrolment)

    return router


def read_enrolment(told: JsonValue, now: datetime) -> Inbox:
    """Return the inbox row of one enrolment. Raises `NotUsable`."""
    if not isinstance(told, dict):
        raise NotUsable('this is not an enrolment; send an object with "id", "sequence" and "contact"')
    known_only(told, _BODY)
    own_id, sequence = own_id_of(told, "enrolment"), told.get("sequence")
    if not isinstance(sequence, str) or not NAME.fullmatch(sequence):
        raise NotUsable("sequence is not a sequence's name; use small letters, digits and -, as in trial-welcome")
    contact, data = contact_in(told.get("contact")), data_of(told)
    return Inbox(
        key=inbox_key(SOURCE, "enrolments", own_id),
        kind="enrolment",
        source=SOURCE,
        contact_id=contact.get("id"),
        received_at=now,
        body={"sequence": sequence, "contact": contact, "data": data},
    )
