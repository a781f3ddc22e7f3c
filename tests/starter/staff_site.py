"""A web process in this process with teams, a contact and a follow-up; actions are done at once, as a worker does them.

The clock stands at Monday, 4 May 2026, 09:00 in Berlin.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
from sqlmodel import Session, col, select

from domain.follow_up import FollowUp as State
from domain.follow_up_actions import Action
from domain.follow_up_door import Stands, stands
from domain.recovery_actions import CaseAction
from domain.recovery_door import CaseStands
from records.contacts import find_or_make
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_openings import Opening
from records.follow_up_rows import state_of
from records.follow_ups import act, open_follow_up
from records.models import Contact, Inbox, Interaction
from records.published import Published, publish
from records.session import Database
from records.staffing import is_away
from records.timeline import record_all
from starter.acting import Desk, OutOfReach, Refused
from starter.app import make_app
from starter.waker import Waker
from tests.databases import lay_down
from tests.starter.case_desk import acted
from tests.starter.site import CONFIG, FORMS, TOKENS, Sleeper

MONDAY = datetime(2026, 5, 4, 7, tzinfo=UTC)
PEOPLE = {
    "policies/messaging.yaml": """
organisation: {name: Acme, address: 1 High Street, time_zone: Europe/Berlin, locale: en}
senders: {default: {from: Acme <hello@acme.example>}}
""",
    "policies/calendars.yaml": """
default: office
calendars: {office: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}}
""",
    "policies/teams.yaml": """
people:
  ada: {name: Ada Berger, email: ada@acme.example, languages: [de]}
  bob: {name: Bob Falk, email: bob@acme.example, languages: [en], capacity: 5}
  lea: {name: Lea Lead, email: lea@acme.example}
  eve: {name: Eve Else, email: eve@acme.example}
teams:
  sales: {label: Sales, email: sales@acme.example, members: [ada, bob], lead: lea}
  desk: {email: desk@acme.example}
""",
}


@dataclass
class AtOnce:
    """Does what is asked in one transaction, as a worker would; nobody answers while `away`."""

    site: "list[StaffSite]"
    away: bool = False
    instead: Desk | None = None
    """Who is asked instead, if somebody is."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def act(self, follow_up: str, action: Action, key: str) -> Stands:
        if self.instead is not None:
            return await self.instead.act(follow_up, action, key)
        site = self.takes(action.do, key)
        now = site.now()

        def work(session: Session) -> Stands | str:
            kept = act(session, site.published, follow_up, action, key, now)
            assert kept is not None
            contact = session.get(Contact, kept.row.contact_id)
            assert contact is not None
            record_all(session, site.published, contact, kept.told, now)
            return kept.refusal or stands(state_of(kept.row), kept.row.moves, kept.row.next_at)

        done = await site.main.write(work)
        if isinstance(done, str):
            raise Refused(done)
        return done

    async def act_on_case(self, case: str, action: CaseAction, key: str) -> CaseStands:
        site = self.takes(action.do, key)
        return await site.main.write(lambda session: acted(session, site.published, case, action, key, site.now()))

    def takes(self, do: str, key: str) -> "StaffSite":
        self.asked.append((do, key))
        if self.away:
            raise OutOfReach("no worker answered in time", maybe_done=True)
        [site] = self.site
        return site


@dataclass
class StaffSite:
    """What a test holds of it. The clock stands until it is moved."""

    http: httpx2.AsyncClient
    inbox: Database
    main: Database
    contact: str
    desk: AtOnce
    moved: timedelta = timedelta()
    published: Published = field(default_factory=Published)

    def now(self) -> datetime:
        return MONDAY + self.moved

    async def open(self, title: str = "Call Ann", **more: Any) -> str:
        """Open a follow-up; the team `sales` gives it to ada."""

        def work(session: Session) -> str:
            contact = session.get(Contact, self.contact)
            assert contact is not None
            opening = Opening(title, **{"team": "sales"} | more)
            kept = open_follow_up(session, self.published.policies(session), contact, opening, self.now())
            record_all(session, self.published, contact, kept.told, self.now())
            return kept.row.id

        return await self.main.write(work)

    async def away(self, person: str, until: datetime | None) -> None:
        now = self.now()
        await self.main.write(lambda session: is_away(session, person, now, until, by="test", now=now) and None)

    async def state(self, id: str) -> State:
        def read(session: Session) -> State:
            row = session.get(FollowUp, id)
            assert row is not None
            return state_of(row)

        return await self.main.read(read)

    async def told(self) -> list[tuple[str, str | None, dict[str, Any]]]:
        """Return what the timeline says: name, person and what more."""

        def read(session: Session) -> list[tuple[str, str | None, dict[str, Any]]]:
            rows = session.exec(select(Interaction).order_by(col(Interaction.id)))
            return [(row.name, row.person, row.data) for row in rows]

        return await self.main.read(read)

    async def everything(self) -> tuple[Any, ...]:
        """Return all that an action could change."""

        def read(session: Session) -> tuple[Any, ...]:
            rows = [row.model_dump() for row in session.exec(select(FollowUp))]
            return rows, len(session.exec(select(StaffNote)).all()), len(session.exec(select(Interaction)).all())

        inbox = await self.inbox.read(lambda session: len(session.exec(select(Inbox)).all()))
        return (*await self.main.read(read), inbox, len(self.desk.asked))


def link(id: str, person: str = "ada", note: str = "n1") -> str:
    return f"/s/{TOKENS.make('staff', [id, person, note])}"


def posting(page: httpx2.Response, verb: str, **typed: str) -> dict[str, str]:
    """Return what a browser posts of the form for `verb`, with what was typed."""
    form = next(each for each in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'value="{verb}"' in each)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return {name: unescape(value) for name, value in hidden.items()} | typed


def text_of(page: httpx2.Response) -> str:
    """Return what a reader of the page sees, as one line."""
    body = page.text.partition("<main>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@asynccontextmanager
async def staff_site(folder: Path, files: dict[str, str] | None = None, **fields: Any) -> AsyncIterator[StaffSite]:
    """Serve from `folder`; `fields` are of the contact, `files` are published beside the people."""
    lay_down("main", f"sqlite:///{folder}/main.db")
    lay_down("inbox", f"sqlite:///{folder}/inbox.db")
    main, received = Database(f"sqlite:///{folder}/main.db"), Database(f"sqlite:///{folder}/inbox.db")
    person = {"email": "ann@customer.example", "first_name": "Ann", **fields}
    contact = await main.write(lambda session: find_or_make(session, person, "test", MONDAY).id)
    await main.write(lambda session: publish(session, PEOPLE | (files or {}), {}, MONDAY))
    waker = Waker(Sleeper().connect, pause=0.01, pause_in_an_outage=0.01)
    site: list[StaffSite] = []
    desk = AtOnce(site)
    app = make_app(CONFIG, received, waker, lambda: FORMS, main, clock=lambda: site[0].now(), desk=desk)
    english = {"Accept-Language": "en"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://site.example", headers=english) as http:
        site.append(StaffSite(http, received, main, contact, desk))
        try:
            yield site[0]
        finally:
            await waker.aclose()
            await asyncio.to_thread(main.close)
            await asyncio.to_thread(received.close)
