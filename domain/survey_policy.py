"""policies/surveys.yaml: what customers are asked, on which scale, what counts as low, and how often at most.

The one thing to know: it may be missing, and so may every survey in it. `csat`, `nps`, `effort` and `case` are always
there as delivered; a company changes their words, or adds surveys of its own.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from domain.spans import Span

Kind = Literal["csat", "nps", "effort", "case"]
Language = Literal["en", "de"]
"""The languages that pages speak (`starter/link_words.py`; a test compares them)."""
Said = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]

SCALES: dict[Kind, tuple[int, int]] = {"csat": (1, 5), "nps": (0, 10), "effort": (1, 7), "case": (1, 5)}
"""The least and the greatest score of each kind; on all of them more is better."""

# CSAT and NPS: service.md section 3, row 0; 0 to 6 are detractors (Reichheld, "The One Number You Need to Grow", HBR
# 12/2003). Effort is asked as in CES 2.0 (Dixon, Toman, DeLisi, "The Effortless Experience", 2013): how far they agree
# that it was easy, 4 is neither; who disagrees (1 to 3) had much effort. A case is asked for satisfaction, as in CSAT.
LOW: dict[Kind, int] = {"csat": 2, "nps": 6, "effort": 3, "case": 2}
"""The greatest score that is low, of each kind."""

_FROZEN = ConfigDict(frozen=True, extra="ignore")


class Words(BaseModel):
    """Something that is said in each language; what is not written is as delivered."""

    model_config = _FROZEN

    en: Said | None = None
    de: Said | None = None

    def in_(self, lang: Language) -> str | None:
        """Return it in a language; None where it is not written."""
        return self.de if lang == "de" else self.en


class Survey(BaseModel):
    """One survey: its kind, and whatever of it is not as delivered."""

    model_config = _FROZEN

    kind: Kind
    """csat (1 to 5), nps (0 to 10), effort (1 to 7: it was easy), or case (satisfaction, effort, was the promise
    kept)."""
    question: Words = Words()
    """What is asked, by language."""
    lowest: Words = Words()
    """What the least score means, by language."""
    highest: Words = Words()
    """What the greatest score means, by language."""
    thanks: Words = Words()
    """What is said to whoever has answered, by language."""
    low: int | None = Field(default=None, ge=0, le=10)
    """The greatest score that is low; without one, 2 of csat and case, 6 of nps, 3 of effort."""
    waits: Span | None = None
    """How long a message with it may wait for its turn; without one, as long as its class, of a case 14 days."""

    @property
    def lowest_score(self) -> int:
        """The least score there is."""
        return SCALES[self.kind][0]

    @property
    def scores(self) -> range:
        """Every score of its scale, the least first."""
        least, most = SCALES[self.kind]
        return range(least, most + 1)


def _survey_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ValueError(f"'{name}' cannot be the name of a survey; use small letters, digits and -, at most 64")
    return name


def _has_a_length(value: Span) -> Span:
    value.elapsed()
    return value


DELIVERED: dict[str, Survey] = {kind: Survey(kind=kind) for kind in SCALES}
"""The surveys that are always there, each called as its kind."""
# A case's customer is asked whether it was made good, though another survey came first.
DELIVERED["case"] = Survey(kind="case", waits=Span.parse("14 days"))


class Surveys(BaseModel):
    """policies/surveys.yaml"""

    model_config = _FROZEN

    at_most_every: Annotated[Span, AfterValidator(_has_a_length)] = Span.parse("7 days")
    """One survey of a contact in so long, whichever sequence asks; the next waits for its turn."""
    works_for: Annotated[Span, AfterValidator(_has_a_length)] = Span.parse("60 days")
    """How long a link can be answered, counted from when its message was written."""
    change_within: Annotated[Span, AfterValidator(_has_a_length)] = Span.parse("7 days")
    """How long an answer can be changed, counted from the first."""
    surveys: dict[Annotated[str, AfterValidator(_survey_name)], Survey] = Field(default_factory=dict)
    """What is asked, by name; templates name it in their front matter."""

    def named(self, name: str) -> Survey | None:
        """Return the survey of this name, one of the company's or as delivered; None where there is none.

        >>> Surveys().named("nps").kind, Surveys().named("order") is None
        ('nps', True)
        """
        return self.surveys.get(name) or DELIVERED.get(name)

    def names(self) -> frozenset[str]:
        """Return the names of all surveys."""
        return frozenset(self.surveys) | frozenset(DELIVERED)
