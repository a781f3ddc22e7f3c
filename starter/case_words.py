"""What becomes of a case, in words: each line of the timeline that tells of it, and what it does by itself.

The one thing to know: every event `case_*` and `promise_*` has its words here; a test compares them with the rules.
"""

from collections.abc import Mapping
from datetime import timedelta, tzinfo

from domain.answers import clean_line
from domain.promise_words import promise_named
from starter.task_words import Data, Words, reasons_of

CASE, PROMISE = "case_", "promise_"
LETTERS = {
    "acknowledged": "the acknowledgement",
    "reopened": "the acknowledgement that it is open again",
    "update": "the update",
    "question": "our question",
    "reminder": "the reminder of our question",
    "offer": "the offer",
    "refusal": "the refusal with what we offer instead",
    "resolved": "that it is resolved",
    "final_answer": "the final answer",
    "holding": "the holding letter",
    "closed": "that it is closed",
    "closed_unanswered": "that it is closed, since we have heard nothing",
    "survey": "the survey",
}
_MINUTES_OF_AN_HOUR, _HOURS_OF_A_DAY = 60, 24


def of_cases(event: str) -> bool:
    """Whether an event tells of a case."""
    return event.startswith((CASE, PROMISE))


def case_told(event: str, data: Data, zone: tzinfo) -> tuple[str, str]:
    """Return what an event tells of a case, and why.

    >>> from datetime import UTC
    >>> case_told("case_severity_changed", {"number": 7, "severity": "S1", "before": "S3", "why": "a fire"}, UTC)
    ('case 7: severity S1 in place of S3', 'a fire')
    >>> case_told("promise_missed", {"number": 1, "promise": "contact"}, UTC)
    ('case: first contact missed', '')
    """
    what, why = said_of_case(event, data, zone)
    # A promise has a number of its own.
    number = data.get("number") if event.startswith(CASE) else None
    return f"case {number}: {what}" if number else f"case: {what}", why


def said_of_case(event: str, data: Data, zone: tzinfo) -> tuple[str, str]:
    """Return the same without which case it is."""
    words = SAID.get(event)
    return words(data, zone) if words is not None else (event.replace("_", " "), reasons_of(data))


def letter_named(letter: str) -> str:
    """Return what a letter to the customer is called, by its name or its key.

    >>> letter_named("acknowledged/1"), letter_named("thank-you")
    ('the acknowledgement', 'thank-you')
    """
    return LETTERS.get(letter.partition("/")[0], letter.partition("/")[0])


def ring_in_words(key: str) -> str:
    """Return what a case does by itself when this rings.

    >>> ring_in_words("missed/update:2"), ring_in_words("bought:1/90"), ring_in_words("wait:1/close")
    ('next word to the customer is due', '90 days: whether they bought again', 'closed, if we have heard nothing')
    """
    kind, _, rest = key.partition("/")
    kind = kind.partition(":")[0]
    if kind == "missed":
        return f"{promise_named(rest)} is due"
    if kind == "wait":
        return "closed, if we have heard nothing" if rest == "close" else "the customer is reminded of our question"
    if kind == "bought":
        return f"{rest} days: whether they bought again"
    return _RINGS.get(kind, kind)


_RINGS = {
    "holding": "the customer gets a holding letter, if it is still open",
    "approval": "whoever is asked has said nothing: the next is asked",
    "close": "closed, unless it is opened again",
    "ask": "the customer is asked whether they are satisfied",
    "call": "somebody is asked to call the customer",
    "release": "marketing is released, or somebody decides about it",
    "action": "whether the corrective action has helped",
}


def lasting(span: timedelta) -> str:
    """Return a span as people say it, to the minute.

    >>> [lasting(timedelta(minutes=each)) for each in (0, 59, 125, 3000)]
    ['less than a minute', '59 min', '2 h 5 min', '2 d 2 h']
    """
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, _MINUTES_OF_AN_HOUR)
    days, hours = divmod(hours, _HOURS_OF_A_DAY)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{count} {unit}" for count, unit in (parts[:2] if days else parts) if count]
    return " ".join(said) or "less than a minute"


