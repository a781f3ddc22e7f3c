"""JSON Schema, draft 7, as far as our own schemas use it: enough to see what an editor would.

A keyword it does not know is an error, so that a schema cannot grow past it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
SAID = {"$schema", "title", "description", "default", "examples", "format", "patternErrorMessage", "definitions"}


def wrong(value: Any, schema: Any, root: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield `place: keyword` of everything in `value` that the schema does not accept."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{place}: false"
        return
    for keyword in schema.keys() - SAID - {"then", "else"}:
        if keyword == "$ref":
            yield from wrong(value, root["definitions"][schema["$ref"].rpartition("/")[2]], root, place)
        elif keyword in NESTED:
            yield from NESTED[keyword](value, schema, root, place)
        elif not PLAIN[keyword](value, schema[keyword]):
            yield f"{place}: {keyword}"


def fits(value: Any, schema: Any, root: Mapping[str, Any]) -> bool:
    return next(wrong(value, schema, root), None) is None


def _type(value: Any, names: str | list[str]) -> bool:
    return any(TYPES[name](value) for name in ([names] if isinstance(names, str) else names))


def _number(value: Any) -> bool:
    return TYPES["number"](value)


PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "type": _type,
    "enum": lambda value, known: any(value == each and type(value) is type(each) for each in known),
    "const": lambda value, known: bool(value == known),
    "pattern": lambda value, pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
    "minimum": lambda value, least: not _number(value) or value >= least,
    "maximum": lambda value, most: not _number(value) or value <= most,
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "minItems": lambda value, least: not isinstance(value, list) or len(value) >= least,
    "minProperties": lambda value, least: not isinstance(value, dict) or len(value) >= least,
    "required": lambda value, names: not isinstance(value, dict) or set(names) <= value.keys(),
}


def _properties(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    for key, inner in schema["properties"].items():
        if isinstance(value, dict) and key in value:
            yield from wrong(value[key], inner, root, f"{place}/{key}")


def _additional(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    for key in value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else ():
        yield from wrong(value[key], schema["additionalProperties"], root, f"{place}/{key}")


def _names(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        yield from wrong(key, schema["propertyNames"], root, f"{place}/{key}")


def _items(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    for number, each in enumerate(value) if isinstance(value, list) else ():
        yield from wrong(each, schema["items"], root, f"{place}/{number}")


def _all(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    for each in schema["allOf"]:
        yield from wrong(value, each, root, place)


def _any(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    if not any(fits(value, each, root) for each in schema["anyOf"]):
        yield f"{place}: anyOf"


def _one(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    if sum(fits(value, each, root) for each in schema["oneOf"]) != 1:
        yield f"{place}: oneOf"


def _if(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    branch = "then" if fits(value, schema["if"], root) else "else"
    yield from wrong(value, schema.get(branch, True), root, place)


NESTED: dict[str, Callable[[Any, Any, Any, str], Iterator[str]]] = {
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "if": _if,
}
