"""Which rule stands behind an answer in the decision log, in which file, and what would make the answer another one.

One row for each question of the gate, for each check at the door; a test asks for a row when there is a new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MESSAGING = "policies/messaging.yaml"
PATIENCE = "nothing has to be done: it goes by itself then"
NEVER = "nothing: this message is not sent any more"


@dataclass(frozen=True)
class Rule:
    """Where a rule stands, and what lets through what it keeps back. `{sequence}` and `{who}` are filled in."""

    where: str
    way_out: str


GATE: Mapping[str, Rule] = {
    "hold": Rule("the pause of this contact", "`rapport resume {sequence} {who}`, or the end of the pause"),
    "expired": Rule(f"`expires` of the step, else of its class in {MESSAGING}", NEVER),
    "suppression": Rule("the table of docs/consent.md, by the class of the template", "what lifts the suppression"),
    "address": Rule("the contact's record", "an address on this channel"),
    "consent": Rule(f"`topics` of {MESSAGING}, and what the contact said", "a yes to the topic on this channel"),
    "case": Rule(
        "a case of the contact that is not released", "the end of the case; see `rapport case list --contact {who}`"
    ),
    "holdout": Rule(f"`holdout` of {MESSAGING}", NEVER),
    "pause": Rule("the pause of the sequence", "`rapport resume {sequence}`, or the end of the pause"),
    "own_pause": Rule("their preference page", "the end of the pause they asked for, or their preference page"),
    "duplicate": Rule("one address, one template, one day (docs/consent.md)", NEVER),
    "survey": Rule(
        "`at_most_every` of policies/surveys.yaml, and of `ask` in policies/recovery.yaml",
        "the day on which they may be asked again",
    ),
    "cap": Rule(f"`caps` of {MESSAGING}", "an older message that leaves the span"),
    "quiet": Rule(f"`quiet` of {MESSAGING}", PATIENCE),
    "own_quiet": Rule("their preference page", PATIENCE),
    "window": Rule("`window` of the step, else of the sequence", PATIENCE),
    "throttle": Rule(
        f"`throttles` of {MESSAGING}, or a channel that stands still", "its turn; see `rapport channel list`"
    ),
}
"""The questions of the gate, as the decision log names them (docs/consent.md)."""

HELD = Rule("the template: a value is missing", "the value filled in; then `rapport message release`")

DOOR: Mapping[str, Rule] = {
    "suppressed": Rule("the table of docs/consent.md", "what lifts the suppression"),
    "exit": Rule("`exit` of the sequence", "another value in the record"),
    "goal": Rule("`goal` of the sequence", "another value in the record"),
    "again": Rule("`enter.again` of the sequence", "the end of the run, or of the time that `again` names"),
    "where": Rule("`where` of what starts the sequence", "an event of which it is true"),
    "when": Rule("`enter.when` of the sequence", "another value in the record"),
    "consent": Rule(f"`topics` of {MESSAGING}, and what the contact said", "a yes to the sequence's topic"),
    "paused": Rule("the pause of the sequence", "`rapport resume {sequence}`; they do not enter by themselves then"),
    "group": Rule("`group` and `on_conflict` of the sequence", "the end of what runs in its group"),
    "holdout": Rule("`enter.holdout` of the sequence", "nothing: they are held out for comparison"),
    "closed": Rule("what is published", "the sequence published again"),
}
"""The checks at the door of a sequence, in the words of `refused:` and `waits:`."""

NOT_FINAL = ("deferred", "held")


def rule_of(row: Mapping[str, Any]) -> Rule | None:
    """Return the rule that decided a row of the log; None where the step itself says all there is.

    >>> rule_of({"kind": "entry", "did": "refused:again", "why": [], "more": {}}).where
    '`enter.again` of the sequence'
    >>> asked = [["expired", "of use until …"], ["quiet", "quiet hours (night)"]]
    >>> rule_of({"kind": "send", "did": "deferred", "why": ["quiet hours (night)"], "more": {"asked": asked}}).where
    '`quiet` of policies/messaging.yaml'
    """
    did = str(row["did"])
    if row["kind"] == "entry":
        return DOOR.get(did.partition(":")[2])
    if did == "held":
        return HELD
    question = decider(row)
    return GATE.get(question) if question is not None else None


def decider(row: Mapping[str, Any]) -> str | None:
    """Return the question of the gate whose answer kept a message back; None for what went, and what is no message.

    Asked again before it leaves, a message may fall at a question that is not the last of those noted.
    """
    asked: Sequence[Sequence[str]] = row["more"].get("asked") or ()
    why = str(row["why"][-1]) if row["why"] else ""
    if row["did"] not in ("skipped", *NOT_FINAL) or not asked or not why:
        return None
    stem = why.partition(" (")[0]  # the answer may tell more of the same: whose clock, which case
    exact = (name for name, answer in asked if answer == why)
    return next(exact, None) or next((name for name, answer in asked if answer.startswith(stem)), None)


def way_out(rule: Rule, sequence: str, who: str) -> str:
    """Return what would let through what a rule keeps back, with the names that a command needs."""
    return rule.way_out.replace("{sequence}", sequence).replace("{who}", who)


def in_time(out: str) -> str:
    """Return what lets go a message that expires before what it waits for comes by itself.

    >>> in_time(PATIENCE)
    'nothing by itself: it expires then, and is not sent'
    >>> in_time("an address on this channel")
    'an address on this channel, before it expires then'
    """
    return (
        "nothing by itself: it expires then, and is not sent" if out == PATIENCE else f"{out}, before it expires then"
    )
