"""A run on a virtual clock: the same `advance`, the same rules, no Temporal.

A script says who the contact is and what happens to them when. The clock jumps from one thing to the next, so ninety
days take a millisecond.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.answering import Answer, Asked, Row, answer, may_go, propose
from domain.checks import TemplatesKnown
from domain.entry import Before, ended_by, left_already, may_enter
from domain.facts import Event, Facts, Standing
from domain.letters import Compose, Lacks, Plan, Written, hold, plan
from domain.needs import Broken, Deliver, Happened, Later, Need, Sent
from domain.policies import Policies
from domain.program import Program
from domain.run import Run, advance, asks_admission, departed, entered, need, since

# A run that has not ended after this long is left where it waits.
HORIZON = timedelta(days=5 * 366)
MOST_ROWS = 5_000

ENTER, SET = "enter", "set"


@dataclass(frozen=True)
class Scripted:
    """Something that happens at an instant: an event, or `set` with the fields that change."""

    at: datetime
    event: str
    of: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """A contact, the instant of entry, what started the run, and what happens afterwards."""

    contact: Mapping[str, Any]
    at: datetime
    run_event: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Scripted] = ()
    until: datetime | None = None


@dataclass
class Story:
    """What happened: the timeline as contract.md section 3 draws it, and the letters by step and visit."""

    facts: Facts
    timeline: list[dict[str, Any]] = field(default_factory=list)
    letters: dict[int, tuple[Plan, Written]] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    waiting: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport simulate --json` prints."""
        document = {
            "sequence": self.facts.program.sequence,
            "version": self.facts.program.version,
            "entered_at": spelled(self.facts.entered_at),
            "time_zone": self.facts.zone.name,
            "time_zone_from": self.facts.zone.rung,
            "assumed": self.assumed,
            "timeline": self.timeline,
            "end": self.end,
        }
        return document | ({"waiting": self.waiting} if self.waiting else {})


