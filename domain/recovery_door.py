"""What a case's workflow knows of it: when something is due, what is to be delivered, and whether it is over.

The one thing to know: nothing about a case is over for good before everything is, so what people want is asked of the
records, in the transaction that would do it.
"""

from datetime import datetime

from domain.needs import Value
from domain.recovery import Case
from domain.remedy_moves import to_deliver


class CaseStands(Value):
    """Where a case stands after so many `moves`."""

    moves: int = 0
    number: int | None = None
    stage: str = ""
    """open, waiting, resolved or closed."""
    due: datetime | None = None
    """When something rings next by itself."""
    deliver: tuple[str, ...] = ()
    """The remedies that were granted and are to be delivered."""
    over: bool = False
    """Whether nothing happens any more."""


def case_stands(case: Case, moves: int, due: datetime | None) -> CaseStands:
    """Return what its workflow is told."""
    return CaseStands(
        moves=moves,
        number=case.number,
        stage=case.stage,
        due=due,
        deliver=tuple(each.id for each in to_deliver(case)),
        over=case.over_at is not None,
    )
