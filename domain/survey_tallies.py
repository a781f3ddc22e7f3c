"""What customers answered, counted: how many of those asked, how the scores lie, and the figure that is usual for each
kind. Of a few answers no figure is told: one more would change it beyond recognition.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.statistics import Share
from domain.survey_policy import SCALES, Kind

FEWEST_ANSWERS = 10
"""Of fewer there is no figure, only the scores themselves."""

# From which score on somebody is content: 4 and 5 of 5 (CSAT), 9 and 10 promote (NPS), 5 to 7 agree (CES 2.0).
_CONTENT: dict[Kind, int] = {"csat": 4, "nps": 9, "effort": 5, "case": 4}
_DETRACTORS_TO = 6


@dataclass(frozen=True)
class Told:
    """One who was asked, or who answered without: in which month, by which sequence, and what they answered last."""

    month: str
    sequence: str
    score: int | None
    asked: bool = True


@dataclass
class SurveyTally:
    """How a survey was answered: `asked` are messages that left, `told` answers that no message of ours asked for."""

    kind: Kind
    asked: int = 0
    answered: int = 0
    told: int = 0
    scores: Counter[int] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many answers there are."""
        return sum(self.scores.values())

    @property
    def rate(self) -> Share | None:
        """How many of those asked have answered; None where nobody was asked."""
        return Share(self.answered, self.asked) if self.asked else None

    @property
    def enough(self) -> bool:
        """Whether there are enough answers for a figure."""
        return self.count >= FEWEST_ANSWERS

    @property
    def content(self) -> Share:
        """How many are content."""
        return Share(sum(count for score, count in self.scores.items() if score >= _CONTENT[self.kind]), self.count)

    @property
    def average(self) -> float | None:
        """The mean score, on the survey's scale; None of too few, and of NPS."""
        if not self.enough or self.kind == "nps":
            return None
        return sum(score * count for score, count in self.scores.items()) / self.count

    @property
    def nps(self) -> float | None:
        """Promoters less detractors, in points of a hundred, from -100 to 100; None of too few, and of other kinds.

        >>> tally("nps", [Told("2026-05", "nps", score) for score in (10, 9, 9, 9, 8, 7, 7, 6, 3, 0)]).nps
        10.0
        """
        if not self.enough or self.kind != "nps":
            return None
        detractors = sum(count for score, count in self.scores.items() if score <= _DETRACTORS_TO)
        return 100 * (self.content.count - detractors) / self.count

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; what too few answers do not tell is null."""
        least, most = SCALES[self.kind]
        return {
            "kind": self.kind,
            "asked": self.asked,
            "answered": self.answered,
            "told": self.told,
            "answers": self.count,
            "scores": {str(score): self.scores[score] for score in range(least, most + 1)},
            "average": self.average,
            "nps": self.nps,
            "content": self.content.count if self.enough else None,
        }


def tally(kind: Kind, those: Iterable[Told]) -> SurveyTally:
    """Count them."""
    found = SurveyTally(kind)
    for each in those:
        found.asked += each.asked
        found.answered += each.asked and each.score is not None
        found.told += not each.asked
        if each.score is not None:
            found.scores[each.score] += 1
    return found
