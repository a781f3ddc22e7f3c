"""`broadcast …`: how far broadcasts have come, and pausing, resuming, stopping and re-rating them while they run."""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from domain.broadcast import OVER
from domain.broadcast_rates import Rate
from domain.definition import nearest
from domain.standing import SMS
from domain.winner import By
from records.broadcast_figures import Progress, arms_of, progress_of
from records.broadcast_models import Broadcast
from records.broadcasts import ask_to_look, find, go_on, held, hold_up, newest, stop
from records.holding import paused
from starter.cli_result import ProblemsFound, Result
from starter.cli_send import call
from starter.cli_store import LATER, opened_store
from starter.cli_tables import Listing

SOURCE = "cli"
AS_FAST_AS_IT_CAN = "none"
# Seconds between two looks of `show --follow`.
LOOKS = 1.0


def list_broadcasts(most: int) -> Result:
    """List broadcasts, the newest first."""
    now = datetime.now(UTC)
    with opened_store() as store:
        rows = store.read(lambda session: [_described(session, row, now) for row in newest(session, most)])
    table = Listing("name", "state", "segment", "audience", "let in", "accepted", "made")
    for each in rows:
        counts = (each["audience"], each["members"].get("entered", 0), each["messages"].get("accepted", 0))
        table.row(each["name"], each["state"], each["segment"], *counts, f"{each['created_at']:%Y-%m-%d}")
    return Result({"broadcasts": rows}, [table] if rows else ["no broadcast was made yet; see `rapport send --help`"])


def show_broadcast(name: str, follow: bool) -> Result:
    """Show how far a broadcast has come; with `follow` again and again until it is over."""
    with opened_store() as store:
        while True:
            told = store.read(lambda session: _described(session, _named(session, name), datetime.now(UTC)))
            if not follow or told["state"] in OVER:
                return Result(told, list(_shown(told)))
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{told['name']}: {told['state']}, {_in_short(told)}   ")
            time.sleep(LOOKS)


def _named(session: Session, name: str) -> Broadcast:
    row = find(session, name)
    if row is None:
        names = {each.name for each in newest(session, 100)}
        near = nearest(name, names) if names else "; none was made yet, see `rapport send --help`"
        raise ProblemsFound([f"there is no broadcast '{name}'{near}"])
    return row


KEPT = (
    *("id", "name", "sequence", "template", "channel", "segment", "topic", "begins_at", "rate", "taken_at"),
    *("created_at", "created_by", "ended_at", "stop_reason"),
)


def _described(session: Session, row: Broadcast, now: datetime) -> dict[str, Any]:
    progress, pause = progress_of(session, row), paused(session, row.sequence, None, now)
    held_up = pause is not None and row.state not in (*OVER, "stopping")
    kept = (
        "id",
        "name",
        "sequence",
        "template",
        "channel",
        "segment",
        "topic",
        "begins_at",
        "rate",
        "taken_at",
        "created_at",
    )
    told = {key: getattr(row, key) for key in (*kept, "created_by", "ended_at", "stop_reason")}
    told |= {"state": "paused" if held_up else row.state, "phase": row.state, "class": row.class_}
    told["paused"] = {key: getattr(pause, key) for key in ("paused_at", "until", "by", "reason")} if held_up else None
    told |= _counts(progress)
    if row.share is not None:
        by: By = "conversions" if row.winner_by == "conversions" else "clicks"
        a, b = (arm.model_dump() for arm in arms_of(session, row, by))
        told["compares"] = {"with": row.other, "share": row.share, "by": by, "decide_at": row.decide_at, "a": a, "b": b}
        told["compares"] |= {"winner": row.winner, "verdict": row.verdict}
    return told


def _counts(progress: Progress) -> dict[str, Any]:
    return {
        "audience": progress.audience,
        "members": progress.members,
        "refused": progress.refused,
        "messages": progress.messages,
        "skipped": progress.skipped,
        "open": progress.open,
        "without_message": progress.without,
    }


def _in_short(told: dict[str, Any]) -> str:
    entered, accepted = told["members"].get("entered", 0), told["messages"].get("accepted", 0)
    return f"{entered} of {told['audience']} let in, {accepted} accepted"


