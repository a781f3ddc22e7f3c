"""`update`: change the contact's record."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from domain.needs import Change
from domain.steps.base import Refers, Step, said

SIGNED = re.compile(r"[+-]\d{1,9}")
PATH = re.compile(r"(contact|run\.event|matched|calls\.\w+)\.\w+")


def _listed(signs: str) -> dict[str, Any]:
    """Return what editors check of a list whose items come or go."""
    return {"type": "array", "minItems": 1, "items": {"type": ["string", "number"], "pattern": f"^[{signs}]."}}


class Update(Step):
    """The record changes: `score: +5` counts, a plain value or `{set: …}` sets, `{from: …}` copies.

    Tags and topics come and go.
    """

    kind: ClassVar[str] = "update"

    update: Annotated[
        dict[str, str | list[str] | dict[str, str]],
        Field(json_schema_extra={"minProperties": 1, "properties": {"tags": _listed("+-"), "topics": _listed("-")}}),
    ]
    """Fields with values: +5 counts, anything else is set, {set: -5} sets a number with a sign."""

    @field_validator("update", mode="before")
    @classmethod
    def _can_be_done(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise ValueError("'update' takes fields with values; write 'field: value' below it")
        wrong = [(name, change, what) for name, change in value.items() if (what := _wrong(name, change))]
        if wrong:
            raise said(cls.__name__, wrong)
        return value

    def need(self) -> Change:
        tags, topics = self._list("tags"), self._list("topics")
        plain = {name: change for name, change in self.update.items() if isinstance(change, str)}
        return Change(
            set={name: change for name, change in plain.items() if not SIGNED.fullmatch(change)} | self._under("set"),
            copied=self._under("from"),
            add={name: int(change) for name, change in plain.items() if SIGNED.fullmatch(change)},
            tags_on=tuple(tag[1:] for tag in tags if tag[0] == "+"),
            tags_off=tuple(tag[1:] for tag in tags if tag[0] == "-"),
            topics_off=tuple(topic[1:] for topic in topics),
        )

    def refers(self) -> Iterator[Refers]:
        change = self.need()
        named = (*change.set, *change.copied, *change.add)
        yield from (Refers(f"update.{name}", "own field", name) for name in named)
        yield from (Refers(f"update.{name}.from", "name", path) for name, path in change.copied.items())
        yield from (Refers(f"update.{name}", "number", name) for name in change.add)
        yield from (Refers(f"update.topics.{place}", "topic", name) for place, name in enumerate(change.topics_off))

    def _under(self, word: str) -> dict[str, str]:
        changes = ((name, change) for name, change in self.update.items() if isinstance(change, dict))
        return {name: change[word] for name, change in changes if word in change}

    def _list(self, name: str) -> list[str]:
        value = self.update.get(name, [])
        return value if isinstance(value, list) else []


def _wrong(name: str, change: Any) -> str | None:
    """Return what is wrong with one change, as "what is wrong; what to do"."""
    if name in ("tags", "topics"):
        return _wrong_list(name, change)
    if change is None:
        return f"'{name}' has no value; write one, or delete the line"
    if isinstance(change, list):
        return f"'{name}' cannot hold a list; write one value"
    if isinstance(change, dict):
        return _wrong_words(name, change)
    return None


def _wrong_words(name: str, change: dict[str, Any]) -> str | None:
    [(word, value)] = change.items() if len(change) == 1 else [("", None)]
    if word not in ("set", "from") or not isinstance(value, str):
        return f"'{name}' is changed by '+5', '-5', '{{set: 5}}' or '{{from: matched.score}}'; write one of them"
    if word == "from" and not PATH.fullmatch(value):
        return f"'{value[:60]}' is no field; write where the value stands, such as matched.score or run.event.plan"
    return None


def _wrong_list(name: str, change: Any) -> str | None:
    signs = "-" if name == "topics" else "+-"
    if isinstance(change, list) and change and all(_signed(each, signs) for each in change):
        return None
    if name == "topics":
        return "'topics' can only withdraw: consent comes from the contact; write a list like [-product-news]"
    return "'tags' is a list of tags that come and go; write it like [+engaged, -cold]"


def _signed(word: Any, signs: str) -> bool:
    return isinstance(word, str) and len(word) > 1 and word[0] in signs
