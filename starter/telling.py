"""Rows of a timeline in a person's words, on a clock they know. Used by the terminal and the page."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from domain.answers import clean_line
from domain.events import MAIL_LOGGED, MEETINGS, SCORE_REACHED
from domain.logged import EVENTS
from starter.case_words import case_told, of_cases
from starter.task_words import TASK, task_told

SHORT = "%a %d %b %H:%M"
WHEN = "%a %d %b %Y %H:%M"
LONG = "%A %d %B %Y, %H:%M"
ENDS = {
    "completed": "completed",
    "converted": "converted",
    "unsubscribed": "unsubscribed",
    "suppressed": "suppressed",
    "replaced": "replaced: gave way to a later entry",
    "erased": "erased",
    "moved": "moved to another version",
    "failed": "failed",
}
"""How runs end (sequence-language.md section 8), beside `exited:REASON`, in words."""

LOGGED = {event: kind for kind, event in EVENTS.items()}


def on_clock(at: str | datetime, zone: tzinfo, how: str = SHORT) -> str:
    """Return an instant as somebody in `zone` reads it.

    >>> from zoneinfo import ZoneInfo
    >>> on_clock("2026-03-27T09:00:00Z", ZoneInfo("Europe/Berlin"))
    'Fri 27 Mar 10:00'
    """
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return instant.astimezone(zone).strftime(how)


def deed(row: Mapping[str, Any], zone: tzinfo) -> str:
    """Return what a row of a timeline says was done, in a few words.

    >>> from datetime import UTC
    >>> deed({"did": "sent", "subject": "Hello"}, UTC)
    'sent “Hello”'
    >>> deed({"did": "deferred", "until": "2026-03-27T09:00:00Z"}, UTC)
    'put off until Fri 27 Mar 09:00'
    >>> deed({"did": "took", "kind": "repeat", "arm": "none"}, UTC)
    "'until' is not true yet"
    """
    did = str(row["did"])
    return _phrases(row, zone).get(did, did.replace("_", " "))


def _phrases(row: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    until = f" until {on_clock(row['until'], zone)}" if row.get("until") else ""
    return {
        "sent": f"sent “{row.get('subject') or row.get('template', '')}”",
        "held": f"held back{until}",
        "deferred": f"put off{until}",
        "skipped": "not sent" if "template" in row else "left out",
        "waited": "waited",
        "matched": f"{row.get('event', 'it')} happened" if "outcome" not in row else f"completed: {row['outcome']}",
        "timed_out": "nothing came in time",
        "took": _arm(row),
        "updated": "record changed",
        "refused": "refused by the other side",
        "unknown": "nobody can know whether it arrived",
        "opened": f"opened “{row.get('task') or row.get('case') or ''}”",
        "called": f"called {row.get('url', 'another system')}",
        "started": f"started {row.get('sequence', '')}",
        "stopped": f"stopped {row['sequence']}" if "sequence" in row else "stopped: it could not go on",
        "notified": f"told {row.get('team') or row.get('notify') or 'the team'}",
        "exited": f"left{': ' + str(row['reason']) if row.get('reason') else ''}",
    }


def _arm(row: Mapping[str, Any]) -> str:
    arm = str(row.get("arm", ""))
    if row.get("kind") == "repeat":
        return f"'until' is {'true' if arm == 'until' else 'not true yet'}"
    if arm == "none":
        return "no condition was true, went on"
    return f"took arm {arm}" if arm.isdigit() else f"took {arm or 'it'}"


# Every word that a step's row may have for what it did (docs/why.md); another one would be shown as it is.
DEEDS = frozenset(_phrases({"did": ""}, UTC))


def reasons(row: Mapping[str, Any]) -> str:
    """Return why, in one line: of something put off only the question that said no, which is the last."""
    why = [str(each) for each in row.get("why") or ()]
    return "; ".join(why[-1:] if row.get("did") in ("deferred", "skipped") else why)


def ended(reason: str) -> str:
    """Return how a run ended, in words.

    >>> ended("exited:no-answer"), ended("refused:consent"), ended("replaced")
    ('left: no-answer', 'did not enter: consent', 'replaced: gave way to a later entry')
    """
    kind, _, detail = reason.partition(":")
    phrases = {"exited": "left", "refused": "did not enter"}
    return f"{phrases[kind]}: {detail}" if detail and kind in phrases else ENDS.get(reason, reason.replace("_", " "))


def standing(place: Mapping[str, Any], zone: tzinfo) -> str:
    """Return where a run is, until when at most, and in whose words.

    >>> from zoneinfo import ZoneInfo
    >>> waits = {"step": "wait-2", "until": "2026-03-27T08:00:00Z", "why": "2 days at 09:00 Europe/Berlin"}
    >>> standing(waits, ZoneInfo("Europe/Berlin"))
    'at wait-2 until Fri 27 Mar 2026 09:00 (2 days at 09:00 Europe/Berlin)'
    >>> standing({"step": "hello", "until": None, "why": ""}, ZoneInfo("Europe/Berlin"))
    'at hello'
    """
    until = f" until {on_clock(place['until'], zone, WHEN)}" if place["until"] else ""
    return f"at {place['step']}{until}" + (f" ({place['why']})" if place["why"] else "")


def happened(row: Mapping[str, Any], zone: tzinfo) -> tuple[str, str]:
    """Return what an event was, and what is known of it beside what the line says anyway.

    >>> happened({"event": "purchased", "data": {"amount": 40}}, UTC)
    ('purchased', 'amount: 40')
    >>> call = {"person": "ada", "minutes": 1, "outcome": "reached", "text": "Hm."}
    >>> happened({"event": "call_logged", "data": call}, UTC)
    ('call, 1 minute: reached', 'Hm.')
    """
    name, data = row["event"], row["data"]
    if name in MEETINGS:
        return _meeting(name, data, zone)
    if name.startswith(TASK):
        return task_told(name, data, zone, row.get("title"))
    if of_cases(name):
        return case_told(name, data, zone)
    if name == MAIL_LOGGED:
        return _mail(data)
    if name == SCORE_REACHED:
        return f"score {data.get('score')} reaches {data.get('threshold')}", "; ".join(map(str, data.get("why", ())))
    if name not in LOGGED:
        said = {field: each for field, each in data.items() if field != "person" or each != row.get("person")}
        return name, _pairs(said, 80)
    what = LOGGED[name] + (f", {_minutes(data['minutes'])}" if data.get("minutes") is not None else "")
    outcome = data.get("outcome")
    return what + (f": {outcome}" if outcome else ""), clean_line(str(data.get("text", "")), 300)


def _mail(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return what was written by mail, and by whom where that was none of us.

    >>> _mail({"subject": "Re: Visit", "text": "Thursday is fine.", "from": "bob@customer.example"})
    ('mail: Re: Visit', 'from bob@customer.example: Thursday is fine.')
    """
    subject, text = clean_line(str(data.get("subject", "")), 100), clean_line(str(data.get("text", "")), 300)
    sender = [f"from {clean_line(str(data['from']), 100)}"] if data.get("from") else []
    return "mail" + (f": {subject}" if subject else ""), ": ".join([*sender, *([text] if text else [])])


