"""Messages a second: through Temporal, as a broadcast, by the sending activity alone, and by programs that do less.

The plain loop is what one would write without an engine: render, build, commit the same three states of a ledger row,
send, next. The bare pool sends letters that are written already and remembers nothing.
"""

import asyncio
import smtplib
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from uuid import uuid4

from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Batch
from activities.clock import wall_clock
from activities.messages import Messages
from activities.post import Post
from benchmarks.broadcasting import broadcast
from benchmarks.ground import REAL, Ground, address, ground
from benchmarks.home import ONE_MESSAGE, measured_home
from benchmarks.letters import SENDER, built, job
from benchmarks.measures import Report, Sample, Scale
from benchmarks.waves import carry, our_starts
from channels.base import Envelope
from channels.smtp import SmtpPool
from domain.wave import Wave
from records.published import Published
from records.session import Database
from records.withdrawals import withdrawn
from rendering.parts import Press
from rendering.process import Limits, Renderer
from settings import LOOPBACK
from worker import mail_settings, relay

MESSAGES = (500, 50, 10)
MOST_SECONDS = 60
SIZE = 250
TEMPLATE = "welcome/hello"

TEMPORAL, ACTIVITY = "waves of 250 through Temporal", "the sending activity alone"
BROADCAST = "a broadcast, from the segment on"
LOOP, POOL = "plain loop in one process", "bare connection pool"

LIMITS = (
    "ours by Python: one thread writes the records; the pool and the loop by the mail server, which syncs each letter"
)


async def measure(scale: Scale) -> Report:
    """Return messages a second, each way."""
    report = Report("one message a contact", LIMITS, {TEMPORAL: LOOP, BROADCAST: LOOP, ACTIVITY: LOOP, LOOP: POOL})
    messages = scale.of(*MESSAGES)
    async with ground([REAL]) as here, _sending(here) as activity:
        await _through_temporal(here, 2)
        await _by_the_activity(here, activity, 2)
        for _ in scale.rounds(MOST_SECONDS):
            report.add(POOL, await _by_the_pool(here, messages))
            report.add(LOOP, await _by_the_loop(here, messages))
            report.add(ACTIVITY, await _by_the_activity(here, activity, messages))
            report.add(TEMPORAL, await _through_temporal(here, messages))
            report.add(BROADCAST, await broadcast(here, messages))
    return report


async def _through_temporal(here: Ground, messages: int) -> Sample:
    waves, before = await here.waves(ONE_MESSAGE, messages, SIZE), await here.accepted()
    began = time.perf_counter()
    await carry(here.client, REAL, our_starts(waves))
    sample = _rate(messages, began)
    assert await here.accepted() - before == messages, "each contact gets one message"
    return sample


@asynccontextmanager
async def _sending(here: Ground) -> AsyncIterator[Messages]:
    """Make the activity as worker.py does."""
    settings = here.settings
    async with Renderer() as renderer, SmtpPool(relay(settings)) as pool, Database(settings.inbox_url) as received:
        stands = partial(withdrawn, here.database, received)
        post = Post(here.database, renderer, {"email": pool}, wall_clock, mail_settings(settings), stands)
        yield Messages(post, Published(), at_once=2 * settings.mail_server.pool_size)


async def _by_the_activity(here: Ground, activity: Messages, messages: int) -> Sample:
    waves, before = await here.waves(ONE_MESSAGE, messages, SIZE), await here.accepted()
    began = time.perf_counter()
    for wave in waves:
        await ActivityEnvironment().run(activity.send, _batch(wave))
    sample = _rate(messages, began)
    assert await here.accepted() - before == messages, "each contact gets one message"
    return sample


def _batch(wave: Wave) -> Batch:
    [step] = wave.program.steps.values()
    now = wave.members[0].entered_at
    everybody = Alike(visit=1, arrived_at=now, since=now, enrolments=tuple(each.enrolment for each in wave.members))
    return Batch(
        sequence=wave.sequence,
        version=wave.version,
        step=step.id,
        kind=step.kind,
        need=step.need(),
        now=now,
        members=(everybody,),
    )


def _rate(messages: int, began: float) -> Sample:
    seconds = time.perf_counter() - began
    return {"messages/s": messages / seconds, "ms a message": seconds * 1000 / messages}


async def _by_the_pool(here: Ground, messages: int) -> Sample:
    body = _write(Press(measured_home().sources, Limits().output), "anna@contacts.example")
    async with SmtpPool(relay(here.settings)) as pool:

        async def send(name: str) -> None:
            await pool.send(Envelope(SENDER, address(name), body), _nothing_to_note)

        began = time.perf_counter()
        await asyncio.gather(*map(send, _names(messages)))
        return _rate(messages, began)


async def _nothing_to_note() -> None:
    return


def _names(count: int) -> list[str]:
    return [uuid4().hex for _ in range(count)]


async def _by_the_loop(here: Ground, messages: int) -> Sample:
    began = time.perf_counter()
    await asyncio.to_thread(plain_loop, here.settings.mailbox_smtp_port, _names(messages))
    return _rate(messages, began)


def plain_loop(smtp_port: int, contacts: Sequence[str]) -> None:
    """Write, record and send a letter to each contact, one after the other; every state is on disk before the next."""
    press = Press(measured_home().sources, Limits().output)
    with (
        tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder,
        closing(_ledger(Path(folder) / "plain.db")) as ledger,
        smtplib.SMTP(LOOPBACK, smtp_port) as server,
    ):
        for contact in contacts:
            body = _write(press, address(contact))
            ledger.execute("INSERT INTO message VALUES (?, 'claimed')", [contact])
            ledger.execute("UPDATE message SET state = 'handing_over' WHERE id = ? AND state = 'claimed'", [contact])
            server.sendmail(SENDER, address(contact), body)
            ledger.execute("UPDATE message SET state = 'accepted' WHERE id = ? AND state = 'handing_over'", [contact])


def _ledger(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)  # each statement is committed, and on disk, by itself
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE message (id PRIMARY KEY, state)",
    ):
        connection.execute(statement)
    return connection


def _write(press: Press, email: str) -> bytes:
    order = job(TEMPLATE)
    parts = press.render(order.channel, order.name, order.locale, dict(order.context))
    return built(parts["subject"] or "", parts["html"] or "", parts["text"] or "", email)
