"""A crowd that walks through a sequence by chance, written down as activities write it.

The walk is `advance`'s own, so that where everybody stands is known beforehand and can be compared with what the
records tell. Everything comes from one seed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert, update
from sqlmodel import Session, col

from domain.needs import (
    Begin,
    Call,
    Called,
    Change,
    Decide,
    Decided,
    Deliver,
    Done,
    Draw,
    Elapsed,
    Halt,
    Happened,
    Listen,
    Need,
    Notify,
    Open,
    Outcome,
    Sent,
    Sleep,
    TimedOut,
)
from domain.program import Program
from domain.run import Run, advance, asks_admission, entered, need
from records.models import Contact, Decision, Enrolment, Interaction, Message, Record
from records.published_models import Bundle as PublishedFiles
from records.published_models import Edition

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
NOTHING: dict[str, Any] = {"tags": [], "fields": {}, "notes": []}
SKIPS = ("no consent: product-news is opted_out", "expired")
LEAVES = ("converted", "unsubscribed", "exited:trial_cancelled")


@dataclass
class Crowd:
    """So many contacts in a program, from `begins` on, one a minute. `stands` is where those inside are."""

    program: Program
    begins: datetime
    people: int
    seed: int = 2026
    name: str = "crowd"
    rows: dict[type[Record], list[dict[str, Any]]] = field(default_factory=dict)
    stands: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        random = Random(self.seed)
        for table in (Contact, Enrolment, Decision, Message, Interaction):
            self.rows[table] = []
        for number in range(self.people):
            self._walk(random, number, self.begins + timedelta(minutes=number))

    def write(self, session: Session, *, published: bool = False) -> None:
        """Write everything that happened, and before it the program, unless that is published already."""
        if not published:
            self._publish(session)
        for table, rows in self.rows.items():
            if rows:
                session.execute(insert(table), rows)

    def _publish(self, session: Session) -> None:
        session.merge(PublishedFiles(hash="b", files={}, published_at=self.begins))
        session.flush()
        name, stored = self.program.sequence, self.program.model_dump(mode="json")
        version = self.program.version
        before = (col(Edition.sequence) == name, col(Edition.retired_at).is_(None))
        session.execute(update(Edition).where(*before).values(retired_at=self.begins))
        session.add(Edition(version=version, sequence=name, program=stored, bundle="b", published_at=self.begins))
        session.flush()

    # --- one of them -----------------------------------------------------------------------------------------------

    def _walk(self, random: Random, number: int, at: datetime) -> None:
        name = f"{self.name}-{number}"
        self._add(Contact, id=name, email=f"{name}@example.com", created_at=at, updated_at=at, score=0, **NOTHING)
        of_run = {"contact_id": name, "enrolment_id": name, "sequence": self.program.sequence}
        self._decide(of_run, at, kind="entry", did="entered", step=None)
        run, now, patience = entered(self.program, at), at, random.randint(0, 25)
        while run.position is not None and patience:
            patience -= 1
            now += timedelta(minutes=random.randint(1, 3000))
            wanted = need(self.program, run)
            assert wanted is not None
            outcome, did, more = self._answer(random, run, wanted, of_run, now)
            told = OUTCOME.dump_python(outcome, mode="json")
            asked = "when" if asks_admission(self.program, run) else ""
            visit = {"step": run.position, "visit": run.visit, "asked": asked}
            kind = self.program.step(run.position).kind
            self._decide(of_run, now, kind=kind, did=did, more=more, outcome=told, final=True, **visit)
            run = advance(self.program, run, outcome, now)
        self._stop(random, run, of_run, at, now)

    def _stop(self, random: Random, run: Run, of_run: dict[str, Any], at: datetime, now: datetime) -> None:
        reason = run.ended or (random.choice(LEAVES) if random.random() < 0.4 else None)
        if run.position is not None:
            if reason is None:
                self.stands[run.position] += 1
            else:
                self.left[run.position, reason] += 1
        converted = now if reason == "converted" else None
        state = "ended" if reason else "running"
        self._add(
            Enrolment, id=of_run["enrolment_id"], contact_id=of_run["contact_id"], sequence=of_run["sequence"],
            version=self.program.version, state=state, entered_at=at, ended_at=now if reason else None,
            end_reason=reason, converted_at=converted, reached_at=converted, event={}, stirred=0,
        )  # fmt: skip
        if reason:
            self._decide(of_run, now, kind="end", did="ended", step=None, more={"reason": reason})

    def _answer(
        self, random: Random, run: Run, wanted: Need, of_run: dict[str, Any], now: datetime
    ) -> tuple[Outcome, str, dict[str, Any]]:
        if isinstance(wanted, Decide):
            return self._choice(random, wanted, asks_admission(self.program, run))
        if isinstance(wanted, Deliver):
            return self._send(random, run, wanted, of_run, now)
        if isinstance(wanted, Listen):
            if random.random() < 0.5:
                event = random.choice(wanted.events or ("condition",))
                found = Happened(event, of=next(iter(wanted.of), None), id=random.randint(1, 10**9), at=now)
                return found, "matched", {"event": event}
            return TimedOut(), "timed_out", {}
        if isinstance(wanted, Draw):
            place = random.randrange(len(wanted.arms))
            return Decided(place), "took", {"arm": wanted.arms[place]}
        if isinstance(wanted, Open) and wanted.up_to is not None and random.random() < 0.8:
            word = random.choice([*wanted.outcomes, "completed"])
            return Happened("task_completed", id=1, answer=word), "matched", {"outcome": word}
        plain: dict[Any, tuple[Outcome, str]] = {
            Sleep: (Elapsed(), "waited"),
            Open: (TimedOut(), "timed_out") if getattr(wanted, "up_to", None) else (Done(), "opened"),
            Call: (Called(random.choice(["answered", "failed"])), "called"),
            Notify: (Sent("accepted"), "notified"),
            Change: (Done(), "updated"),
            Begin: (Done(), "started"),
            Halt: (Done(), "stopped"),
        }
        return *plain[type(wanted)], {}

    def _choice(self, random: Random, wanted: Decide, admission: bool) -> tuple[Outcome, str, dict[str, Any]]:
        if admission:
            admitted = random.random() < 0.7
            return Decided(0 if admitted else None), "took" if admitted else "skipped", {"read": {}}
        place = random.choice([*range(len(wanted.conditions)), None])
        if place is None and wanted.conditions[-1] is None:
            place = len(wanted.conditions) - 1
        return Decided(place), "took", {"arm": "none" if place is None else wanted.arms[place]}

    def _send(
        self, random: Random, run: Run, wanted: Deliver, of_run: dict[str, Any], now: datetime
    ) -> tuple[Outcome, str, dict[str, Any]]:
        fate = random.choices(["accepted", "skipped", "refused", "unknown"], [88, 8, 3, 1])[0]
        reason = random.choice(SKIPS) if fate == "skipped" else None
        key = f"{of_run['enrolment_id']}/{run.position}/{run.visit}"
        self._add(
            Message, id=f"{self.name}-m{len(self.rows[Message])}", send_key=key, step=run.position, visit=run.visit,
            channel="email", template=wanted.template, bundle="b", class_="marketing", message_id=f"{key}@example.com",
            state=fate, reason=reason, attempts=1, accepted_at=now if fate == "accepted" else None, **of_run,
        )  # fmt: skip
        if random.random() < 0.1:
            late = {"step": run.position, "kind": "send", "did": "deferred", "visit": run.visit}
            self._decide(of_run, now, final=False, **late)
        for name in self._answers(random) if fate == "accepted" else ():
            by = random.choice(["human", "human", "machine"]) if name != "replied" else "human"
            self._add(
                Interaction, contact_id=of_run["contact_id"], enrolment_id=of_run["enrolment_id"], step=run.position,
                key=f"{key}/{len(self.rows[Interaction])}", name=name, at=now, data={"by": by}, department="marketing",
                direction="in",
            )  # fmt: skip
        return Sent(fate, reason), "sent" if fate == "accepted" else fate, {"template": wanted.template}  # type: ignore[arg-type]

    def _answers(self, random: Random) -> Iterator[str]:
        for name, how_often in (("opened", 0.5), ("opened", 0.2), ("clicked", 0.2), ("replied", 0.03)):
            if random.random() < how_often:
                yield name

    def _decide(self, of_run: dict[str, Any], at: datetime, **more: Any) -> None:
        row = {"visit": 1, "asked": "", "final": False, "shown": True, "why": [], "more": {}, "outcome": None}
        self._add(Decision, version=self.program.version, at=at, **of_run, **(row | more))

    def _add(self, table: type[Record], **row: Any) -> None:
        self.rows[table].append(row)
