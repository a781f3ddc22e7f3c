"""Submissions from a plain HTML form, sent by a visitor's own browser.

A browser keeps no secret, so there is nothing to verify; robots are caught by the honeypot. A second click is the
same submission: the same answers with the same hidden token, or, without a token, within the same minute.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import python_multipart
from pydantic import JsonValue
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

from domain.answers import clean_tree
from domain.keys import content_hash
from starter.forms.base import Delivery, Headers, NotASubmission

TOKEN = "submission_id"  # noqa: S105  the name of a hidden field, not a secret
MOST_FIELDS = 1000


def _wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Html:
    """A form posted as `application/x-www-form-urlencoded` or `multipart/form-data`; files in it are not kept.

    >>> headers = {"content-type": "application/x-www-form-urlencoded"}
    >>> Html().read(b"email=ann%40acme.example&size=m&size=l", headers).answers
    {'email': 'ann@acme.example', 'size': ['m', 'l']}
    """

    clock: Callable[[], datetime] = _wall_clock
    name: str = "html"
    signed: bool = False

    def verify(self, headers: Headers, raw: bytes, secrets: Iterable[str]) -> bool:
        """Return True: whoever can see the form can send it."""
        return True

    def read(self, raw: bytes, headers: Headers) -> Delivery:
        """Return the fields; those given several times become lists."""
        pairs = form_pairs(raw, headers.get("content-type", ""))
        token = next((value for name, value in pairs if name == TOKEN and value), "")
        # The answers are in the key beside the token: a page that is stored with its token serves many people.
        marked = token or self.clock().astimezone(UTC).isoformat(timespec="minutes")
        key = content_hash(marked, *(part for pair in pairs for part in pair))
        return Delivery(key=key, answers=_answers(pairs), submission=token or None)


def form_pairs(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    """Return the fields of a posted form in their order. Raises `NotASubmission`."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        if kind == "multipart/form-data":
            return _parts(raw, content_type)
    except (FormParserError, ValueError):
        raise NotASubmission(f"the form cannot be read; post at most {MOST_FIELDS} well-formed fields") from None
    raise NotASubmission("this is not a form; post it urlencoded or as multipart/form-data")


def _parts(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []

    def keep(field: Field) -> None:
        if len(pairs) >= MOST_FIELDS:
            raise ValueError("too many fields")
        pairs.append(
            ((field.field_name or b"").decode(errors="replace"), (field.value or b"").decode(errors="replace"))
        )

    def drop(file: File) -> None:
        file.close()

    headers = {"Content-Type": content_type.encode("latin-1", errors="replace")}
    python_multipart.parse_form(headers, io.BytesIO(raw), keep, drop)
    return pairs


def _answers(pairs: list[tuple[str, str]]) -> dict[str, JsonValue]:
    answers: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if name == TOKEN:
            continue
        earlier = answers.get(name)
        if earlier is None:
            answers[name] = value
        else:
            answers[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
    cleaned = clean_tree(answers)
    assert isinstance(cleaned, dict)  # clean_tree keeps the shape
    return cleaned
