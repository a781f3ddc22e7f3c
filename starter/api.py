"""What the endpoints of our own API share: one key, one thing or a list of them, each answered for itself.

Each has an id of its sender's, so that a repeat is recognised; all that are good share one commit.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from domain.answers import read_address
from domain.vocabulary import nearest
from records.models import Inbox
from starter.forms.base import NotASubmission, header_bytes, named, read_json
from starter.site import Declined, Site

SOURCE = "api"
MOST_AT_ONCE = 1000
CONTACT: dict[str, Any] = {
    "type": "object",
    "description": "our id of them, or their e-mail: an object with id or email",
    "properties": {"id": {"type": "string"}, "email": {"type": "string"}},
}
_LONGEST_ID = 36

Reader = Callable[[JsonValue, datetime], Inbox]
"""Makes the row to keep of one thing that was told. Raises `NotUsable`."""


class NotUsable(ValueError):
    """This is nothing we can keep. The text says what is wrong, and what to do."""


@dataclass(frozen=True)
class _Read:
    """One thing as it was told: the row to keep, or why there is none."""

    id: str | None
    row: Inbox | None = None
    error: str = ""


def answers(what: str, one: str) -> dict[int | str, dict[str, str]]:
    """Return the answers of an endpoint for its description; `what` are many, `one` is one of them."""
    return {
        200: {"description": "all of it was told before"},
        202: {"description": f"on disk; each of the {what} is answered with accepted, repeated or refused"},
        401: {"description": "not our key"},
        413: {"description": "too large"},
        422: {"description": f"none of it is {one}; each error says why"},
        503: {"description": "it cannot be kept now; send it again after Retry-After seconds"},
    }


def one_or_many(body: dict[str, object]) -> dict[str, object]:
    """Return the description of a request that holds one thing or a list of them."""
    schema = {"oneOf": [body, {"type": "array", "items": body}]}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "security": [{"bearer": []}],
    }


async def take(site: Site, request: Request, what: str, read: Reader) -> Response:
    """Take one thing or a list of them, and answer each. Raises `Declined`."""
    check_key(site, request)
    told = _parsed(await site.read_body(request, site.config.most_event_bytes))
    all_told = told if isinstance(told, list) else [told]
    if not 1 <= len(all_told) <= MOST_AT_ONCE:
        raise Declined(422, f"a list has {len(all_told)} {what}; send between 1 and {MOST_AT_ONCE} at a time")
    said = await _keep(site, [_read(each, site.clock(), read) for each in all_told])
    return JSONResponse(said if isinstance(told, list) else said[0], _status(said))


def known_only(told: Mapping[str, JsonValue], body: Mapping[str, Any], of: str = "") -> None:
    """Refuse a key that the description of a request does not name: what is misspelt would be lost without a word.

    Raises `NotUsable`.
    """
    known = body["properties"]
    for key in told:
        if key not in known:
            raise NotUsable(f"'{of}{key[:60]}' is not known here; {nearest(key, known)}")


def own_id_of(told: dict[str, JsonValue], one: str) -> str:
    """Return the sender's own id of one thing. Raises `NotUsable`."""
    own_id = named(told.get("id"))
    if own_id is None:
        raise NotUsable(f"id is missing; give each {one} one of your own, so that a repeat is recognised")
    return own_id


def data_of(told: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the fields that go along. Raises `NotUsable`."""
    data = told.get("data") or {}
    if not isinstance(data, dict):
        raise NotUsable('data is not an object; send {"<name>": <value>}')
    return data


def contact_in(told: JsonValue) -> dict[str, str]:
    """Return who is meant, by our id or by address. Raises `NotUsable`."""
    if not isinstance(told, dict):
        what = "is missing" if told is None else "is not an object"
        raise NotUsable(f'contact {what}; send {{"id": …}} or {{"email": …}}')
    known_only(told, CONTACT, "contact.")
    own_id = named(told.get("id"))
    if own_id is not None:
        if len(own_id) > _LONGEST_ID:
            raise NotUsable("contact.id is not one of our ids; send the one we gave, or the e-mail address")
        return {"id": own_id}
    try:
        return {"email": read_address(told.get("email"))}
    except ValueError as error:
        raise NotUsable(f"contact: {error}") from None


def check_key(site: Site, request: Request) -> None:
    """Raises `Declined` (401) unless whoever asks shows our key."""
    if not site.config.events_key:
        raise Declined(401, "no key is set, so nobody can be believed; set RAPPORT_EVENTS_KEY")
    expected = f"Bearer {site.config.events_key}".encode()
    if not hmac.compare_digest(header_bytes(request.headers, "authorization"), expected):
        raise Declined(
            401, "this is not our key; send Authorization: Bearer <RAPPORT_EVENTS_KEY>", {"WWW-Authenticate": "Bearer"}
        )


def _parsed(raw: bytes) -> JsonValue:
    try:
        return read_json(raw)
    except NotASubmission as error:
        raise Declined(422, str(error)) from None


def _read(told: JsonValue, now: datetime, read: Reader) -> _Read:
    own_id = named(told.get("id")) if isinstance(told, dict) else None
    try:
        return _Read(own_id, read(told, now))
    except NotUsable as error:
        return _Read(own_id, error=str(error))


async def _keep(site: Site, things: list[_Read]) -> list[dict[str, str | None]]:
    rows = [each.row for each in things if each.row is not None]
    fresh = iter(await site.keep(rows) if rows else [])
    return [
        {"id": each.id, "status": "refused", "error": each.error}
        if each.row is None
        else {"id": each.id, "status": "accepted" if next(fresh) else "repeated"}
        for each in things
    ]


def _status(said_of: list[dict[str, str | None]]) -> int:
    said = {each["status"] for each in said_of}
    if "accepted" in said:
        return 202
    return 200 if "repeated" in said else 422
