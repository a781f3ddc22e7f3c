"""Which of two messages the rest gets: the better one where the difference is more than chance, else the first.

The figures the decision was made on are kept with it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.statistics import Share, difference, interval_of

# Fewer in an arm than this show nothing: of ten, one click more or less is ten per cent.
FEWEST = 10

By = Literal["clicks", "conversions"]


class Arm(BaseModel):
    """How one message did: it was `delivered` to so many, and so many did what counts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    delivered: int
    did: int

    @property
    def share(self) -> Share:
        """Those who did, of those who got it."""
        return Share(min(self.did, self.delivered), self.delivered)


class Verdict(BaseModel):
    """The winner (`a` or `b`), whether it was decided by the figures, and why; the figures beside it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    winner: Literal["a", "b"]
    decided: bool
    why: str
    by: By
    a: Arm
    b: Arm


def decide(a: Arm, b: Arm, by: By) -> Verdict:
    """Return which message the rest gets.

    >>> decide(Arm(delivered=1000, did=50), Arm(delivered=1000, did=90), "clicks").winner
    'b'
    >>> verdict = decide(Arm(delivered=40, did=2), Arm(delivered=40, did=3), "clicks")
    >>> verdict.winner, verdict.decided
    ('a', False)
    """

    def verdict(winner: Literal["a", "b"], decided: bool, why: str) -> Verdict:
        return Verdict(winner=winner, decided=decided, why=why, by=by, a=a, b=b)

    fewest = min(a.delivered, b.delivered)
    if fewest < FEWEST:
        return verdict("a", False, f"too few to tell: one of the two reached {fewest}; at least {FEWEST} are needed")
    said = f"{by}: {_spelled(a)} for A, {_spelled(b)} for B"
    apart = difference(b.share, a.share)
    if apart.low <= 0 <= apart.high:
        return verdict("a", False, f"{said}; that may be chance, so A goes on")
    return verdict("b" if apart.low > 0 else "a", True, f"{said}; that is more than chance")


def _spelled(arm: Arm) -> str:
    rate, sure = arm.share.rate or 0.0, interval_of(arm.share)
    return f"{arm.did} of {arm.delivered} ({rate:.1%}, between {sure.low:.1%} and {sure.high:.1%})"
