"""May we write to this contact, on this channel, now? And if not, why.

The questions are asked in one order, each a small function; the first *no* or *not yet* is the answer. The same
questions are asked by the simulation, before a message is rendered, and again at the moment it is claimed.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.facts import Facts
from domain.permission import (
    ALLOWED,
    addressed,
    barred,
    consented,
    held_out,
    no_open_case,
    not_duplicate,
    not_held_out,
    suppressed,
    wanted,
)
from domain.standing import WEBHOOK
from domain.systems import OF_SYSTEMS
from domain.timing import (
    in_window,
    not_asked_lately,
    not_before,
    not_quiet,
    not_suspended,
    not_their_pause,
    not_their_quiet,
    under_cap,
    waits_for,
)
from domain.verdicts import Answer, Asked, No, NotYet, Proposed, Question, Verdict, expiry, outlives_cases

__all__ = [
    "AGAIN",
    "ALLOWED",
    "QUESTIONS",
    "Answer",
    "No",
    "NotYet",
    "Proposed",
    "Question",
    "Verdict",
    "ask",
    "barred",
    "expiry",
    "held_out",
    "named",
    "not_before",
    "overlaid",
    "waits_for",
    "wanted",
]

# messaging.md section 1 and docs/consent.md; what is sent twice is asked before what is sent too often, so that it is
# not put off for a week to be sent a second time then.
QUESTIONS: Sequence[Question] = (
    suppressed,
    addressed,
    consented,
    no_open_case,
    not_held_out,
    not_suspended,
    not_their_pause,
    not_duplicate,
    not_asked_lately,
    under_cap,
    not_quiet,
    not_their_quiet,
    in_window,
)

# What is asked once more in the transaction that claims the message: what can have changed in between.
AGAIN: Sequence[Question] = (
    suppressed,
    addressed,
    consented,
    no_open_case,
    not_suspended,
    not_their_pause,
    not_duplicate,
    not_asked_lately,
    under_cap,
    not_quiet,
    not_their_quiet,
    in_window,
)

# What the decision log calls the questions.
NAMES = {
    "suppressed": "suppression",
    "addressed": "address",
    "consented": "consent",
    "no_open_case": "case",
    "not_held_out": "holdout",
    "not_suspended": "pause",
    "not_their_pause": "own_pause",
    "not_duplicate": "duplicate",
    "not_asked_lately": "survey",
    "under_cap": "cap",
    "not_quiet": "quiet",
    "not_their_quiet": "own_quiet",
    "in_window": "window",
    "may_be_told": "suppression",
    "not_kept_from_calling": "holdout",
    "in_own_window": "window",
}
EXPIRED = "expired"


def ask(proposed: Proposed, facts: Facts, questions: Sequence[Question] = QUESTIONS) -> Verdict:
    """Ask every question in order; the first that does not say yes is the verdict.

    Of what is told to another system other things are asked (`domain/systems.py`).
    """
    if proposed.need.channel == WEBHOOK:
        questions = OF_SYSTEMS
    expires = expiry(proposed, facts)
    if facts.now >= expires:
        said = expired_words(expires, facts.waited_for)
        return Verdict("no", EXPIRED, asked=[(EXPIRED, said)], why=said)
    asked: list[tuple[str, str]] = [(EXPIRED, f"of use until {_minute(expires)}")]
    for question in questions:
        answer, name = question(proposed, facts), named(question)
        if isinstance(answer, str):
            asked.append((name, answer))
            continue
        asked.append((name, answer.said or answer.reason))
        if isinstance(answer, No):
            return Verdict("no", answer.reason, asked=asked, why=answer.reason)
        if answer.until is None and facts.held_by and outlives_cases(proposed, facts):
            return Verdict("later", answer.reason, None, asked, answer.reason)
        until = expires if answer.until is None else min(answer.until, expires)
        return Verdict("later", answer.reason, until, asked, answer.reason, in_vain=until == expires)
    return Verdict("go", asked=asked)


def expired_words(expires: datetime, waited_for: str) -> str:
    """Return what the log says of a message that is of no use any more, and of what it waited for last."""
    return f"expired at {_minute(expires)}" + (f", waiting for: {waited_for}" if waited_for else "")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def named(question: Question) -> str:
    """Return what the decision log calls a question."""
    return NAMES.get(question.__name__, question.__name__)


def overlaid(asked: Asked, again: Asked) -> Asked:
    """Return all that was asked of a message, each question once, with its last answer.

    >>> overlaid([("cap", "1 of 3"), ("window", "open")], [("cap", "2 of 3")])
    [('cap', '2 of 3'), ('window', 'open')]
    """
    return list((dict(asked) | dict(again)).items())
