"""A case on a virtual clock: what follows from its opening, and from what people and the customer do, by our rules.

The one thing to know: the world is this one case, kept in step as `records/case_rows.py` keeps one. Letters arrive at
once, what is granted is delivered at once, and whatever is looked up in the records is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from domain import follow_up_moves, recovery_moves
from domain.assignment import Staff
from domain.case_terms import terms_beside, terms_of, terms_of_action
from domain.follow_up import COMPLETED, FollowUp, Notify, Tell
from domain.follow_up import Moved as TaskMoved
from domain.follow_up import alarms as alarms_of_task
from domain.follow_up_actions import Accept
from domain.follow_up_actions import done as done_to_task
from domain.follow_up_actions import refused as refused_to_task
from domain.follow_up_policy import Terms
from domain.follow_up_ringing import rung as rung_of_task
from domain.learning import OPENER
from domain.recovery import Case, Ground, Look, Moved, OpenTask, Start, Stop, Write, duties, then
from domain.recovery_actions import CaseAction, Commented
from domain.recovery_alarms import alarms
from domain.recovery_doing import done, refused
from domain.recovery_policy import Recovery
from domain.recovery_ringing import rung
from domain.remedies import COUNTED, Given, Spent
from domain.remedy_moves import settled as remedy_settled
from domain.remedy_moves import to_deliver
from domain.simulated_deeds import Does, Line, Replied, Scored, ToldAgain, ToTask
from domain.simulated_learning import learned

CUSTOMER = recovery_moves.CUSTOMER
OWN = "case"


@dataclass
class Course:
    """A case, the tasks it has opened, and everything that has happened until `now`, in order."""

    policy: Recovery
    staff: Staff
    plain: Terms
    case: Case
    now: datetime
    lines: list[Line] = field(default_factory=list)
    tasks: dict[str, FollowUp] = field(default_factory=dict)
    own: str = OWN
    """The key of the case's own follow-up; one that is opened again has another."""
    unread: list[str] = field(default_factory=list)
    """Letters that have arrived, and the case has not seen it."""

    def go_to(self, at: datetime) -> None:
        """Let time pass: whatever rings before rings at its own instant, the case first."""
        while (due := self.next_at()) is not None and due <= at:
            self.now = max(self.now, due)
            self.look()
            for key in list(self.tasks):
                self.keep_task(key, rung_of_task(self.tasks[key], self._seen(), self.now))
        self.now = max(self.now, at)

    def next_at(self) -> datetime | None:
        """Return when something rings next; None if nothing ever does."""
        waiting = [alarms(self.case, self.policy, self.staff)]
        waiting += [alarms_of_task(each, self.staff) for each in self.tasks.values()]
        return min((each[0].at for each in waiting if each), default=None)

    def look(self) -> None:
        """Let happen what is due, and see what became of letters and remedies, until there is nothing to see."""
        while True:
            moved, letters = Moved(self.case), self.unread
            self.unread = []
            for key in letters:
                moved = then(moved, recovery_moves.settled(moved.state, key, True, "", self.now))
            self.keep(then(moved, rung(moved.state, self._ground())))
            for remedy in to_deliver(self.case):
                self.keep(remedy_settled(self.case, remedy.id, True, "", self.now))
            if not self.unread:
                return

    def do(self, does: Does) -> None:
        """Have somebody do something now; what makes no sense is refused, and stands in the lines."""
        what = does.what
        if isinstance(what, Replied | Scored | ToldAgain):
            self._customer(what)
        elif isinstance(what, ToTask):
            self._do_to_task(does.task or self.own, what)
        else:
            self._do_to_case(what)
        self.look()

    def _do_to_task(self, key: str, action: ToTask) -> None:
        refusal = refused_to_task(self.tasks[key], action, self._seen(), self.now)
        if refusal is not None:
            self.lines.append(Line(self.now, "refused", refusal, (action.by,)))
            return
        self.keep_task(key, done_to_task(self.tasks[key], action, self._seen(), self.now))

    def _do_to_case(self, action: CaseAction) -> None:
        refusal = refused(self.case, action, self._ground())
        if refusal is not None:
            self.lines.append(Line(self.now, "refused", refusal, (action.by,)))
            return
        if not isinstance(action, Commented):
            self._take(action.by)
        moved = done(self.case, action, self._ground(), f"{action.do}/{len(self.lines)}")
        self.keep(then(moved, rung(moved.state, self._ground())))

    def _take(self, by: str) -> None:
        """Whoever has the case and does something about it has accepted it."""
        own = self.tasks[self.own]
        if own.assignee == by and own.accepted_at is None and own.ended_at is None:
            self.keep_task(self.own, done_to_task(own, Accept(by=by), self._seen(), self.now))

    def _customer(self, what: Replied | Scored | ToldAgain) -> None:
        """Do what follows from what the customer does, as `records/cases.py` and `case_openings.py` say."""
        policy, staff, now = self.policy, self._seen(), self.now
        if isinstance(what, Scored):
            self.keep(recovery_moves.scored(self.case, what.score, policy, staff, now))
        elif isinstance(what, ToldAgain):
            self.keep(recovery_moves.joined(self.case, what.severity, policy, staff, now))
        else:
            for key in list(self.tasks):
                self.keep_task(key, follow_up_moves.contact_did(self.tasks[key], follow_up_moves.REPLIED, now))
            if self.case.waiting is not None:
                self.keep(recovery_moves.answered(self.case, now))
            elif not self.case.is_open:
                self.keep(recovery_moves.told_of(self.case, follow_up_moves.REPLIED, now))

    # --- keeping, as records/case_rows.py and records/case_follow_ups.py do ------------------------------------------

    def keep(self, moved: Moved) -> None:
        """Keep the case after a move, and its follow-up in step with it."""
        self.case = moved.state
        self._say(moved.deeds, "case")
        for start in (deed for deed in moved.deeds if isinstance(deed, Start)):
            self.own = OWN if start.number == 1 else f"{OWN}/{start.number}"
            terms = terms_of(self.policy, self.case)
            self._open(self.own, self.case.title, terms, start.owner, own=True)
        self._redo()
        for stop in (deed for deed in moved.deeds if isinstance(deed, Stop)):
            if self.tasks[self.own].ended_at is None:
                ended = follow_up_moves.ended(self.tasks[self.own], COMPLETED, stop.outcome, stop.by, self.now)
                self.keep_task(self.own, ended)
        for deed in moved.deeds:
            if isinstance(deed, Look):
                self._look_up(deed)
            if isinstance(deed, OpenTask):
                self._open(deed.key, deed.title, terms_beside(self.plain, deed), self.case.owner)

    def keep_task(self, key: str, moved: TaskMoved) -> None:
        """Keep a task after a move; the case knows who has its own."""
        self.tasks[key] = moved.state
        self._say(moved.deeds, "task", None if key.startswith(OWN) else key)
        self.staff = replace(self.staff, turns={**self.staff.turns, **moved.turns})
        if key == self.own:
            self.case = self.case.model_copy(update={"owner": moved.state.assignee})

    def _redo(self) -> None:
        if self.own in self.tasks:
            terms = terms_of(self.policy, self.case)
            self.keep_task(
                self.own, follow_up_moves.redone(self.tasks[self.own], terms, duties(self.case), self.case.holds)
            )

    def _look_up(self, look: Look) -> None:
        action = self.tasks.get(f"{OPENER}{self.case.cause}")
        found = learned(self.case, look, self.policy, self.staff, self.now, None if action is None else action.assignee)
        self.case = found.moved.state
        self._say(found.moved.deeds, "case")
        if found.title is not None:
            terms = terms_of_action(self.policy)
            self._open(f"{OPENER}{self.case.cause}", found.title, terms, found.owner, to=found.owner)

    def _open(
        self, key: str, title: str, terms: Terms, owner: str | None, *, own: bool = False, to: str | None = None
    ) -> None:
        task = FollowUp(
            id=key,
            team=self.case.team,
            owner=owner,
            language=self.case.language,
            terms=terms,
            opened_at=self.now,
            duties=duties(self.case) if own else (),
        )
        opened = follow_up_moves.opened(task, self._seen(), self.now, to)
        self.keep_task(key, replace(opened, deeds=(Tell("task_opened", None, {"title": title}), *opened.deeds)))

    def _say(self, deeds: Sequence[object], kind: Literal["case", "task"], of: str | None = None) -> None:
        for deed in deeds:
            if isinstance(deed, Tell):
                self.lines.append(Line(self.now, kind, deed.what, (deed.by,) if deed.by else (), deed.data, of))
            elif isinstance(deed, Notify):
                self.lines.append(Line(self.now, "note", deed.about, deed.to, deed.data, of))
            elif isinstance(deed, Write):
                self.lines.append(Line(self.now, "letter", deed.letter, (CUSTOMER,), deed.data))
                self.unread.append(deed.key)

    def _seen(self) -> Staff:
        """Return our people as they are now: with what they have of this case, beside what they have anyway."""
        mine = [each.assignee for each in self.tasks.values() if each.ended_at is None and each.assignee is not None]
        had = self.staff.open
        return replace(self.staff, open={key: had.get(key, 0) + mine.count(key) for key in self.staff.policy.people})

    def _ground(self) -> Ground:
        counted = (each for each in self.case.remedies if each.state in COUNTED and each.amount > 0)
        given = (Given(id=e.id, case=self.case.id, kind=e.kind, amount=e.amount, at=e.proposed_at) for e in counted)
        asked = (line.at for line in self.lines if line.kind == "letter" and line.what == "survey")
        return Ground(self.policy, self._seen(), self.now, Spent(given=tuple(given)), max(asked, default=None))


