"""What endpoints that do things have in common: their bodies, the key of a deed, and what became of it as an answer.

A deed is done when it is answered. It has a key (`Idempotency-Key`): asked again under the same one it is done once.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.story import spelled
from records.contacts import find as find_contact
from records.models import Contact
from starter.acting import OutOfReach, Refused
from starter.api import NotUsable, known_only
from starter.forms.base import NotASubmission, read_json
from starter.site import RETRY_AFTER, Acts, Declined, Site

MOST_BYTES = 64 * 1024
KEY = "Idempotency-Key"


async def body_of(site: Site, request: Request, body: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return what was sent, an object with fields of `body` alone. Raises `Declined`."""
    raw = await site.read_body(request, MOST_BYTES)
    try:
        told = read_json(raw) if raw.strip() else {}
        if not isinstance(told, dict):
            raise NotUsable(f"the body is not a JSON object; send one with {', '.join(body['properties'])}")
        known_only(told, body)
    except (NotASubmission, NotUsable) as error:
        raise Declined(422, str(error)) from None
    return told


def key_of(request: Request) -> str:
    """Return the key of this deed: that of the request, else one of our own."""
    return request.headers.get(KEY, "").strip() or str(uuid7())


def answered(document: Mapping[str, Any], status: int = 200, key: str | None = None) -> Response:
    """Return a document as JSON, instants with `Z`."""
    plain = jsonable_encoder(document, custom_encoder={datetime: spelled})
    return JSONResponse(plain, status, {KEY: key} if key is not None else None)


async def done_at_desk(site: Site, key: str, ask: Callable[[Acts], Awaitable[object]]) -> None:
    """Have something done. Raises `Declined`: 409 where it is refused, 503 where nobody answers."""
    if site.desk is None:
        raise Declined(503, "nobody can act here now; try again in a moment", RETRY_AFTER)
    try:
        await ask(site.desk)
    except Refused as error:
        raise Declined(409, str(error), {KEY: key}) from None
    except OutOfReach as error:
        raise Declined(503, str(error), RETRY_AFTER | {KEY: key}) from None


def contact_named(session: Session, who: Mapping[str, Any]) -> Contact:
    """Return the contact that something is opened for. Raises `Declined` (422)."""
    contact = find_contact(session, who.get("id") or who["email"])
    if contact is None or contact.erased_at is not None:
        raise Declined(422, "there is no such contact; tell of them by a form or an event first")
    return contact


def texts_of(told: Mapping[str, JsonValue], *names: str) -> dict[str, Any]:
    """Return these fields, each a text or not there. Raises ValueError."""
    for name in names:
        if told.get(name) is not None and not isinstance(told[name], str):
            raise NotUsable(f"{name} is not a text; send one")
    return {name: told.get(name) for name in names}
