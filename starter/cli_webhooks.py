"""`webhook list | enable | test`: the systems that are told about contacts, and how they answer."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlmodel import Session, col, func, select

from channels.base import ChannelError, Envelope
from channels.endpoints import Endpoints
from channels.webhooks import Line
from domain.definition import nearest
from domain.endpoints import Endpoint
from domain.keys import ledger_id
from domain.policies import Policies
from domain.standing import WEBHOOK
from domain.webhooks import enveloped
from records import channel_states, endpoints, ledger
from records.channel_states import waits_for
from records.endpoints import queue_name
from records.models import Message
from records.sending_models import ChannelState, EndpointState
from records.waiting_models import WaitingMessage
from settings import Settings
from starter.cli_channels import resume_channel
from starter.cli_result import OutOfReach, ProblemsFound, Result
from starter.cli_store import opened_store
from starter.cli_tables import Listing, minute

TEST = "rapport.test"
"""What a test says it is."""


def list_endpoints() -> Result:
    """List every endpoint that policies name: how it stands, what waits for it, its last success and failure."""
    now = datetime.now(UTC)
    with opened_store() as store:
        rows = store.read(lambda session: _rows(session, store.published.policies(session), now))
    table = Listing("name", "host", "state", "since", "waiting", "last success", "last failure", "why", prose=["why"])
    for row in rows:
        moments = (minute(row["succeeded_at"]), minute(row["failed_at"]))
        table.row(row["name"], row["host"], row["state"], minute(row["since"]), row["waiting"], *moments, row["reason"])
    none = "there is no endpoint; write one below `webhooks` in policies/messaging.yaml, and publish"
    return Result({"endpoints": rows}, [table] if rows else [none])


def enable_endpoint(name: str) -> Result:
    """Let an endpoint go on: the next message tries it. Raises `ProblemsFound` where it does not stand still."""
    with opened_store() as store:
        known = store.read(store.published.policies).messaging.webhooks
        stands = store.read(lambda session: channel_states.stopped(session, queue_name(name)))
    if stands is None:
        _known(name, known)
        raise ProblemsFound([f"{name}: is not disabled; there is nothing to enable"])
    return resume_channel(queue_name(name))


def try_endpoint(name: str) -> Result:
    """Tell an endpoint a test. Raises `OutOfReach` where it does not take it, `ProblemsFound` where there is none."""
    with opened_store() as store:
        endpoint = _known(name, store.read(store.published.policies).messaging.webhooks)
        settings = store.settings
    now = datetime.now(UTC)
    key = f"test/{name}/{now.isoformat()}"
    body = enveloped(TEST, now, "", {"endpoint": name}, ledger_id(key))
    document = {"endpoint": name, "url": endpoint.url, "body": json.loads(body), "sent": settings.live}
    if not settings.live:
        shown = json.dumps(document["body"], ensure_ascii=False, indent=2).splitlines()
        return Result(document, [f"POST {endpoint.url}", "", *shown, "", "not sent: RAPPORT_LIVE is off"])
    try:
        reply = asyncio.run(_told(settings, Envelope("", name, body, key, url=endpoint.url)))
    except ChannelError as error:
        raise OutOfReach(f"{name}: {error}") from None
    return Result(document | {"reply": reply}, [f"{name}: took it, and answered {reply}"])


async def _told(settings: Settings, envelope: Envelope) -> str:
    async def before_body() -> None:
        """A test is about no contact: it stands in no ledger."""

    own = {name: _texts(secrets) for name, secrets in settings.webhook_secrets.items()}
    async with Line(private=settings.call_private) as line:
        return (await Endpoints(line, own, _texts(settings.call_secrets)).send(envelope, before_body)).reply


def _texts(secrets: Iterable[SecretStr]) -> list[str]:
    return [each.get_secret_value() for each in secrets]


def _known(name: str, known: Mapping[str, Endpoint]) -> Endpoint:
    if name not in known:
        raise ProblemsFound([f"there is no endpoint '{name}' in what is published{nearest(name, set(known))}"])
    return known[name]


def _rows(session: Session, policies: Policies, now: datetime) -> list[dict[str, Any]]:
    """Return what there is to say of each endpoint, those that policies do not name any more at the end."""
    named = policies.messaging.webhooks
    answered = {each.name: each for each in endpoints.listed(session)}
    waiting = _waiting(session, [*named, *answered], now)
    rows = []
    for name in [*sorted(named), *sorted(answered.keys() - named.keys())]:
        states = [channel_states.stopped(session, queue_name(name)), channel_states.stopped(session, WEBHOOK)]
        stands = next((each for each in states if each is not None), None)
        rows.append(_row(name, named.get(name), stands, answered.get(name), waiting.get(name, 0)))
    return rows


def _row(
    name: str, endpoint: Endpoint | None, stands: ChannelState | None, known: EndpointState | None, waiting: int
) -> dict[str, Any]:
    kinds = {"away": "away", "disabled": "disabled"}
    return {
        "name": name,
        "host": endpoint.host if endpoint is not None else "",
        "state": "goes" if stands is None else kinds.get(stands.kind, "stopped"),
        "since": stands.stopped_at if stands is not None else None,
        "waiting": waiting,
        "succeeded_at": known.succeeded_at if known is not None else None,
        "failed_at": known.failed_at if known is not None else None,
        "failures": known.failures if known is not None else 0,
        "reason": stands.reason if stands is not None else known.reason if known is not None and known.failures else "",
    }


def _queued(session: Session, channel: str) -> int:
    return session.exec(select(func.count()).select_from(WaitingMessage).where(waits_for(channel))).one()


def _waiting(session: Session, names: list[str], now: datetime) -> dict[str, int]:
    """Return how many messages wait for each endpoint: in its queue, or resting between two attempts."""
    found = {name: _queued(session, queue_name(name)) for name in names}
    resting = select(Message.recipient, func.count()).where(
        col(Message.recipient).in_(names),
        Message.channel == WEBHOOK,
        Message.state == ledger.CLAIMED,
        col(Message.not_before) > now,
    )
    for name, count in session.exec(resting.group_by(col(Message.recipient))):
        found[str(name)] += count
    return found
