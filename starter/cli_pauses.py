"""`pause`, `resume`, `retry`: stop a contact or a sequence for a while, and put back what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, select

from domain.entry import End
from records.holding import pause, paused, refused_meanwhile, resume
from records.models import Contact, Enrolment
from records.retrying import TakenAgain, failed_runs, put_back
from records.runs import open_runs, stir_all
from starter.cli_result import ProblemsFound, Result
from starter.cli_runs import SOURCE, name_of, where_they_are
from starter.cli_store import LATER, Store, contact_of, opened_store, program_of, sequence_name, wake_intake


@dataclass(frozen=True)
class Meant:
    """What is to be paused or resumed: a sequence, or one contact in it; and the runs that have to be told."""

    sequence: str
    contact: Contact | None
    runs: Sequence[Enrolment]

    @property
    def id(self) -> str | None:
        return self.contact.id if self.contact else None

    def __str__(self) -> str:
        return f"{name_of(self.contact)} in {self.sequence}" if self.contact else self.sequence


def pause_runs(sequence: str, who: str | None, until: datetime | None, reason: str | None) -> Result:
    """Pause a contact in a sequence (their clock stops), or a sequence (nobody enters, messages wait)."""
    now = datetime.now(UTC)
    if until is not None and until.replace(microsecond=0) <= now:
        raise ProblemsFound([f"--until: {until:%Y-%m-%d %H:%M} UTC is over; give a time to come"])
    with opened_store() as store:

        def write(session: Session) -> tuple[Meant, dict[str, Any]]:
            meant = _meant(session, store, sequence, who)
            before = paused(session, meant.sequence, meant.id, now)
            row = pause(session, meant.sequence, meant.id, now, until=until, by=SOURCE, reason=reason)
            # In a paused sequence messages ask by themselves; only who was told another end has to ask again.
            if meant.contact is not None or before is not None:
                stir_all(session, meant.runs, now)
            return meant, {"paused_at": row.paused_at, "until": row.until, "reason": row.reason}

        meant, told = store.write(write)
        woken = wake_intake(store.settings)
    ends = f"until {told['until']:%Y-%m-%d %H:%M} UTC" if told["until"] else "until `rapport resume`"
    means = "the clock stops" if meant.contact else "nobody enters, messages wait"
    document = {"sequence": meant.sequence, "contact": meant.id, **told, "inside": len(meant.runs), "woken": woken}
    return Result(document, [f"{meant}: paused {ends}; {means}"])


def resume_runs(sequence: str, who: str | None) -> Result:
    """End a pause; waves wake and ask again."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def write(session: Session) -> tuple[Meant, dict[str, Any]]:
            meant = _meant(session, store, sequence, who)
            row = resume(session, meant.sequence, meant.id, now)
            if row is None:
                raise ProblemsFound([f"{meant}: is not paused; there is nothing to resume"])
            stir_all(session, meant.runs, now)
            refused = refused_meanwhile(session, row, now) if meant.contact is None else 0
            return meant, {"paused_at": row.paused_at, "resumed_at": row.resumed_at, "refused": refused}

        meant, told = store.write(write)
        woken = wake_intake(store.settings)
    lines = [f"{meant}: goes on" + ("" if woken else f"; {LATER}, so it does when a worker looks")]
    if told["refused"]:
        many = "1 entry was" if told["refused"] == 1 else f"{told['refused']} entries were"
        lines.append(f"{many} refused while it was paused (`refused:paused` in the timelines)")
    return Result({"sequence": meant.sequence, "contact": meant.id, **told, "woken": woken}, lines)


def _meant(session: Session, store: Store, sequence: str, who: str | None) -> Meant:
    if who is None:
        name = _whole(session, store, sequence)
        inside = select(Enrolment).where(Enrolment.sequence == name, Enrolment.state != "ended")
        return Meant(name, None, session.exec(inside).all())
    name, contact = sequence_name(sequence), contact_of(session, who)
    runs = [run for run in open_runs(session, contact.id) if run.sequence == name]
    if not runs:
        raise ProblemsFound([f"{name}: {name_of(contact)} is not in it; {where_they_are(session, contact)}"])
    return Meant(name, contact, runs)


def _whole(session: Session, store: Store, sequence: str) -> str:
    """Return the name of a sequence that is published, or was and still has people inside."""
    name = sequence_name(sequence)
    inside = select(Enrolment.id).where(Enrolment.sequence == name, Enrolment.state != "ended").limit(1)
    if session.exec(inside).first() is not None:
        return name
    return program_of(session, store.published, sequence).sequence


def retry_run(sequence: str, who: str) -> Result:
    """Put a contact's parked run back where it stood; of several the last one."""
    now, name = datetime.now(UTC), sequence_name(sequence)
    with opened_store() as store:

        def write(session: Session) -> tuple[Contact, Enrolment, End | None, int]:
            contact = contact_of(session, who)
            runs = failed_runs(session, name, contact.id)
            if not runs:
                raise ProblemsFound([f"{name}: no run of {name_of(contact)} has failed; see `rapport contact show`"])
            try:
                over = put_back(session, store.published, runs[0], now)
            except TakenAgain as error:
                raise ProblemsFound([f"{name}: {name_of(contact)} {error}"]) from None
            return contact, runs[0], over, len(runs) - 1

        contact, run, over, more = store.write(write)
        woken = wake_intake(store.settings)
    document = {
        "sequence": name,
        "contact": contact.id,
        "enrolment": run.id,
        "version": run.version,
        "ended": over.reason if over else None,
        "more": more,
        "woken": woken,
    }
    begins = "it begins again now" if woken else f"{LATER}; it begins again when a worker looks"
    what = f"ended meanwhile: {over.reason} ({over.why})" if over else begins
    lines = [f"{name_of(contact)} in {name}: {what}"]
    return Result(document, [*lines, f"{more} more of their runs have failed"] if more else lines)
