"""A run on a virtual clock: the same `advance`, the same rules, no Temporal.

A script says who the contact is and what happens to them when. The clock jumps from one thing to the next, so ninety
days take a millisecond.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter, is_
from typing import Any

from domain.answering import Answer, Asked, Row, answer
from domain.cases import MOVES_MARKETING, is_held
from domain.entry import ended_already, over_at
from domain.facts import Event, Facts
from domain.imagining import CALLED, Letter, delivered, delivered_to_staff, happened, imagined, opened
from domain.letters import Compose
from domain.needs import Broken, Deliver, Happened, Later, Need, Notify, Open
from domain.opening import came_of
from domain.policies import Policies
from domain.program import Program, Trigger
from domain.references import TemplatesKnown
from domain.run import Run, advance, asks_admission, departed, entered, need, since
from domain.script import ENTER, HORIZON, SET, Script, Scripted, assume
from domain.simulated_entry import DOOR, NEVER, data_of, joined, let_in, starting_trigger, watched
from domain.simulated_score import SimulatedScore
from domain.simulated_tasks import SimulatedTasks
from domain.story import Story, spelled, timeline_row

# What conditions may read, but for the clock.
STAYS_BY = attrgetter("contact", "events", "standing", "matched", "outcome", "sends", "calls", "round")
# More rows than this, and the run is left where it stands.
MOST_ROWS = 5_000

__all__ = ["ENTER", "HORIZON", "SET", "Script", "Scripted", "simulate"]


def simulate(
    program: Program, policies: Policies, templates: TemplatesKnown, compose: Compose, script: Script
) -> Story:
    """Run `script` through `program` and return what happened."""
    return _World(program, policies, templates, compose, script).live()


class _World:
    """One contact's world: its clock, its record, its timeline."""

    def __init__(
        self, program: Program, policies: Policies, templates: TemplatesKnown, compose: Compose, script: Script
    ) -> None:
        self.program, self.templates, self.compose = program, templates, compose
        self.now, self.steps_take = script.at, iter(script.steps_take)
        self.until = min(script.until or script.at + HORIZON, script.at + HORIZON)
        happens = (event for event in script.events if event.event not in (ENTER, CALLED))
        self.coming = sorted(happens, key=lambda event: event.at)
        self.reactions = script.reactions
        self.answers = [event for event in script.events if event.event == CALLED]
        self.entering: Event | None = None
        self.trigger: Trigger | None = None
        self.watched, self.members = watched(program), frozenset[str]()
        self.score, self.reached = SimulatedScore(policies.scoring), list[Scripted]()
        self.tasks, self.held = SimulatedTasks(policies.follow_ups), list[Event]()
        standing, assumed = assume(program, script.contact)
        facts = Facts(
            now=script.at,
            program=program,
            policies=policies,
            contact=script.contact,
            entered_at=script.at,
            enrolment="simulated",
            run_event=script.run_event,
            standing=standing,
        )
        self.facts = facts
        self.said: tuple[str, int, str, str] | None = None
        self.stays_by: tuple[object, ...] | None = None
        self._remember()
        self.facts = self.score.insist(self.facts)
        self.story = Story(self.facts, assumed=[*assumed, *self.score.assumed])

    def _remember(self) -> None:
        """Put what happened before the entry into the contact's past, and then what starts the run."""
        while self.coming and self.coming[0].at < self.now:
            self._told(self._record(self.coming.pop(0)))
        self.facts = self.score.begin(self.facts)
        self.trigger = starting_trigger(self.program, self.facts)
        if self.trigger is None:
            return
        data = data_of(self.trigger, self.facts)
        self.facts = self.facts.but(run_event=self.trigger.starts_with(data))
        if self.trigger.name is not None:
            self.entering = self._record(Scripted(self.now, self.trigger.name, data=data))
            # It has moved this run once, into it: nothing in the run waits for it.
            self.facts = self.facts.but(taken=frozenset({len(self.facts.events)}))

    def live(self) -> Story:
        """Enter, if the contact may, and go on until the end, the horizon, or a wait nothing will end."""
        entry, entered_at = let_in(self, self.trigger, self.entering)
        self.facts = self.story.facts = self.facts.but(entered_at=entered_at)
        if entry.waits_until is not None:
            until = None if entry.waits_until == NEVER else spelled(entry.waits_until)
            self.story.waiting = {"step": DOOR, "until": until}
            return self.story
        if not entry.enters:
            self._end(f"refused:{entry.check}", why=entry.why)
            return self.story
        self.members, _ = joined(self.watched, frozenset(), self.facts)
        run = entered(self.program, entered_at)
        if self.reached and self._joins():
            return self.story
        while run.position is not None and len(self.story.timeline) < MOST_ROWS:
            next_run = self._step(run)
            if next_run is None:
                return self.story
            run = next_run
        if self.story.end is None:
            self.story.end = {"at": spelled(self.now), "reason": run.ended or "failed"}
        return self.story

    def _step(self, run: Run) -> Run | None:
        """Ask the run's need once; None when nothing more will happen before the clock's end."""
        wanted = need(self.program, run)
        assert wanted is not None, "a run that has not ended needs something"
        self.story.stood_at = run.position
        if self._left():
            return run.model_copy(update={"position": None})
        run = departed(self.program, run, self.now)
        found = self._answer(wanted, run)
        self._write(run, found)
        word = came_of(wanted, found.outcome)
        self.facts = self.facts.but(outcome=word) if word is not None else self.facts
        if self.story.end is not None:
            return run.model_copy(update={"position": None})
        outcome = found.outcome
        if not isinstance(outcome, Later):
            if isinstance(outcome, Broken):
                self._end("failed", why=found.row.why if found.row else [outcome.reason])
                return run.model_copy(update={"position": None})
            taken = next(self.steps_take, None)
            if taken:
                self._go_to(self.now + taken)
            return advance(self.program, run, outcome, self.now)
        run = advance(self.program, run, outcome, self.now)
        return self._pass_time(run, outcome.due)

    def _pass_time(self, run: Run, due: datetime | None) -> Run | None:
        """Go to the next thing that concerns the run: the due, or what the script has before it."""
        while True:
            first = self.coming[0].at if self.coming else None
            upcoming = min((at for at in (due, first) if at is not None), default=None)
            if upcoming is None or upcoming > self.until:
                self.story.waiting = {"step": run.position, "until": spelled(due) if due else None}
                return None
            self._go_to(max(upcoming, self.now))
            if first is None or first > upcoming:
                return run
            known = len(self.facts.events)
            event = self._record(self.coming.pop(0))
            told = self._told(event)
            if any(self._ends_at(each) for each in told) or self._joins():
                return run.model_copy(update={"position": None})
            followed = len(self.facts.events) > known + 1
            if event is None or followed or any(self._concerns(each) for each in told):
                return run

    def _concerns(self, event: Event) -> bool:
        # What a case holds, or lets go, is asked again (`records/timeline.py`).
        moves = event.name in MOVES_MARKETING and self.program.marketing
        return moves or self.program.is_concerned_by(event.name)

    def _told(self, event: Event | None) -> list[Event]:
        """Return what an event means to the run: nothing while a case holds it, and what was held once that is over."""
        if event is None:
            return []
        if is_held(event, self.facts.policies.recovery, self.facts.cases):
            self.held.append(event)
            return []
        if not self.held or self.facts.held_by:
            return [event]
        held, self.held = self.held, []
        return [event, *held]

    def pass_to(self, due: datetime) -> bool:
        """Go to this instant, or to what the script has before it; False where the simulation ends before that."""
        upcoming = min([due, *(event.at for event in self.coming[:1])])
        if upcoming > self.until:
            return False
        self._go_to(max(upcoming, self.now))
        if self.coming and self.coming[0].at <= due:
            self._told(self._record(self.coming.pop(0)))
        return True

    def _ends_at(self, event: Event | None) -> bool:
        over = over_at(self.facts, event) if event else None
        if over is not None:
            self._end(over.reason, why=[over.why])
        return over is not None

    def _joins(self) -> bool:
        """Let the contact become a member of what it is one of now, tell of its score; whether that ends the run."""
        self.members, fresh = joined(self.watched, self.members, self.facts)
        fresh, self.reached = [*fresh, *self.reached], []
        return any(self._ends_at(self._record(each)) for each in fresh)

    def _record(self, scripted: Scripted) -> Event | None:
        """Put something into the contact's past; None if it only changed fields, or the pace."""
        self.facts, event = happened(scripted, self.facts)
        self.reached += self.tasks.told(event)
        self._rescore(event)
        return event

    def _rescore(self, event: Event | None) -> None:
        self.facts, reached = self.score.told(self.facts, event)
        self.reached += reached

    def _left(self) -> bool:
        known = STAYS_BY(self.facts)
        if self.stays_by is not None and all(map(is_, known, self.stays_by)):
            return False  # nothing has changed since it was asked last
        self.stays_by = None if self.program.ends_with_time else known
        end = ended_already(self.facts)
        if end is not None:
            self._end(end.reason, why=[end.why])
        return end is not None

    def _answer(self, wanted: Need, run: Run) -> Answer:
        asked = Asked(
            step=run.position or "",
            kind=self.program.step(run.position or "").kind,
            visit=run.visit,
            arrived_at=run.arrived_at,
            since=since(self.program, run),
            admission=asks_admission(self.program, run),
            round=run.round,
        )
        self.facts = self.facts.but(round=run.round)
        if isinstance(wanted, Deliver):
            return self._letter(delivered(wanted, asked, self.facts, self.templates, self.compose), asked.step)
        if isinstance(wanted, Notify):
            return self._letter(delivered_to_staff(wanted, asked, self.facts, self.compose), asked.step)
        done = imagined(wanted, self._answers(asked.step), self.facts)
        if done is not None:
            found, self.facts = done
            return found
        found = answer(wanted, asked, self.facts)
        if found.row is not None and found.row.did == "opened":
            self.facts = opened(asked, found.row, self.facts)
            if isinstance(wanted, Open) and wanted.what == "task":
                self.tasks.opened(wanted, asked)
        return found

    def _answers(self, step: str) -> Mapping[str, Any] | None:
        """Return what the script says that a call at this step answers."""
        return next((each.data for each in self.answers if each.of == step), None)

    def _letter(self, letter: Letter, step: str) -> Answer:
        self.facts = letter.facts
        if letter.written is not None:
            self.story.letters[len(self.story.timeline)] = letter.written
            if letter.written[0].team is None:
                self.coming = sorted([*self.coming, *self.reactions(step, self.now)], key=lambda event: event.at)
        return letter.answer

    def _write(self, run: Run, found: Answer) -> None:
        row, step = found.row, run.position or ""
        if isinstance(found.outcome, Happened) and found.outcome.id is not None:
            matched = next(event for event in self.facts.events if event.id == found.outcome.id)
            self.facts = self.facts.but(taken=self.facts.taken | {matched.id}, matched=matched)
        if row is not None and row.did == "updated":
            self._update(row)
        if row is None or not row.shown:
            return
        told = (step, run.visit, row.did, "; ".join(row.why))
        if row.final or told != self.said:
            self.story.timeline.append(timeline_row(self.now, step, self.program.step(step).kind, row))
        self.said = told

    def _update(self, row: Row) -> None:
        topics = dict.fromkeys(row.more.get("withdrawn", ()), "opted_out")
        standing = replace(self.facts.standing, consents={**self.facts.standing.consents, **topics})
        self.facts = self.facts.but(contact={**self.facts.contact, **row.more["set"]}, standing=standing)
        self._rescore(None)
        self._joins()

    def _go_to(self, at: datetime) -> None:
        self.now = at
        self.facts = self.score.faded(self.facts.but(now=at))

    def _end(self, reason: str, why: list[str]) -> None:
        self.story.end = {"at": spelled(self.now), "reason": reason, "why": why}
