"""The rows of the decision log as sentences: for every row one, however often the same was said.

Pure: rows and messages in, sentences out. The words for what was done are those of `starter/telling.py`, so a story of
`simulate`, `contact show` and `why` say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from domain.answers import clean_line
from starter.telling import WHEN, on_clock, told
from starter.why_rules import NOT_FINAL, rule_of, way_out

Row = Mapping[str, Any]
"""A row of the decision log, as `contact show --json` has it; or one of the ledger (`kind: message`)."""

SHORT_HASH = 19
AT_THE_DOOR, AT_THE_END, BY_HAND = "at the door", "the end", "by hand"
LONGEST = 400


@dataclass(frozen=True)
class Said:
    """What was decided, once or again and again: from `first` to `last`, `times` in all.

    `what` is the sentence; `because` are the lines below it: reasons, rule, values, way out.
    """

    first: datetime
    last: datetime
    times: int
    where: str
    step: str | None
    what: str
    because: tuple[str, ...]
    rows: tuple[Row, ...]


def short(hash_: str | None) -> str:
    """Return so much of a hash as tells two versions apart.

    >>> short("sha256:0123456789abcdef")
    'sha256:0123456789ab'
    """
    return (hash_ or "")[:SHORT_HASH]


def instant(at: datetime, zone: tzinfo) -> str:
    """Return an instant on the contact's clock and in UTC.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> late = datetime(2026, 3, 27, 23, 30, tzinfo=UTC)
    >>> instant(late, ZoneInfo("Europe/Berlin")), instant(late, UTC)
    ('Sat 28 Mar 2026 00:30 (Fri 27 Mar 23:30 UTC)', 'Fri 27 Mar 2026 23:30 UTC')
    """
    here, there = at.astimezone(zone), on_clock(at, _utc(at), "%H:%M")
    if here.utcoffset() == at.utcoffset():
        return f"{on_clock(at, zone, WHEN)} UTC"
    day = "" if here.date() == at.date() else on_clock(at, _utc(at), "%a %d %b ")
    return f"{on_clock(at, zone, WHEN)} ({day}{there} UTC)"


def _utc(at: datetime) -> tzinfo:
    assert at.tzinfo is not None, "instants are aware"
    return at.tzinfo


def said(rows: Sequence[Row], messages: Mapping[str, Row], zone: tzinfo, who: str) -> list[Said]:
    """Return a sentence for every row, oldest first; what was put off for one reason is one, with its number.

    `rows` are of one run, or of one door, in the order of writing; `messages` are the ledger's rows by id. `who` is
    what a command names the contact by.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for number, row in enumerate(rows):
        again = (row["step"], row["visit"], row["did"], tuple(row["why"])) if row["did"] in NOT_FINAL else (number,)
        groups.setdefault(again, []).append(row)
    found = [_said(group, messages, zone, who) for group in groups.values()]
    return in_order(found)


def in_order(told: Iterable[Said]) -> list[Said]:
    """Return these by the second they were decided in: within one, the order of writing says what came first.

    What a workflow decides has its clock, which knows whole seconds; what is decided at the door has parts of them.
    """
    return sorted(told, key=lambda each: each.last.replace(microsecond=0))


def _said(group: Sequence[Row], messages: Mapping[str, Row], zone: tzinfo, who: str) -> Said:
    row, first = group[-1], group[0]["at"]
    times = max(len(group), max(int(each["more"].get("times", 1)) for each in group))
    what = deed(row, zone)
    if times > 1:
        span = f"from {instant(first, zone)} to {instant(row['at'], zone)}"
        what += f"; asked {times} times {span}: {'; '.join(map(str, row['why']))}"
    message = messages.get(str(row.get("message") or "")) if row["final"] else None
    because = tuple(_because(row, message, zone, who, repeated=times > 1))
    return Said(first, row["at"], times, where(row), row["step"], what, because, tuple(group))


def where(row: Row) -> str:
    """Return where in its sequence something was decided."""
    return {"entry": AT_THE_DOOR, "end": AT_THE_END, "retry": BY_HAND}.get(row["kind"], str(row["step"] or ""))