def _opened(data: Data, zone: tzinfo) -> tuple[str, str]:
    severity = f", {data['severity']}" if data.get("severity") else ""
    title = f" “{clean_line(str(data['title']), 100)}”" if data.get("title") else ""
    return f"opened{title}{severity}", clean_line(str(data.get("source") or ""), 200)


def _graded(data: Data, zone: tzinfo) -> tuple[str, str]:
    before = f" in place of {data['before']}" if data.get("before") else ""
    return f"severity {data.get('severity', '?')}{before}", reasons_of(data)


def _reopened(data: Data, zone: tzinfo) -> tuple[str, str]:
    severity = f", {data['severity']}" if data.get("severity") else ""
    return f"opened again{severity}", reasons_of(data)


def _diagnosed(data: Data, zone: tzinfo) -> tuple[str, str]:
    before = f" in place of {data['before']}" if data.get("before") else ""
    return f"its cause is {data.get('cause', 'known')}{before}", reasons_of(data)


def _contacted(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "the customer was contacted" + (f" by {data['channel']}" if data.get("channel") else ""), reasons_of(data)


def _resolved(data: Data, zone: tzinfo) -> tuple[str, str]:
    how = {"accepted": ", the customer agrees", "final_answer": " with our final answer"}
    return f"resolved{how.get(str(data.get('how')), '')}", reasons_of(data)


def _closed(data: Data, zone: tzinfo) -> tuple[str, str]:
    outcome = f": {clean_line(str(data['outcome']), 100).replace('_', ' ')}" if data.get("outcome") else ""
    return f"closed{outcome}", reasons_of(data)


def _letter_failed(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"{letter_named(str(data.get('letter', 'letter')))} did not reach the customer", reasons_of(data)


def _bought(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"{data.get('days', '?')} days later they had {'' if data.get('bought') else 'not '}bought again", ""


def _promise(kept: str) -> Words:
    return lambda data, zone: (f"{promise_named(str(data.get('promise', 'promise')))} {kept}", reasons_of(data))


def _remedy(what: str) -> Words:
    def said(data: Data, zone: tzinfo) -> tuple[str, str]:
        amount = f", {data['amount']} {data.get('currency', '')}".rstrip() if data.get("amount") else ""
        instead = f"; instead: {clean_line(str(data['alternative']), 200)}" if data.get("alternative") else ""
        return f"{data.get('kind', 'remedy')}{amount} {what}", reasons_of(data) + instead

    return said


def _plainly(what: str) -> Words:
    return lambda data, zone: (what, reasons_of(data))


def _action(what: str) -> Words:
    def said(data: Data, zone: tzinfo) -> tuple[str, str]:
        owner = f"; {data['owner']} sees to it" if data.get("owner") else ""
        return f"{what} {data.get('cause', 'its cause')}", reasons_of(data) + owner

    return said


SAID: Mapping[str, Words] = {
    "case_opened": _opened,
    "case_joined": _plainly("the customer told of it again"),
    "case_severity_changed": _graded,
    "case_contacted": _contacted,
    "case_updated": _plainly("the customer was told how it stands"),
    "case_waiting": _plainly("we wait for the customer; its clocks stand still"),
    "case_answered": _plainly("the customer has answered; its clocks go on"),
    "case_diagnosed": _diagnosed,
    "case_commented": _plainly("commented"),
    "case_remedy_proposed": _remedy("proposed"),
    "case_remedy_asked": _remedy("waits for the next who is asked"),
    "case_remedy_approved": _remedy("granted"),
    "case_remedy_refused": _remedy("declined"),
    "case_remedy_withdrawn": _remedy("withdrawn"),
    "case_remedy_delivered": _remedy("delivered"),
    "case_remedy_failed": _remedy("could not be delivered"),
    "case_resolved": _resolved,
    "case_reopened": _reopened,
    "case_closed": _closed,
    "case_released": _plainly("marketing released"),
    "case_kept_suspended": _plainly("marketing stays held: somebody is to decide"),
    "case_letter_failed": _letter_failed,
    "case_bought": _bought,
    "case_action_opened": _action("a corrective action was opened against"),
    "case_action_joined": _action("joins the corrective action against"),
    "case_action_checked": _action("it was looked whether there is less of"),
    "promise_kept": _promise("kept"),
    "promise_missed": _promise("missed"),
}
