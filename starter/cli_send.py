"""`send`: one message to everybody in a segment. A test of it to one of us: `starter/trials.py`."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from domain.broadcast import read_share
from domain.broadcast_rates import Rate
from domain.keys import broadcast_workflow
from domain.standing import SMS
from records.broadcast_models import Broadcast
from records.broadcasts import make
from settings import Settings, SettingsError, connect_options
from starter.broadcast_forecast import Forecast, Forecasting
from starter.broadcast_program import Planned, plan_broadcast
from starter.broadcast_wanted import Wanted
from starter.cli_result import OutOfReach, Result
from starter.cli_store import LATER, Store, opened_store
from starter.waker import PATIENCE


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
    kind = ", ".join(each for each in ("text message" if row.channel == SMS else "", row.class_, row.topic) if each)
    yield f"{row.template} ({kind}) to {row.segment}: {_begins(row)}"
    yield from found.lines()
    length = planned.templates.length_of(row.template) if row.channel == SMS else None
    if length is not None:
        yield f"its own words take {length} each; what is filled in comes on top"
    if row.rate is not None:
        yield f"at {row.rate} everybody is let in within {Rate.parse(row.rate).takes(found.audience)}"
    if row.share is not None:
        some = round(found.audience * read_share(row.share))
        yield f"about {some} compare it with {row.other}; {row.decide_after} later the rest gets the winner"
    yield "nothing was sent; give --yes to send it"


KEPT = ("name", "sequence", "template", "channel", "segment", "topic", "begins_at", "rate")


def _document(row: Broadcast, found: Forecast | None = None) -> dict[str, Any]:
    told = {key: getattr(row, key) for key in KEPT}
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
