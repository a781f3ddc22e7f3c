"""`outbox list | show`: what was kept instead of sent, because the installation is not live."""

import json
from typing import Any

from domain.definition import nearest
from domain.stops import CHANNELS
from records import outbox
from records.sending_models import OutboxMessage
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import opened_store
from starter.cli_tables import Listing, minute


def list_outbox(channel: str | None, most: int) -> Result:
    """List what was kept, newest first."""
    if channel is not None and channel not in CHANNELS:
        raise ProblemsFound([f"--channel: there is no channel '{channel}'{nearest(channel, set(CHANNELS))}"])
    with opened_store() as store:
        rows = store.read(lambda session: outbox.listing(session, channel, most))
    table = Listing("id", "channel", "from", "to", "kept", "text", prose=["text"])
    for row in rows:
        table.row(row.id, row.channel, row.sender, row.recipient, minute(row.kept_at), _in_a_line(row))
    return Result({"messages": [_document(row) for row in rows]}, [table] if rows else ["the outbox is empty"])


def show_outbox(id: str) -> Result:
    """Show one message, whole."""
    with opened_store() as store:
        row = store.read(lambda session: outbox.show(session, id))
    if row is None:
        raise ProblemsFound([f"outbox: there is no message {id}; see `rapport outbox list`"])
    return Result(_document(row), [f"{row.channel} from {row.sender} to {row.recipient}", "", _text(row)])


def _document(row: OutboxMessage) -> dict[str, Any]:
    return row.model_dump(exclude={"kept_at", "body"}) | {"kept_at": row.kept_at.isoformat(), "body": _said(row)}


def _said(row: OutboxMessage) -> Any:
    try:
        return json.loads(row.body)
    except ValueError:
        return row.body


def _text(row: OutboxMessage) -> str:
    said = _said(row)
    if row.channel == "webhook":
        return json.dumps(said, ensure_ascii=False, indent=2)
    return str(said["text"]) if isinstance(said, dict) and "text" in said else row.body


def _in_a_line(row: OutboxMessage) -> str:
    said = _said(row)
    line = str(said.get("type", "")) if row.channel == "webhook" and isinstance(said, dict) else _text(row)
    return line[:60]
