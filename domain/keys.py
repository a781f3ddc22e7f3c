"""Names that must never change: workflow ids, send keys, Message-IDs, tokens. They are spelled here only.

Nothing personal stands in any of them. Tokens are signed, not encrypted: they say which row is meant, and nobody
without the secret can make one. Unsubscribe tokens never expire (RFC 8058: a link in an old mail must still work).
"""

import re
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from itsdangerous import BadSignature, URLSafeSerializer

TRAP = "0" * 20
"""The link in a message that no person sees; it leads nowhere."""

INTAKE_WORKFLOW = "intake"
RETENTION_WORKFLOW = "retention"


def wave_id(sequence: str, unique: str) -> str:
    """Return the workflow id of a wave; `unique` is a fresh UUIDv7.

    >>> wave_id("welcome", "0190")
    'seq/welcome/0190'
    """
    return f"seq/{sequence}/{unique}"


def broadcast_workflow(broadcast: str) -> str:
    """Return the workflow id of a broadcast.

    >>> broadcast_workflow("0190")
    'broadcast/0190'
    """
    return f"broadcast/{broadcast}"


def follow_up_workflow(follow_up: str) -> str:
    """Return the workflow id of a follow-up.

    >>> follow_up_workflow("0190")
    'follow-up/0190'
    """
    return f"follow-up/{follow_up}"


def recovery_workflow(case: str) -> str:
    """Return the workflow id of a case.

    >>> recovery_workflow("0190")
    'recovery/0190'
    """
    return f"recovery/{case}"


def note_key(follow_up: str, occasion: str, channel: str, person: str | None) -> str:
    """Return what makes a note to staff one: whom it tells of which occasion, and by which way.

    >>> note_key("0190", "done/50", "email", "ada")
    'task/0190/done/50/email/ada'
    """
    return f"task/{follow_up}/{occasion}/{channel}/{person or ''}"


def digest_key(person: str, day: date) -> str:
    """Return what makes somebody's list of a day one.

    >>> digest_key("ada", date(2026, 5, 4))
    'digest/ada/2026-05-04'
    """
    return f"digest/{person}/{day.isoformat()}"


def send_key(enrolment: str, step: str, visit: int) -> str:
    """Return what makes one message of one enrolment one: no run id stands in it.

    >>> send_key("e1", "hello", 1)
    'e1/hello/1'
    """
    return f"{enrolment}/{step}/{visit}"


def read_send_key(key: str) -> tuple[str, str, int]:
    """Return enrolment, step and visit of a send key.

    >>> read_send_key(send_key("e1", "hello/then", 2))
    ('e1', 'hello/then', 2)
    """
    enrolment, _, rest = key.partition("/")
    step, _, visit = rest.rpartition("/")
    return enrolment, step, int(visit)


def ledger_id(key: str) -> str:
    """Return the id of the message with this send key: 32 hex digits.

    >>> len(ledger_id("e1/hello/1"))
    32
    """
    return content_hash(key)[7:39]


def mail_token(id: str, secret: str) -> str:
    """Return the token that mail which comes back is matched by: the message's id with 40 signed bits, base32.

    34 small letters and digits, for the local part of an address: it may be 64 long, and servers change its case.

    >>> token = mail_token(ledger_id("e1/hello/1"), "s")
    >>> len(token), read_mail_token(token.upper(), ["new", "s"]) == ledger_id("e1/hello/1")
    (34, True)
    """
    said = bytes.fromhex(id)
    return f"{_base32(said)}{_base32(_sign('mail', said, secret)[:5])}"


def read_mail_token(token: str, secrets: Sequence[str]) -> str | None:
    """Return the message's id of a token that one of these secrets has signed, None if none has."""
    said, signed = _from_base32(token[:-8]), _from_base32(token[-8:])
    if said is None or signed is None or len(said) != 16:
        return None
    good = [compare_digest(signed, _sign("mail", said, secret)[:5]) for secret in secrets]
    return said.hex() if any(good) else None


def link_token(message: str, link: str, secret: str) -> str:
    """Return the token of a link in a message: both ids with 80 signed bits, 48 letters and digits that fit a URL.

    >>> token = link_token(ledger_id("e1/hello/1"), link_id("https://acme.example/"), "s")
    >>> len(token), read_link_token(token, ["new", "s"]) == (ledger_id("e1/hello/1"), link_id("https://acme.example/"))
    (48, True)
    """
    said = bytes.fromhex(message + link)
    return urlsafe_b64encode(said + _sign("link", said, secret)[:10]).decode()


