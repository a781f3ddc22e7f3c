"""What is asked before another system is told about a contact (`channel: webhook`).

What we tell our own systems is no message to the contact: caps, quiet hours, consent to topics and a case that is open
are about what reaches a person. What forbids to keep or use their data at all holds here, too
(docs/decisions/webhooks.md).
"""

from collections.abc import Sequence

from domain.facts import Facts
from domain.permission import HOLDOUT, held_out
from domain.timing import not_before, not_suspended
from domain.verdicts import Answer, No, Proposed, Question

FORBIDDEN = ("erased", "legal")
"""The suppressions that are about the use of somebody's data, not about writing to them."""


def may_be_told(proposed: Proposed, facts: Facts) -> Answer:
    """Nobody is told of a person who was erased, or whose data a law or a court keeps us from using."""
    stands = facts.standing.on(proposed.need.channel).suppressed
    reason = next((each for each in FORBIDDEN if each in stands), None)
    return "may be told to our own systems" if reason is None else No(f"suppressed: {reason}")


def not_kept_from_calling(proposed: Proposed, facts: Facts) -> Answer:
    """Of the holdout no system is told what marketing brings about, as none is called (`domain/deeds.py`)."""
    if proposed.class_ != "marketing" and not facts.program.marketing:
        return "no marketing here: told of the holdout, too"
    said = held_out(facts)
    return No(HOLDOUT, said) if said is not None else "not held out"


def in_own_window(proposed: Proposed, facts: Facts) -> Answer:
    """Only a window of the step itself holds what a system is told; that of a sequence is for people."""
    window = proposed.need.window
    if window is None or window == "none":
        return "no window"
    return not_before(window, facts) or f"inside {window}"


OF_SYSTEMS: Sequence[Question] = (may_be_told, not_kept_from_calling, not_suspended, in_own_window)
