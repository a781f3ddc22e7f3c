"""What a case's workflow asks: what is due now, what becomes of what a person wants done, and of a remedy.

The instant is the workflow's, in full seconds, as everything that is due. Each is one transaction that takes the row,
so it may be begun anew at any place: an alarm that has rung does not ring again, and an action is known by its key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from activities.people import refusing, writing
from domain.needs import Value
from domain.recovery_actions import CaseAction
from domain.recovery_door import CaseStands, case_stands
from records.case_rows import case_of
from records.cases import KeptCase, act, look, remedy_is
from records.published import Published
from records.session import Database


class LookingAtCase(Value):
    """A case at an instant of its workflow; `asked` if somebody changed something that concerns it."""

    case: str
    now: datetime
    asked: bool = False


class ActingOnCase(Value):
    """What a person wants done, known by its `key` if it is asked twice."""

    case: str
    now: datetime
    key: str
    action: CaseAction


class Settling(Value):
    """What became of a remedy."""

    case: str
    remedy: str
    now: datetime
    delivered: bool
    why: str = ""


@dataclass
class Recoveries:
    """The activities of cases."""

    main: Database
    published: Published

    @activity.defn(name="look_at_case")
    async def look(self, looking: LookingAtCase) -> CaseStands:
        """Let happen what is due, and return where it stands."""
        now = looking.now.replace(microsecond=0)
        kept = await self._write(
            lambda session: look(session, self.published, looking.case, now, asked=looking.asked), now
        )
        return _stands(kept)

    @activity.defn(name="act_on_case")
    async def act(self, acting: ActingOnCase) -> CaseStands:
        """Do what a person wants done. Raises an `ApplicationError` of type `Refused` that says why not."""
        now = acting.now.replace(microsecond=0)
        kept = await self._write(
            lambda session: act(session, self.published, acting.case, acting.action, acting.key, now), now
        )
        if kept is None:
            raise refusing(f"there is no case {acting.case}")
        if kept.refusal is not None:
            raise refusing(kept.refusal)
        return _stands(kept)

    @activity.defn(name="settle_remedy")
    async def settle(self, settling: Settling) -> CaseStands:
        """Write down what became of a remedy, and return where the case stands."""
        now = settling.now.replace(microsecond=0)

        def work(session: Session) -> KeptCase | None:
            return remedy_is(
                session, self.published, settling.case, settling.remedy, settling.delivered, settling.why, now
            )

        return _stands(await self._write(work, now))

    async def _write(self, work: Callable[[Session], KeptCase | None], now: datetime) -> KeptCase | None:
        return await writing(self.main, self.published, work, now)


def _stands(kept: KeptCase | None) -> CaseStands:
    if kept is None:
        return CaseStands(over=True)
    return case_stands(case_of(kept.row), kept.row.moves, kept.row.next_at)
