"""`channel list | stop | resume` and `notices`: whether messages leave, and what the operator should know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from domain.stops import CHANNELS
from records import channel_states, endpoints, notices, staff_ways
from records.channel_states import waits_for
from records.endpoints import queue_name
from records.models import Enrolment
from records.runs import stir_all
from records.sending_models import ChannelState, Notice
from records.waiting_models import WaitingMessage
from starter.cli_result import ProblemsFound, Result
from starter.cli_runs import SOURCE
from starter.cli_store import LATER, opened_store, wake_intake
from starter.cli_tables import Listing, minute

# So many runs are told in one transaction that a channel goes on; who is behind them asks at their own time.
MOST_TOLD = 5_000


def list_channels() -> Result:
    """List every channel: whether it goes, and if not, why, since when, and how many messages wait for it."""

    def read(session: Session) -> list[dict[str, Any]]:
        known = {state.channel: state for state in channel_states.states(session)}
        return [_told(name, known.get(name), _waiting(session, name)) for name in sorted({*CHANNELS, *known})]

    with opened_store() as store:
        rows = store.read(read)
    table = Listing("channel", "state", "since", "tried again", "waiting", "by", "reason", prose=["reason"])
    for row in rows:
        moments = (minute(row["stopped_at"]), minute(row["until"]))
        table.row(row["channel"], row["state"], *moments, row["waiting"], row["by"], row["reason"])
    return Result({"channels": rows}, [table])


def stop_channel(channel: str, reason: str) -> Result:
    """Stop a channel: messages wait until `rapport channel resume`, at most until they expire."""
    now = datetime.now(UTC).replace(microsecond=0)

    def write(session: Session) -> dict[str, Any]:
        state, _ = channel_states.stop(session, _known(channel), "person", reason, now, by=SOURCE)
        return _told(channel, state, _waiting(session, channel))

    with opened_store() as store:
        document = store.write(write)
    return Result(document, [f"{channel}: stopped until `rapport channel resume {channel}`; messages wait"])


def resume_channel(channel: str) -> Result:
    """Let a channel go on: the next message tries it, and when it is accepted the others follow in their order."""
    now = datetime.now(UTC).replace(microsecond=0)

    def write(session: Session) -> dict[str, Any]:
        state = channel_states.try_again(session, _known(channel), now, SOURCE)
        if state is None:
            raise ProblemsFound([f"{channel}: is not stopped; there is nothing to resume"])
        endpoints.forgiven(session, channel.removeprefix(queue_name("")))
        waiting = select(WaitingMessage.enrolment_id).where(waits_for(channel))
        runs = session.exec(select(Enrolment).where(col(Enrolment.id).in_(waiting)).limit(MOST_TOLD)).all()
        stir_all(session, runs, now)
        return _told(channel, state, _waiting(session, channel))

    with opened_store() as store:
        document = store.write(write)
        woken = wake_intake(store.settings)
    lines = [f"{channel}: the next message tries it; {document['waiting']} wait" + ("" if woken else f"; {LATER}")]
    return Result(document | {"woken": woken}, lines)


def list_notices(every: bool, seen: bool) -> Result:
    """List what the operator should know, the newest first; with `seen`, note that it was seen."""
    now = datetime.now(UTC)

    def work(session: Session) -> Sequence[Notice]:
        found = notices.listed(session, seen=every)
        if seen:
            notices.mark_seen(session, found, now)
        return found

    with opened_store() as store:
        rows = store.write(work) if seen else store.read(work)
        document = {"notices": [row.model_dump(exclude={"id"}) for row in rows]}
    table = Listing("kind", "last", "times", "what", prose=["what"])
    for row in rows:
        table.row(row.kind, minute(row.last_at), row.count, row.what)
    return Result(document, [table] if rows else ["there is nothing to tell"])


def _known(channel: str) -> str:
    if channel not in CHANNELS and not channel.startswith((queue_name(""), "chat/")):
        raise ProblemsFound([f"there is no channel '{channel}'; there are {', '.join(CHANNELS)}"])
    return channel


def _waiting(session: Session, channel: str) -> int:
    messages = session.exec(select(func.count()).select_from(WaitingMessage).where(waits_for(channel))).one()
    return messages + staff_ways.waiting_for(session, channel)


def _told(channel: str, state: ChannelState | None, waiting: int) -> dict[str, Any]:
    if state is None or state.stopped_at is None:
        since = {"resumed_at": state.resumed_at if state else None}
        return {"channel": channel, "state": "goes", "stopped_at": None, "until": None, "by": "", "reason": ""} | {
            "waiting": waiting,
            **since,
        }
    return {
        "channel": channel,
        "state": "stopped" if state.kind != "away" else "away",
        "stopped_at": state.stopped_at,
        "until": state.until,
        "by": state.by,
        "reason": state.reason,
        "waiting": waiting,
        "resumed_at": state.resumed_at,
    }
