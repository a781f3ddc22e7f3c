"""What came in becomes contacts, timelines, starts and wakes.

A row's effects and the note that it is drained are one transaction; who dies before it has done nothing, who dies after
it finds the note. Starts and wakes go out after the commit, from rows, until the server has taken them.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clock import Clock
from domain.answers import read_address
from domain.events import EVERYTHING
from domain.forms import read_answers
from domain.wave import Member, Wave
from records import inbox
from records.contacts import find, find_or_make, record_consent
from records.models import Contact, Drained, Inbox
from records.published import Published
from records.runs import MOST_WAVES, Start, begin_again, form_waves, started, wakes, woken
from records.session import Database
from records.standing import runs_on_their_way
from records.timeline import Happening, record, record_changed

MOST_ROWS = 100
# Calls to Temporal's server side by side.
AT_ONCE = 10
# house.md section 3: one unhandled wake per wave and 250 ms.
BETWEEN_WAKES = 0.25

SEQUENCE = SearchAttributeKey.for_keyword("RapportSequence")
VERSION = SearchAttributeKey.for_keyword("RapportVersion")
MEMBERS = SearchAttributeKey.for_int("RapportMembers")


class NotDrainable(ValueError):
    """A row that cannot become anything as it is; the text says what, and what to do."""


class DatabaseAway(Exception):
    """No row's own fault, so none is parked for it. It carries no text of the database's: that would repeat the row."""


class DrainedRows(BaseModel):
    """How many rows became something, how many failed, and whether more are waiting."""

    drained: int = 0
    failed: int = 0
    more: bool = False


@dataclass
class Intake:
    """The activities of the one drainer."""

    main: Database
    inbox: Database
    published: Published
    client: Client
    clock: Clock
    task_queue: str
    signalled: dict[str, float] = field(default_factory=dict)

    @activity.defn(name="drain")
    async def drain(self) -> DrainedRows:
        """Drain up to a hundred rows, urgent ones first, then in order of receipt."""
        rows = await self.inbox.read(lambda session: inbox.waiting(session, MOST_ROWS))
        # Asked for in order and written by one writer, so done in order; each in its savepoint, sharing commits.
        results = await asyncio.gather(*(self._drain_one(row) for row in rows), return_exceptions=True)
        problems = {row.id: result for row, result in zip(rows, results, strict=True) if result is not None}
        if any(isinstance(error, OperationalError | InterfaceError) for error in problems.values()):
            raise DatabaseAway("database: is away or locked; what came in is drained when it is back") from None
        await self._note(rows, problems)
        return DrainedRows(drained=len(rows) - len(problems), failed=len(problems), more=len(rows) > len(problems))

    async def _drain_one(self, row: Inbox) -> None:
        await self.main.write(lambda session: apply(session, self.published, row, self.clock()))
        activity.heartbeat()

    async def _note(self, rows: Sequence[Inbox], problems: dict[int | None, Any]) -> None:
        now = self.clock()

        def note(session: Session) -> None:
            inbox.mark_drained(session, [row.id for row in rows if row.id is not None and row.id not in problems], now)
            for number, error in problems.items():
                assert number is not None, "a row that was read has an id"
                inbox.note_failure(session, number, said(error), now)

        for number, error in problems.items():
            activity.logger.warning("inbox row %s cannot be drained: %s", number, type(error).__name__)
        if rows:
            await self.inbox.write(note)

    @activity.defn(name="send_out")
    async def send_out(self) -> bool:
        """Start the waves that wait for it, then signal those that have something to look at.

        Returns whether there is more to send out.
        """
        now = self.clock()
        starts = await self.main.write(lambda session: form_waves(session, now))
        waiting = await self.main.read(wakes)
        begun = {start.wave for start in starts}
        # A wave that begins now sees everything by itself; one that cannot be started keeps no other from being woken.
        old = [wake for wake in waiting if wake.wave not in begun]
        try:
            await self._all(self._signal(wake.wave) for wake in old)
        finally:
            await self._all(self._start(start) for start in starts)
        if waiting:
            await self.main.write(lambda session: woken(session, waiting))
        return len(starts) >= MOST_WAVES

    async def _all(self, calls: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Make calls to the server, a few side by side. The first that fails is raised, once all have been made."""
        places = asyncio.Semaphore(AT_ONCE)

        async def make(call: Coroutine[Any, Any, None]) -> None:
            async with places:
                await call
            activity.heartbeat()

        for result in await asyncio.gather(*map(make, calls), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _start(self, start: Start) -> None:
        wave = await self.main.read(lambda session: self._wave(session, start))
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(SEQUENCE, start.sequence),
                SearchAttributePair(VERSION, start.version[:19]),
                SearchAttributePair(MEMBERS, len(start.members)),
            ]
        )
        # Started already: an earlier attempt got through and died before it could say so.
        with suppress(WorkflowAlreadyStartedError):
            await self.client.start_workflow(
                "Sequence",
                wave,
                id=start.wave,
                task_queue=self.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=attributes,
                static_summary=f"{start.sequence}, {len(start.members)} contacts",
            )
        await self.main.write(lambda session: started(session, start.wave, self.clock()))

    def _wave(self, session: Session, start: Start) -> Wave:
        """Return what a wave is given. Who was on the way already (its wave was lost, it had failed) goes on there."""
        program = self.published.program(session, start.version)
        runs = runs_on_their_way(session, program, dict(start.members))
        members = tuple(Member(enrolment=each, entered_at=at, run=runs.get(each)) for each, at in start.members)
        return Wave(sequence=start.sequence, version=start.version, program=program, members=members)

    async def _signal(self, wave: str) -> None:
        """Wake a wave, at most four times a second: every wake costs it a task, however much there is to see."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.signalled.get(wave, 0.0) + BETWEEN_WAKES - loop.time()))
        self.signalled = {each: at for each, at in self.signalled.items() if at > loop.time() - BETWEEN_WAKES}
        self.signalled[wave] = loop.time()
        try:
            await self.client.get_workflow_handle(wave).signal("look")
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            # It is over. Should somebody in it not have ended, it was lost: they begin again, and what was decided and
            # sent before is found in the records, so that nothing happens twice.
            lost = await self.main.write(lambda session: begin_again(session, wave))
            if lost:
                activity.logger.error(
                    "%s is gone from Temporal with %s runs inside; they are started again", wave, lost
                )


def said(error: Any) -> str:
    """Return why a row failed, for the person who reads `rapport inbox show`."""
    return str(error)[:1000] if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"[:1000]


def apply(session: Session, published: Published, row: Inbox, now: datetime) -> None:
    """Write everything that follows from one row, and that it is drained. Doing it twice does nothing."""
    assert row.id is not None, "a row that was read has an id"
    if session.get(Drained, row.id) is not None:
        return
    kinds = {"form": _form, "event": _event, "withdrawal": _withdrawal}
    contact, did = kinds[row.kind](session, published, row, now)
    session.add(Drained(inbox_id=row.id, contact_id=contact, did=did, at=now))
    session.flush()


def _form(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    mapping = published.policies(session).forms.get(row.form or "")
    if mapping is None:
        raise NotDrainable(f"form '{row.form}' has no file in policies/forms/; publish one, then 'rapport inbox retry'")
    submission = read_answers(mapping, row.body["answers"])
    known = find(session, submission.fields["email"])
    before = known.updated_at if known else None
    contact = find_or_make(session, submission.fields, f"form {row.form}", row.received_at)
    for consent in submission.consents:
        record_consent(
            session,
            contact.id,
            consent.topic,
            "opted_in",
            now,
            basis="consent",
            source=f"form {row.form}",
            wording=consent.wording,
            channel=consent.channel,
            given_at=row.received_at,
        )
    happening = Happening(
        key=row.key,
        name="form_submitted",
        at=row.received_at,
        data={**submission.event, "form": row.form, "source": row.source},
        occurred_at=instant(row.body.get("submitted_at")),
        department=mapping.department,
        channel="web",
    )
    record(session, published, contact, happening, now)
    if before is not None and (contact.updated_at != before or submission.consents):
        record_changed(session, published, contact, now)
    return contact.id, f"form {row.form}"


def _event(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    name = str(row.body["event"])
    if name not in published.policies(session).event_fields():
        raise NotDrainable(f"event '{name}' is not declared; write it into policies/events.yaml, publish, and retry")
    contact = _contact_of(session, row, now)
    happening = Happening(
        key=row.key,
        name=name,
        at=row.received_at,
        data=row.body.get("data") or {},
        occurred_at=instant(row.body.get("at")),
        message=row.body.get("message"),
        step=row.body.get("step"),
        channel=row.body.get("channel"),
    )
    record(session, published, contact, happening, now)
    return contact.id, f"event {name}"


def _contact_of(session: Session, row: Inbox, now: datetime) -> Contact:
    who = row.body.get("contact") or {}
    if who.get("id"):
        contact = find(session, str(who["id"]))
        if contact is None:
            raise NotDrainable(f"there is no contact {who['id']}; correct the id and send the event again")
        return contact
    return find_or_make(session, {"email": read_address(who.get("email"))}, f"event from {row.source}", row.received_at)


def _withdrawal(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    contact = session.get(Contact, str(row.body.get("contact")))
    if contact is None:
        return None, "withdrawal of nobody"  # erased meanwhile: there is nothing left to withdraw
    topic = str(row.body.get("topic") or EVERYTHING)
    happening = Happening(
        key=row.key,
        name="unsubscribed",
        at=row.received_at,
        data={"topic": topic, "channel": "email", "how": str(row.body.get("how", "link"))},
        message=row.body.get("message"),
        channel="email",
    )
    record(session, published, contact, happening, now)
    return contact.id, f"withdrawal from {topic}"


def instant(text: Any) -> datetime | None:
    """Return a sender's own time, None where it gave none that can be read."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
