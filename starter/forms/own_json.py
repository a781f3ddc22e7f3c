"""Submissions as JSON from our own sites and scripts: the source `json`.

Signed with `X-Rapport-Signature: sha256=<hex of HMAC-SHA256 of the body>`. A sender that repeats itself says so by
the `Idempotency-Key` header or the body's `id`; without either, the same bytes are the same submission.
"""

from collections.abc import Iterable

from starter.forms.base import (
    Delivery,
    Headers,
    NotASubmission,
    content_key,
    header_bytes,
    knows_a_secret,
    named,
    read_instant,
    read_json_object,
)


class OwnJson:
    """`{"id": "o-7", "submitted_at": "2026-03-27T09:00:00Z", "answers": {"email": "ann@acme.example"}}`.

    Without `answers`, the object itself is the answers.

    >>> OwnJson().read(b'{"id": "o-7", "email": "ann@acme.example"}', {})
    Delivery(key='o-7', answers={'email': 'ann@acme.example'}, submitted_at=None, submission='o-7')
    """

    name = "json"
    signed = True

    def verify(self, headers: Headers, raw: bytes, secrets: Iterable[str]) -> bool:
        """Return whether the signature header fits the body under one of `secrets`."""
        return knows_a_secret(header_bytes(headers, "x-rapport-signature"), raw, secrets, _spelled)

    def read(self, raw: bytes, headers: Headers) -> Delivery:
        """Return what was submitted."""
        body = read_json_object(raw)
        own_id = named(body.get("id"))
        answers = body.get("answers", {key: value for key, value in body.items() if key not in ("id", "submitted_at")})
        if not isinstance(answers, dict):
            raise NotASubmission('answers is not an object; send {"answers": {"<answer key>": "<answer>"}}')
        return Delivery(
            key=named(headers.get("idempotency-key")) or own_id or content_key(raw),
            answers=answers,
            submitted_at=read_instant(body.get("submitted_at")),
            submission=own_id,
        )


def _spelled(digest: bytes) -> bytes:
    return b"sha256=" + digest.hex().encode()
