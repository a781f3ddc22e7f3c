"""`/l/{token}` sends whoever opens a link in a message to where it leads, `/o/{token}.gif` gives a picture of one
point; both note that somebody did.

A link leads to what is stored, never to what is asked for: a token that is not ours, or whose link is not known, is a
plain page. The reader comes first: what cannot be noted is logged, and they are sent on all the same.
"""

import asyncio
import hmac
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.keys import TRAP, read_link_token, read_open_token
from domain.readers import CLICK_SOURCE, HELD_BACK, Glance, Reader, who_clicked, who_opened
from records import links
from records.inbox import accept
from records.inbox_models import Inbox
from records.link_models import Link
from starter.pages import page
from starter.site import RETRY_AFTER, Declined, Site, logger

OPEN_SOURCE = "picture"
PATIENCE = timedelta(seconds=2)
"""A reader waits no longer than this for their click to be noted."""
MOST_A_MINUTE = 300
"""So many clicks and opens of one message are noted; readers beyond that are sent on all the same."""
PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_OUT_OF_REACH = (SQLAlchemyError, OSError, RuntimeError, TimeoutError)
_ANSWERS: dict[int | str, dict[str, str]] = {
    302: {"description": "on to where the link leads"},
    404: {"description": "no link of ours"},
    503: {"description": "where it leads cannot be looked up now; try again after Retry-After seconds"},
}


def routes(site: Site) -> APIRouter:
    """Return what stands behind the links and pictures of our messages."""
    router = APIRouter(tags=["links"])
    notes = _Notes(site)

    @router.head("/l/{token}", include_in_schema=False)
    async def look_where_it_leads(token: str) -> Response:
        return _onward(await _look_up(site, token))

    @router.get("/l/{token}", status_code=302, responses=_ANSWERS)
    async def follow_a_link(token: str, request: Request) -> Response:
        found = await _look_up(site, token)
        if found is not None:
            await notes.click(request, found)
        return _onward(found)

    @router.head("/o/{token}.gif", include_in_schema=False)
    async def look_at_the_picture(token: str) -> Response:
        return Response(PICTURE, media_type="image/gif")

    @router.get("/o/{token}.gif", responses={200: {"description": "a picture of one point, whatever the token"}})
    async def see_the_picture(token: str, request: Request) -> Response:
        message = read_open_token(token, site.config.token_secrets)
        if message is not None:
            await notes.open(request, message)
        return Response(PICTURE, media_type="image/gif")

    return router


@dataclass(frozen=True)
class _Found:
    """A link of ours: where it leads (None for the one that no person sees), and whose message it stands in."""

    message: str
    id: str
    link: Link | None
    sent: links.Sent | None


async def _look_up(site: Site, token: str) -> _Found | None:
    """Return the link that a token names, None if it names none. Raises `Declined` (503) while nobody can tell."""
    ids = read_link_token(token, site.config.token_secrets)
    if ids is None:
        return None
    message, id = ids

    def look(session: Session) -> _Found:
        return _Found(message, id, links.find(session, id), links.sent(session, message))

    try:
        if site.main is None:
            raise RuntimeError("there is no main database here")
        async with asyncio.timeout(site.config.keep_seconds):
            found = await site.main.read(look)
    except _OUT_OF_REACH as error:
        logger.error("links: cannot look up where one leads (%s); readers are told to try again", type(error).__name__)
        raise Declined(503, "this page cannot be found just now; try it again in a moment", RETRY_AFTER) from None
    return found if found.link is not None or id == TRAP else None


def _onward(found: _Found | None) -> Response:
    if found is None:
        return page("nowhere", 404)
    if found.link is None:
        return page("trap")
    return Response(status_code=302, headers={"Location": found.link.address})