def simulate(
    policy: Recovery,
    staff: Staff,
    opening: Case,
    script: Sequence[Does],
    until: datetime,
    plain: Terms | None = None,
) -> Course:
    """Open a case and let time pass; return its course. `opening` is the case before anything is promised of it.

    `staff` is the team as it is at the opening; `plain` the default terms of tasks. Of two that do something at one
    instant the first in the script is first.

    >>> from datetime import timedelta
    >>> from domain.teams import Person, Team, TeamsPolicy
    >>> from zoneinfo import ZoneInfo
    >>> at = datetime(2026, 5, 4, 10, tzinfo=ZoneInfo("UTC"))
    >>> ada, care = Person(name="Ada", email="ada@a.example"), Team(email="c@a.example", members={"ada": 1})
    >>> staff = Staff(TeamsPolicy(people={"ada": ada}, teams={"care": care}), "care", ZoneInfo("UTC"))
    >>> policy = Recovery(team="care")
    >>> case = Case(id="c", number=1001, team="care", severity="S1", clocks=policy.clocks_of("S1"), opened_at=at)
    >>> course = simulate(policy, staff, case, [], at + timedelta(minutes=5))
    >>> [f"{line.at:%H:%M} {line.what} {' '.join(line.who)}" for line in course.lines if line.kind == "note"]
    ['10:00 assigned ada', '10:05 reminder ada']
    """
    course = Course(policy, staff, plain or Terms(), opening, opening.opened_at)
    course.keep(recovery_moves.opened(opening, opening.opened_at))
    course.look()
    for does in sorted(script, key=lambda each: each.at):
        course.go_to(does.at)
        course.do(does)
    course.go_to(until)
    return course
