"""`/p/{token}`: GET shows what somebody has chosen and changes nothing, POST keeps what they choose now.

The page says what it showed, and only what differs from that is a choice: who changes the language has not said yes
once more to every topic. Without the records it shows the form blank, and what is left blank stays as it is. A token
that is none of ours, or of somebody who is gone, gets one and the same page.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response

from records.inbox import wishes_waiting
from records.inbox_models import Inbox
from starter.linked import Known, Reader, reader_of
from starter.pages import link_page
from starter.preference_form import chosen, form_of, overlaid
from starter.site import MOST_CLICK_BYTES, Site
from starter.unsubscribing import fields_of

PURPOSE = "preferences"
SOURCE = "preference-page"
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "the page as it stands now; what was chosen is on disk, if the token is one of ours"},
    503: {"description": "it cannot be kept now; try again after Retry-After seconds"},
}


def routes(site: Site) -> APIRouter:
    """Return the preference page."""
    router = APIRouter(tags=["links"])

    @router.get("/p/{token}", responses={200: {"description": "a page that shows what is chosen; nothing is changed"}})
    async def what_is_chosen(token: str, request: Request) -> Response:
        parts = _parts(site, token)
        reader = await reader_of(site, request, parts[0] if parts else None)
        if parts is None or reader.gone:
            return link_page("unknown", reader.lang)
        return _page(reader, await _as_told(site, parts[0], reader.known))

    @router.post("/p/{token}", responses=_ANSWERS)
    async def choose(token: str, request: Request) -> Response:
        raw = await site.read_body(request, MOST_CLICK_BYTES)
        pairs = dict(fields_of(raw, request.headers.get("content-type", "")))
        parts = _parts(site, token)
        reader = await reader_of(site, request, parts[0] if parts else None)
        if parts is None or reader.gone:
            return link_page("unknown", reader.lang)
        known = await _as_told(site, parts[0], reader.known)
        choice = chosen(pairs, known)
        if isinstance(choice, str):
            return _page(reader, known, [choice])
        if choice:
            await site.keep([_row(token, parts, choice, site)])
        return _page(reader, overlaid(known, choice, site.clock()), ["saved"])

    return router


def _parts(site: Site, token: str) -> list[str] | None:
    """Return contact and message of a token of ours."""
    parts = site.tokens.read(PURPOSE, token)
    return parts if parts is not None and len(parts) == 2 else None


async def _as_told(site: Site, contact: str, known: Known | None) -> Known | None:
    """Return what is known with what they told us a moment ago, which the workers have not come to yet."""
    if known is None:
        return None
    for at, body in await site.inbox.read(lambda session: wishes_waiting(session, contact)):
        known = overlaid(known, body, at)
    return known


def _page(reader: Reader, known: Known | None, notices: Sequence[str] = ()) -> Response:
    return link_page("preferences", reader.lang, **form_of(known, reader.lang, notices))


def _row(token: str, parts: list[str], choice: Mapping[str, Any], site: Site) -> Inbox:
    contact, message = parts
    now = site.clock()
    # Pressed twice it is one choice; who changes their mind back and forth within a minute has the last word.
    named = sha256(f"{token}\n{sorted(choice.items())}".encode(errors="replace")).hexdigest()[:32]
    return Inbox(
        key=f"preferences/{named}/{now.isoformat(timespec='seconds')}",
        kind="preferences",
        source=SOURCE,
        contact_id=contact,
        urgent=True,
        received_at=now,
        body={"contact": contact, "message": message, **choice},
    )