@dataclass
class _Notes:
    """Puts clicks and opens into the inbox."""

    site: Site
    missed: int = 0
    minute: datetime | None = None
    noted: Counter[str] = field(default_factory=Counter)

    async def click(self, request: Request, found: _Found) -> None:
        now = self.site.clock()
        # Erased meanwhile: the way is still there, and nobody is left to tell it of.
        if found.sent is None or self._is_one_too_many(found.message, now):
            return
        data: dict[str, Any] = {"url": found.link.url if found.link else "", "link": found.id}
        reader = who_clicked(_glance(request, found.sent, now))
        if found.id == TRAP:
            data["trap"], reader = True, Reader("machine", "opens the link that nobody sees")
        row = _row("clicked", CLICK_SOURCE, found.message, found.sent.contact, data, reader, now)
        row.key = self._key(request, row, found.id)
        wait = HELD_BACK if reader.by == "human" else timedelta()  # nothing shows that a machine is a person
        row.ready_at = now + wait if wait else None
        if await self._keep(row):
            self.site.waker.wake_in(wait)

    async def open(self, request: Request, message: str) -> None:
        now = self.site.clock()
        if self._is_one_too_many(message, now):
            return
        try:
            assert self.site.main is not None, "the records are there"
            async with asyncio.timeout(PATIENCE.total_seconds()):
                sent = await self.site.main.read(lambda session: links.sent(session, message))
        except (*_OUT_OF_REACH, AssertionError) as error:
            self._miss(error)
            return
        if sent is not None:
            reader = who_opened(_glance(request, sent, now))
            row = _row("opened", OPEN_SOURCE, message, sent.contact, {}, reader, now)
            row.key = self._key(request, row, "")
            if await self._keep(row):
                self.site.waker.wake()

    def _is_one_too_many(self, message: str, now: datetime) -> bool:
        """Whether somebody only wants to fill the inbox: it holds so many of a message and minute, and no more."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self.minute:
            self.minute, self.noted = minute, Counter()
        self.noted[message] += 1
        if self.noted[message] == MOST_A_MINUTE + 1:
            logger.warning("links: one message is opened over %d times a minute; more is not noted", MOST_A_MINUTE)
        return self.noted[message] > MOST_A_MINUTE

    async def _keep(self, row: Inbox) -> bool:
        """Note it, if that can be done at once; return whether it is there now and was not before."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await self.site.inbox.write(lambda session: accept(session, row))
        except _OUT_OF_REACH as error:
            self._miss(error)
            return False

    def _miss(self, error: Exception) -> None:
        self.missed += 1
        what = type(error).__name__
        logger.error("inbox: cannot note a click or open (%s), %d so far; readers are sent on", what, self.missed)

    def _key(self, request: Request, row: Inbox, link: str) -> str:
        """Return the occurrence: whoever opens the same link twice within a second has opened it once.

        Nobody can tell from it who that was: the reader's address and program are in it with our secret only.
        """
        who = request.client.host if request.client else ""
        said = [row.source, str(row.body["message"]), link, who, request.headers.get("user-agent", "")]
        said.append(row.received_at.isoformat(timespec="seconds"))
        secret = self.site.config.token_secrets[0].encode()
        return f"{row.source}/{hmac.new(secret, '|'.join(said).encode(errors='replace'), sha256).hexdigest()[:32]}"


def _glance(request: Request, sent: links.Sent, now: datetime) -> Glance:
    since = now - sent.handed_at if sent.handed_at is not None else None
    return Glance({name.lower(): value for name, value in request.headers.items()}, since)


def _row(
    event: str, source: str, message: str, contact: str, data: dict[str, Any], reader: Reader, now: datetime
) -> Inbox:
    told = {name: value for name, value in asdict(reader).items() if value}
    return Inbox(
        key="",
        kind="event",
        source=source,
        contact_id=contact,
        received_at=now,
        body={
            "event": event,
            "contact": {"id": contact},
            "message": message,
            "channel": "email",
            "data": data | told,
            "at": now.isoformat(),
        },
    )
