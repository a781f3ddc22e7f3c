"""What one of our people posted on the page behind their link, read as what they want done.

The one thing to know: each posting has a name of its own, made of the page's key and everything that was filled in. So
a double click, or a form that is sent again, is done once, and another comment from the same page is another comment.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from domain.answers import clean_line, clean_text
from domain.case_links import CASE_VERBS, ONCE
from domain.follow_up import FollowUp
from domain.follow_up_actions import Accept, Action, Cancel, Comment, Complete, PutOff, Reassign
from domain.keys import content_hash
from domain.staff_links import ACCEPT, CANCEL, COMMENT, COMPLETE, REASSIGN, SNOOZE, TAKE, VERBS
from domain.zones import wall

KEY = "key"
LONGEST_NOTE, LONGEST_REASON, LONGEST_OUTCOME = 4000, 400, 100


@dataclass(frozen=True)
class Posted:
    """What was posted: the verb, None if it names none of ours, what was typed, and the name of this posting.

    `again` are the fields that are the same posting once more.
    """

    verb: str | None
    typed: Mapping[str, str]
    key: str
    again: Sequence[tuple[str, str]] = ()

    def keys(self, number: int) -> tuple[str, ...]:
        """Return the names of the deeds it consists of; the last one bears its own."""
        return (*(f"{self.key}/{each}" for each in range(1, number)), self.key)

    def is_begun(self, told: Collection[str]) -> bool:
        """Whether the first of several deeds is done."""
        return f"{self.key}/1" in told


class Incomplete(Exception):
    """Something is missing in a form, or wrong: the name of what is said about it, and what is filled in there."""

    def __init__(self, said: str, **more: object) -> None:
        super().__init__(said)
        self.said, self.more = said, more


def posted(
    token: str, pairs: Sequence[tuple[str, str]], now: datetime, asked_for: str | None = None, whose: str | None = None
) -> Posted:
    """Return what was posted; `asked_for` is the verb that stands in the address, where the form names none.

    What bears no key, since it comes from no page of ours, is the same posting within a minute. What moves money is one
    posting for `whose` it is, whatever was filled in: a remedy is granted once, and one page proposes one.

    >>> noon = datetime(2026, 5, 4, 12)
    >>> twice = [posted("t", [("do", "comment"), ("note", "Hello"), ("key", "k1")], noon) for _ in range(2)]
    >>> twice[0] == twice[1], twice[0].verb
    (True, 'comment')
    >>> posted("t", [("do", "comment"), ("note", "Hi"), ("key", "k1")], noon).key == twice[0].key
    False
    """
    typed = {name: value for name, value in pairs if value}
    verb = typed.get("do") or asked_for
    key = typed.get(KEY) or now.isoformat(timespec="minutes")
    filled = tuple(part for pair in pairs if pair[0] != KEY for part in pair)
    named = content_hash(token, verb or "", key, *filled)
    if verb in ONCE:
        named = content_hash(whose or token, verb, typed.get("remedy") or key)
    again = (*(pair for pair in pairs if pair[0] != KEY), (KEY, key))
    return Posted(verb if verb in (*VERBS, *CASE_VERBS) else None, typed, f"link/{named[7:39]}", again)


def actions(form: Posted, by: str, state: FollowUp, clock: ZoneInfo) -> tuple[Action, ...]:
    """Return what is to be done, one after the other. Raises `Incomplete`.

    To take over is to hand on to oneself, and to accept.
    """
    if form.verb is None:
        raise Incomplete("what_to_do")
    if form.verb == TAKE:
        return Reassign(by=by, to=by), Accept(by=by)
    read = _READERS[form.verb]
    return (read(form.typed, by, state, clock),)


def _accept(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    return Accept(by=by)


def _complete(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    outcome = clean_line(typed.get("outcome", ""), LONGEST_OUTCOME + 1)
    if state.outcomes and outcome not in state.outcomes:
        raise Incomplete("no_outcome", outcomes=", ".join(state.outcomes))
    if not outcome:
        raise Incomplete("any_outcome")
    note = _text(typed, "note", LONGEST_NOTE)
    return Complete(by=by, outcome=_short(outcome, LONGEST_OUTCOME), note=note or None)


def _snooze(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    until = instant(typed.get("at") or typed.get("until", ""), clock)
    if until is None:
        raise Incomplete("no_until")
    return PutOff(by=by, until=until)


def _reassign(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    to = clean_line(typed.get("to", ""), 200)
    if not to:
        raise Incomplete("no_to")
    return Reassign(by=by, to=to, note=_text(typed, "note", LONGEST_NOTE) or None)


def _comment(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    note = _text(typed, "note", LONGEST_NOTE)
    if not note:
        raise Incomplete("no_note")
    return Comment(by=by, note=note)


def _cancel(typed: Mapping[str, str], by: str, state: FollowUp, clock: ZoneInfo) -> Action:
    reason = _text(typed, "reason", LONGEST_REASON)
    if not reason:
        raise Incomplete("no_reason")
    return Cancel(by=by, reason=reason)


_READERS: Mapping[str, Callable[[Mapping[str, str], str, FollowUp, ZoneInfo], Action]] = {
    ACCEPT: _accept,
    COMPLETE: _complete,
    SNOOZE: _snooze,
    REASSIGN: _reassign,
    COMMENT: _comment,
    CANCEL: _cancel,
}


def _text(typed: Mapping[str, str], name: str, most: int) -> str:
    # One more than may be kept: so what is too long is said, and nothing is cut off silently.
    return _short(clean_text(typed.get(name, ""), 4 * most), most)


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise Incomplete("too_long", length=len(text), most=most)
    return text


def instant(text: str, clock: ZoneInfo) -> datetime | None:
    """Return the instant (UTC) that somebody meant who reads this clock; None if it is none.

    An hour that the clocks jump over is the first instant after the jump:

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> [str(instant(text, berlin)) for text in ("2026-05-05T09:00", "2026-03-29 02:30", "tomorrow")]
    ['2026-05-05 07:00:00+00:00', '2026-03-29 01:00:00+00:00', 'None']
    """
    try:
        shown = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if shown.year < 1990 or shown.year > 2200:
        return None
    if shown.tzinfo is not None:
        return shown.astimezone(UTC)
    return wall(date(shown.year, shown.month, shown.day), time(shown.hour, shown.minute, shown.second), clock)
