"""Remedies that were granted, delivered."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from domain.needs import Value
from records.case_models import CaseRemedy
from records.session import Database


class Delivering(Value):
    """A remedy that was granted, and since when it is being delivered."""

    case: str
    remedy: str
    since: datetime


class Fate(Value):
    """What became of it."""

    delivered: bool
    why: str = ""


@dataclass
class Remedies:
    """The activities that deliver remedies."""

    main: Database

    @activity.defn(name="deliver_remedy")
    async def deliver(self, delivering: Delivering) -> Fate:
        """Deliver a remedy: what is nothing but our word is given with it."""

        def way(session: Session) -> str | None:
            row = session.get(CaseRemedy, delivering.remedy)
            return None if row is None else row.way

        if await self.main.read(way) in ("nothing", None):
            return Fate(delivered=True)
        return Fate(delivered=False, why="a person has to do this")
