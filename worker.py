"""The composition root: joins records, channels, rendering, activities and workflows, and works until told to stop.

`python worker.py` prints `worker ready` when it polls. Any number may run against one database and one cluster.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.beside import Effects
from activities.broadcasts import Broadcasts
from activities.callings import CASES, FOLLOW_UPS, call
from activities.calls import Asks, Calls
from activities.clock import Clock, wall_clock
from activities.digests import Digests
from activities.forgetting import Forgetting
from activities.intake import Intake
from activities.messages import Messages
from activities.people import People
from activities.post import MailSettings, Post
from activities.recovery import Recoveries
from activities.remedies import Remedies
from activities.retention import Retention
from activities.returned import Returns
from activities.staff_letters import StaffLetters
from activities.staff_post import StaffPost
from activities.steps import Steps
from activities.sweeps import bury, call_broadcasts, make_rounds, sweep
from activities.telling import Telling
from channels.base import Channel
from channels.chat import Chats
from channels.endpoints import Endpoints
from channels.instructions import Instructions, Instructs, NobodyIsTold
from channels.outbox import Kept, Outbox
from channels.providers.known import provider
from channels.sms import SmsGateway
from channels.smtp import Relay, SmtpPool
from channels.webhooks import Line
from domain.chat import Kind
from domain.keys import Tokens
from records import inbox, outbox
from records.permissions import Person, Undrained
from records.published import Published
from records.session import Database
from records.withdrawals import withdrawn
from rendering.headers import library_fault
from rendering.process import Renderer
from rendering.signature import CannotSign, Signer
from settings import Settings, SettingsError, connect_options, load, signing_key
from workflows.broadcast import BroadcastWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.intake import IntakeWorkflow
from workflows.retention import RetentionWorkflow
from workflows.sequence import SequenceWorkflow
from workflows.service_recovery import ServiceRecoveryWorkflow

logger = logging.getLogger("worker")

# Longer than a message takes, shorter than whoever supervises waits before it kills.
GRACE = timedelta(seconds=20)
SIGN_OF_LIFE = timedelta(seconds=2)
STICKY = timedelta(seconds=5)


@dataclass(frozen=True)
class Parts:
    """What a worker works with."""

    main: Database
    inbox: Database
    renderer: Renderer
    channels: Mapping[str, Channel]
    mail: MailSettings
    clock: Clock = wall_clock
    at_once: int = 20
    round_every: timedelta = timedelta(hours=1)
    line: Asks = field(default_factory=Line)
    call_secrets: tuple[str, ...] = field(default=(), repr=False)
    chats: Mapping[str, Kind] = field(default_factory=dict)
    instructions: Instructs = field(default_factory=NobodyIsTold)

    def oldest_waiting(self, contacts: Collection[str]) -> datetime | None:
        """Return when the oldest row in the inbox was received that waits and may concern these contacts."""
        return self.inbox.read_now(lambda session: inbox.oldest_waiting(session, contacts))

    def withdrawn(self, people: Sequence[Person]) -> Mapping[str, Collection[Undrained]]:
        """Return what still lies in the inbox and forbids to write to these people."""
        return withdrawn(self.main, self.inbox, people)


def make_worker(client: Client, parts: Parts, task_queue: str, **options: Any) -> Worker:
    """Return a worker that carries every workflow of this project."""
    published = Published()
    post = Post(parts.main, parts.renderer, parts.channels, parts.clock, parts.mail, parts.withdrawn)
    steps = Steps(parts.main, published, parts.oldest_waiting)
    messages = Messages(post, published, parts.at_once, parts.oldest_waiting)
    effects = Effects(
        parts.main, published, parts.clock, parts.withdrawn, parts.at_once, oldest_waiting=parts.oldest_waiting
    )
    calls = Calls(effects, parts.line, parts.call_secrets)
    returns = Returns(parts.mail.inbound_host, [parts.mail.secret])
    intake = Intake(parts.main, parts.inbox, published, client, parts.clock, task_queue, returns)
    retention = Retention(parts.main, published, parts.clock, parts.round_every)
    broadcasts = Broadcasts(parts.main, published, parts.clock, client)
    people = People(parts.main, published)
    recoveries, remedies = Recoveries(parts.main, published), Remedies(parts.main, published, parts.instructions)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[
            *(SequenceWorkflow, BroadcastWorkflow, FollowUpWorkflow, ServiceRecoveryWorkflow),
            *(IntakeWorkflow, RetentionWorkflow),
        ],
        activities=[
            *(steps.settle, steps.look, steps.finish, messages.send, calls.call),
            *(intake.drain, intake.send_out, retention.look_at_contacts, broadcasts.go_on),
            *(people.look, people.act, recoveries.look, recoveries.act, recoveries.settle, remedies.deliver),
        ],
        graceful_shutdown_timeout=GRACE,
        # Else signs of life are saved up until most of a heartbeat's time-out is over: one that is late is too late.
        max_heartbeat_throttle_interval=SIGN_OF_LIFE,
        # What is meant for a worker that died goes to another one after this long.
        sticky_queue_schedule_to_start_timeout=STICKY,
        **options,
    )


def staff_post(parts: Parts) -> StaffPost:
    """Return who posts notes to staff."""
    letters = StaffLetters(parts.renderer, parts.mail, parts.chats)
    channels = {"email": parts.channels["staff"], "chat": parts.channels["chat"]}
    return StaffPost(parts.main, Published(), letters, channels, parts.clock)


def mail_settings(settings: Settings) -> MailSettings:
    """Return what messages need to know of the installation."""
    secret = signing_key(settings).get_secret_value()
    whose = provider(settings.mail_provider, settings.ses_configuration_set)
    return MailSettings(
        public_url=settings.public_url,
        message_host=settings.message_host,
        secret=secret,
        tokens=Tokens([secret]),
        lease=timedelta(seconds=settings.smtp_reply_seconds + settings.smtp_lease_seconds),
        longest_rest=timedelta(seconds=settings.smtp_rest_seconds),
        inbound_host=settings.inbound_host,
        provider=whose,
        signer=signer(settings, keeps_ids=whose.keeps_ids),
    )


def signer(settings: Settings, *, keeps_ids: bool) -> Signer | None:
    """Return who signs letters, proved on a sample; None where nobody does. Raises `SettingsError`."""
    if settings.dkim_key is None:
        return None
    pem = settings.dkim_key.get_secret_value()
    signs = Signer.from_pem(settings.dkim_domain, settings.dkim_selector, pem, keeps_ids=keeps_ids)
    try:
        signs.self_check()
    except CannotSign as error:
        raise SettingsError([f"RAPPORT_DKIM_KEY: {error}; give another, as `openssl genrsa 2048` makes"]) from error
    logger.info("letters are signed (DKIM); receivers look for this TXT record at %s: %s", *signs.record)
    return signs


def relay(settings: Settings) -> Relay:
    """Return the mail server that messages are handed to: the local one, until `live` is on."""
    server = settings.mail_server
    return Relay(
        host=server.host,
        port=server.port,
        tls=server.tls,
        local_hostname=settings.message_host,
        username=server.user or None,
        password=server.password.get_secret_value() or None,
        size=server.pool_size,
        reply_timeout=settings.smtp_reply_seconds,
    )


def texts(settings: Settings, line: Line, main: Database) -> Channel:
    """Return how text messages leave: not at all, until `live` is on. Then nothing that could reach anybody is made."""
    if not settings.live:
        return kept_instead("sms", main)
    return SmsGateway(line, settings.sms_url or "", _told(settings.sms_secret))


def webhooks(settings: Settings, line: Line, main: Database) -> Channel:
    """Return how other systems are told about contacts: not at all, until `live` is on."""
    if not settings.live:
        return kept_instead("webhook", main)
    own = {name: _told(secrets) for name, secrets in settings.webhook_secrets.items()}
    return Endpoints(line, own, _told(settings.call_secrets))


def instructions(settings: Settings, line: Line) -> Instructs:
    """Return how systems of the company's are told to pay a customer: not at all, until `live` is on."""
    if not settings.live:
        return NobodyIsTold()
    own = {name: _told(secrets) for name, secrets in settings.webhook_secrets.items()}
    return Instructions(line, own, _told(settings.call_secrets))


