"""Submissions from Typeform: its webhook, version of 2026.

The signature is over the raw body and has no time in it, so a replay is caught by the delivery's id alone.
Answers are named by the question's reference, which authors choose, else by its id.
"""

from base64 import b64encode
from collections.abc import Iterable

from pydantic import JsonValue

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


class Typeform:
    """Typeform's webhook.

    >>> Typeform().verify({"typeform-signature": "sha256=forged"}, b"{}", ["secret"])
    False
    """

    name = "typeform"
    signed = True

    def verify(self, headers: Headers, raw: bytes, secrets: Iterable[str]) -> bool:
        """`Typeform-Signature: sha256=<base64 of HMAC-SHA256 of the body>`."""
        return knows_a_secret(header_bytes(headers, "typeform-signature"), raw, secrets, _spelled)

    def read(self, raw: bytes, headers: Headers) -> Delivery:
        """Return the completed form; partial responses and other events are not submissions."""
        body = read_json_object(raw)
        if body.get("event_type") != "form_response":
            raise NotASubmission("event_type is not form_response; send completed responses only")
        response = body.get("form_response")
        if not isinstance(response, dict):
            raise NotASubmission("there is no form_response; send Typeform's own payload")
        token = named(response.get("token"))
        return Delivery(
            key=named(body.get("event_id")) or token or content_key(raw),
            answers=_hidden(response.get("hidden")) | _answers(response.get("answers")),
            submitted_at=read_instant(response.get("submitted_at")),
            submission=token,
        )


def _spelled(digest: bytes) -> bytes:
    return b"sha256=" + b64encode(digest)


def _hidden(hidden: JsonValue) -> dict[str, JsonValue]:
    return dict(hidden) if isinstance(hidden, dict) else {}


def _answers(answers: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(answers, list):
        return {}
    named_answers = ((_key(each), _plain(each)) for each in answers if isinstance(each, dict))
    return {key: value for key, value in named_answers if key}


def _key(answer: dict[str, JsonValue]) -> str | None:
    field = answer.get("field")
    return (named(field.get("ref")) or named(field.get("id"))) if isinstance(field, dict) else None


def _plain(answer: dict[str, JsonValue]) -> JsonValue:
    """Return the value, which stands under a key named by the answer's type."""
    value = answer.get(str(answer.get("type")))
    if not isinstance(value, dict):
        return value
    labels = value.get("labels")
    if isinstance(labels, list):
        return [*labels, *([other] if (other := value.get("other")) else [])]
    if "label" in value or "other" in value:
        return value.get("label") or value.get("other")
    return value