def read_link_token(token: str, secrets: Sequence[str]) -> tuple[str, str] | None:
    """Return the message's and the link's id of a token that one of these secrets has signed, None if none has."""
    said = _read_signed("link", token, (26, 10), secrets)
    return None if said is None else (said[:16].hex(), said[16:].hex())


def link_id(*parts: str) -> str:
    """Return the id of a link by what it is: 20 hex digits."""
    return content_hash("link", *parts)[7:27]


def open_token(message: str, secret: str) -> str:
    """Return the token of the picture that tells that a message was opened.

    >>> read_open_token(open_token(ledger_id("e1/hello/1"), "s"), ["s"]) == ledger_id("e1/hello/1")
    True
    """
    said = bytes.fromhex(message)
    return urlsafe_b64encode(said + _sign("open", said, secret)[:8]).decode()


def read_open_token(token: str, secrets: Sequence[str]) -> str | None:
    """Return the message's id of a token that one of these secrets has signed, None if none has."""
    said = _read_signed("open", token, (16, 8), secrets)
    return None if said is None else said.hex()


def _read_signed(purpose: str, token: str, lengths: tuple[int, int], secrets: Sequence[str]) -> bytes | None:
    """Return the first bytes of a token if the others sign them for this purpose; `lengths` has how many are which."""
    said, signed = lengths
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{{(said + signed) * 4 // 3}}}", token):
        return None
    data = urlsafe_b64decode(token)
    good = [compare_digest(data[said:], _sign(purpose, data[:said], secret)[:signed]) for secret in secrets]
    return data[:said] if any(good) else None


def _sign(purpose: str, said: bytes, secret: str) -> bytes:
    return hmac(secret.encode(), f"{purpose}/".encode() + said, sha256).digest()


def _base32(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()


def _from_base32(text: str) -> bytes | None:
    try:
        return b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None


def call_id(key: str) -> str:
    """Return the `webhook-id` of the call with this send key: the same at every attempt, so that it is done once.

    >>> call_id("e1/credit/1") == call_id("e1/credit/1"), call_id("e1/credit/1")[:5]
    (True, 'call_')
    """
    return f"call_{content_hash(key)[7:39]}"


def slot(contact: str, sequence: str, per: str | None) -> str:
    """Return the place a contact holds in a sequence under a rule of `again`.

    >>> slot("c1", "welcome", None), slot("c1", "cart", "o-7")
    ('c1/welcome', 'c1/cart/o-7')
    """
    return f"{contact}/{sequence}" if per is None else f"{contact}/{sequence}/{per}"


def group_slot(contact: str, group: str) -> str:
    """Return the place a contact holds in a group of sequences while it is in one of them.

    >>> group_slot("c1", "nurture")
    'c1/nurture'
    """
    return f"{contact}/{group}"


def message_id(key: str, secret: str, host: str) -> str:
    """Return the Message-ID of the message with this send key: the same at every attempt (RFC 5322 3.6.4).

    >>> message_id("e1/hello/1", "s", "mail.acme.example") == message_id("e1/hello/1", "s", "mail.acme.example")
    True
    """
    digest = hmac(secret.encode(), b"message-id/" + key.encode(), sha256).digest()
    return f"<{b32encode(digest).decode().lower()[:26]}@{host}>"


def content_hash(*parts: str) -> str:
    """Return the name of a content: `sha256:` and 64 hex digits. The order and limits of the parts count."""
    digest = sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True)
class Tokens:
    """Makes and reads signed tokens. The first secret signs, all of them are accepted: so a secret is rotated.

    >>> tokens = Tokens(["new", "old"])
    >>> tokens.read("unsubscribe", tokens.make("unsubscribe", ["m1", "product-news"]))
    ['m1', 'product-news']
    >>> tokens.read("unsubscribe", "forged") is None
    True
    """

    secrets: Sequence[str]

    def make(self, purpose: str, parts: list[str]) -> str:
        """Return a URL-safe token for one purpose; one for another purpose is not accepted there."""
        return str(self._serializer(purpose).dumps(parts))

    def read(self, purpose: str, token: str) -> list[str] | None:
        """Return the parts of a token made for this purpose, None if it was not made by us."""
        try:
            parts = self._serializer(purpose).loads(token)
        except BadSignature:
            return None
        return [str(part) for part in parts] if isinstance(parts, list) else None

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        # itsdangerous signs with SHA-1 unless told otherwise; the last secret of its list is the one that signs.
        options = {"digest_method": sha256, "key_derivation": "hmac"}
        return URLSafeSerializer(list(reversed(self.secrets)), salt=f"rapport.{purpose}.v1", signer_kwargs=options)
