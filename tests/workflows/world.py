"""A small world for workflow tests: real records, real rendering, a real mail server, and time that skips.

Contacts enter a sequence as one wave; what happens to them is written into the records at its instant, as intake does
it, and the wave is woken. Afterwards the decision log is read back as the timeline that a simulation prints.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.clock import activity_clock
from activities.post import MailSettings
from channels.instructions import Instructs, NobodyIsTold
from channels.mailbox import MailServer
from channels.smtp import Relay, SmtpPool
from channels.webhooks import Line
from domain.facts import Event
from domain.holds import PACE, PAUSE
from domain.imagining import CALLED
from domain.keys import Tokens, wave_id
from domain.loader import load
from domain.program import Program
from domain.simulation import HORIZON, SET, Scripted
from domain.story import LOGGED_ONLY, spelled
from domain.wave import Member, Wave
from records.contacts import change, record_consent
from records.entries import enter
from records.holding import pause, resume
from records.models import Contact, Decision, Enrolment, Identity
from records.published import Published
from records.retiming import publish_and_wake
from records.runs import started, stir_all
from records.session import Database
from records.timeline import Happening, record, record_changed
from rendering.catalogue import Catalogue
from rendering.process import Renderer
from settings import Settings
from tests.databases import lay_down
from worker import Parts, make_worker, texts
from workflows.sequence import SequenceWorkflow

CALL_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# How long after entry, what, of which step, with which data; a pause may have an `until`, counted from entry, too.
Happens = tuple[timedelta, str, str | None, Mapping[str, Any]]


@dataclass(frozen=True)
class Someone:
    """A contact with its consents, what happens to it (counted from its entry), and the event it enters by."""

    contact: Mapping[str, Any]
    events: Sequence[Happens] = ()
    event: Mapping[str, Any] = field(default_factory=dict)

    def script(self, at: datetime) -> list[Scripted]:
        """Return what happens, at instants."""
        return [
            Scripted(at + after, name, of, data, at + data["until"] if "until" in data else None)
            for after, name, of, data in self.events
        ]


@dataclass
class World:
    """Everything a wave needs."""

    env: WorkflowEnvironment
    database: Database
    mail: MailServer
    task_queue: str
    worker: Worker
    published: Published = field(default_factory=Published)

    async def publish(self, files: Mapping[str, str]) -> dict[str, Program]:
        """Publish a home; it has to be without a mistake."""
        sources = {path.removeprefix("templates/"): text for path, text in files.items() if "templates/" in path}
        loaded = load(files, Catalogue(sources))
        assert not loaded.errors(), [str(problem) for problem in loaded.problems]
        now = datetime.now(UTC)
        await self.database.write(lambda session: publish_and_wake(session, files, loaded.programs, now))
        return loaded.programs

    async def enter(self, sequence: str, people: Sequence[Someone], at: datetime) -> "Journey":
        """Let people enter at one instant, and start the wave that carries them."""
        program, wave_name, enrolments = await self.database.write(
            lambda session: self._enter(session, sequence, people, at)
        )
        members = tuple(Member(enrolment=each, entered_at=at) for each in enrolments)
        wave = Wave(sequence=sequence, version=program.version, program=program, members=members)
        with self.env.with_time_skipping_disabled():
            handle = await self.env.client.start_workflow("Sequence", wave, id=wave_name, task_queue=self.task_queue)
        await self.database.write(lambda session: started(session, wave_name, at))
        return Journey(self, handle, list(people), enrolments, at)

    def _enter(
        self, session: Session, sequence: str, people: Sequence[Someone], at: datetime
    ) -> tuple[Program, str, list[str]]:
        program, wave = self.published.named(session, sequence), wave_id(sequence, str(uuid.uuid4()))
        assert program is not None, "it is published"
        enrolments = []
        for someone in people:
            contact = make_contact(session, someone.contact, at)
            event = Event(id=0, name=program.enter[0].name or "", at=at, data=someone.event) if program.enter else None
            trigger = program.enter[0] if program.enter else None
            entry, enrolment = enter(session, self.published, program, contact, at, trigger=trigger, event=event)
            assert enrolment is not None, entry.why
            enrolment.wave = wave
            session.add(enrolment)
            enrolments.append(enrolment.id)
        return program, wave, enrolments


def make_contact(session: Session, fields: Mapping[str, Any], at: datetime) -> Contact:
    """Write a contact with its consents (`news` to mail, `news for sms` to texts), as a form would have."""
    given = {name: value for name, value in fields.items() if name not in ("consents", "email", "id")}
    contact = Contact(
        id=str(fields.get("id") or uuid.uuid4()), email=str(fields["email"]), created_at=at, updated_at=at
    )
    session.add(contact)
    session.flush()
    session.add(Identity(contact_id=contact.id, kind="email", value=str(fields["email"]).lower(), recorded_at=at))
    change(session, contact, given, at)
    for topic, state in (fields.get("consents") or {}).items():
        name, _, channel = topic.partition(" for ")
        said = partial(record_consent, session, contact.id, name, state, at, channel=channel or "email")
        said(basis="consent", source="test")
    return contact


def _rang_late(history: WorkflowHistory) -> bool:
    set_for: dict[str, datetime] = {}
    begun, asked = history.events[0].event_time.ToDatetime(), False
    for event in history.events:
        at = event.event_time.ToDatetime()
        if event.HasField("workflow_task_scheduled_event_attributes") and not asked:
            asked = True
            if at - begun > timedelta(minutes=1):
                return True  # the clock leapt before anything of ours was asked
        if event.HasField("timer_started_event_attributes"):
            timer = event.timer_started_event_attributes
            set_for[timer.timer_id] = at + timer.start_to_fire_timeout.ToTimedelta()
        if event.HasField("timer_fired_event_attributes"):
            due = set_for[event.timer_fired_event_attributes.timer_id]
            if at - due > timedelta(minutes=1):
                return True
    return False


async def quiet(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until a workflow waits: no task and no activity of it is pending."""
    async with asyncio.timeout(60):
        while True:
            described = (await handle.describe()).raw_description
            busy = described.HasField("pending_workflow_task") or described.pending_activities
            if not busy or described.workflow_execution_info.close_time.seconds:
                return
            await asyncio.sleep(0.02)


