"""`update`: change the contact's record."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import field_validator

from domain.needs import Change
from domain.steps.base import Refers, Step, said

SIGNED = re.compile(r"[+-]\d{1,9}")


class Update(Step):
    """The record changes: `score: +5` counts, `{set: …}` or a plain value sets, tags and topics come and go."""

    kind: ClassVar[str] = "update"

    update: dict[str, str | list[str] | dict[str, str]]

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
            set={name: change for name, change in plain.items() if not SIGNED.fullmatch(change)}
            | {name: change["set"] for name, change in self.update.items() if isinstance(change, dict)},
            add={name: int(change) for name, change in plain.items() if SIGNED.fullmatch(change)},
            tags_on=tuple(tag[1:] for tag in tags if tag[0] == "+"),
            tags_off=tuple(tag[1:] for tag in tags if tag[0] == "-"),
            topics_off=tuple(topic[1:] for topic in topics),
        )

    def refers(self) -> Iterator[Refers]:
        change = self.need()
        yield from (Refers(f"update.{name}", "own field", name) for name in (*change.set, *change.add))
        yield from (Refers(f"update.{name}", "number", name) for name in change.add)
        yield from (Refers(f"update.topics.{place}", "topic", name) for place, name in enumerate(change.topics_off))

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
    if isinstance(change, dict) and not (set(change) == {"set"} and isinstance(change["set"], str)):
        return f"'{name}' is changed by '+5', '-5' or '{{set: 5}}'; write one of them"
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
