"""`enrol`, `end`, `event`: what a person tells the engine about one contact."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.definition import nearest
from domain.entry import Entry
from domain.program import Program
from records.entries import enter
from records.inbox import accept
from records.models import Contact, Enrolment
from records.runs import end, open_runs, stir
from starter.api import NotUsable
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import LATER, Store, contact_of, opened_store, program_of, sequence_name, wake_intake
from starter.events import read_event
from starter.forms.base import inbox_key

SOURCE = "cli"
REASON = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


def enrol_contact(sequence: str, who: str, data: Mapping[str, Any]) -> Result:
    """Let a contact enter a sequence by hand. Every check but the trigger's own is asked, and can refuse."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def write(session: Session) -> tuple[Program, Contact, Entry, Enrolment | None]:
            program = program_of(session, store.published, sequence)
            if program.status != "live":
                raise ProblemsFound([f"{program.sequence}: is a draft; set 'status: live' and publish it first"])
            contact = contact_of(session, who)
            return program, contact, *enter(session, store.published, program, contact, now, data=dict(data))

        program, contact, entry, enrolment = store.write(write)
        if not entry.enters and entry.waits_until is None:  # the refusal is in the contact's timeline all the same
            problem = f"{program.sequence}: {name_of(contact)} does not enter ({entry.check}): {entry.why[-1]}"
            raise ProblemsFound([problem])
        woken = wake_intake(store.settings)
    document = {
        "enrolment": enrolment.id if enrolment else None,
        "sequence": program.sequence,
        "version": program.version,
        "contact": contact.id,
        "entered_at": now if enrolment else None,
        "waits_until": entry.waits_until,
        "woken": woken,
    }
    if entry.waits_until is not None:
        waits = f"waits up to {entry.waits_until:%Y-%m-%d %H:%M} UTC to enter {program.sequence}: {entry.why[-1]}"
        return Result(document, [f"{name_of(contact)} {waits}"])
    begins = "it begins now" if woken else f"{LATER}; it begins when a worker looks"
    return Result(document, [f"{name_of(contact)} entered {program.sequence}; {begins}"])


def name_of(contact: Contact) -> str:
    """Return what a person knows a contact by."""
    return contact.email or contact.id


def end_runs(sequence: str, who: str, reason: str) -> Result:
    """End a contact's open runs of a sequence, as `exited:REASON`."""
    if not REASON.fullmatch(reason):
        raise ProblemsFound(["--reason: is not one line of 1 to 100 characters; shorten it"])
    now, name = datetime.now(UTC), sequence_name(sequence)
    with opened_store() as store:

        def write(session: Session) -> tuple[Contact, list[str]]:
            contact = contact_of(session, who)
            runs = [run for run in open_runs(session, contact.id) if run.sequence == name]
            if not runs:
                raise ProblemsFound([f"{name}: {name_of(contact)} is not in it; {where_they_are(session, contact)}"])
            for run in runs:
                program = store.published.program(session, run.version)
                end(session, program, run, f"exited:{reason}", now, ["ended by hand"])
                stir(session, run, now)
            return contact, [run.id for run in runs]

        contact, ended = store.write(write)
        woken = wake_intake(store.settings)
    document = {"sequence": name, "contact": contact.id, "enrolments": ended, "reason": f"exited:{reason}"}
    return Result(document | {"ended_at": now, "woken": woken}, [f"{name_of(contact)} left {name}: {reason}"])


def where_they_are(session: Session, contact: Contact) -> str:
    """Say in which sequences a contact is."""
    names = sorted({run.sequence for run in open_runs(session, contact.id)})
    return f"they are in {', '.join(names)}" if names else "they are in no sequence"


def tell_event(name: str, who: str, data: Mapping[str, Any], step: str | None, own_id: str | None) -> Result:
    """Put an event into the inbox, as if another system had told it."""
    with opened_store() as store:
        contact = store.read(lambda session: contact_of(session, who))
        _check_declared(store, name)
        told_id = own_id or str(uuid7())
        told: dict[str, JsonValue] = {"id": told_id, "event": name, "contact": {"id": contact.id}}
        told |= {"data": dict(data), "of": step}
        try:
            row = read_event(told, datetime.now(UTC))
        except NotUsable as error:
            raise ProblemsFound([f"event: {error}"]) from None
        row.source, row.key = SOURCE, inbox_key(SOURCE, "events", told_id)
        fresh = store.inbox.write_now(lambda session: accept(session, row))
        woken = wake_intake(store.settings) if fresh else False
    document = {"id": told_id, "event": name, "contact": contact.id, "inbox": row.id, "woken": woken}
    document["status"] = "accepted" if fresh else "repeated"
    if not fresh:
        return Result(document, [f"{name}: told before under this id; nothing changes"])
    soon = "it is looked at now" if woken else f"{LATER}; it is looked at when a worker runs"
    return Result(document, [f"{name}: {name_of(contact)}; it is on disk, {soon}"])


def _check_declared(store: Store, name: str) -> None:
    declared = store.read(lambda session: set(store.published.policies(session).event_fields()))
    if name not in declared:
        raise ProblemsFound([f"event '{name}' is not declared in policies/events.yaml{nearest(name, declared)}"])
