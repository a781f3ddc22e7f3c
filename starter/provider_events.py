"""`POST /events/{provider}`: providers tell what became of messages.

Raw body under a cap, then who speaks, over those bytes; only then parsing. One row of the inbox for each event, all in
one commit. Whom an event is about is found when it is drained.
"""

import logging
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from channels.providers.known import TELLERS
from channels.providers.told import Teller, Told
from domain.keys import read_mail_token
from records.models import Inbox
from starter.forms.base import NotASubmission, inbox_key, read_json
from starter.site import Declined, Site
from starter.sns import SES, Fetch, Sns

logger = logging.getLogger(__name__)

_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "nothing new in it: told before, or of no meaning to us"},
    202: {"description": "it is on disk"},
    401: {"description": "not shown to come from that provider"},
    404: {"description": "there is no such provider"},
    413: {"description": "too large"},
    422: {"description": "not JSON"},
    503: {"description": "it cannot be kept, or not be verified, now; send it again after Retry-After seconds"},
}
_ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


def routes(site: Site, fetch: Fetch) -> APIRouter:
    """Return the endpoints through which providers tell."""
    router = APIRouter(tags=["events"])
    sns = Sns(fetch)

    @router.post("/events/{provider}", status_code=202, responses=_ANSWERS, openapi_extra=_ANY_JSON)
    async def what_became_of_messages(provider: str, request: Request) -> Response:
        teller = _known(provider)
        raw = await site.read_body(request, site.config.most_event_bytes)
        if teller.name == SES:
            tree: JsonValue = await sns.opened(site.config.ses_topics, raw)
        else:
            tree = _verified(site, teller, request, raw)
        rows = [_row(site, teller, told) for told in teller.events(tree, request.headers)]
        fresh = await site.keep(rows) if rows else []
        return JSONResponse({"accepted": sum(fresh), "repeated": len(fresh) - sum(fresh)}, 202 if any(fresh) else 200)

    @router.api_route("/events/{provider}", methods=["GET", "HEAD"], include_in_schema=False)
    async def is_there(provider: str) -> Response:
        return JSONResponse({"provider": _known(provider).name})

    return router


def _known(provider: str) -> Teller:
    teller = TELLERS.get(provider)
    if teller is None:
        raise Declined(404, f"there is no such provider; we know {', '.join(sorted(TELLERS))}")
    return teller


def _verified(site: Site, teller: Teller, request: Request, raw: bytes) -> JsonValue:
    secrets = site.config.provider_secrets.get(teller.name, ())
    if not secrets:
        raise Declined(
            401, f"no secret is set for {teller.name}, so nothing can be believed; add it to RAPPORT_PROVIDER_SECRETS"
        )
    if not teller.is_from_it(request.headers, raw, secrets, site.clock()):
        logger.warning("events of %s: somebody shows no secret of RAPPORT_PROVIDER_SECRETS; refused", teller.name)
        raise Declined(401, f"this does not show any secret of {teller.name}; see RAPPORT_PROVIDER_SECRETS")
    try:
        return read_json(raw)
    except NotASubmission as error:
        raise Declined(422, str(error)) from None


def _row(site: Site, teller: Teller, told: Told) -> Inbox:
    named = _named(site, told)
    # What forbids to write counts from now on, before it is drained (records/withdrawals.py): so it says of whom.
    contact = {"email": told.named.recipient} if told.named.recipient and not named["send_id"] else {}
    return Inbox(
        key=inbox_key(teller.name, "events", told.key),
        kind="event",
        source=teller.name,
        urgent=told.urgent,
        received_at=site.clock(),
        body={
            "event": told.name,
            "data": dict(told.data),
            "at": told.at.isoformat() if told.at else None,
            "message": named["send_id"] or None,
            "contact": contact,
            "channel": "email",
            "told": named,
        },
    )


def _named(site: Site, told: Told) -> Mapping[str, JsonValue]:
    """Return what names the message; a signed token says our id, even where the provider's metadata is lost."""
    named = told.named
    of_token = read_mail_token(named.token.lower(), site.config.token_secrets) if named.token.isascii() else None
    return {
        "send_id": named.send_id or of_token or "",
        "message_ids": list(named.message_ids),
        "provider_ids": list(named.provider_ids),
        "recipient": named.recipient,
        "agent": told.agent,
    }
