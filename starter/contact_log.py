"""`POST /contacts/{id or e-mail}/log`: calls, meetings and notes that people or their telephones report.

Key, ids, lists and answers are those of `POST /events`, and it goes through the inbox like them. Who it is about and
who did it is looked up first; while the records are away it is kept all the same, and looked up when it is drained.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue
from sqlmodel import Session

from domain.logged import EVENTS, Logged, read_logged
from domain.teams import TeamsPolicy
from records.contacts import find
from records.models import Inbox
from starter.api import SOURCE, NotUsable, answers, check_key, contact_in, known_only, one_or_many, own_id_of, take
from starter.forms.base import inbox_key, read_instant
from starter.linked import looked_up
from starter.site import Declined, Site

_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind", "by"],
    "properties": {
        "id": {"type": "string", "description": "yours; the same when you tell it again"},
        "kind": {"type": "string", "enum": sorted(EVENTS)},
        "by": {"type": "string", "description": "who it was: a key of policies/teams.yaml, or their e-mail address"},
        "at": {"type": "string", "format": "date-time", "description": "when it was; now, if it is left out"},
        "direction": {"type": "string", "enum": ["in", "out"], "description": "of a call; out, if it is left out"},
        "minutes": {"type": "integer", "description": "how long it took"},
        "outcome": {"type": "string", "description": "how it ended, in a word or two"},
        "text": {"type": "string", "description": "what is worth knowing; a note must have it"},
        "department": {"type": "string", "description": "that of the person's team, if it is left out"},
    },
}

PATIENCE = 8.0
"""So many seconds it waits for the main database: longer, and what is told is kept, and checked when it is drained."""


@dataclass(frozen=True)
class _Found:
    """What could be looked up: the contact's id, and the teams; each None while the records are away."""

    contact: str | None = None
    teams: TeamsPolicy | None = None
    there: bool = True


def routes(site: Site) -> APIRouter:
    """Return the endpoint through which people's contacts with contacts come in."""
    router = APIRouter(tags=["contacts"])
    said = answers("entries", "an entry") | {404: {"description": "there is no such contact"}}

    @router.post("/contacts/{contact}/log", status_code=202, responses=said, openapi_extra=one_or_many(_BODY))
    async def what_people_did(contact: str, request: Request) -> Response:
        check_key(site, request)
        who = _who(contact)
        found = await looked_up(site, lambda session: _look(site, session, who), PATIENCE) or _Found()
        if not found.there:
            raise Declined(404, f"there is no contact with this {next(iter(who))}; add one by a form or contact add")
        about = {"id": found.contact} if found.contact is not None else who
        teams = found.teams or next((each.teams for each in site.last_policies), None)
        return await take(site, request, "entries", lambda told, now: _row(told, about, teams, now))

    return router


def _who(contact: str) -> dict[str, str]:
    try:
        if contact.isprintable():  # nothing else is anybody's id, and not every database can be asked for it
            return contact_in({"email": contact} if "@" in contact else {"id": contact})
    except NotUsable as error:
        raise Declined(404, str(error)) from None
    raise Declined(404, "contact: is not one of our ids, and no e-mail address; correct it")


def _look(site: Site, session: Session, who: dict[str, str]) -> _Found:
    policies = site.published.policies(session)
    site.last_policies[:] = [policies]
    contact = find(session, who.get("id") or who["email"])
    if contact is None or contact.erased_at is not None:
        return _Found(there=False)
    return _Found(contact.id, policies.teams)


def _row(told: JsonValue, about: dict[str, str], teams: TeamsPolicy | None, now: datetime) -> Inbox:
    if not isinstance(told, dict):
        raise NotUsable('this is nothing to log; send an object with "id", "kind" and "by"')
    known_only(told, _BODY)
    own_id = own_id_of(told, "entry")
    fields: dict[str, Any] = {name: value for name, value in told.items() if name not in ("id", "kind")}
    if fields.get("at") is not None:
        fields["at"] = read_instant(fields["at"]) or "no time"
    try:
        logged = read_logged(str(told.get("kind") or ""), fields, teams, now)
    except ValueError as error:
        raise NotUsable(str(error)) from None
    return log_row(logged, about, SOURCE, own_id, now)


def log_row(logged: Logged, about: dict[str, str], source: str, own_id: str, now: datetime) -> Inbox:
    """Return the inbox row of what was logged about a contact, which is never made by it."""
    return Inbox(
        key=inbox_key(source, "log", own_id),
        kind="event",
        source=source,
        contact_id=about.get("id"),
        received_at=now,
        body={
            "event": logged.event,
            "contact": {**about, "known": True},
            "data": logged.data,
            "at": logged.at.isoformat(),
        },
    )