def deed(row: Row, zone: tzinfo) -> str:
    """Return what a row says was done, in the words of every timeline.

    >>> from datetime import UTC
    >>> door = {"kind": "entry", "did": "refused:again", "why": ["was in it before"], "more": {}}
    >>> deed(door, UTC), deed(door | {"did": "waits:consent"}, UTC)
    ('did not enter: again', 'waits to enter: consent')
    """
    if row["kind"] == "entry" and str(row["did"]).startswith("waits:"):
        until = f", until {on_clock(row['more']['until'], zone, WHEN)} at most" if row["more"].get("until") else ""
        return f"waits to enter: {row['did'].removeprefix('waits:')}{until}"
    if row.get("asked") == "when":
        return "its 'when' is true" if row["did"] == "took" else "left out: its 'when' is not true"
    return told(row, zone)[0]


def _because(row: Row, message: Row | None, zone: tzinfo, who: str, *, repeated: bool) -> Iterable[str]:
    reason = "; ".join(map(str, row["why"]))
    if reason and not repeated:
        yield reason
    rule = rule_of(row)
    if rule is not None:
        policies = row["more"].get("policies")
        yield f"by {rule.where}" + (f" (policies {short(policies)})" if policies else "")
    if message is not None:
        yield of_ledger(message, zone)
    if row["more"].get("asked"):
        yield "asked: " + " · ".join(f"{name}: {answer}" for name, answer in row["more"]["asked"])
    if row["more"].get("read"):
        yield "read: " + ", ".join(f"{name} = {_value(value)}" for name, value in row["more"]["read"].items())
    if rule is not None and row["did"] not in NOT_FINAL:  # what waits now says it itself; what waited is over
        yield f"what lets it through: {way_out(rule, str(row['sequence']), who)}"


def _value(value: Any) -> str:
    return "missing" if value is None else clean_line(str(value), 80)


FATES = ("accepted_at", "refused_at", "unknown_at", "skipped_at", "handing_over_at", "claimed_at")


def fate_at(message: Row) -> datetime | None:
    """Return when the ledger knew a message's fate, else when it was touched last."""
    return next((message[name] for name in FATES if message.get(name) is not None), None)


def of_ledger(message: Row, zone: tzinfo) -> str:
    """Return what the ledger says of a message: its fate, when, and in the other side's words."""
    at = fate_at(message)
    state = str(message["state"]).replace("_", " ")
    when = f" {instant(at, zone)}" if at is not None else ""
    words = message.get("reply") or message.get("reason")
    shown = f"message {message['id']}: {state}{when}" + (f": {clean_line(str(words), LONGEST)}" if words else "")
    if message["state"] == "unknown":
        return f"{shown}; `rapport message settle {message['id']}` tells what became of it"
    return shown


def of_messages(messages: Iterable[Row], zone: tzinfo) -> list[Said]:
    """Return a sentence for each message that no decision speaks of: its run ended on the way, or it is still there."""
    found = []
    for message in messages:
        at = fate_at(message)
        if at is not None:
            subject = f" “{message['subject']}”" if message["subject"] else ""
            what = f"message {str(message['state']).replace('_', ' ')}{subject}"
            step = str(message["step"] or "")
            found.append(Said(at, at, 1, step, step, what, (of_ledger(message, zone),), (message,)))
    return found


def of_pauses(pauses: Iterable[Row], zone: tzinfo) -> list[Said]:
    """Return a sentence for each pause, at the instant it began, with when it ended or will."""
    found = []
    for pause in pauses:
        ends = f", until {instant(pause['ends'], zone)}" if pause["ends"] is not None else ", until it is resumed"
        reason = f": {clean_line(str(pause['reason']), LONGEST)}" if pause["reason"] else ""
        what = f"of {pause['whom']}{ends}"
        found.append(Said(pause["at"], pause["at"], 1, "pause", None, what, (f"by {pause['by']}{reason}",), (pause,)))
    return found
