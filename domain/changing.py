"""What an `update` makes of a contact's record: values that fit their fields, or are left as they are."""

from collections.abc import Mapping
from typing import Any

from domain.asking import Answer, Asked, Row
from domain.facts import Facts
from domain.field_values import as_value, holds
from domain.needs import Change, Done

SCORE = "score"
_PARTS = ("set", "copied", "add")


def change(need: Change, asked: Asked, facts: Facts) -> Answer:
    """Tell what the record will hold."""
    computed = _is_computed(facts) and SCORE in {*need.set, *need.copied, *need.add}
    need = _without_score(need) if computed else need
    new = changed(need, facts)
    why = [_told(name, facts.contact.get(name), value) for name, value in new.items()]
    left = ((name, path) for name, path in need.copied.items() if name not in new)
    why += [f"{name}: left as it is, {path} holds nothing that fits" for name, path in left]
    why += ["score: left as it is, policies/scoring.yaml computes it"] if computed else []
    why += [f"topic {name}: withdrawn" for name in need.topics_off]
    return Answer(Done(), Row("updated", why=why, more={"set": new} | _listed("withdrawn", need.topics_off)))


def _is_computed(facts: Facts) -> bool:
    """Whether contact.score is what policies/scoring.yaml makes of it: runs on their way may still want to set it."""
    return facts.policies.scoring is not None


def _without_score(need: Change) -> Change:
    kept = {part: {name: value for name, value in getattr(need, part).items() if name != SCORE} for part in _PARTS}
    return need.model_copy(update=kept)


def _listed(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {name: list(values)} if values else {}


def _told(name: str, before: Any, after: Any) -> str:
    return f"{name}: stays {_shown(after)}" if before == after else f"{name}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def changed(need: Change, facts: Facts) -> dict[str, Any]:
    """Return the fields that `need` gives a new value, with that value. Raises ValueError where it cannot be done.

    What is copied from a place where nothing is, or nothing that fits, is left out: an answer that did not come must
    not wipe what is known.
    """
    contact, type_of = facts.contact, facts.policies.field_type
    new: dict[str, Any] = {}
    for name, value in need.set.items():
        new[name] = as_value(type_of(name), value)
        if new[name] is None or not holds(name, new[name]):
            raise ValueError(f"contact.{name} takes a {type_of(name)}, not {value!r}; correct the step")
    copied = {name: as_value(type_of(name), facts.read(path)) for name, path in need.copied.items()}
    new |= {name: value for name, value in copied.items() if value is not None and holds(name, value)}
    for name, amount in need.add.items():
        before = contact.get(name) or 0
        if not isinstance(before, int | float) or isinstance(before, bool):
            raise ValueError(f"contact.{name} is {before!r}, no number; correct the record")
        new[name] = before + amount
    return new | _tags(need, contact)


def _tags(need: Change, contact: Mapping[str, Any]) -> dict[str, list[str]]:
    if not need.tags_on and not need.tags_off:
        return {}
    before = contact.get("tags") or []
    if not isinstance(before, list | tuple):
        raise ValueError(f"contact.tags is {before!r}, no list; correct the record")
    kept = [tag for tag in before if tag not in need.tags_off]
    return {"tags": kept + [tag for tag in need.tags_on if tag not in kept]}
