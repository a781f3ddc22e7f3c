"""Dates, times, numbers and money in the reader's language, and `fallback` for what may be missing.

The language is the template's own (a German date in an English text reads wrong); region and time zone are the
contact's. Babel is imported at first use, which keeps the start of the rendering process short.
"""

import datetime as dt
import re
from copy import copy
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, Undefined, pass_environment

if TYPE_CHECKING:
    from babel import Locale

LENGTHS = ("short", "medium", "long", "full")
MOST = Decimal(10) ** 30


class Unfit(ValueError):
    """A value cannot be shown the way the template asks for."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How values are said in one message: a language tag and an IANA time zone."""

    locale: str = "en"
    zone: str = "UTC"


def speech(variant: str | None, asked: str | None, context: dict[str, Any]) -> Speech:
    """Return how to speak in a template's `variant` (None: the organisation's language) to one who reads `asked`.

    >>> speech("de", "de-AT", {}).locale, speech(None, "de-AT", {"organisation": {"locale": "en"}}).locale
    ('de-AT', 'en')
    """
    organisation = _record(context.get("organisation"))
    written = variant or str(organisation.get("locale") or "en")
    same = bool(asked) and _words(str(asked))[0] == _words(written)[0]
    zones = (_record(context.get("contact")).get("time_zone"), organisation.get("time_zone"))
    zone = next((name for name in zones if isinstance(name, str) and _zone(name)), "UTC")
    return Speech(str(asked) if same else written, zone)


def _record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(tag: str) -> list[str]:
    return re.split("[-_]", tag.lower())


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None


@lru_cache(maxsize=512)
def babel_locale(tag: str) -> "Locale":
    """Return Babel's locale for a tag; an unknown region falls back to the language, an unknown language to English."""
    from babel import Locale, UnknownLocaleError

    for attempt in (tag.replace("-", "_"), _words(tag)[0]):
        try:
            return Locale.parse(attempt)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def warm_up() -> None:
    """Load what the first date and the first price would wait for."""
    import babel.dates
    import babel.numbers

    babel.dates.format_date(dt.date(2000, 1, 1), locale="en")
    babel.numbers.format_decimal(1, locale="en")


def _said(environment: Environment) -> Speech:
    said: Speech = environment.speech  # type: ignore[attr-defined]  # only Sandbox uses these filters
    return said


def _moment(value: object) -> dt.date:
    """Return a date or an aware datetime; texts are read as ISO 8601."""
    if isinstance(value, str):
        value = _read(value)
    if not isinstance(value, dt.date):
        raise Unfit(f"a {type(value).__name__} is not a date; use the filter on a date")
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=dt.UTC)
    return value


def _read(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Unfit(f"{text[:40]!r} is not a date; store dates as YYYY-MM-DD") from error


def _refuse_hole(value: Any) -> None:
    if isinstance(value, Undefined):
        str(value)  # names what is missing


@pass_environment
def date(environment: Environment, value: Any, how: str = "long") -> str:
    """Say a day: `{{ contact.renewal_date|date }}`; `how` is short, medium, long, full or a pattern (`EEEE, d MMMM`).

    An instant is the day it is on the contact's clock.
    """
    from babel.dates import format_date

    _refuse_hole(value)
    said, moment = _said(environment), _moment(value)
    if isinstance(moment, dt.datetime):
        moment = moment.astimezone(_zone(said.zone)).date()
    return format_date(moment, _pattern(how), locale=babel_locale(said.locale))


@pass_environment
def time(environment: Environment, value: Any, how: str = "short") -> str:
    """Say the hour of an instant on the contact's clock: `{{ matched.at|time }}`; `how` as for `date`."""
    from babel.dates import format_time

    _refuse_hole(value)
    said, moment = _said(environment), _moment(value)
    if not isinstance(moment, dt.datetime):
        raise Unfit("a date has no hour; use the filter `time` on an instant")
    return format_time(moment.astimezone(_zone(said.zone)), _pattern(how), locale=babel_locale(said.locale))


def _pattern(how: str) -> str:
    if how not in LENGTHS and len(how) > 40:
        raise Unfit(f"a pattern of {len(how)} characters; use {', '.join(LENGTHS)} or a short pattern")
    return how


def _figure(value: Any) -> Decimal:
    _refuse_hole(value)
    try:
        figure = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Unfit(f"{str(value)[:40]!r} is not a number; correct the value") from error
    if not figure.is_finite() or figure.adjusted() > 30 or abs(figure) > MOST or figure.as_tuple().exponent < -30:  # type: ignore[operator]
        raise Unfit("the number is too large or too fine to be shown; correct the value")
    return figure


@pass_environment
def number(environment: Environment, value: Any, decimals: int | None = None) -> str:
    """Say a number: `{{ contact.score|number }}`, `{{ share|number(1) }}` with exactly one decimal."""
    figure, locale = _figure(value), babel_locale(_said(environment).locale)
    pattern = copy(locale.decimal_formats[None])
    if decimals is not None:
        if not 0 <= decimals <= 10:
            raise Unfit(f"{decimals} decimals; give 0 to 10")
        pattern.frac_prec = (decimals, decimals)
    said: str = pattern.apply(figure, locale)
    return said


@pass_environment
def money(environment: Environment, value: Any, currency: str = "EUR") -> str:
    """Say an amount: `{{ run.event.total|money('CHF') }}`; `currency` is an ISO 4217 code."""
    from babel.numbers import format_currency

    if not re.fullmatch("[A-Z]{3}", str(currency)):
        raise Unfit(f"{str(currency)[:40]!r} is not a currency; give a code of three capitals such as EUR")
    return format_currency(_figure(value), str(currency), locale=babel_locale(_said(environment).locale))


def fallback(value: Any, instead: Any = "") -> Any:
    """Say something else where a value is missing, empty or blank: `{{ contact.first_name|fallback('there') }}`."""
    missing = value is None or isinstance(value, Undefined) or (isinstance(value, str) and not value.strip())
    return instead if missing else value
