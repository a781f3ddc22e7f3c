"""What we say to other systems and hear from them: signed requests (Standard Webhooks), and their answers.

The signature covers the id, the instant and the body, so nobody else can have sent it, and nobody can send it again
much later. Each secret in use signs: so one is changed without losing a call.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from domain.answers import clean_tree

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""So far may the clock of whoever signs be from ours."""


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: base64 behind `whsec_`. Raises ValueError.

    >>> key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").hex()[:8]
    '31f290f6'
    """
    return b64decode(secret.removeprefix(PREFIX), validate=True)


def signed(id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a request: its id, when it was sent, and a signature by each secret.

    >>> at = datetime.fromtimestamp(1614265330, UTC)
    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    second = str(int(at.timestamp()))
    content = b".".join((id.encode(), second.encode(), body))
    signatures = (b64encode(hmac(key_of(secret), content, sha256).digest()).decode() for secret in secrets)
    return {
        "webhook-id": id,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }


def verified(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Whether whoever sent this knows one of the secrets and signed it just now. Never raises; all secrets are tried.

    >>> at = datetime.fromtimestamp(1614265330, UTC)
    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> headers = signed("m1", at, b"{}", [secret])
    >>> verified(headers, b"{}", [secret], at), verified(headers, b"{ }", [secret], at)
    (True, False)
    """
    id, second = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not (second.isascii() and second.isdigit()) or len(second) > 12:
        return False
    if abs(now.timestamp() - int(second)) > TOLERANCE.total_seconds():
        return False
    content = b".".join((id.encode(errors="replace"), second.encode(), body))
    told = headers.get("webhook-signature", "").encode(errors="replace").split()[:20]
    known = [b"v1," + b64encode(hmac(key_of(secret), content, sha256).digest()) for secret in secrets]
    fits = [compare_digest(one, other) for one in known for other in told]
    return any(fits)


def checked_url(value: str) -> str:
    """Return an address of another system as it is. Raises ValueError where contacts' data must not go there.

    >>> checked_url("https://crm.acme.example/hooks"), checked_url("http://localhost:9000/")
    ('https://crm.acme.example/hooks', 'http://localhost:9000/')
    """
    parts = urlsplit(value)
    if not parts.hostname or parts.username or parts.scheme not in ("https", "http"):
        raise ValueError(f"'{value[:60]}' is no address to call; write https://…, without user and password")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ValueError(f"'{value[:60]}' would send the contact's data in the clear; write https://…")
    return value


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def enveloped(type_: str, at: datetime, contact: str, data: Any, id: str | None = None) -> bytes:
    """Return the body of a request: what it is, when it came about, whom it concerns, and the author's own words.

    One that has an `id` says so in its body, too: whoever keeps bodies can tell a repeat by it.

    >>> enveloped("referral.thanks", datetime(2026, 3, 27, 9, tzinfo=UTC), "c1", {"points": 5}).decode()
    '{"type": "referral.thanks", "timestamp": "2026-03-27T09:00:00Z", "contact": "c1", "data": {"points": 5}}'
    """
    said = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    named = {} if id is None else {"id": id}
    tree = {**named, "type": type_, "timestamp": said, "contact": contact, "data": data}
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, default=str).encode("utf-8", "replace")


def understood(body: bytes) -> Mapping[str, Any]:
    """Return what another system answered, as conditions read it: an object's fields, `value` for anything else.

    An answer without words, or in words that are no JSON, says nothing but yes. Raises ValueError for one that is
    nested too deep to be kept.

    >>> understood(b'{"credit": 5}'), understood(b"5"), understood(b""), understood(b"OK")
    ({'credit': 5}, {'value': 5}, {}, {})
    """
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if tree is None:
        return {}
    kept = clean_tree(tree)
    return kept if isinstance(kept, dict) else {"value": kept}
