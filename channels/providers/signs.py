"""How a provider shows that it is the one who speaks: signatures over the bytes that came, or a secret it was told.

Nothing here raises, whatever was sent and whatever a secret holds; every secret is tried, so that one can be changed
without losing an event, and the time taken does not tell which one fitted.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

from domain.webhooks import key_of

Headers = Mapping[str, str]
"""By names in small letters."""

AHEAD = timedelta(minutes=5)
"""So far a sender's clock may be wrong."""
_MOST_SIGNATURES = 20


def header_bytes(headers: Headers, name: str) -> bytes:
    """Return a header as bytes: comparing text raises on letters outside ASCII."""
    return headers.get(name, "").strip().encode(errors="replace")


def is_recent(second: bytes, now: datetime, within: timedelta) -> bool:
    """Return whether a Unix time in seconds lies `within` so long before `now`, or a little after it.

    >>> from datetime import UTC
    >>> is_recent(b"1614265330", datetime.fromtimestamp(1614265390, UTC), timedelta(minutes=5))
    True
    >>> is_recent(b"1e9", datetime.fromtimestamp(1, UTC), timedelta(minutes=5))
    False
    """
    if not second.isdigit() or len(second) > 12:
        return False
    age = now.timestamp() - int(second)
    return -AHEAD.total_seconds() <= age <= within.total_seconds()


def shows_secret(headers: Headers, secrets: Iterable[str]) -> bool:
    """Return whether one of `secrets` is shown: as a bearer token, or as password (or `user:password`) of basic auth.

    >>> shows_secret({"authorization": "Basic cmFwcG9ydDpzM2NyZXQ="}, ["s3cret"])
    True
    >>> shows_secret({"authorization": "Bearer s3cret"}, ["other", "s3cret"]), shows_secret({}, ["s3cret"])
    (True, False)
    """
    scheme, _, told = header_bytes(headers, "authorization").partition(b" ")
    shown = [told.strip()] if scheme.lower() == b"bearer" else []
    if scheme.lower() == b"basic":
        try:
            both = b64decode(told.strip(), validate=True)
        except binascii.Error:
            both = b""
        shown = [both, both.partition(b":")[2]]
    fits = [hmac.compare_digest(each, secret.encode()) for secret in secrets if secret for each in shown]
    return any(fits)


def signed_as_standard(
    headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime, within: timedelta = AHEAD
) -> bool:
    """Return whether the headers of Standard Webhooks (or Svix, whose names differ) sign these bytes.

    >>> from datetime import UTC
    >>> told = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
    >>> told["webhook-signature"] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    >>> secret, then = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.fromtimestamp(1614265330, UTC)
    >>> signed_as_standard(told, b'{"test": 2432232314}', [secret], then)
    True
    >>> signed_as_standard(told, b'{"test": 2432232315}', [secret], then)
    False
    """
    id, second, told = (_standard(headers, each) for each in ("id", "timestamp", "signature"))
    if not id or not is_recent(second, now, within):
        return False
    signatures = [each[3:] for each in told.split()[:_MOST_SIGNATURES] if each.startswith(b"v1,")]
    content = b".".join((id, second, raw))
    fits = [hmac.compare_digest(_keyed(secret, content), each) for secret in secrets for each in signatures]
    return any(fits)


def _standard(headers: Headers, name: str) -> bytes:
    return header_bytes(headers, f"svix-{name}") or header_bytes(headers, f"webhook-{name}")


def _keyed(secret: str, content: bytes) -> bytes:
    try:
        key = key_of(secret)
    except ValueError:
        return b"no signature"
    return b64encode(hmac.new(key, content, sha256).digest()) if key else b"no signature"


def signed_with_hex(content: bytes, told: str, secrets: Iterable[str]) -> bool:
    """Return whether `told` is the HMAC-SHA256 of `content` under one of `secrets`, in hex."""
    given = told.encode(errors="replace")
    made = [hmac.new(secret.encode(), content, sha256).hexdigest().encode() for secret in secrets if secret]
    fits = [hmac.compare_digest(each, given) for each in made]
    return any(fits)


def signed_by_curve(content: bytes, told: bytes, public_keys: Iterable[str]) -> bool:
    """Return whether `told`, in base64, is an ECDSA signature (SHA-256) of `content` by one of these keys (DER)."""
    try:
        signature = b64decode(told, validate=True)
    except binascii.Error:
        return False
    fits = [_fits_curve(key, signature, content) for key in public_keys]
    return any(fits)


def _fits_curve(public_key: str, signature: bytes, content: bytes) -> bool:
    try:
        key = load_der_public_key(b64decode(public_key, validate=True))
        if not isinstance(key, EllipticCurvePublicKey):
            return False
        key.verify(signature, content, ECDSA(SHA256()))
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


def signed_by_certificate(content: bytes, told: str, version: str, certificate: bytes) -> bool:
    """Return whether `told`, in base64, signs `content` with the RSA key of this certificate (PEM).

    `version` is SNS's: 1 is SHA-1, 2 is SHA-256; there is no other.
    """
    algorithm = {"1": SHA1(), "2": SHA256()}.get(version)  # noqa: S303  1 is theirs to choose, in topics of old
    if algorithm is None:
        return False
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(b64decode(told.encode(errors="replace"), validate=True), content, PKCS1v15(), algorithm)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True
