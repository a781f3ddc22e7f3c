"""Where a run stands, found by walking its decision log again.

The log holds what every visit of a step was told, and when. So a run can be put back on its way where it stood, and
anybody can say where somebody is without asking who carries them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.needs import Broken, Outcome
from domain.program import Program
from domain.run import Run, advance, asks_admission, departed, entered


@dataclass(frozen=True)
class Told:
    """The outcome of one visit of a step, and when it was decided. `admission`: of the step's own `when`."""

    step: str
    visit: int
    admission: bool
    at: datetime
    outcome: Outcome


def walked(program: Program, entered_at: datetime, log: Iterable[Told]) -> Run:
    """Return the run of a contact that entered at this instant and was told all this, in order.

    What belongs to no place where the run comes by is left out, and so is what broke a step: there the run stands.
    """
    run = entered(program, entered_at)
    for told in log:
        here = (run.position, run.visit, asks_admission(program, run))
        if here == (told.step, told.visit, told.admission) and not isinstance(told.outcome, Broken):
            run = advance(program, departed(program, run, told.at), told.outcome, told.at)
    return run
