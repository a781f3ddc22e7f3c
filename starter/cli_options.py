"""Options that several commands share, and how their texts are read."""

import json
import math
import os
import platform
import sys
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
Sequence_ = Annotated[str, typer.Argument(metavar="SEQUENCE", help="A name, or a file's path.")]


def a_count(text: str | int) -> int:
    """Read a whole number from 1 on. Raises `BadParameter`."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise typer.BadParameter(f"'{str(text)[:60]}' is no number from 1 on; write it like 20")
    return count


Most = Annotated[int, typer.Option("--most", metavar="N", parser=a_count, help="At most so many, the newest.")]

LENGTH_OF_A_DAY = len("2026-03-27")


def say_version(wanted: bool) -> None:
    """Say which version this is, and end."""
    if wanted:
        sys.stdout.write(f"rapport {metadata.version('rapport')}, Python {platform.python_version()}\n")
        raise typer.Exit()


def home_folder() -> Path:
    """Return the home that `--home` or RAPPORT_HOME names, else the current folder; no other setting is read."""
    return Path(os.environ.get("RAPPORT_HOME") or ".").expanduser()


def a_time(text: str) -> datetime:
    """Read a time. Raises `BadParameter`."""
    from starter.script_files import read_instant

    try:
        return read_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def a_time_or_span(text: str) -> Any:
    """Read a time, or a span such as `30 days`. Raises `BadParameter`."""
    from domain.spans import Span

    try:
        return Span.parse(text)
    except ValueError:
        pass
    try:
        return a_time(text)
    except typer.BadParameter:
        raise typer.BadParameter(
            f"'{text[:60]}' is neither a time nor a span; write it like 2026-03-27T09:00:00Z or 30 days"
        ) from None


def a_span(text: str) -> Any:
    """Read a span such as `30 days`. Raises `BadParameter`."""
    from domain.spans import Span

    try:
        return Span.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def a_reaction(text: str) -> Any:
    """Read what a share of people does with a message. Raises `BadParameter`."""
    from domain.reactions import Reaction

    try:
        return Reaction.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def a_day_or_time(text: str) -> Any:
    """Read a day such as `2026-03-27`, or a time. Raises `BadParameter`.

    >>> a_day_or_time("2026-03-27")
    datetime.date(2026, 3, 27)
    """
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == LENGTH_OF_A_DAY else a_time(text)
    except ValueError:
        raise typer.BadParameter(f"'{text[:60]}' is not a day; write it like 2026-03-27") from None


def an_object(text: str) -> dict[str, Any]:
    """Read a JSON object, as the API does. Raises `BadParameter`."""
    try:
        told = json.loads(text, parse_constant=_a_number, parse_float=_a_number)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f'{text[:60]!r} is not JSON ({error}); write e.g. \'{{"plan": "pro"}}\'') from None
    if not isinstance(told, dict):
        raise typer.BadParameter(f'{text[:60]!r} is not an object; write e.g. \'{{"plan": "pro"}}\'')
    return told


def _a_number(text: str) -> float:
    """Read a number with a fraction. Raises ValueError for NaN, and for one that no computer holds."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number that can be kept")
    return number