@dataclass
class Journey:
    """A wave on its way."""

    world: World
    handle: WorkflowHandle[Any, Any]
    people: list[Someone]
    enrolments: list[str]
    entered_at: datetime

    async def live(self, *, to_the_end: bool = True) -> None:
        """Let everything happen at its instant, then skip to the end, or as far as a simulation looks."""
        happening = [
            (scripted.at, place, scripted)
            for place, someone in enumerate(self.people)
            for scripted in someone.script(self.entered_at)
            if scripted.event != CALLED  # the other system says it itself
        ]
        happening.sort(key=lambda each: each[:2])
        await self.quiet()
        for at, place, scripted in happening:
            if not await self.go_to(at):
                return
            await self.happen(place, scripted)
            with _over_already():
                await self.handle.signal("look")
            await self.quiet()
        if to_the_end:
            await self.end()
        else:
            await self.go_to(self.entered_at + HORIZON)
            await self.replay()

    async def end(self) -> None:
        """Skip to the end of the wave."""
        async with asyncio.timeout(90):
            with _over_already():
                await self.world.env.fast_forward(self.handle, None)
            await self.handle.result()
        await self.replay()

    async def replay(self) -> None:
        """Replay every run of this wave: what a worker decides again must be what it decided then."""
        for history in await self.histories():
            await Replayer(workflows=[SequenceWorkflow], data_converter=pydantic_data_converter).replay_workflow(
                history
            )

    async def histories(self) -> list[WorkflowHistory]:
        """Return the history of every run of this wave, first to last."""
        run_id: str | None = self.handle.first_execution_run_id
        histories = []
        while run_id:
            handle = self.world.env.client.get_workflow_handle(self.handle.id, run_id=run_id)
            history = await handle.fetch_history()
            histories.append(history)
            last = history.events[-1]
            run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        return histories

    async def leapt(self) -> bool:
        """Whether the server's clock leapt: a timer rang later than it was set for, or nothing was asked at the start.

        Where a run continues as new, the server with time skipping (1.32) now and then adds what it has skipped a
        second time. Whoever rides in such a wave lives at other instants than were meant, and is not to be compared.
        """
        return any(_rang_late(history) for history in await self.histories())

    async def go_to(self, at: datetime) -> bool:
        """Skip to an instant; False if the wave ended before it."""
        left = at - await self.world.env.get_current_time(self.handle)
        with _over_already():
            if left <= timedelta(0) or await self.world.env.fast_forward(self.handle, left):
                await self.quiet()
                return True
        return False

    async def happen(self, place: int, scripted: Scripted) -> None:
        """Write what happens to one of them, as the drainer would."""
        await self.world.database.write(lambda session: self._happen(session, place, scripted))

    def _happen(self, session: Session, place: int, scripted: Scripted) -> None:
        enrolment = session.get(Enrolment, self.enrolments[place])
        assert enrolment is not None
        contact = session.get(Contact, enrolment.contact_id)
        assert contact is not None
        if scripted.event == SET:
            change(session, contact, scripted.data, scripted.at)
            record_changed(session, self.world.published, contact, scripted.at)
            return
        if scripted.event in PACE:
            self._pace(session, enrolment, scripted)
            return
        happening = Happening(
            key=str(uuid.uuid4()), name=scripted.event, at=scripted.at, data=scripted.data, step=scripted.of
        )
        record(session, self.world.published, contact, happening, scripted.at)

    def _pace(self, session: Session, enrolment: Enrolment, scripted: Scripted) -> None:
        where = (session, enrolment.sequence, enrolment.contact_id, scripted.at)
        if scripted.event == PAUSE:
            pause(*where, until=scripted.until, by="test")
        else:
            resume(*where)
        stir_all(session, [enrolment], scripted.at)

    async def quiet(self) -> None:
        """Wait until the wave waits: no task and no activity of it is pending."""
        await quiet(self.handle)

    async def timelines(self) -> list[dict[str, Any]]:
        """Return what a simulation would print of each, from the decision log and the enrolment."""
        return await self.world.database.read(
            lambda session: [timeline(session, enrolment) for enrolment in self.enrolments]
        )


