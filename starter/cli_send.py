"""`send`: one message to everybody in a segment, or as a test to one of us."""

import asyncio
import contextlib
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from uuid_utils.compat import uuid7

from domain.answers import read_address
from domain.broadcast import Announcement, read_share, slug
from domain.broadcast_rates import Rate
from domain.entry import Entry
from domain.keys import broadcast_workflow
from records.broadcast_models import Broadcast
from records.broadcasts import keep_program, make
from records.contacts import find, find_or_make
from records.entries import write_down
from records.models import Contact, Enrolment
from records.published import Published
from settings import Settings, SettingsError, connect_options
from starter.broadcast_forecast import Forecast, Forecasting
from starter.broadcast_program import (
    Office,
    Planned,
    Wanted,
    compiled,
    plan_broadcast,
    template_named,
    template_problems,
)
from starter.cli_result import OutOfReach, ProblemsFound, Result
from starter.cli_store import LATER, Store, opened_store, wake_intake
from starter.waker import PATIENCE

# Where a made-up contact comes from.
SOURCE = "test"


def send_to_segment(wanted: Wanted, yes: bool) -> Result:
    """Make a broadcast; without `yes` only say what it would do. Raises `ProblemsFound`, `OutOfReach`."""
    now = datetime.now(UTC)
    with opened_store() as store:
        planned = store.read(lambda session: plan_broadcast(session, store.published, wanted, now))
        if not yes:
            found = Forecasting(store, planned, now).ask_everybody(_told)
            return Result(_document(planned.row, found), list(_foreseen(planned, found)))
        row = store.write(lambda session: _make(session, store, wanted, now))
        called = call(store.settings, row)
    lines = [f"{row.name}: {_begins(row)}; see `rapport broadcast show {row.name}`"]
    return Result(_document(row) | {"made": True, "called": called}, lines + ([] if called else [f"{LATER}; {WAITS}"]))


WAITS = "it begins when a worker looks"


def _make(session: Session, store: Store, wanted: Wanted, now: datetime) -> Broadcast:
    # Planned again where it is written, so that two who send at once get two names.
    planned = plan_broadcast(session, store.published, wanted, now)
    return make(session, planned.row, planned.program, planned.bundle, now)


def _told(asked: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{asked} contacts asked")


def _begins(row: Broadcast) -> str:
    return f"begins at {row.begins_at:%Y-%m-%d %H:%M} UTC" if row.begins_at else "begins now"


def _foreseen(planned: Planned, found: Forecast) -> Iterator[str]:
    row = planned.row
    yield f"{row.template} ({row.class_}{f', {row.topic}' if row.topic else ''}) to {row.segment}: {_begins(row)}"
    yield from found.lines()
    if row.rate is not None:
        yield f"at {row.rate} everybody is let in within {Rate.parse(row.rate).takes(found.audience)}"
    if row.share is not None:
        some = round(found.audience * read_share(row.share))
        yield f"about {some} compare it with {row.other}; {row.decide_after} later the rest gets the winner"
    yield "nothing was sent; give --yes to send it"


def _document(row: Broadcast, found: Forecast | None = None) -> dict[str, Any]:
    told = {key: getattr(row, key) for key in ("name", "sequence", "template", "segment", "topic", "begins_at", "rate")}
    told |= {"id": row.id if found is None else None, "class": row.class_, "made": False}
    if row.other is not None:
        told["compares"] = {"with": row.other, "share": row.share, "by": row.winner_by, "after": row.decide_after}
    return told if found is None else told | {"forecast": found.as_json()}


def call(settings: Settings, row: Broadcast) -> bool:
    """Have the broadcast's workflow look now; False if Temporal is out of reach: a worker calls it before long."""
    try:
        return asyncio.run(_call(settings, row))
    except SettingsError as error:
        raise OutOfReach(str(error)) from None


async def _call(settings: Settings, row: Broadcast) -> bool:
    with contextlib.suppress(Exception):  # whatever it is, everything is on disk
        async with asyncio.timeout(PATIENCE.total_seconds()):
            client = await Client.connect(**connect_options(settings))
            await client.start_workflow(
                "Broadcast",
                row.id,
                id=broadcast_workflow(row.id),
                task_queue=settings.task_queue,
                static_summary=row.name,
                start_signal="look",
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=PATIENCE,
            )
            return True
    return False


# --- a test, to one of us ---------------------------------------------------------------------------------------------


def send_test(wanted: Wanted, address: str) -> Result:
    """Send the message (and the one it is compared with) to one address only, marked as a test."""
    now = datetime.now(UTC)
    try:
        email = read_address(address)
    except ValueError:
        raise ProblemsFound(
            [f"--test: '{address[:60]}' is no e-mail address; write one, such as you@acme.example"]
        ) from None
    with opened_store() as store:
        runs = store.write(lambda session: enter_test(session, store.published, wanted, email, now))
        woken = wake_intake(store.settings)
    templates = [template for template, _ in runs]
    document = {"to": email, "templates": templates, "enrolments": [run for _, run in runs], "woken": woken}
    soon = "it goes out now" if woken else f"{LATER}; it goes out when a worker looks"
    return Result(document, [f"{' and '.join(templates)} to {email} as a test; {soon}"])


def enter_test(
    session: Session, published: Published, wanted: Wanted, email: str, now: datetime
) -> list[tuple[str, str]]:
    """Let the contact of an address in for a test of each message; return templates and runs.

    Raises `ProblemsFound`.
    """
    office = Office.of(session, published)
    templates = [template_named(each) for each in (wanted.template, wanted.other) if each is not None]
    problems = [problem for template in templates for problem in template_problems(office, template)]
    if problems:
        raise ProblemsFound(problems)
    contact = _somebody(session, email, now)
    return [(each, _test_run(session, office, each, wanted.topic, contact, now)) for each in templates]


def _somebody(session: Session, email: str, now: datetime) -> Contact:
    """Return the contact of this address; one that is made up is named after the address."""
    found = find(session, email)
    if found is not None:
        return found
    words = [word.capitalize() for word in re.split(r"[^A-Za-z]+", email.partition("@")[0]) if word]
    fields = {"email": email, "first_name": words[0] if words else "Test", "last_name": " ".join(words[1:]) or "Reader"}
    return find_or_make(session, fields, SOURCE, now)


def _test_run(
    session: Session, office: Office, template: str, topic: str | None, contact: Contact, now: datetime
) -> str:
    about = topic or office.templates.topic_of("email", template) or next(iter(office.policies.messaging.topics), None)
    announced = Announcement(name=f"test-{slug(template)}", template=template, topic=about, again="always")
    program = compiled(announced, office).model_copy(update={"trial": True})
    run = Enrolment(
        id=str(uuid7()),
        contact_id=contact.id,
        sequence=program.sequence,
        version=keep_program(session, program, office.bundle, now),
        bundle=office.bundle,
        event={"name": "test"},
        entered_at=now,
    )
    session.add(run)
    session.flush()
    entry = Entry(True, why=["a test, by hand"])
    write_down(session, contact.id, program.sequence, run.version, entry, run, now)
    return run.id
