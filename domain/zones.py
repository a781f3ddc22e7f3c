"""Whose clock: which time zone a contact lives in, and what a wall time means there.

The zone is the first rung of a ladder that holds: the contact's own `time_zone`, its country, its
phone number, the sequence's zone, the organisation's. Which rung it was goes into the decision log.
A country or number counts as having one zone when all its zones keep the same time (`KEPT_SAME_SINCE`):
Germany is listed with Berlin and Büsingen, whose clocks never differ, and nobody there would say
that the country has two time zones.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

Rung = Literal["contact", "country", "phone", "sequence", "organisation"]

# Zones that agree in every week of these years are one zone to the people who live there.
KEPT_SAME_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
KEPT_SAME_WEEKS = 15 * 52

ZONE_NAMES = frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Zone:
    """A contact's zone, the rung of the ladder it was found on, and a note if the contact's own was unfit."""

    name: str
    zone: ZoneInfo
    rung: Rung
    note: str | None = None

    def __str__(self) -> str:
        return f"{self.name}, from {self.rung}"


def wall(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which clocks in `zone` show `hour` on `day`.

    A time that the clocks jump over is the first instant after the jump; one that comes twice is the first:

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> wall(date(2026, 3, 29), time(2, 30), berlin).astimezone(berlin).isoformat()
    '2026-03-29T03:00:00+02:00'
    >>> wall(date(2026, 10, 25), time(2, 30), berlin).astimezone(berlin).isoformat()
    '2026-10-25T02:30:00+02:00'
    """
    shown = datetime.combine(day, hour.replace(fold=0), tzinfo=zone)
    instant = shown.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return instant
    return change_of_clock(shown.replace(fold=1).astimezone(UTC), instant, zone)


def change_of_clock(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) from which clocks in `zone` run as at `after`; at `before` they ran otherwise.

    >>> march = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    >>> change_of_clock(*march, ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    before = before.replace(microsecond=0)
    after = after.replace(microsecond=0)
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def is_zone(name: str) -> bool:
    """Say whether `name` is a time zone of the IANA database, spelled exactly.

    >>> is_zone("Europe/Berlin"), is_zone("europe/berlin"), is_zone("CEST")
    (True, False, False)
    """
    return name in ZONE_NAMES


def zone_named(name: str) -> ZoneInfo:
    """Return the zone `name`; ValueError with the nearest name if there is none.

    >>> zone_named("Europe/Berln")
    Traceback (most recent call last):
    ValueError: 'Europe/Berln' is not a time zone; did you mean 'Europe/Berlin'?
    """
    if is_zone(name):
        return ZoneInfo(name)
    near = difflib.get_close_matches(name[:60], ZONE_NAMES, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else "write an IANA name such as Europe/Berlin"
    raise ValueError(f"'{name[:60]}' is not a time zone; {remedy}")


def note_on_zone(name: str | None) -> str | None:
    """Return what is noted on the record of a contact whose own zone is this; None if it is fine, or empty.

    >>> note_on_zone("Mars/Olympus"), note_on_zone("Asia/Tokyo")
    ("time_zone 'Mars/Olympus' is not an IANA zone; treated as missing", None)
    """
    own = (name or "").strip()
    return f"time_zone '{own[:60]}' is not an IANA zone; treated as missing" if own and not is_zone(own) else None


def zone_of(contact: Mapping[str, object], sequence_zone: str | None, organisation_zone: str) -> Zone:
    """Return whose clock is used for `contact` (its `time_zone`, `country`, `phone`), and why.

    An invalid zone of the contact is treated as missing and noted. The two other zones come from checked
    files: ValueError if the one that is needed does not exist.

    >>> found = zone_of({"time_zone": "Mars/Olympus", "country": "AT"}, None, "Europe/London")
    >>> found.name, found.rung, found.note
    ('Europe/Vienna', 'country', "time_zone 'Mars/Olympus' is not an IANA zone; treated as missing")
    """
    own, country, phone = (_text(contact, field) for field in ("time_zone", "country", "phone"))
    if is_zone(own):
        return Zone(own, ZoneInfo(own), "contact")
    note = note_on_zone(own)
    if name := zone_of_country(country):
        return Zone(name, ZoneInfo(name), "country", note)
    if name := zone_of_phone(phone, country):
        return Zone(name, ZoneInfo(name), "phone", note)
    if sequence_zone:
        return Zone(sequence_zone, zone_named(sequence_zone), "sequence", note)
    return Zone(organisation_zone, zone_named(organisation_zone), "organisation", note)


@lru_cache(maxsize=512)
def zone_of_country(code: str) -> str | None:
    """Return the zone of a country (ISO 3166 alpha-2), or None if it is unknown or its clocks differ.

    >>> zone_of_country("DE"), zone_of_country("US")
    ('Europe/Berlin', None)
    """
    names = _ZONES_OF_COUNTRY.get(code.upper(), ())
    return names[0] if names and _keep_the_same_time(names) else None


@lru_cache(maxsize=8192)
def zone_of_phone(number: str, country: str = "") -> str | None:
    """Return the zone a phone number belongs to, or None; a number without `+` is read as dialled in `country`.

    >>> zone_of_phone("+1 212 555 0123"), zone_of_phone("+1 800 555 0123")
    ('America/New_York', None)
    """
    if not number:
        return None
    # 0.15 s to import, and needed only for contacts with neither a zone nor a country that tells.
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(number, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    names = tuple(timezone.time_zones_for_number(parsed))
    if not all(map(is_zone, names)) or not _keep_the_same_time(names):
        return None
    # British mobiles are listed under Guernsey, Man, Jersey and London, in this order.
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    main = _ZONES_OF_COUNTRY.get(region, names)[0]
    return main if main in names else names[0]


def _text(contact: Mapping[str, object], field: str) -> str:
    value = contact.get(field)
    return value.strip() if isinstance(value, str) else ""


def _keep_the_same_time(names: tuple[str, ...]) -> bool:
    first, *others = (ZoneInfo(name) for name in names)
    weeks = (KEPT_SAME_SINCE + timedelta(weeks=n) for n in range(KEPT_SAME_WEEKS if others else 0))
    return all(
        week.astimezone(other).utcoffset() == week.astimezone(first).utcoffset() for week in weeks for other in others
    )


def _read_zones_of_country() -> dict[str, tuple[str, ...]]:
    """Read zone.tab: country, coordinates, zone; the zone with most inhabitants comes first."""
    zones: dict[str, tuple[str, ...]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            zones[country] = (*zones.get(country, ()), name)
    return zones


_ZONES_OF_COUNTRY = _read_zones_of_country()
