"""`inbox list | show | retry` and `message list | show`: what came in, what went out."""

import json
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from channels.returned.showing import shown_mail
from records import inbox, inbox_mail
from records.ledger import CLAIMED, FINAL, HANDING_OVER
from records.models import Drained, Inbox, Message
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import contact_of, opened_store, sequence_name, wake_intake
from starter.cli_tables import Listing, minute

STATES = sorted({CLAIMED, HANDING_OVER} | FINAL)
INBOX_LISTED = "id kind source form contact_id urgent received_at tries problem parked_at drained_at"
MESSAGE_TITLES = ("id", "state", "to", "sequence", "step", "subject", "when", "reason")
MESSAGE_LISTED = (
    "id contact_id recipient sequence step template class_ topic subject state reason claimed_at accepted_at"
)


def list_inbox(parked: bool, waiting: bool, most: int) -> Result:
    """List what came in, newest first; only what was parked, or what waits."""
    which = True if parked else False if waiting else None
    with opened_store() as store:
        rows = store.inbox.read_now(lambda session: inbox.listing(session, which, most))
        became = store.read(lambda session: _became(session, rows))
    table = Listing("id", "what", "from", "received", "state", "outcome", prose=["outcome"])
    for row in rows:
        what = f"{row.kind} {row.form or row.body.get('event') or row.body.get('sequence', '')}".strip()
        outcome = became.get(row.id or 0) or row.problem
        table.row(row.id, what, row.source, minute(row.received_at), _state(row), outcome)
    listed = [_plain(row, INBOX_LISTED) | {"became": became.get(row.id or 0)} for row in rows]
    return Result({"rows": listed}, [table] if rows else ["nothing came in"])


def _became(session: Session, rows: Sequence[Inbox]) -> dict[int, str]:
    """Return what became of rows that are drained."""
    drained = select(Drained.inbox_id, Drained.did).where(col(Drained.inbox_id).in_([row.id for row in rows]))
    return dict(session.exec(drained).all())


def _state(row: Inbox) -> str:
    if row.drained_at is not None:
        return "done"
    return "parked" if row.parked_at is not None else "waits"


def show_inbox(number: int) -> Result:
    """Show one row of the inbox, with what was sent; of a mail its headers and its words, as far as it is kept."""
    with opened_store() as store:
        row = store.inbox.read_now(lambda session: inbox.show(session, number))
        if row is None:
            raise ProblemsFound([f"inbox: there is no row {number}; see `rapport inbox list`"])
        became = store.read(lambda session: _became(session, [row]))
        raw = store.inbox.read_now(lambda session: inbox_mail.bytes_of(session, number))
    document = _plain(row, f"{INBOX_LISTED} key body") | {"became": became.get(number)}
    if raw is None:
        return Result(document, _lines(document))
    shown = shown_mail(raw)
    lines = [*_lines(document), "", *(f"{name}: {value}" for name, value in shown["headers"]), "", shown["text"]]
    return Result(document | {"mail": shown}, lines)


def retry_inbox(number: int) -> Result:
    """Let a parked row be drained again."""
    with opened_store() as store:
        if not store.inbox.write_now(lambda session: inbox.retry(session, number)):
            raise ProblemsFound([f"inbox: there is no parked row {number}; see `rapport inbox list --parked`"])
        woken = wake_intake(store.settings)
    return Result({"id": number, "woken": woken}, [f"inbox row {number} waits to be drained again"])


def list_messages(state: str | None, who: str | None, sequence: str | None, most: int) -> Result:
    """List messages from the ledger, newest first."""
    if state is not None and state not in STATES:
        raise ProblemsFound([f"--state: there is no state '{state}'; it is one of {', '.join(STATES)}"])
    with opened_store() as store:
        rows = store.read(lambda session: _messages(session, state, who, sequence, most))
    table = Listing(*MESSAGE_TITLES, prose=["subject", "reason"])
    for row in rows:
        when = minute(row.accepted_at or row.claimed_at or row.skipped_at)
        table.row(row.id, row.state, row.recipient, row.sequence, row.step, row.subject, when, row.reason)
    document = {"messages": [_message(row, MESSAGE_LISTED) for row in rows]}
    return Result(document, [table] if rows else ["there is no such message"])


def _messages(session: Session, state: str | None, who: str | None, sequence: str | None, most: int) -> list[Message]:
    chosen = select(Message)
    if state is not None:
        chosen = chosen.where(Message.state == state)
    if who is not None:
        chosen = chosen.where(Message.contact_id == contact_of(session, who).id)
    if sequence is not None:
        chosen = chosen.where(Message.sequence == sequence_name(sequence))
    newest = chosen.order_by(col(Message.claimed_at).desc().nulls_last(), col(Message.id)).limit(most)
    return list(session.exec(newest).all())


def show_message(message: str) -> Result:
    """Show everything the ledger knows of one message, by its id or its Message-ID."""
    with opened_store() as store:
        either = select(Message).where((col(Message.id) == message) | (col(Message.message_id) == message))
        row = store.read(lambda session: session.exec(either).first())
    if row is None:
        raise ProblemsFound([f"message: there is no {message}; see `rapport message list`"])
    document = _message(row, " ".join(type(row).model_fields))
    return Result(document, _lines(document))


def _message(row: Message, names: str) -> dict[str, Any]:
    return {"class" if name == "class_" else name: value for name, value in _plain(row, names).items()}


def _plain(row: SQLModel, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _lines(document: dict[str, Any]) -> list[str]:
    width = max(map(len, document))
    return [f"{name:{width}}  {_said(value)}" for name, value in document.items() if value not in (None, "")]


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) else str(value)
