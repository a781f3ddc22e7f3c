"""What commands on the records share: opening the databases, finding a contact, waking the intake."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from domain.definition import nearest
from domain.keys import INTAKE_WORKFLOW
from domain.program import Program
from records.contacts import find
from records.models import Contact
from records.published import Published
from records.published_models import Edition
from records.session import Database
from settings import PREFIX, Settings, SettingsError, connect_options, load
from starter.cli_result import OutOfReach, ProblemsFound
from starter.waker import PATIENCE

Result = TypeVar("Result")


@dataclass
class Store:
    """The databases of an installation, and what is published there."""

    settings: Settings
    main: Database
    inbox: Database
    published: Published

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` on one state of the main database."""
        return self.main.read_now(work)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in one transaction of the main database."""
        return self.main.write_now(work)


@contextlib.contextmanager
def opened_store() -> Iterator[Store]:
    """Yield the databases of the environment's settings. Whatever is wrong with them is `OutOfReach`."""
    try:
        settings = load()
    except SettingsError as error:
        raise OutOfReach(str(error)) from None
    for url in (settings.database_url, settings.inbox_url):
        _there(url)
    with contextlib.ExitStack() as closing:
        try:
            main = Database(settings.database_url)
            closing.callback(main.close)
            inbox = main
            if settings.inbox_url != settings.database_url:
                inbox = Database(settings.inbox_url)
                closing.callback(inbox.close)
            yield Store(settings, main, inbox, Published())
        except SQLAlchemyError as error:
            raise OutOfReach(_why(error)) from None


def _there(url: str) -> None:
    address = make_url(url)
    file = address.database
    if address.get_backend_name() == "sqlite" and file and not Path(file).is_file():
        raise OutOfReach(f"no database at {file}; start `rapport up` first")


def _why(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "no such table" in reason or "does not exist" in reason or "no such column" in reason:
        return f"database: is not up to date ({reason}); start `rapport up` first"
    return f"database: cannot be used ({reason}); look at {PREFIX}DATABASE_URL"


def contact_of(session: Session, who: str) -> Contact:
    """Return the contact with this id or e-mail address. Raises `ProblemsFound`."""
    contact = find(session, who.strip())
    if contact is None and "@" in who:
        raise ProblemsFound([f"there is no contact {who}; add one with `rapport contact add --email {who}`"])
    if contact is None:
        raise ProblemsFound([f"there is no contact {who}; give an e-mail address or an id of `rapport contact list`"])
    return contact


def sequence_name(sequence: str) -> str:
    """Return the name of a sequence given by name or by its file's path.

    >>> sequence_name("sequences/welcome.yaml"), sequence_name("welcome")
    ('welcome', 'welcome')
    """
    path = Path(sequence)
    return path.stem if path.suffix in (".yaml", ".yml") else sequence


def program_of(session: Session, published: Published, sequence: str) -> Program:
    """Return the published program of a sequence given by name or path. Raises `ProblemsFound`."""
    name = sequence_name(sequence)
    program = published.named(session, name)
    if program is None:
        names = session.exec(select(Edition.sequence).where(col(Edition.retired_at).is_(None))).all()
        raise ProblemsFound([f"sequence '{name}' is not published{nearest(name, set(names))}"])
    return program


def wake_intake(settings: Settings) -> bool:
    """Have the workers look now; False if Temporal is out of reach: they look by themselves before long."""
    try:
        return asyncio.run(_wake(settings))
    except SettingsError as error:
        raise OutOfReach(str(error)) from None


async def _wake(settings: Settings) -> bool:
    with contextlib.suppress(Exception):  # whatever it is, everything is on disk
        async with asyncio.timeout(PATIENCE.total_seconds()):
            client = await Client.connect(**connect_options(settings))
            await client.start_workflow(
                "Intake",
                id=INTAKE_WORKFLOW,
                task_queue=settings.task_queue,
                start_signal="look",
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=PATIENCE,
            )
            return True
    return False


LATER = "Temporal is out of reach"
