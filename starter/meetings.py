"""`POST /events/calendly`: meetings that contacts book, move, cancel and miss.

Raw body under a cap, then the signature over those bytes, only then parsing; one row of the inbox for each. What is
verified and of no meaning to us is answered 200: who is told 4xx again and again stops telling.
"""

import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from channels.calendly import CALENDLY, Booking, NotABooking, booking_in, is_from_it
from records.models import Inbox
from starter.forms.base import NotASubmission, inbox_key, read_json_object
from starter.site import Declined, Site

logger = logging.getLogger(__name__)

_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "nothing new in it: told before, or of no meaning to us"},
    202: {"description": "it is on disk"},
    401: {"description": "not signed with our secret, or not just now"},
    413: {"description": "too large"},
    422: {"description": "not JSON, or no booking; the error says why"},
    503: {"description": "it cannot be kept now; send it again after Retry-After seconds"},
}
_ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which Calendly tells."""
    router = APIRouter(tags=["events"])

    @router.post("/events/calendly", status_code=202, responses=_ANSWERS, openapi_extra=_ANY_JSON)
    async def what_was_booked(request: Request) -> Response:
        secrets = site.config.calendly_secrets
        if not secrets:
            raise Declined(401, "no secret is set, so nothing can be believed; set RAPPORT_CALENDLY_SECRET")
        raw = await site.read_body(request, site.config.most_event_bytes)
        if not is_from_it(request.headers, raw, secrets, site.clock()):
            logger.warning("events of calendly: somebody shows no secret of RAPPORT_CALENDLY_SECRET; refused")
            raise Declined(401, "this is not signed with RAPPORT_CALENDLY_SECRET, or not within three minutes")
        booking = _read(raw)
        fresh = await site.keep([_row(site, booking)]) if booking is not None else []
        return JSONResponse({"accepted": sum(fresh), "repeated": len(fresh) - sum(fresh)}, 202 if any(fresh) else 200)

    @router.api_route("/events/calendly", methods=["GET", "HEAD"], include_in_schema=False)
    async def is_there() -> Response:
        return JSONResponse({"provider": CALENDLY})

    return router


def _read(raw: bytes) -> Booking | None:
    try:
        return booking_in(read_json_object(raw))
    except (NotASubmission, NotABooking) as error:
        raise Declined(422, str(error)) from None


def _row(site: Site, booking: Booking) -> Inbox:
    return Inbox(
        key=inbox_key(CALENDLY, "events", booking.key),
        kind="event",
        source=CALENDLY,
        received_at=site.clock(),
        body={
            "event": booking.name,
            "contact": {"email": booking.email},
            "source": CALENDLY,
            "fill": dict(booking.fill),
            "data": dict(booking.data),
            "at": booking.at.isoformat() if booking.at else None,
        },
    )
