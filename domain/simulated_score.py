"""The score of a simulated contact, by the rules of the real one: it follows the script, and fades with its clock.

What the contact's file, or `set`, says of it is right at that instant: what is missing to it counts as engagement that
does not fade, for nobody knows what it came of.
"""

from dataclasses import replace
from datetime import datetime

from domain.events import SCORE_REACHED
from domain.facts import Event, Facts
from domain.scoring import Scored, Sum, Term, newly_reached, score, still_reached, told
from domain.scoring_policy import Scoring
from domain.script import Scripted

GIVEN = "as the contact's file says"
ASSUMED = "score: at the entry it is what the contact's file says"


class SimulatedScore:
    """What a contact's score rests on, from the entry on. Without policies/scoring.yaml it leaves everything alone."""

    def __init__(self, scoring: Scoring | None) -> None:
        self.scoring = scoring
        self.assumed: list[str] = []
        self.begun = False
        self._given: float | None = None
        self._base = 0.0
        self._sums: tuple[Sum, ...] = ()
        self._reached: dict[str, datetime] = {}
        self._written: object = None

    def begin(self, facts: Facts) -> Facts:
        """Count what happened before the entry; thresholds that were reached by then tell nobody any more."""
        if self.scoring is None:
            return facts
        self.begun = True
        given = facts.contact.get("score")
        self._given = float(given) if isinstance(given, int | float) and given else None
        self._sums = told(self.scoring, (), facts.events)
        facts = self._insist(facts) if self._given is not None else self._written_into(facts, self._scored(facts))
        scored = self._scored(facts)
        self._reached = dict.fromkeys(newly_reached(self.scoring, (), scored), facts.now)
        return facts

    def insist(self, facts: Facts) -> Facts:
        """Have the score be what the contact's file says at the entry, whatever started the run gave."""
        if self.scoring is None or self._given is None:
            return facts
        self.assumed.append(ASSUMED)
        return self._insist(facts)

    def told(self, facts: Facts, event: Event | None) -> tuple[Facts, list[Scripted]]:
        """Return the facts after an event, or after fields changed (None), and the thresholds reached by that."""
        if self.scoring is None or not self.begun:
            return facts, []
        if event is None and facts.contact.get("score") != self._written:
            self._given = float(facts.contact.get("score") or 0)
            facts = self._insist(facts)
        if event is not None:
            facts = self.faded(facts)
            self._sums = told(self.scoring, self._sums, [event])
        scored = self._scored(facts)
        fresh = newly_reached(self.scoring, self._reached, scored)
        self._reached |= dict.fromkeys(fresh, facts.now)
        return self._written_into(facts, scored), [_crossing(name, scored, facts.now) for name in fresh]

    def faded(self, facts: Facts) -> Facts:
        """Return the facts after time has passed, and nothing else."""
        if self.scoring is None or not self.begun:
            return facts
        scored = self._scored(facts)
        self._reached = still_reached(self.scoring, self._reached, scored, facts.now)
        return self._written_into(facts, scored)

    def _scored(self, facts: Facts) -> Scored:
        assert self.scoring is not None, "without a policy nothing is computed"
        found = score(self.scoring, facts, self._sums)
        if not self._base:
            return found
        terms = (*found.terms, Term("engagement", GIVEN, self._base))
        return replace(found, engagement=found.engagement + self._base, terms=terms)

    def _insist(self, facts: Facts) -> Facts:
        assert self._given is not None, "only what was given is insisted on"
        self._base = 0.0
        found = self._scored(facts)
        self._base = self._given - found.fit - found.engagement
        return self._written_into(facts, self._scored(facts))

    def _written_into(self, facts: Facts, scored: Scored) -> Facts:
        self._written = scored.total
        if facts.contact.get("score") == scored.total:
            return facts
        return facts.but(contact={**facts.contact, "score": scored.total})


def _crossing(threshold: str, scored: Scored, at: datetime) -> Scripted:
    return Scripted(at=at, event=SCORE_REACHED, data=scored.told_of(threshold))
