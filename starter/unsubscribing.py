"""`/u/{token}`: GET shows two buttons and changes nothing, POST stops the mail, and takes that back.

Mail scanners open every link, so only POST acts. A mail program's own button posts without anybody seeing a page
(RFC 8058): 200, no redirect, no cookie. An unknown token is answered like one whose topic is not known: no oracle.
"""

from datetime import datetime
from hashlib import sha256

from fastapi import APIRouter, Request, Response

from domain.events import EVERYTHING
from records.models import Inbox
from starter.forms.base import NotASubmission
from starter.forms.html import form_pairs
from starter.linked import reader_of
from starter.pages import link_page
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
    async def choose_what_to_stop(token: str, request: Request) -> Response:
        parts = _parts(site, token)
        reader = await reader_of(site, request, parts[0] if parts else None)
        label = reader.known.label(parts[1]) if parts and reader.known else None
        choose = f"/p/{site.tokens.make('preferences', [parts[0], parts[2]])}" if parts and label else None
        return link_page("unsubscribe", reader.lang, label=label, preferences=choose)

    @router.post("/u/{token}", responses=_ANSWERS)
    async def stop(token: str, request: Request) -> Response:
        raw = await site.read_body(request, MOST_CLICK_BYTES)
        pairs = fields_of(raw, request.headers.get("content-type", ""))
        parts, undo = _parts(site, token), ("undo", "yes") in pairs
        if parts is not None:
            row = _return(token, parts, site.clock()) if undo else _withdrawal(token, parts, pairs, site.clock())
            await site.keep([row])
        # A mail program reads no page, and must not wait for what one would say.
        reader = await reader_of(site, request, parts[0] if parts and ONE_CLICK not in pairs else None)
        return link_page("undone" if undo else "unsubscribed", reader.lang)

    return router


def _parts(site: Site, token: str) -> list[str] | None:
    """Return contact, topic and message of a token of ours."""
    parts = site.tokens.read(PURPOSE, token)
    return parts if parts is not None and len(parts) == 3 else None


def _return(token: str, parts: list[str], now: datetime) -> Inbox:
    contact, _, message = parts
    return Inbox(
        key=f"return/{_name(token)}/{now.isoformat(timespec='minutes')}",
        kind="return",
        source=SOURCE,
        contact_id=contact,
        urgent=True,  # behind the withdrawal that it takes back, and not long after it
        received_at=now,
        body={"contact": contact, "message": message, "stopped_by": f"withdrawal/{_name(token)}/"},
    )


def fields_of(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    """Return what a page of ours, or a mail program, posted; nothing where it cannot be read."""
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
    return f"withdrawal/{_name(token)}/{topic}/{now.isoformat(timespec='minutes')}"


def _name(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()[:32]
