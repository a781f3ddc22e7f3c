"""`/u/{token}`: GET shows two buttons and changes nothing, POST stops the mail.

Mail scanners open every link, so only POST acts. A mail program's own button posts without anybody seeing a page
(RFC 8058): 200, no redirect, no cookie. An unknown token is answered exactly like a good one: the answer is no oracle.
"""

from datetime import datetime
from hashlib import sha256

from fastapi import APIRouter, Request, Response

from domain.events import EVERYTHING
from records.models import Inbox
from starter.forms.base import NotASubmission
from starter.forms.html import form_pairs
from starter.pages import page
from starter.site import MOST_CLICK_BYTES, Site

PURPOSE = "unsubscribe"
ONE_CLICK = ("List-Unsubscribe", "One-Click")
SOURCE = "unsubscribe-link"
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "it is on disk, if the token is one of ours"},
    503: {"description": "it cannot be kept now; try again after Retry-After seconds"},
}


def routes(site: Site) -> APIRouter:
    """Return the page behind every unsubscribe link."""
    router = APIRouter(tags=["links"])

    @router.get("/u/{token}", responses={200: {"description": "a page with two buttons; nothing is changed"}})
    async def choose_what_to_stop(token: str) -> Response:
        return page("unsubscribe")

    @router.post("/u/{token}", responses=_ANSWERS)
    async def stop(token: str, request: Request) -> Response:
        raw = await site.read_body(request, MOST_CLICK_BYTES)
        pairs = _fields(raw, request.headers.get("content-type", ""))
        parts = site.tokens.read(PURPOSE, token)
        if parts is not None and len(parts) == 3:
            await site.keep([_withdrawal(token, parts, pairs, site.clock())])
        return page("unsubscribed")

    return router


def _fields(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    # Whoever posts to this address wants mail to stop, however badly their mail program says so.
    try:
        return form_pairs(raw, content_type)
    except NotASubmission:
        return []


def _withdrawal(token: str, parts: list[str], pairs: list[tuple[str, str]], now: datetime) -> Inbox:
    contact, topic, message = parts
    if ("stop", "everything") in pairs or not topic:
        topic = EVERYTHING
    return Inbox(
        key=withdrawal_key(token, topic, now),
        kind="withdrawal",
        source=SOURCE,
        contact_id=contact,
        urgent=True,
        received_at=now,
        body={
            "contact": contact,
            "topic": topic,
            "message": message,
            "channel": "email",
            "how": "one-click" if ONE_CLICK in pairs else "page",
        },
    )


def withdrawal_key(token: str, topic: str, now: datetime) -> str:
    """Return the inbox key of a withdrawal by this link.

    The minute is in it: whoever comes back, and then leaves again by the link in the same old mail, leaves again.
    """
    minute = now.isoformat(timespec="minutes")
    return f"withdrawal/{sha256(token.encode(errors='replace')).hexdigest()[:32]}/{topic}/{minute}"
