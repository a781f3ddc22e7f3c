"""What a form's answers mean: `policies/forms/<form>.yaml`, and reading a submission by it.

What the file does not name is not kept: an answer has a purpose once somebody has written that purpose down. Consent
is given only by an answer the file names, in the words it quotes; an answer that is not a yes gives none.
"""

import re
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from domain.answers import as_line, clean_text, clean_tree, is_yes, read_address, read_country

HONEYPOT = "website"
MOST_BYTES = 256 * 1024
# As wide as their columns; everything else about a person fits a line.
LONGEST: Mapping[str, int] = {"phone": 40, "language": 35, "time_zone": 64}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]*")


class NotThatForm(ValueError):
    """These answers cannot become a submission of that form, now or later. The text says what, and what to do."""


class ConsentAsked(BaseModel):
    """One question of a form that asks for leave to write. `yes` lists further answers that mean it.

    With `confirm` the yes counts once it was confirmed by the link in a message (double opt-in).
    """

    model_config = ConfigDict(frozen=True)

    topic: str = Field(max_length=100)
    answer: str = Field(min_length=1)
    wording: str = Field(max_length=4000)
    channel: str = Field(default="email", min_length=1, max_length=40)
    yes: list[str] = []
    confirm: bool = False

    @field_validator("topic")
    @classmethod
    def _named_as_topics_are(cls, topic: str) -> str:
        if not _TOPIC.fullmatch(topic):
            raise ValueError(f"'{topic}' is not a topic's name; use small letters, digits and hyphens")
        return topic

    @field_validator("wording")
    @classmethod
    def _quoted(cls, wording: str) -> str:
        if not wording.strip():
            raise ValueError(
                "wording has no words; quote what the form says beside the box, as proof of what was agreed"
            )
        return wording


class ConsentGiven(BaseModel):
    """Leave a person gave with this submission, in the words they saw; to be confirmed by them where `confirm` says."""

    model_config = ConfigDict(frozen=True)

    topic: str
    channel: str
    wording: str
    confirm: bool = False


class FormMapping(BaseModel):
    """One form: which answer is which field of the contact, what it asks leave for, what goes along as the event.

    >>> FormMapping.model_validate({"fields": {"email": "your-email"}}, extra="forbid").department
    'marketing'
    """

    model_config = ConfigDict(frozen=True)

    fields: dict[str, str]
    consent: list[ConsentAsked] = []
    event: dict[str, str] = {}
    source: str | None = None
    thank_you: str | None = None
    honeypot: str = HONEYPOT
    department: str = Field(default="marketing", min_length=1, max_length=60)
    complaint: bool = False
    most_bytes: int = Field(default=MOST_BYTES, ge=1024, le=1024 * 1024)

    @field_validator("fields")
    @classmethod
    def _has_an_address(cls, fields: dict[str, str]) -> dict[str, str]:
        if "email" not in fields:
            raise ValueError("fields has no email; say which answer is the e-mail address: `email: <answer key>`")
        return _with_good_names(fields)

    @field_validator("event")
    @classmethod
    def _names_fit_conditions(cls, event: dict[str, str]) -> dict[str, str]:
        return _with_good_names(event)

    @field_validator("thank_you")
    @classmethod
    def _leads_to_a_page(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch(r"[!-~]+", address):
            raise ValueError(f"thank_you {address!r} is not the address of a page; give one that starts with https://")
        return address

    @model_validator(mode="after")
    def _the_trap_is_no_answer(self) -> Self:
        if self.source not in (None, "html"):
            return self
        if self.honeypot in (answers := {*self.fields.values(), *self.event.values()}):
            raise ValueError(
                f"honeypot '{self.honeypot}' is an answer of this form, too, so whoever gives it would be taken for "
                f"a robot; name a hidden field that people cannot fill in (answers: {', '.join(sorted(answers))})"
            )
        return self


class Submission(BaseModel):
    """What one submission says about a person: clean fields, consent given, and what the sequence gets as event."""

    model_config = ConfigDict(frozen=True)

    fields: dict[str, str]
    consents: list[ConsentGiven] = []
    event: dict[str, JsonValue] = {}


def read_answers(mapping: FormMapping, answers: Mapping[str, object]) -> Submission:
    """Return what `answers`, by answer key, mean. Raises `NotThatForm` when there is no address to write to.

    Answers left empty are left out. Reading what was cleaned for the inbox gives the same.

    >>> form = FormMapping(fields={"email": "mail", "first_name": "name"}, event={"plan": "plan"})
    >>> read_answers(form, {"mail": "Ann@Acme.example", "name": " Ann ", "plan": "pro", "x": 1}).model_dump()
    {'fields': {'email': 'ann@acme.example', 'first_name': 'Ann'}, 'consents': [], 'event': {'plan': 'pro'}}
    """
    fields = {name: _field(name, answers.get(key)) for name, key in mapping.fields.items()}
    event = {name: _event_value(key, answers[key]) for name, key in mapping.event.items() if key in answers}
    return Submission(
        fields={name: value for name, value in fields.items() if value},
        consents=[_given(asked) for asked in mapping.consent if is_yes(answers.get(asked.answer), asked.yes)],
        event={name: value for name, value in event.items() if value not in (None, "", [])},
    )


def _given(asked: ConsentAsked) -> ConsentGiven:
    return ConsentGiven(topic=asked.topic, channel=asked.channel, wording=asked.wording, confirm=asked.confirm)


def _field(name: str, answer: object) -> str:
    if name == "email":
        try:
            return read_address(answer[0] if isinstance(answer, list) and answer else answer)
        except ValueError as error:
            raise NotThatForm(str(error)) from None
    if name == "country":
        return read_country(as_line(answer)) or ""
    return as_line(answer, LONGEST.get(name, 200))


def _event_value(key: str, answer: object) -> JsonValue:
    if isinstance(answer, str):
        return clean_text(answer)
    try:
        return clean_tree(answer)
    except ValueError as error:
        raise NotThatForm(f"the answer '{key}' cannot be kept: {error}") from None


def _with_good_names(names: dict[str, str]) -> dict[str, str]:
    for name, key in names.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"'{name}' is not a name; use small letters, digits and _ (what the form calls it: right)")
        if not key.strip():
            raise ValueError(f"{name} names no answer; write what the form calls it")
    return names