@contextmanager
def _over_already() -> Iterator[None]:
    """A wave that has ended can be neither woken nor skipped; that is no mistake of a test."""
    try:
        yield
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise


def timeline(session: Session, enrolment_id: str) -> dict[str, Any]:
    """Return the timeline of one enrolment in the words of a simulation."""
    rows = session.exec(
        select(Decision)
        .where(Decision.enrolment_id == enrolment_id, col(Decision.step).is_not(None), col(Decision.shown).is_(True))
        .order_by(col(Decision.id))
    ).all()
    enrolment = session.get(Enrolment, enrolment_id)
    assert enrolment is not None
    told = [
        {"at": spelled(row.at), "step": row.step, "kind": row.kind, "did": row.did, **row.more, "why": row.why}
        for row in rows
    ]
    for row in told:
        row.pop("message", None)
        for key in LOGGED_ONLY:
            row.pop(key, None)
    end = {"at": spelled(enrolment.ended_at), "reason": enrolment.end_reason} if enrolment.ended_at else None
    return {"timeline": told, "end": end}


@asynccontextmanager
async def living(
    env: WorkflowEnvironment,
    folder: Path,
    call_secrets: tuple[str, ...] = (CALL_SECRET,),
    instructions: Instructs | None = None,
    **options: Any,
) -> AsyncIterator[World]:
    """Yield a world with its own database, mail server and worker."""
    main, received = f"sqlite:///{folder}/main.db", f"sqlite:///{folder}/inbox.db"
    lay_down("main", main)
    lay_down("inbox", received)
    task_queue = f"test-{uuid.uuid4()}"
    tokens = Tokens(["a secret of this test"])
    settings = MailSettings("http://127.0.0.1:1", "mail.rapport.example", "secret", tokens, timedelta(seconds=360))
    async with (
        Database(main) as database,
        Database(received) as inbox,
        Renderer() as renderer,
        MailServer(folder / "mail", smtp_port=0, http_port=0) as mail,
        SmtpPool(Relay(host="127.0.0.1", port=mail.smtp_port, tls="none", local_hostname="rapport.example")) as pool,
        Line(private=True) as line,
    ):
        parts = Parts(
            database,
            inbox,
            renderer,
            {"email": pool, "staff": pool, "sms": texts(Settings(home=folder), line, database)},
            settings,
            activity_clock,
            line=line,
            call_secrets=call_secrets,
            instructions=instructions or NobodyIsTold(),
        )
        worker = make_worker(env.client, parts, task_queue, workflow_failure_exception_types=[Exception], **options)
        async with worker:
            yield World(env, database, mail, task_queue, worker)