def chats(settings: Settings, line: Line, main: Database) -> Channel:
    """Return how our teams are told in their chats: not at all, until `live` is on."""
    if not settings.live:
        return kept_instead("chat", main)
    return Chats(line, {team: url for team, (_, url) in settings.chats.items()})


def kept_instead(channel: str, main: Database) -> Channel:
    """Return a channel that keeps what it is given in the table of the outbox."""

    async def keep(kept: Kept) -> None:
        row = outbox.of(kept.id, kept.channel, kept.sender, kept.recipient, kept.body, wall_clock())
        await main.write(lambda session: outbox.keep(session, row))

    return Outbox(channel, keep)


def _told(secrets: Iterable[SecretStr]) -> list[str]:
    return [each.get_secret_value() for each in secrets]


async def connected(settings: Settings) -> Client:
    """Connect to Temporal, for as long as it takes."""
    told = False
    while True:
        try:
            return await Client.connect(**connect_options(settings), data_converter=pydantic_data_converter)
        except RuntimeError as error:
            if not told:
                logger.warning("Temporal does not answer (%s); trying again", error)
            told = True
            await asyncio.sleep(1)


@asynccontextmanager
async def working(settings: Settings, client: Client) -> AsyncIterator[Worker]:
    """Work with the real parts that the settings name."""
    received = Database(settings.inbox_url)
    main = received if settings.database_url == settings.inbox_url else Database(settings.database_url)
    try:
        line, mail = Line(private=settings.call_private), mail_settings(settings)
        async with Renderer() as renderer, SmtpPool(relay(settings), id_in=mail.provider.id_in) as pool, line:
            parts = Parts(
                main,
                received,
                renderer,
                {
                    **dict.fromkeys(("email", "staff"), pool),
                    "sms": texts(settings, line, main),
                    "webhook": webhooks(settings, line, main),
                    "chat": chats(settings, line, main),
                },
                mail,
                at_once=2 * settings.mail_server.pool_size,
                round_every=timedelta(seconds=settings.round_seconds),
                line=line,
                call_secrets=tuple(_told(settings.call_secrets)),
                chats={team: kind for team, (kind, _) in settings.chats.items()},
                instructions=instructions(settings, line),
            )
            kept = (timedelta(days=settings.inbound_keep_days), timedelta(days=settings.keep_days))
            async with make_worker(client, parts, settings.task_queue) as worker:
                beside = [
                    asyncio.create_task(sweep(client, main, received, settings.task_queue)),
                    asyncio.create_task(make_rounds(client, main, parts.round_every, settings.task_queue)),
                    asyncio.create_task(call_broadcasts(client, main, settings.task_queue)),
                    asyncio.create_task(call(client, main, FOLLOW_UPS, settings.task_queue)),
                    asyncio.create_task(call(client, main, CASES, settings.task_queue)),
                    asyncio.create_task(bury(main)),
                    asyncio.create_task(Digests(main, Published(), wall_clock).watch()),
                    asyncio.create_task(
                        Telling(main, Published(), parts.channels["email"], parts.mail, parts.clock).watch()
                    ),
                    asyncio.create_task(staff_post(parts).watch()),
                    asyncio.create_task(Forgetting(main, received, wall_clock, *kept).watch()),
                ]
                try:
                    yield worker
                finally:
                    for task in beside:
                        task.cancel()
    finally:
        await asyncio.to_thread(main.close)
        await asyncio.to_thread(received.close)


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished first."""
    if (fault := library_fault()) is not None:
        logger.warning("%s", fault)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connecting = asyncio.create_task(connected(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        connecting.cancel()
        return
    async with working(settings, connecting.result()):
        sys.stdout.write("worker ready\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Run the worker; exit 0 after a signal, 2 for settings that cannot be used, 3 for anything else."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    status = 0
    try:
        asyncio.run(serve(load()))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        status = 2
    except Exception:
        logger.exception("the worker cannot go on")
        status = 3
    sys.stdout.flush()
    sys.stderr.flush()
    # On Python 3.11 an interpreter that ran a Temporal worker may abort while it finalises.
    os._exit(status)


if __name__ == "__main__":
    main()