def spelled(at: datetime) -> str:
    """Return an instant as every output writes it: UTC, with `Z`.

    >>> spelled(datetime(2026, 3, 27, 9, tzinfo=UTC))
    '2026-03-27T09:00:00Z'
    """
    at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def timeline_row(at: datetime, step: str, kind: str, row: Row) -> dict[str, Any]:
    """Return one line of a timeline as it is printed."""
    more = {key: spelled(value) if isinstance(value, datetime) else value for key, value in row.more.items()}
    more.pop("read", None)
    return {"at": spelled(at), "step": step, "kind": kind, "did": row.did, **more, "why": row.why}


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
        self.now = script.at
        self.until = min(script.until or script.at + HORIZON, script.at + HORIZON)
        self.coming = sorted((event for event in script.events if event.event != ENTER), key=lambda event: event.at)
        standing, assumed = _assume(program, script.contact)
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
        self.story = Story(facts, assumed=assumed)
        self.said: set[tuple[str, int, str, str]] = set()

    def live(self) -> Story:
        """Enter, if the contact may, and go on until the end, the horizon, or a wait nothing will end."""
        trigger = self.program.enter[0] if self.program.enter else None
        entry = may_enter(self.facts, Before(), trigger, self._trigger_event())
        if not entry.enters:
            self.story.end = {"at": spelled(self.now), "reason": f"refused:{entry.check}", "why": entry.why}
            return self.story
        run = entered(self.program, self.now)
        while run.position is not None and len(self.story.timeline) < MOST_ROWS:
            next_run = self._step(run)
            if next_run is None:
                self._stay(run)
                return self.story
            run = next_run
        if self.story.end is None:
            self.story.end = {"at": spelled(self.now), "reason": run.ended or "failed"}
        return self.story

    def _trigger_event(self) -> Event:
        name = self.program.enter[0].name if self.program.enter else None
        return Event(id=0, name=name or "", at=self.now, data=self.facts.run_event)

    def _step(self, run: Run) -> Run | None:
        """Ask the run's need once; None when nothing more will happen before the clock's end."""
        wanted = need(self.program, run)
        assert wanted is not None
        if self._left(run):
            return run.model_copy(update={"position": None})
        run = departed(self.program, run, self.now)
        found = self._answer(wanted, run)
        self._write(run, found)
        outcome = found.outcome
        if not isinstance(outcome, Later):
            if isinstance(outcome, Broken):
                self._end("failed", why=[outcome.reason])
                return run.model_copy(update={"position": None})
            return advance(self.program, run, outcome, self.now)
        run = advance(self.program, run, outcome, self.now)
        return self._pass_time(run, outcome.due)

    def _pass_time(self, run: Run, due: datetime | None) -> Run | None:
        """Go to the next thing that happens: the due, or what the script has before it."""
        first = self.coming[0].at if self.coming else None
        upcoming = min((at for at in (due, first) if at is not None), default=None)
        if upcoming is None or upcoming > self.until:
            return None
        self._go_to(max(upcoming, self.now))
        if first is not None and first <= upcoming:
            return self._happen(run, self.coming.pop(0))
        return run

    def _happen(self, run: Run, scripted: Scripted) -> Run:
        if scripted.event == SET:
            self.facts = replace(self.facts, contact={**self.facts.contact, **scripted.data})
            return run
        event = Event(
            id=len(self.facts.events) + 1,
            name=scripted.event,
            at=scripted.at,
            data=scripted.data,
            enrolment=self.facts.enrolment if scripted.of else None,
            step=scripted.of,
        )
        self.facts = replace(self.facts, events=(*self.facts.events, event))
        self._take_note(event)
        reason = ended_by(self.facts, event)
        if reason is None:
            return run
        self._end(reason, why=[f"{event.name} happened"])
        return run.model_copy(update={"position": None})

    def _take_note(self, event: Event) -> None:
        """A withdrawal changes what may be sent, as it does in the records."""
        topic = str(event.data.get("topic", ""))
        standing = self.facts.standing
        if event.name == "unsubscribed" and topic == "*":
            standing = replace(standing, suppressed=standing.suppressed | {"unsubscribed"})
        elif event.name == "unsubscribed":
            standing = replace(standing, consents={**standing.consents, topic: "opted_out"})
        elif event.name == "complained":
            standing = replace(standing, suppressed=standing.suppressed | {"complaint"})
        self.facts = replace(self.facts, standing=standing)

    def _left(self, run: Run) -> bool:
        why = left_already(self.facts)
        if why is not None:
            self._end("exited:condition", why=[why])
        return why is not None

    def _answer(self, wanted: Need, run: Run) -> Answer:
        asked = Asked(
            step=run.position or "",
            kind=self.program.step(run.position or "").kind,
            visit=run.visit,
            arrived_at=run.arrived_at,
            since=since(self.program, run),
            admission=asks_admission(self.program, run),
        )
        if isinstance(wanted, Deliver):
            return self._deliver(wanted, asked)
        return answer(wanted, asked, self.facts)

    def _deliver(self, wanted: Deliver, asked: Asked) -> Answer:
        planned = plan(wanted, self.facts, self.templates)
        proposed = propose(wanted, planned.class_, planned.topic, asked.arrived_at)
        found = may_go(proposed, self.facts)
        if found is not None:
            return found
        written = self.compose(planned, self.facts)
        if isinstance(written, Lacks):
            return hold(proposed, self.facts, written)
        self.story.letters[len(self.story.timeline)] = (planned, written)
        self.facts = replace(self.facts, sends=self.facts.sends | {asked.step})
        return Answer(Sent("accepted"), Row("sent", more={"template": wanted.template, "subject": written.subject}))

    def _write(self, run: Run, found: Answer) -> None:
        row, step = found.row, run.position or ""
        if isinstance(found.outcome, Happened) and found.outcome.id is not None:
            matched = next(event for event in self.facts.events if event.id == found.outcome.id)
            self.facts = replace(self.facts, taken=self.facts.taken | {matched.id}, matched=matched)
        if row is not None and row.did == "updated":
            self._update(row)
        if row is None or not row.shown:
            return
        told = (step, run.visit, row.did, "; ".join(row.why))
        if row.final or told not in self.said:
            self.story.timeline.append(timeline_row(self.now, step, self.program.step(step).kind, row))
        self.said.add(told)

    def _update(self, row: Row) -> None:
        topics = dict.fromkeys(row.more.get("withdrawn", ()), "opted_out")
        standing = replace(self.facts.standing, consents={**self.facts.standing.consents, **topics})
        self.facts = replace(self.facts, contact={**self.facts.contact, **row.more["set"]}, standing=standing)

    def _go_to(self, at: datetime) -> None:
        self.now = at
        self.facts = replace(self.facts, now=at)

    def _end(self, reason: str, why: list[str]) -> None:
        self.story.end = {"at": spelled(self.now), "reason": reason, "why": why}

    def _stay(self, run: Run) -> None:
        due = run.waiting.due if run.waiting else None
        self.story.waiting = {"step": run.position, "until": spelled(due) if due else None}


def _assume(program: Program, contact: Mapping[str, Any]) -> tuple[Standing, list[str]]:
    """A contact without a word about the sequence's topic is taken to have opted in to it, and the story says so."""
    consents = dict(contact.get("consents") or {})
    if program.topic is None or program.topic in consents:
        return Standing(consents=consents), []
    return Standing(consents={**consents, program.topic: "opted_in"}), [f"consent: {program.topic}"]
