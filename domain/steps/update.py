"""`update`: change the contact's record."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import field_validator

from domain.needs import Change
from domain.steps.base import Refers, Step

SIGNED = re.compile(r"[+-]\d{1,9}")


class Update(Step):
    """The record changes: `score: +5` counts, `{set: …}` or a plain value sets, tags and topics come and go."""

    kind: ClassVar[str] = "update"

    update: dict[str, str | list[str] | dict[str, str]]

    @field_validator("update")
    @classmethod
    def _can_be_done(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not value:
            raise ValueError("nothing is updated; write 'field: value' below it")
        for name, change in value.items():
            _check(name, change)
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
        yield from (Refers("update", "own field", name) for name in (*change.set, *change.add))
        yield from (Refers("update", "number", name) for name in change.add)
        yield from (Refers("update", "topic", name) for name in change.topics_off)

    def _list(self, name: str) -> list[str]:
        value = self.update.get(name, [])
        return value if isinstance(value, list) else []


def _check(name: str, change: Any) -> None:
    if name in ("tags", "topics"):
        _check_list(name, change)
    elif isinstance(change, list):
        raise ValueError(f"'{name}' cannot hold a list; write one value")
    elif isinstance(change, dict) and set(change) != {"set"}:
        raise ValueError(f"'{name}' is changed by '+5', '-5' or '{{set: 5}}'; write one of them")


def _check_list(name: str, change: Any) -> None:
    signs = "-" if name == "topics" else "+-"
    if not isinstance(change, list) or any(len(each) < 2 or each[0] not in signs for each in change):
        example = "[-product-news]" if name == "topics" else "[+engaged, -cold]"
        hint = " (consent can only come from the contact)" if name == "topics" else ""
        raise ValueError(f"'{name}' is a list like {example}{hint}; write it so")
