"""A survey's answer: who was asked what by which message, what they said, and what that means.

The one thing to know: the link only shows the page, with a score chosen already where it names one. Link scanners open
every link of a mail, so only the page's button is an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.survey_policy import LOW, SCALES, Kind, Survey, Surveys

SURVEY_URL = "survey_url"
"""The name under which a template shows the link to the page."""
PURPOSE = "survey"
MOST_WORDS = 2_000
"""So many characters a comment has."""

# Of 0 to 10, and of 1 to 7: what is low there is 2 of 5 or less, what is neither is 3.
_OF_NPS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5)
_OF_EFFORT = (1, 2, 2, 3, 4, 4, 5)


@dataclass(frozen=True)
class Link:
    """What a link to a survey says: whom it asks, which survey of which kind, by which message, written when.

    The kind stands in it, so that the page can be shown and answered while the records are away.
    """

    contact: str
    survey: str
    kind: Kind
    message: str
    made_at: datetime

    def parts(self) -> list[str]:
        """Return it as the parts of a token."""
        return [self.contact, self.survey, self.kind, self.message, self.made_at.isoformat(timespec="seconds")]

    @classmethod
    def read(cls, parts: Sequence[str] | None) -> "Link | None":
        """Return what the parts of a token say, None if it is none of ours.

        >>> from datetime import UTC
        >>> link = Link("c1", "nps", "nps", "m1", datetime(2026, 3, 27, 9, tzinfo=UTC))
        >>> Link.read(link.parts()) == link, Link.read(["c1", "nps"]) is None
        (True, True)
        """
        if parts is None or len(parts) != 5:
            return None
        contact, survey, kind, message, made_at = parts
        known = next((each for each in SCALES if each == kind), None)
        return None if known is None else cls(contact, survey, known, message, datetime.fromisoformat(made_at))

    def asks(self, policy: Surveys) -> Survey:
        """Return the survey that is meant; as delivered, where the policy has none of this name and kind any more."""
        survey = policy.named(self.survey)
        return survey if survey is not None and survey.kind == self.kind else Survey(kind=self.kind)

    def can_be_answered(self, policy: Surveys, first: datetime | None, now: datetime) -> bool:
        """Whether an answer is taken now; `first` is when they answered first, None if they have not."""
        if first is not None:
            return now < first + policy.change_within.elapsed()
        return now < self.made_at + policy.works_for.elapsed()


@dataclass(frozen=True)
class Said:
    """What somebody answered: the score, a comment; of a case the effort and whether the promise was kept, too."""

    score: int
    comment: str = ""
    effort: int | None = None
    kept: bool | None = None

    def data(self) -> dict[str, Any]:
        """Return it as the fields of an event; what they did not say is left out.

        >>> Said(4, kept=True).data()
        {'score': 4, 'kept': True}
        """
        found = {"score": self.score, "comment": self.comment or None, "effort": self.effort, "kept": self.kept}
        return {name: value for name, value in found.items() if value is not None}


def read_answer(survey: Survey, posted: Mapping[str, str]) -> Said | None:
    """Return what a page of ours posted; None where no score of the scale is among it.

    >>> read_answer(Survey(kind="csat"), {"score": "5", "comment": " Thank you "})
    Said(score=5, comment='Thank you', effort=None, kept=None)
    >>> read_answer(Survey(kind="csat"), {"score": "9"}) is None
    True
    """
    score = score_on(survey, posted.get("score"))
    if score is None:
        return None
    comment = posted.get("comment", "").replace("\x00", "").replace("\r\n", "\n").strip()[:MOST_WORDS]
    if survey.kind != "case":
        return Said(score, comment)
    least, most = SCALES["effort"]
    return Said(
        score,
        comment,
        effort=_between(posted.get("effort"), least, most),
        kept={"yes": True, "no": False}.get(posted.get("kept", "")),
    )


def score_on(survey: Survey, text: str | None) -> int | None:
    """Return the score that a text names; None where it is none of this survey's.

    >>> [score_on(Survey(kind="nps"), each) for each in ("10", "11", "-1", "٣", "", None)]
    [10, None, None, None, None, None]
    """
    return _between(text, *SCALES[survey.kind])


def _between(text: str | None, least: int, most: int) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 2:
        return None
    return int(text) if least <= int(text) <= most else None


def is_low(survey: Survey, score: int) -> bool:
    """Whether somebody has to be asked what went wrong.

    >>> is_low(Survey(kind="nps"), 6), is_low(Survey(kind="nps"), 7), is_low(Survey(kind="csat", low=3), 3)
    (True, False, True)
    """
    return score <= (LOW[survey.kind] if survey.low is None else survey.low)


def of_five(survey: Survey, score: int) -> int:
    """Return a score as 1 to 5, whichever scale it is on: what is low by default is 1 or 2, what is neither 3.

    >>> of_five(Survey(kind="nps"), 6), of_five(Survey(kind="effort"), 4), of_five(Survey(kind="case"), 4)
    (2, 3, 4)
    """
    if survey.kind == "nps":
        return _OF_NPS[score]
    return _OF_EFFORT[score - 1] if survey.kind == "effort" else score


def event_data(link: Link, policy: Surveys, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the event that an answer is, `said` being what `Said.data` gives."""
    survey, score = link.asks(policy), int(said["score"])
    return {
        "survey": link.survey,
        **said,
        "low": is_low(survey, score),
        "satisfaction": of_five(survey, score),
    }


def link_to(url: str, score: int) -> str:
    """Return the link to the page on which a score is chosen already.

    >>> link_to("https://crm.acme.example/q/T", 9)
    'https://crm.acme.example/q/T?score=9'
    """
    return f"{url}?score={score}"
