"""`log call | meeting | note`: what people did with a contact, put into the inbox as if another system had told it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.logged import read_logged
from domain.policies import Policies
from records.inbox import accept
from records.models import Contact
from starter.cli_result import ProblemsFound, Result
from starter.cli_runs import SOURCE, name_of
from starter.cli_store import LATER, contact_of, opened_store, wake_intake
from starter.contact_log import log_row


def log_contact(kind: str, who: str, told: Mapping[str, Any], own_id: str | None) -> Result:
    """Log one call, meeting or note; `told` are its fields, those that were not given None."""
    now, told_id = datetime.now(UTC), own_id or str(uuid7())
    with opened_store() as store:

        def read(session: Session) -> tuple[Contact, Policies]:
            return contact_of(session, who), store.published.policies(session)

        contact, policies = store.read(read)
        if contact.erased_at is not None:
            raise ProblemsFound([f"{name_of(contact)}: was erased; nothing more is written about them"])
        try:
            logged = read_logged(kind, told, policies.teams, now)
        except ValueError as error:
            raise ProblemsFound([f"--{error}"]) from None
        row = log_row(logged, {"id": contact.id}, SOURCE, told_id, now)
        fresh = store.inbox.write_now(lambda session: accept(session, row))
        woken = wake_intake(store.settings) if fresh else False
    status = "accepted" if fresh else "repeated"
    document = {"id": told_id, "event": logged.event, "contact": contact.id, "at": logged.at, "inbox": row.id}
    document |= {"data": logged.data, "status": status, "woken": woken}
    if not fresh:
        return Result(document, [f"{kind}: logged before under this id; nothing changes"])
    soon = "" if woken else f", {LATER}; it stands on the timeline when a worker runs"
    return Result(document, [f"{kind} with {name_of(contact)} by {logged.data['person']}: it is on disk{soon}"])
