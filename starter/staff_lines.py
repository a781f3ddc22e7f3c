"""What happened to a contact, or to a task, in one line each for our people, in every language the page speaks.

Events of your own, and those that have no words here, are said by their names.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from babel.dates import format_datetime

from domain.answers import clean_line
from domain.promise_words import promise_named
from records.task_page import Line
from starter.case_lines import CASE_EVENTS

LONGEST = 300
_PATTERNS = {"en": "EEE d MMM{}, HH:mm", "de": "EEE d. MMM{}, HH:mm"}

YES, NO = {"en": "yes", "de": "ja"}, {"en": "no", "de": "nein"}

# A blank is filled with what the event says; what it does not say is left out with what stands in its brackets.
EVENTS: dict[str, dict[str, str]] = {
    "sent": {"en": "We wrote[: {subject}]", "de": "Wir schrieben[: {subject}]"},
    "clicked": {"en": "Followed a link[: {url}]", "de": "Folgte einem Link[: {url}]"},
    "replied": {"en": "Answered[: {subject}]", "de": "Antwortete[: {subject}]"},
    "auto_replied": {"en": "Automatic answer[, until {until}]", "de": "Automatische Antwort[, bis {until}]"},
    "bounced": {"en": "Our mail came back[: {reason}]", "de": "Unsere Mail kam zurück[: {reason}]"},
    "complained": {"en": "Reported our mail as spam", "de": "Meldete unsere Mail als Spam"},
    "unsubscribed": {"en": "Unsubscribed[ from {topic}]", "de": "Meldete sich ab[ von {topic}]"},
    "resubscribed": {"en": "Subscribed again[ to {topic}]", "de": "Meldete sich wieder an[ für {topic}]"},
    "consent_requested": {"en": "Was asked to confirm[ {topic}]", "de": "Bestätigung erbeten[ für {topic}]"},
    "consent_confirmed": {"en": "Confirmed[ {topic}]", "de": "Bestätigte[ {topic}]"},
    "preferences_changed": {"en": "Changed their preferences", "de": "Änderte die eigenen Einstellungen"},
    "form_submitted": {"en": "Filled in a form[: {form}]", "de": "Füllte ein Formular aus[: {form}]"},
    "survey_answered": {"en": "Answered a survey[: {score}][, {comment}]", "de": "Umfrage[: {score}][, {comment}]"},
    "meeting_booked": {
        "en": "Booked a meeting[ for {starts_at}][: {title}]",
        "de": "Termin[ am {starts_at}][: {title}]",
    },
    "meeting_moved": {"en": "Moved a meeting[ to {starts_at}]", "de": "Termin verschoben[ auf {starts_at}]"},
    "meeting_cancelled": {"en": "A meeting was cancelled[: {reason}]", "de": "Termin abgesagt[: {reason}]"},
    "meeting_missed": {"en": "Missed a meeting", "de": "Termin versäumt"},
    "call_logged": {
        "en": "Call[, {minutes} min][: {outcome}][. {text}]",
        "de": "Anruf[, {minutes} min][: {outcome}][. {text}]",
    },
    "meeting_logged": {
        "en": "Meeting[, {minutes} min][: {outcome}][. {text}]",
        "de": "Treffen[, {minutes} min][: {outcome}][. {text}]",
    },
    "mail_logged": {"en": "Mail[: {subject}][. {text}]", "de": "E-Mail[: {subject}][. {text}]"},
    "suppressed": {"en": "Is not written to any more[: {reason}]", "de": "Wird nicht mehr angeschrieben[: {reason}]"},
    "unsuppressed": {"en": "May be written to again", "de": "Darf wieder angeschrieben werden"},
    "note_added": {"en": "Note[: {text}]", "de": "Notiz[: {text}]"},
    "purchased": {"en": "Bought[ for {amount}][ {currency}]", "de": "Kaufte[ für {amount}][ {currency}]"},
    "refunded": {"en": "Got a refund[ of {amount}][ {currency}]", "de": "Erstattung[: {amount}][ {currency}]"},
    "task_opened": {"en": "Task opened[: {title}]", "de": "Aufgabe entstanden[: {title}]"},
    "task_assigned": {"en": "Given to {to}[: {why}]", "de": "Gegeben an {to}[: {why}]"},
    "task_offered": {"en": "Offered to {to}[: {why}]", "de": "Angeboten an {to}[: {why}]"},
    "task_unassigned": {"en": "Nobody is there[: {why}]", "de": "Niemand ist da[: {why}]"},
    "task_accepted": {"en": "Accepted", "de": "Angenommen"},
    "task_not_accepted": {"en": "Not accepted in time", "de": "Nicht rechtzeitig angenommen"},
    "task_reminded": {"en": "Reminded[ at {percent} %]", "de": "Erinnert[ bei {percent} %]"},
    "task_escalated": {"en": "Overdue: {to} was told", "de": "Überfällig: {to} weiß davon"},
    "task_snoozed": {"en": "Put off[ until {until}]", "de": "Zurückgestellt[ bis {until}]"},
    "task_commented": {"en": "{note}", "de": "{note}"},
    "task_held": {"en": "The contact is away[ until {until}]", "de": "Der Kontakt ist nicht da[, bis {until}]"},
    "task_released": {"en": "The contact is back", "de": "Der Kontakt ist zurück"},
    "task_completed": {"en": "Task completed[: {outcome}][. {note}]", "de": "Aufgabe erledigt[: {outcome}][. {note}]"},
    "task_cancelled": {"en": "Task cancelled[: {why}]", "de": "Aufgabe abgesagt[: {why}]"},
    **CASE_EVENTS,
}


def moment(at: datetime, zone: tzinfo, lang: str, now: datetime) -> str:
    """Return an instant as somebody in `zone` reads it; the year is said if it is another.

    >>> from datetime import UTC
    >>> then = datetime(2026, 5, 4, 7, tzinfo=UTC)
    >>> moment(then, UTC, "en", then), moment(then, UTC, "de", then.replace(year=2027))
    ('Mon 4 May, 07:00', 'Mo. 4. Mai 2026, 07:00')
    """
    shown = at.astimezone(zone)
    year = "" if shown.year == now.astimezone(zone).year else " y"
    return format_datetime(shown, _PATTERNS[lang].format(year), tzinfo=zone, locale=lang)


def line(each: Line, zone: tzinfo, lang: str, now: datetime) -> str:
    """Return what happened, in one line.

    >>> from datetime import UTC
    >>> then = datetime(2026, 5, 4, 7, tzinfo=UTC)
    >>> line(Line(then, "call_logged", data={"minutes": 5, "text": "Likes it."}), UTC, "en", then)
    'Call, 5 min. Likes it.'
    >>> line(Line(then, "moved_house", data={"city": "Bonn"}), UTC, "en", then)
    'Moved house: city Bonn'
    """
    said = {name: _said(value, zone, lang, now) for name, value in (each.data or {}).items()}
    if "promise" in said:
        said["promise"] = promise_named(said["promise"], lang)
    if each.name in EVENTS:
        return clean_line("".join(_filled(EVENTS[each.name][lang], said)), LONGEST)
    name = each.name.replace("_", " ").capitalize()
    more = ", ".join(f"{field} {value}" for field, value in said.items() if value)
    return clean_line(f"{name}: {more}" if more else name, LONGEST)


def _filled(words: str, said: Mapping[str, str]) -> Iterator[str]:
    """Yield the words with their blanks filled; what stands in brackets only where its blanks are said."""
    for number, part in enumerate(words.replace("]", "[").split("[")):
        in_brackets = number % 2 == 1
        blanks = re.findall(r"\{(\w+)\}", part)
        if not in_brackets or all(said.get(blank) for blank in blanks):
            yield part.format_map({blank: said.get(blank, "") for blank in blanks})


def _said(value: Any, zone: tzinfo, lang: str, now: datetime) -> str:
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return YES[lang] if value else NO[lang]
    if isinstance(value, list | tuple):
        return "; ".join(_said(each, zone, lang, now) for each in value)
    text = str(value)
    at = _instant(text)
    return text if at is None else moment(at, zone, lang, now)


def _instant(text: str) -> datetime | None:
    """Return the instant that a text is, None if it is none."""
    if not re.match(r"\d{4}-\d\d-\d\dT", text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
