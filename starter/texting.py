"""`POST /events/sms`: the provider of text messages tells what people answered.

Signed as Standard Webhooks has it, with the secret that we sign texts with. STOP alone (and its like in other
languages) stops texts to that number; START is an answer like any other: nobody comes back by a word on a telephone
that may have changed hands, but on the preference page, or by saying yes again.
"""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from domain.events import EVERYTHING
from domain.standing import SMS
from domain.texts import is_number, meant
from domain.webhooks import verified
from records.models import Inbox
from starter.forms.base import NotASubmission, inbox_key, named, read_instant, read_json_object
from starter.site import Declined, Site

MOST_BYTES = 64 * 1024
LONGEST_TEXT = 2000
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "it was told before"},
    202: {"description": "it is on disk"},
    401: {"description": "not signed with our secret, or not just now"},
    404: {"description": "RAPPORT_SMS_SECRET is not set"},
    422: {"description": "this is no text message; the error says why"},
    503: {"description": "it cannot be kept now; send it again after Retry-After seconds"},
}


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which answers to texts come in."""
    router = APIRouter(tags=["events"])

    @router.post("/events/sms", status_code=202, responses=_ANSWERS)
    async def what_people_answered(request: Request) -> Response:
        secrets = site.config.sms_secrets
        if not secrets:
            raise Declined(404, "no text messages are taken here; set RAPPORT_SMS_SECRET")
        raw, now = await site.read_body(request, MOST_BYTES), site.clock()
        if not verified(request.headers, raw, secrets, now):
            raise Declined(401, "the signature does not fit; sign with the secret of RAPPORT_SMS_SECRET, and just now")
        try:
            row = read_text(read_json_object(raw), now)
        except NotASubmission as error:
            raise Declined(422, str(error)) from None
        [fresh] = await site.keep([row])
        return JSONResponse({"id": row.key, "status": "accepted" if fresh else "repeated"}, 202 if fresh else 200)

    return router


def read_text(told: dict[str, JsonValue], now: datetime) -> Inbox:
    """Return the inbox row of one text that came in. Raises `NotASubmission`."""
    own_id, number, text = named(told.get("id")), told.get("from"), told.get("text")
    if own_id is None:
        raise NotASubmission("id is missing; send your own, the same when you tell it again")
    if not isinstance(number, str) or not is_number(number):
        raise NotASubmission("from is not a number as the world dials it; send one like +491715550123")
    if not isinstance(text, str):
        raise NotASubmission("text is missing; send what they wrote, though it be empty")
    at, stops = read_instant(told.get("at")), meant(text) == "stop"
    data = (
        {"topic": EVERYTHING, "channel": SMS, "how": "sms"} if stops else {"channel": SMS, "text": text[:LONGEST_TEXT]}
    )
    return Inbox(
        key=inbox_key(SMS, "messages", own_id),
        kind="event",
        source=SMS,
        urgent=stops,
        received_at=now,
        body={
            "event": "unsubscribed" if stops else "replied",
            "contact": {"phone": number},
            "data": data,
            "at": at.isoformat() if at else None,
            "channel": SMS,
        },
    )
