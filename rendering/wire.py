"""What the rendering process and its owner say to each other: JSON in frames of known length.

JSON, not pickle: a template that found a way out of the sandbox must not find a way into the worker.
"""

import datetime as dt
import json
import struct
from decimal import Decimal
from typing import Any

LENGTH = struct.Struct(">I")
_MARK = "\x00"
_READ = {
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "decimal": Decimal,
}


def pack(message: dict[str, Any]) -> bytes:
    """Return a message as one frame.

    A value that is not plain data (dict, list, str, number, bool, None, date, time, Decimal) raises TypeError: objects
    with methods do not enter templates.
    """
    body = json.dumps(message, default=_written, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """Return the message in a frame's body.

    >>> unpack(pack({"at": dt.date(2026, 3, 1), "sum": Decimal("1.50")})[LENGTH.size:])
    {'at': datetime.date(2026, 3, 1), 'sum': Decimal('1.50')}
    """
    message: dict[str, Any] = json.loads(body, object_hook=_read)
    return message


def _written(value: object) -> dict[str, list[str]]:
    match value:
        case dt.datetime() | dt.date() | dt.time():
            return {_MARK: [type(value).__name__, value.isoformat()]}
        case Decimal():
            return {_MARK: ["decimal", str(value)]}
    raise TypeError(f"context: {type(value).__name__} is not plain data; give templates dicts, texts and numbers")


def _read(record: dict[str, Any]) -> Any:
    match record:
        case {"\x00": [str(kind), str(text)]} if kind in _READ:
            return _READ[kind](text)
    return record
