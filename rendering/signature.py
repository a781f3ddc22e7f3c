"""DKIM (RFC 6376): a finished letter signed for a domain, so that receivers know nobody wrote or changed it but us.

A relay or provider does this as well, and then it stays off here. rsa-sha256, relaxed/relaxed, no clock: the same
letter gets the same signature. `self_check` has the result judged by a verifier that is not ours.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import dkim
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id",
)  # fmt: skip
"""What is signed where it is there: whoever changes it breaks the signature. One-click wants both its headers here."""
TWICE = ("from",)
"""Named once more than it is there, so that a second one that is added breaks the signature, too."""
REPLACED = frozenset({"message-id", "date"})
"""What a provider replaces that does not keep our ids."""

_SAMPLE = (
    b"From: a@signed.example\r\nTo: b@signed.example\r\nSubject: A  sample\r\nList-Unsubscribe: <https://signed.example>\r\n"
    b"\r\nHello \r\n\r\n.\r\n\r\n"
)


class CannotSign(ValueError):
    """What was signed does not verify: the key or its name cannot be used."""


@dataclass(frozen=True)
class Signer:
    """Signs for `domain` with the key whose public half stands at `SELECTOR._domainkey.DOMAIN`.

    `omitted` are headers that are changed on the way. One signature takes a millisecond, in which others may run.
    """

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)
    omitted: frozenset[str] = frozenset()

    @classmethod
    def from_pem(cls, domain: str, selector: str, pem: str, *, keeps_ids: bool = True) -> "Signer":
        """Return the signer with a key in PEM; `keeps_ids` as its provider does. Raises `ValueError`."""
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise CannotSign("it is not an RSA key")
        return cls(domain, selector, key, frozenset() if keeps_ids else REPLACED)

    @property
    def record(self) -> tuple[str, str]:
        """Return the name and the text of the TXT record that receivers look up."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"

    def sign(self, letter: bytes) -> bytes:
        """Return the letter, CRLF line ends, with its signature in front."""
        block, _, body = letter.partition(b"\r\n\r\n")
        fields = list(_fields(block))
        names = [name for name, _ in fields if name in SIGNED and name not in self.omitted]
        chosen = [*names, *TWICE]
        said = self._header(chosen, b64encode(sha256(_relaxed_body(body)).digest()).decode())
        signed = b"".join(_taken(fields, chosen)) + _relaxed(said.encode())
        signature = b64encode(self.key.sign(signed, PKCS1v15(), SHA256())).decode()
        return f"{said}{_folded(signature)}\r\n".encode() + letter

    def _header(self, chosen: list[str], hashed: str) -> str:
        return (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d={self.domain}; s={self.selector};\r\n"
            f" h={_folded(':'.join(chosen), ':')};\r\n bh={hashed};\r\n b="
        )

    def self_check(self) -> None:
        """Have a signed sample judged by another library's verifier. Raises `CannotSign`."""
        where, text = self.record

        def looked_up(name: bytes, timeout: float = 5) -> bytes | None:
            return text.encode() if name.decode().rstrip(".") == where else None

        try:
            good = dkim.verify(self.sign(_SAMPLE), dnsfunc=looked_up)
        except dkim.DKIMException as error:
            raise CannotSign(f"what it signs cannot be verified ({error})") from error
        if not good:
            raise CannotSign("what it signs does not verify")


def _fields(block: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each header's name in small letters, and its lines."""
    for lines in re.split(rb"\r\n(?![ \t])", block):
        yield lines.partition(b":")[0].decode("ascii").strip().lower(), lines


def _taken(fields: list[tuple[str, bytes]], chosen: list[str]) -> Iterator[bytes]:
    """Yield what is signed, in order: of headers that are there several times, the lowest first (section 5.4.2)."""
    left = list(fields)
    for name in chosen:
        place = next((place for place in reversed(range(len(left))) if left[place][0] == name), None)
        if place is not None:
            yield _relaxed(left.pop(place)[1]) + b"\r\n"


def _relaxed(lines: bytes) -> bytes:
    """Return a header as section 3.4.2 has it: name in small letters, unfolded, one space for many."""
    name, _, value = lines.partition(b":")
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """Return a body as section 3.4.4 has it: no spaces at ends of lines, one for many, no empty lines at the end."""
    one = re.sub(rb" {2,}", b" ", body.replace(b"\t", b" "))
    kept = one.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return kept + b"\r\n" if kept else b""


def _folded(text: str, at: str = "") -> str:
    """Return a long value in lines; where `at` is given, they end with it."""
    parts = text.split(at) if at else [text[start : start + 72] for start in range(0, len(text), 72)]
    lines = [parts[0]]
    for part in parts[1:]:
        if at and len(lines[-1]) + len(part) < 64:
            lines[-1] += at + part
        else:
            lines[-1] += at
            lines.append(part)
    return "\r\n ".join(lines)
