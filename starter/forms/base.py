"""What every form source has in common: it verifies raw bytes, then reads them.

Whatever reaches `verify` and `read` was sent by anybody. `verify` never raises; `read` raises `NotASubmission` only.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import NoReturn, Protocol

from pydantic import JsonValue

from domain.answers import clean_tree

Headers = Mapping[str, str]
LONGEST_KEY = 200


class NotASubmission(ValueError):
    """These bytes are not what this source sends. The text says what, and what to do."""


@dataclass(frozen=True)
class Delivery:
    """One submission as its source tells it. `key` is the same when it is told again.

    `submission` is the source's name for what the person sent, the same even in a delivery made anew by hand.
    """

    key: str
    answers: dict[str, JsonValue]
    submitted_at: datetime | None = None
    submission: str | None = None


class Source(Protocol):
    """A service, or a page, that sends submissions. `signed` ones are believed only with one of our secrets."""

    @property
    def name(self) -> str: ...

    @property
    def signed(self) -> bool: ...

    def verify(self, headers: Headers, raw: bytes, secrets: Iterable[str]) -> bool:
        """Return whether whoever sent `raw` knows one of `secrets`; takes as long whichever it is."""

    def read(self, raw: bytes, headers: Headers) -> Delivery:
        """Return what was submitted. Raises `NotASubmission`."""


def read_json_object(raw: bytes) -> dict[str, JsonValue]:
    """Return the object in `raw`, cleaned so that any database keeps it. Raises `NotASubmission`.

    >>> read_json_object(b'{"name": "Ann"}')
    {'name': 'Ann'}
    >>> read_json_object(b'{"score": NaN}')
    Traceback (most recent call last):
    starter.forms.base.NotASubmission: NaN is not JSON; leave the value out, or send null
    """
    value = read_json(raw)
    if not isinstance(value, dict):
        raise NotASubmission('the body is not a JSON object; send one like {"answers": {…}}')
    return value


def read_json(raw: bytes) -> JsonValue:
    """Return the JSON in `raw`, cleaned. Raises `NotASubmission`."""
    try:
        return clean_tree(json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant))
    except NotASubmission:
        raise
    except json.JSONDecodeError as error:
        raise NotASubmission(f"the body is not JSON ({error.msg}, line {error.lineno}); send JSON") from None
    except UnicodeDecodeError:
        raise NotASubmission("the body is not UTF-8 text; send JSON in UTF-8") from None
    except RecursionError:
        raise NotASubmission("the body is nested too deep; send plain answers") from None
    except ValueError as error:  # too deep for us, or a number with thousands of digits
        what = str(error) if "nested" in str(error) else "a number has too many digits; send it as text"
        raise NotASubmission(what) from None


def knows_a_secret(told: bytes, raw: bytes, secrets: Iterable[str], spell: Callable[[bytes], bytes]) -> bool:
    """Return whether `told` is the HMAC-SHA256 of `raw` under any of `secrets`, spelled as `spell` does.

    Every secret is tried, so the time taken does not tell which one fitted; bytes are compared, as comparing
    text raises on letters outside ASCII.
    """
    fits = [hmac.compare_digest(spell(_digest(secret, raw)), told) for secret in secrets if secret]
    return any(fits)


def header_bytes(headers: Headers, name: str) -> bytes:
    """Return a header as bytes, empty when it is missing.

    >>> header_bytes({"x": "sha256=é"}, "x")
    b'sha256=\\xc3\\xa9'
    """
    return headers.get(name, "").strip().encode(errors="replace")


def read_instant(value: object) -> datetime | None:
    """Return an ISO 8601 time as UTC (one without a zone is taken for UTC), None when it is none.

    >>> read_instant("2026-03-27T10:00:00+01:00").isoformat()
    '2026-03-27T09:00:00+00:00'
    >>> read_instant("yesterday") is None
    True
    """
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):  # a year that leaves the calendar once it is moved to UTC
        return None


def content_key(raw: bytes) -> str:
    """Return a name for these very bytes, for senders that give none of their own."""
    return f"sha256:{sha256(raw).hexdigest()}"


def named(value: object) -> str | None:
    """Return an id somebody sent, None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def inbox_key(source: str, form: str, delivery: str) -> str:
    """Return the inbox key of a delivery; a long or strange id is named by its hash.

    >>> inbox_key("typeform", "demo-request", "01HX")
    'typeform/demo-request/01HX'
    """
    key = f"{source}/{form}/{delivery}"
    if len(key) <= LONGEST_KEY and delivery.isascii() and delivery.isprintable():
        return key
    return f"{source}/{form}/{content_key(delivery.encode(errors='replace'))}"


def _digest(secret: str, raw: bytes) -> bytes:
    return hmac.new(secret.encode(), raw, sha256).digest()


def _refuse_constant(name: str) -> NoReturn:
    raise NotASubmission(f"{name} is not JSON; leave the value out, or send null")
