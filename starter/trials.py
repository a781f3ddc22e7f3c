"""`send --test`: a message to one address or number only, marked as a test.

It is a run like any other, of a program that says `trial`: through the gate and the ledger, under no cap, in no
broadcast's figures.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select
from uuid_utils.compat import uuid7

from domain.answers import read_address
from domain.broadcast import Announcement, slug
from domain.entry import Entry
from domain.events import ONLY_TESTED
from domain.standing import SMS, spelled_phone
from domain.texts import is_number
from records.broadcasts import keep_program
from records.contacts import find, find_or_make
from records.entries import write_down
from records.models import Contact, Enrolment
from records.published import Published
from starter.broadcast_program import compiled
from starter.broadcast_wanted import Named, Office, Wanted, compared, name_problems, named
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import LATER, opened_store, wake_intake


def send_test(wanted: Wanted, address: str) -> Result:
    """Send the message (and the one it is compared with) to one address or number only, marked as a test."""
    now = datetime.now(UTC)
    with opened_store() as store:
        to, runs = store.write(lambda session: enter_test(session, store.published, wanted, address, now))
        woken = wake_intake(store.settings)
    templates = [template for template, _ in runs]
    document = {"to": to, "templates": templates, "enrolments": [run for _, run in runs], "woken": woken}
    soon = "it goes out now" if woken else f"{LATER}; it goes out when a worker looks"
    return Result(document, [f"{' and '.join(templates)} to {to} as a test; {soon}"])


def enter_test(
    session: Session, published: Published, wanted: Wanted, address: str, now: datetime
) -> tuple[str, list[tuple[str, str]]]:
    """Let the contact of an address in for a test of each message; return the address, and templates and runs.

    Raises `ProblemsFound`.
    """
    office = Office.of(session, published)
    template = named(office, wanted.template, wanted.channel)
    problems = list(name_problems(office, wanted.template, template, wanted.channel))
    templates = [template]
    if wanted.other is not None:
        other = compared(office, wanted.other, template)
        problems += name_problems(office, wanted.other, other, None)
        templates.append(other)
    if problems:
        raise ProblemsFound(problems)
    contact = _of_number(session, address, now) if template.channel == SMS else _of_address(session, address, now)
    runs = [(each.name, _test_run(session, office, each, wanted.topic, contact, now)) for each in templates]
    return str(contact.phone if template.channel == SMS else contact.email), runs


def _of_address(session: Session, address: str, now: datetime) -> Contact:
    """Return the contact of this address; one that is made up is named after the address."""
    try:
        email = read_address(address)
    except ValueError:
        what = f"--test: '{address[:60]}' is no e-mail address; write one, such as you@acme.example"
        raise ProblemsFound([what]) from None
    found = find(session, email)
    if found is not None:
        return found
    words = [word.capitalize() for word in re.split(r"[^A-Za-z]+", email.partition("@")[0]) if word]
    fields = {"email": email, "first_name": words[0] if words else "Test", "last_name": " ".join(words[1:]) or "Reader"}
    return find_or_make(session, fields, ONLY_TESTED, now)


def _of_number(session: Session, number: str, now: datetime) -> Contact:
    """Return a contact with this number, as it is spelled in the records; one that is made up has nothing else."""
    spelled = spelled_phone(number)
    if not is_number(spelled):
        what = f"--test: '{number[:60]}' is no number as the world dials it; write one, such as +491715550123"
        raise ProblemsFound([what])
    theirs = select(Contact).where(col(Contact.phone).in_((spelled, number)), col(Contact.erased_at).is_(None))
    found = session.exec(theirs.order_by(col(Contact.id)).limit(1)).first()
    if found is not None:
        return found
    names: dict[str, Any] = {"first_name": "Test", "last_name": "Reader"}
    made = Contact(id=str(uuid7()), phone=spelled, source=ONLY_TESTED, created_at=now, updated_at=now, **names)
    session.add(made)
    session.flush()
    return made


def _test_run(
    session: Session, office: Office, template: Named, topic: str | None, contact: Contact, now: datetime
) -> str:
    about = topic or office.templates.topic_of(template.channel, template.name)
    announced = Announcement(
        name=f"test-{slug(template.name)}",
        template=template.name,
        channel=template.channel,
        topic=about or next(iter(office.policies.messaging.topics), None),
        again="always",
    )
    program = compiled(announced, office).model_copy(update={"trial": True})
    run = Enrolment(
        id=str(uuid7()),
        contact_id=contact.id,
        sequence=program.sequence,
        version=keep_program(session, program, office.bundle, now),
        bundle=office.bundle,
        event={"name": "test"},
        entered_at=now,
    )
    session.add(run)
    session.flush()
    entry = Entry(True, why=["a test, by hand"])
    write_down(session, contact.id, program.sequence, run.version, entry, run, now)
    return run.id
