"""The process that carries what is measured: `python -m benchmarks.carrier QUEUE…`, with settings in the environment.

Beside each task queue of ours stands `bare-…`, where the hand-written workflow finds activities of the same sort.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.batches import Answers, Batch, Finished, Look, Seen
from benchmarks.bare import PAUSE, BareLetters, BareWorkflow, send_nothing
from benchmarks.ground import NOTHING, REAL, RECORDS
from channels.base import Accepted, BeforeBody, Channel, Envelope
from channels.smtp import SmtpPool
from domain.needs import Elapsed, Later, Sent, Sleep
from records.session import Database
from rendering.process import Rendered, Renderer, RenderJob
from settings import Settings, connect_options, load
from worker import Parts, mail_settings, make_worker, relay
from workflows.sequence import SequenceWorkflow


class NoSteps:
    """The activities of a wave, each answered at once and nothing written: what remains is what waves cost."""

    @activity.defn(name="send")
    async def send(self, batch: Batch) -> Answers:
        """Say that every message was taken."""
        return Answers(usual=Sent("accepted"))

    @activity.defn(name="settle")
    async def settle(self, batch: Batch) -> Answers:
        """Answer the one wait."""
        assert isinstance(batch.need, Sleep), "the measured sequence has messages and one wait"
        due = batch.members[0].arrived_at + PAUSE
        return Answers(usual=Later(due) if batch.now < due else Elapsed())

    @activity.defn(name="look")
    async def look(self, look: Look) -> Seen:
        """Say that nothing happened."""
        return Seen(last=look.after)

    @activity.defn(name="finish")
    async def finish(self, finished: Finished) -> None:
        """Write nothing."""


class NoLetters:
    """Stands for the renderer and the channel: nothing is rendered, nothing leaves."""

    async def render(self, job: RenderJob) -> Rendered:
        """Return a message of one word."""
        return Rendered(subject="Hello", preheader="", html="<p>Hello</p>", text="Hello", locale=None)

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Take it."""
        await before_body()
        return Accepted("250 taken")


@dataclass(frozen=True)
class Carrier:
    """What the workers of all queues share."""

    settings: Settings
    client: Client
    main: Database
    inbox: Database
    renderer: Renderer
    channel: Channel

    def workers(self, queue: str) -> list[Worker]:
        """Return the workers of a queue."""
        return {NOTHING: self.doing_nothing, RECORDS: self.recording, REAL: self.sending}[queue]()

    def doing_nothing(self) -> list[Worker]:
        """Ours and the hand-written one, with activities that do nothing."""
        steps = NoSteps()
        told: list[Callable[..., Any]] = [steps.send, steps.settle, steps.look, steps.finish]
        ours = Worker(self.client, task_queue=NOTHING, workflows=[SequenceWorkflow], activities=told)
        return [ours, self.bare(NOTHING, send_nothing)]

    def recording(self) -> list[Worker]:
        """Ours, with every record written and no letter."""
        nothing = NoLetters()
        return [make_worker(self.client, self.parts(cast(Renderer, nothing), nothing), RECORDS)]

    def sending(self) -> list[Worker]:
        """Ours as in production; the hand-written one renders and sends, too."""
        letters = BareLetters(self.renderer, self.channel)
        return [make_worker(self.client, self.parts(self.renderer, self.channel), REAL), self.bare(REAL, letters.send)]

    def parts(self, renderer: Renderer, channel: Channel) -> Parts:
        """Return what a worker of ours works with."""
        at_once = 2 * self.settings.mail_server.pool_size
        return Parts(
            self.main,
            self.inbox,
            renderer,
            {"email": channel, "staff": channel},
            mail_settings(self.settings),
            at_once=at_once,
        )

    def bare(self, queue: str, send: Callable[..., Any]) -> Worker:
        """Return a worker of the hand-written workflow."""
        return Worker(self.client, task_queue=f"bare-{queue}", workflows=[BareWorkflow], activities=[send])


@asynccontextmanager
async def carrying(settings: Settings, queues: Sequence[str]) -> AsyncIterator[None]:
    """Work on these queues."""
    async with AsyncExitStack() as opened:
        client = await Client.connect(**connect_options(settings), data_converter=pydantic_data_converter)
        main = await opened.enter_async_context(Database(settings.database_url))
        inbox = await opened.enter_async_context(Database(settings.inbox_url))
        renderer = await opened.enter_async_context(Renderer())
        pool = await opened.enter_async_context(SmtpPool(relay(settings)))
        carrier = Carrier(settings, client, main, inbox, renderer, pool)
        for worker in [each for queue in queues for each in carrier.workers(queue)]:
            await opened.enter_async_context(worker)
        yield


async def serve(settings: Settings, queues: Sequence[str]) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with carrying(settings, queues):
        sys.stdout.write("worker ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(load(), sys.argv[1:]))
    sys.stdout.flush()
    sys.stderr.flush()
    # On Python 3.11 an interpreter that ran a Temporal worker may abort while it finalises.
    os._exit(0)
