"""What a follow-up's workflow asks: what rings now, and what becomes of what a person wants done.

The instant is the workflow's, in full seconds, as everything that is due: what an activity's own clock says does not
matter.

Each is one transaction that takes the row, so it may be begun anew at any place: an alarm that has rung does not ring
again, and an action that was done is known by its key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.intake import DatabaseAway
from domain.follow_up_actions import Action
from domain.follow_up_door import REFUSED, Stands, stands
from domain.needs import Value
from records.case_models import ServiceCase
from records.follow_up_models import FollowUp
from records.follow_up_rows import state_of
from records.follow_ups import Kept, act, look
from records.happening import Happening
from records.models import Contact
from records.published import Published
from records.session import Database
from records.timeline import record_all


class Looking(Value):
    """A follow-up at an instant of its workflow; `asked` if somebody changed something that concerns it."""

    follow_up: str
    now: datetime
    asked: bool = False


class Acting(Value):
    """What a person wants done, known by its `key` if it is asked twice."""

    follow_up: str
    now: datetime
    key: str
    action: Action


@dataclass
class People:
    """The activities of follow-ups."""

    main: Database
    published: Published

    @activity.defn(name="look_at_follow_up")
    async def look(self, looking: Looking) -> Stands:
        """Let ring what is due, and return where it stands."""
        now = looking.now.replace(microsecond=0)

        def work(session: Session) -> Kept | None:
            return look(session, self.published, looking.follow_up, now, asked=looking.asked)

        return _stands(await self._write(work, now))

    @activity.defn(name="act_on_follow_up")
    async def act(self, acting: Acting) -> Stands:
        """Do what a person wants done. Raises an `ApplicationError` of type `Refused` that says why not."""
        now = acting.now.replace(microsecond=0)

        def work(session: Session) -> Kept | None:
            return act(session, self.published, acting.follow_up, acting.action, acting.key, now)

        kept = await self._write(work, now)
        if kept is None:
            raise refusing(f"there is no task {acting.follow_up}")
        if kept.refusal is not None:
            raise refusing(kept.refusal)
        return _stands(kept)

    async def _write(self, work: Callable[[Session], Kept | None], now: datetime) -> Kept | None:
        return await writing(self.main, self.published, work, now)


class Moved(Protocol):
    """A row after a move, with what the timeline is to be told of it."""

    @property
    def row(self) -> FollowUp | ServiceCase: ...
    @property
    def told(self) -> tuple[Happening, ...]: ...


Kind = TypeVar("Kind", bound=Moved)


async def writing(
    main: Database, published: Published, work: Callable[[Session], Kind | None], now: datetime
) -> Kind | None:
    """Make a move and record what the timeline is told of it, in one transaction. Raises `DatabaseAway`."""

    def write(session: Session) -> Kind | None:
        kept = work(session)
        if kept is not None and kept.told:
            contact = session.get(Contact, kept.row.contact_id)
            assert contact is not None, "what people do is done for a contact"
            record_all(session, published, contact, kept.told, now)
        return kept

    try:
        return await main.write(write)
    except DBAPIError as error:
        # Without a text of the database's: that would repeat the row.
        raise DatabaseAway(f"database: {type(error).__name__}; it goes on when it can") from None


def refusing(why: str) -> ApplicationError:
    """Return the error that tells whoever asked why something makes no sense."""
    # An answer, no fault of ours: benign ones leave no stack, and nothing that somebody typed, in the worker's log.
    return ApplicationError(why, type=REFUSED, non_retryable=True, category=ApplicationErrorCategory.BENIGN)


def _stands(kept: Kept | None) -> Stands:
    if kept is None:
        return Stands(ended="is gone")
    return stands(state_of(kept.row), kept.row.moves, kept.row.next_at)
