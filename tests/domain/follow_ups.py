"""A team of eight for tests, and a virtual clock that drives follow-ups by the rules of production."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.assignment import Staff
from domain.calendars import Calendar, Calendars
from domain.follow_up import FollowUp, Moved, Notify, Tell, alarms
from domain.follow_up_actions import Action, done, refused
from domain.follow_up_moves import opened, planned_anew
from domain.follow_up_ringing import rung
from domain.teams import Absence, Person, Strategy, Team, TeamsPolicy

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar.model_validate(
    {
        "zone": "Europe/Berlin",
        "hours": {"mon-fri": ["09:00-12:30", "13:00-17:30"]},
        "holidays": {"also": ["2026-03-31"]},
    }
)
CALENDARS = Calendars(default="office", calendars={"office": OFFICE})


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 5) -> datetime:
    """2026 in Berlin; the 4th of May is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def person(key: str, **more: object) -> Person:
    return Person.model_validate({"name": key.title(), "email": f"{key}@acme.example", **more})


def team_of(*members: str, assign: Strategy = "round_robin", deputies: dict[str, str] | None = None) -> Staff:
    """A team with a lead (lea), a manager (max) and a head (hal)."""
    known = {key: person(key, deputy=(deputies or {}).get(key)) for key in (*members, "lea", "max", "hal")}
    sales = Team.model_validate(
        {"email": "sales@acme.example", "members": list(members), "assign": assign}
        | {"lead": "lea", "manager": "max", "head": "hal"}
    )
    return Staff(TeamsPolicy(people=known, teams={"sales": sales}), "sales", BERLIN, CALENDARS)


@dataclass
class Keeper:
    """Keeps follow-ups as the records and their workflows do: one at a time, everything at its instant."""

    staff: Staff
    now: datetime
    kept: dict[str, FollowUp] = field(default_factory=dict)
    told: list[tuple[datetime, str, Notify | Tell]] = field(default_factory=list)
    due: dict[str, datetime] = field(default_factory=dict)

    def open(self, state: FollowUp) -> FollowUp:
        self._keep(opened(state, self._seen(), self.now))
        return self.kept[state.id]

    def act(self, id: str, action: Action) -> str | None:
        """Do something, or return why it was refused."""
        refusal = refused(self.kept[id], action, self._seen(), self.now)
        if refusal is None:
            self._keep(done(self.kept[id], action, self._seen(), self.now))
        return refusal

    def moved(self, moved: Moved) -> None:
        self._keep(moved)

    def absent(self, who: str, absence: Absence) -> None:
        absences = {**self.staff.absences, who: (*self.staff.absences.get(who, ()), absence)}
        self.staff = replace(self.staff, absences=absences)
        self._plan_anew()

    def leave(self, who: str) -> None:
        self.staff = replace(self.staff, gone=self.staff.gone | {who})
        self._plan_anew()

    def next_at(self) -> datetime | None:
        """Return when something rings next."""
        return min(self.due.values(), default=None)

    def until(self, instant: datetime) -> None:
        """Let everything ring that is due until then, at its instant."""
        while (due := self.next_at()) is not None and due <= instant:
            self.now = max(self.now, due)
            for id in self.whose(due):
                self.ring(id)
        self.now = instant

    def ring(self, id: str) -> None:
        self._keep(rung(self.kept[id], self._seen(), self.now))

    def whose(self, due: datetime) -> list[str]:
        """Return the follow-ups of which something rings by then."""
        return sorted(id for id, at in self.due.items() if at <= due)

    def said(self, id: str, *abouts: str) -> list[str]:
        """Return who was told what and when of a follow-up: `reminder ada Mon 04 10:00`."""
        found: Iterable[tuple[datetime, Notify]] = (
            (when, deed) for when, of, deed in self.told if of == id and isinstance(deed, Notify)
        )
        return [
            f"{deed.about} {' '.join(deed.to) or 'team'} {when.astimezone(BERLIN):%a %d %H:%M}"
            for when, deed in found
            if not abouts or deed.about in abouts
        ]

    def _plan_anew(self) -> None:
        for id in sorted(self.kept):
            self._keep(planned_anew(self.kept[id], self._seen(), self.now))

    def _seen(self) -> Staff:
        open_ones = [each for each in self.kept.values() if each.ended_at is None and each.assignee is not None]
        loads = {key: sum(each.assignee == key for each in open_ones) for key in self.staff.policy.people}
        return replace(self.staff, open=loads)

    def _keep(self, moved: Moved) -> None:
        self.kept[moved.state.id] = moved.state
        waiting = alarms(moved.state, self.staff)
        if waiting:
            self.due[moved.state.id] = waiting[0].at
        else:
            self.due.pop(moved.state.id, None)
        self.told += [(self.now, moved.state.id, deed) for deed in moved.deeds]
        self.staff = replace(self.staff, turns={**self.staff.turns, **moved.turns})
