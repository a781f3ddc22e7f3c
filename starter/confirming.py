"""`/c/{token}`: GET shows one button and changes nothing, POST confirms that somebody wants to be written to.

The link is of use once and for 72 hours. A token that is none of ours is answered like one that is too old, and so is
one whose topic was withdrawn since.
"""

from fastapi import APIRouter, Request, Response
from sqlmodel import Session, select

from domain.confirming import Link
from records.consenting import withdrawn_since_asked
from records.models import Contact, Inbox
from starter.linked import looked_up, reader_of
from starter.pages import link_page
from starter.site import MOST_CLICK_BYTES, Site

PURPOSE = "confirm"
SOURCE = "confirm-link"
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "a page; what was confirmed is on disk, if the token is one of ours and not too old"},
    503: {"description": "it cannot be kept now; try again after Retry-After seconds"},
}


def routes(site: Site) -> APIRouter:
    """Return the page behind every link that confirms."""
    router = APIRouter(tags=["links"])

    @router.get("/c/{token}", responses={200: {"description": "a page with one button; nothing is changed"}})
    async def ask_to_confirm(token: str, request: Request) -> Response:
        link = Link.read(site.tokens.read(PURPOSE, token))
        reader = await reader_of(site, request, link.contact if link else None)
        if link is None or await _is_withdrawn(site, link):
            return link_page("stale", reader.lang)
        if await _is_spent(site, link):
            return link_page("confirmed", reader.lang)
        if not link.is_of_use(site.clock()):
            return link_page("stale", reader.lang)
        label = reader.known.label(link.topic) if reader.known else None
        return link_page("confirm", reader.lang, label=label or link.topic)

    @router.post("/c/{token}", responses=_ANSWERS)
    async def confirm(token: str, request: Request) -> Response:
        await site.read_body(request, MOST_CLICK_BYTES)
        link = Link.read(site.tokens.read(PURPOSE, token))
        reader = await reader_of(site, request, link.contact if link else None)
        if link is None or not (link.is_of_use(site.clock()) or await _is_spent(site, link)):
            return link_page("stale", reader.lang)
        if await _is_withdrawn(site, link):
            return link_page("stale", reader.lang)
        await site.keep([_confirmation(link, site)])
        return link_page("confirmed", reader.lang)

    return router


async def _is_spent(site: Site, link: Link) -> bool:
    def read(session: Session) -> bool:
        return session.exec(select(Inbox.id).where(Inbox.key == _key(link))).first() is not None

    return await site.inbox.read(read)


async def _is_withdrawn(site: Site, link: Link) -> bool:
    """Whether they took back what they are asked to confirm; where nobody can tell now, the worker will."""

    def look(session: Session) -> bool:
        contact = session.get(Contact, link.contact)
        return contact is None or withdrawn_since_asked(session, contact, link.topic, link.channel, link.made_at)

    return await looked_up(site, look) is True


def _key(link: Link) -> str:
    # One message asks about one topic: whichever of its links is used, it is used once.
    return f"confirmation/{link.message}/{link.topic}"


def _confirmation(link: Link, site: Site) -> Inbox:
    return Inbox(
        key=_key(link),
        kind="confirmation",
        source=SOURCE,
        contact_id=link.contact,
        received_at=site.clock(),
        body={
            "contact": link.contact,
            "topic": link.topic,
            "channel": link.channel,
            "message": link.message,
            "made_at": link.made_at.isoformat(),
        },
    )