def _meeting(name: str, data: Mapping[str, Any], zone: tzinfo) -> tuple[str, str]:
    """Return what became of a meeting.

    >>> _meeting("meeting_booked", {"title": "Visit", "starts_at": "2026-03-05T09:00:00Z", "host": "Ada"}, UTC)
    ('meeting booked: Visit, Thu 05 Mar 2026 09:00', 'with Ada')
    """
    about = [clean_line(str(data[field]), 80) for field in ("title",) if data.get(field)]
    with contextlib.suppress(ValueError):  # our own systems may say it in other words
        about += [on_clock(str(data["starts_at"]), zone, WHEN)] if data.get("starts_at") else []
    minutes, host, place, answers = (data.get(field) for field in ("minutes", "host", "place", "answers"))
    why = [_minutes(minutes)] if minutes is not None else []
    why += [f"with {clean_line(str(host), 80)}"] if host else []
    why += [clean_line(str(each), 80) for each in (place, data.get("reason")) if each]
    why += [_pairs(answers, 80)] if isinstance(answers, Mapping) and answers else []
    return name.replace("_", " ") + (f": {', '.join(about)}" if about else ""), "; ".join(why)


def _minutes(count: Any) -> str:
    return f"{count} minute{'' if count == 1 else 's'}"


def _pairs(said: Mapping[str, Any], most: int) -> str:
    return "; ".join(f"{field}: {clean_line(str(each), most)}" for field, each in said.items())


def told(row: Mapping[str, Any], zone: tzinfo) -> tuple[str, str]:
    """Return what a row of a contact's history says happened, and why."""
    kind = row["kind"]
    if kind == "consent":
        return f"consent: {row['topic']} {row['state']}", f"{row['basis']}, {row['source']}"
    if kind == "event":
        return happened(row, zone)
    if kind == "message":
        subject = f" “{row['subject']}”" if row["subject"] else ""
        return f"message {row['state']}{subject}", row["reason"] or ""
    if kind in ("pause", "resume"):
        until = f" until {on_clock(row['until'], zone)}" if row.get("until") else ""
        return ("goes on" if kind == "resume" else f"paused{until}"), row.get("reason") or ""
    why = "; ".join(map(str, row["why"]))
    if kind == "retry":
        return "put back where it had failed", ""
    if kind == "end":
        return ended(str(row["more"].get("reason") or row["did"])), why
    if kind == "entry":
        entered = row["did"] == "entered"  # then every check said yes; else the last one did not
        return ("entered", "") if entered else (ended(row["did"]), str(row["why"][-1]) if row["why"] else "")
    return deed({**row["more"], "kind": row["step_kind"], "did": row["did"]}, zone), why
