"""The web process: takes what comes in, puts it on disk, answers. It sends nothing and decides nothing.

`python -m starter.web` prints `web ready` when it listens. It needs no Temporal: what comes in while Temporal is away
waits in the inbox. Only what people want done about a task is asked of its workflow, and answered.
"""

import asyncio
import logging
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI
from temporalio.client import Client

from records.session import Database
from settings import Settings, SettingsError, connect_options, load, signing_key
from starter.acting import Desk, connecting
from starter.app import make_app
from starter.form_files import Forms
from starter.site import WebConfig
from starter.waker import Waker

__all__ = ["WebConfig", "main", "make_app", "serve"]


class _Server(uvicorn.Server):
    """Says when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write("web ready\n")
            sys.stdout.flush()


def config_of(settings: Settings) -> WebConfig:
    """Return what the web process needs of the settings."""
    return WebConfig(
        host=settings.web_host,
        port=settings.web_port,
        public_url=settings.public_url,
        token_secrets=(signing_key(settings).get_secret_value(),),
        events_key=settings.events_key.get_secret_value() if settings.events_key else None,
        form_secrets={form: [key.get_secret_value() for key in keys] for form, keys in settings.form_secrets.items()},
        unsigned_forms=settings.forms_unsigned,
        provider_secrets={
            name: [key.get_secret_value() for key in keys] for name, keys in settings.provider_secrets.items()
        },
        ses_topics=settings.ses_topics,
        sms_secrets=[each.get_secret_value() for each in settings.sms_secret],
        calendly_secrets=[each.get_secret_value() for each in settings.calendly_secret],
    )


async def serve(settings: Settings) -> None:
    """Serve until a signal says stop; what is being answered is answered first."""

    async def connect() -> Client:
        return await Client.connect(**connect_options(settings))

    config = config_of(settings)
    inbox = Database(settings.inbox_url)
    main = inbox if settings.database_url == settings.inbox_url else Database(settings.database_url)
    forms = Forms(settings.home, main)
    waker = Waker(connect, task_queue=settings.task_queue)
    desk = Desk(connecting(settings), main, task_queue=settings.task_queue)
    await forms.refresh()
    refreshing = asyncio.create_task(forms.keep_fresh())
    try:
        await _Server(_server_config(make_app(config, inbox, waker, forms, main, desk=desk), config)).serve()
    finally:
        refreshing.cancel()
        for database in {inbox, main}:
            await asyncio.to_thread(database.close)


def _server_config(app: FastAPI, config: WebConfig) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        access_log=False,  # paths hold tokens, and tokens are keys
        log_level="warning",
        server_header=False,
        limit_concurrency=1000,
        timeout_graceful_shutdown=10,
    )


def main() -> int:
    """Run the web process; return its exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    # The server raises the signal it was stopped by again; by then it has done what was asked.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    try:
        asyncio.run(serve(load()))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
