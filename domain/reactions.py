"""What people are taken to do with messages in a forecast: a share of those who get one, drawn by lot.

Nobody knows what people will do. A rate says it of many: the same contacts do the same at every run, because each lot
is a hash of contact, step and event.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from domain.lots import PLACES, place
from domain.script import Scripted
from domain.spans import Span
from domain.written import Written

WORDS = re.compile(r"(?P<event>\w+)(?: of (?P<of>\S+))?\s*:\s*(?P<rate>\d{1,3}(?:\.\d+)?)\s*%(?: after (?P<after>.+))?")
USUAL = "4 hours"


class Reaction(Written):
    """A share of the messages (of one step, if it is named) that are followed by an event, so long after.

    >>> Reaction.parse("clicked of tips: 8% after 2 hours").after
    datetime.timedelta(seconds=7200)
    """

    examples = ("clicked: 8%", "clicked of tips: 12% after 2 hours", "unsubscribed: 0.3%")

    event: str
    of: str | None = None
    rate: float
    after: timedelta

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        found = WORDS.fullmatch(words)
        if found is None or float(found["rate"]) > 100:
            raise ValueError(
                f"'{words[:60]}' is no rate; write it like 'clicked: 8%' or 'clicked of tips: 8% after 1 day'"
            )
        after = Span.parse(found["after"] or USUAL).elapsed()
        return {"event": found["event"], "of": found["of"], "rate": float(found["rate"]) / 100, "after": after}

    def falls_on(self, contact: str, step: str) -> bool:
        """Tell whether this contact does it with the messages of this step."""
        return self.of in (None, step) and place(f"{self.event}/{step}", contact) < self.rate * PLACES


def drawn_by(reactions: Iterable[Reaction], contact: str, step: str) -> tuple[Reaction, ...]:
    """Return what a contact does with the messages of a step."""
    return tuple([reaction for reaction in reactions if reaction.falls_on(contact, step)])


def following(reactions: Iterable[Reaction], step: str, sent_at: datetime) -> list[Scripted]:
    """Return these reactions as events, to a message of this step that was sent at this instant."""
    return [Scripted(sent_at + reaction.after, reaction.event, of=step) for reaction in reactions]