def _shown(told: dict[str, Any]) -> Iterator[str]:
    text = "text message " if told["channel"] == SMS else ""
    yield f"{told['name']}: {text}{told['template']} to {told['segment']}, {told['state']}" + _rate_words(told)
    if told["paused"]:
        until = told["paused"]["until"]
        ends = f"until {until:%Y-%m-%d %H:%M} UTC" if until else f"until `rapport broadcast resume {told['name']}`"
        yield f"paused by {told['paused']['by']} {ends}" + (
            f": {told['paused']['reason']}" if told["paused"]["reason"] else ""
        )
    if told["taken_at"] is None:
        yield "the audience is taken down when it begins" + (
            f", at {told['begins_at']:%Y-%m-%d %H:%M} UTC" if told["begins_at"] else ""
        )
        return
    yield f"{_so_many(told['audience'], 'contact')} in the audience of {told['taken_at']:%Y-%m-%d %H:%M} UTC"
    yield from (f"  {many} {MEMBERS[state][many != 1]}" for state, many in sorted(told["members"].items()))
    yield from (f"    {many} by the check '{check}'" for check, many in sorted(told["refused"].items()))
    for state, many in sorted(told["messages"].items()):
        yield f"  {_so_many(many, 'message')} {state.replace('_', ' ')}"
    yield from (f"    {many} because of: {reason}" for reason, many in _largest(told["skipped"]))
    if told["open"]:
        yield f"  {told['open']} {'is' if told['open'] == 1 else 'are'} still on their way"
    if told["without_message"]:
        yield f"  {told['without_message']} left before there was a message"
    if (compared := told.get("compares")) is not None:
        yield from _comparison(compared)


# What is said of one, and of several.
MEMBERS = {
    "waiting": ("waits to be let in", "wait to be let in"),
    "entered": ("was let in", "were let in"),
    "refused": ("was refused", "were refused"),
    "gone": ("was erased meanwhile", "were erased meanwhile"),
    "left_out": ("was left out, because it was stopped", "were left out, because it was stopped"),
}
# So many reasons are shown; the values in them may make each its own.
MOST_REASONS = 8


def _so_many(many: int, what: str) -> str:
    return f"{many} {what}" + ("" if many == 1 else "s")


def _largest(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_REASONS]


def _rate_words(told: dict[str, Any]) -> str:
    return f", at {told['rate']}" if told["rate"] else ""


def _comparison(compared: dict[str, Any]) -> Iterator[str]:
    if compared["verdict"] is not None:
        yield f"  the rest gets {compared['winner'].upper()}: {compared['verdict']['why']}"
        return
    for arm in ("a", "b"):
        yield f"  {arm.upper()}: {compared[arm]['did']} {compared['by']} of {compared[arm]['delivered']} delivered"
    if compared["decide_at"] is not None:
        yield f"  decided at {compared['decide_at']:%Y-%m-%d %H:%M} UTC"


# --- while it runs ----------------------------------------------------------------------------------------------------


def pause_broadcast(name: str, until: datetime | None, reason: str | None) -> Result:
    """Let nobody in, and hold the messages of those who were."""
    now = datetime.now(UTC)
    if until is not None and until.replace(microsecond=0) <= now:
        raise ProblemsFound([f"--until: {until:%Y-%m-%d %H:%M} UTC is over; give a time to come"])

    def deed(session: Session, row: Broadcast) -> str:
        hold_up(session, row, now, until=until, by=SOURCE, reason=reason)
        return (
            f"paused {f'until {until:%Y-%m-%d %H:%M} UTC' if until else f'until `rapport broadcast resume {row.name}`'}"
        )

    return _changed(name, now, deed)


def resume_broadcast(name: str) -> Result:
    """End a pause."""
    now = datetime.now(UTC)

    def deed(session: Session, row: Broadcast) -> str:
        if not go_on(session, row, now):
            raise ProblemsFound([f"{row.name}: is not paused; there is nothing to resume"])
        return "goes on"

    return _changed(name, now, deed)


def stop_broadcast(name: str, reason: str | None) -> Result:
    """Stop a broadcast for good."""
    now = datetime.now(UTC)

    def deed(session: Session, row: Broadcast) -> str:
        stop(session, row, now, by=SOURCE, reason=reason)
        return "stopped; nothing leaves any more, and who waits is left out"

    return _changed(name, now, deed)


def rate_broadcast(name: str, rate: str) -> Result:
    """Let people in faster or slower."""
    now = datetime.now(UTC)
    try:
        words = None if rate == AS_FAST_AS_IT_CAN else Rate.parse(rate).words
    except ValueError as error:
        raise ProblemsFound([f"RATE: {error}"]) from None

    def deed(session: Session, row: Broadcast) -> str:
        row.rate = words
        ask_to_look(session, row, now)
        return f"goes on at {words}" if words else "goes on as fast as it can"

    return _changed(name, now, deed)


def _changed(name: str, now: datetime, deed: Callable[[Session, Broadcast], str]) -> Result:
    with opened_store() as store:

        def write(session: Session) -> tuple[Broadcast, str, dict[str, Any]]:
            row = held(session, _named(session, name).id)
            assert row is not None, "it was found"
            if row.state in (*OVER, "stopping"):
                raise ProblemsFound([f"{row.name}: is {row.state}; nothing can be changed any more"])
            said = deed(session, row)
            return row, said, _described(session, row, now)

        row, said, told = store.write(write)
        called = call(store.settings, row)
    line = f"{row.name}: {said}" + ("" if called else f"; {LATER}, a worker tells it before long")
    return Result(told | {"called": called}, [line])
