"""The books and the mail, compared: every difference is explained by a row, or it is a fault.

`audit` reads both databases and every letter that a mail server got, and raises AssertionError with all differences.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session, col, select

from domain.answers import read_address
from records.follow_up_models import StaffNote
from records.models import Contact, Decision, Drained, Enrolment, Identity, Inbox, Interaction, Message
from tests.system.company import Company
from tests.system.letters import Letter

FATES = {"sent": "accepted", "refused": "refused", "unknown": "unknown", "skipped": "skipped"}


@dataclass
class Books:
    """Everything that was written down, and everything that arrived."""

    drained: list[Drained]
    contacts: list[Contact]
    identities: list[Identity]
    interactions: list[Interaction]
    enrolments: list[Enrolment]
    decisions: list[Decision]
    messages: list[Message]
    inbox: list[Inbox] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    notes: list[StaffNote] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def unless(self, right: bool, difference: str) -> None:
        """Note a difference."""
        if not right:
            self.differences.append(difference)


def audit(company: Company) -> Counter[str]:
    """Compare; return how many messages are in each state."""
    books = _books(company)
    found = differences(books)
    assert not found, "\n".join(found)
    return Counter(row.state for row in books.messages)


def differences(books: Books) -> list[str]:
    """Return everything that nothing explains."""
    for compare in (_inbox, _contacts, _enrolments, _decisions, _ends, _messages, _mail):
        compare(books)
    return books.differences


def _books(company: Company) -> Books:
    def read(session: Session) -> Books:
        return Books(
            drained=list(session.exec(select(Drained))),
            contacts=list(session.exec(select(Contact))),
            identities=list(session.exec(select(Identity))),
            notes=list(session.exec(select(StaffNote).where(StaffNote.channel == "email"))),
            interactions=list(session.exec(select(Interaction))),
            enrolments=list(session.exec(select(Enrolment))),
            decisions=list(session.exec(select(Decision).order_by(col(Decision.id))).all()),
            messages=list(session.exec(select(Message))),
        )

    # The mail is read last: what the books call accepted must have arrived by then. The inbox is read first: what it
    # calls drained must stand in the books by then.
    inbox = company.inbox.read_now(lambda session: list(session.exec(select(Inbox).order_by(col(Inbox.id))).all()))
    books = company.main.read_now(read)
    books.inbox, books.letters = inbox, company.letters()
    return books


def _inbox(books: Books) -> None:
    drained = {row.inbox_id for row in books.drained}
    told = Counter(row.key for row in books.interactions)
    for row in books.inbox:
        done = row.drained_at is not None
        books.unless(not (done and row.parked_at), f"inbox {row.id} is drained and parked")
        books.unless(not done or row.id in drained, f"inbox {row.id} is called drained, but nothing came of it")
        books.unless(row.parked_at is None or row.id not in drained, f"inbox {row.id} is parked, but was drained")
        # An enrolment tells nothing that happened; a mail is named in the timeline by what it says, not how it came; an
        # answer to a survey by how many there were before, and one that says the same again is none.
        if row.id in drained and row.kind not in ("enrolment", "mail", "survey"):
            books.unless(told[row.key] == 1, f"inbox {row.id} ({row.key}) is {told[row.key]} times in the timelines")
    keys = {row.key for row in books.inbox} | {_asked(row.key) for row in books.inbox if row.kind == "survey"}
    for key in told:
        if key.startswith(("segment/", "score/", "mail/", "request/", "task/", "case/")):
            continue  # we saw or did it ourselves, read it in a mail, or asked for a confirmation
        # One press of a button on the preference page is a row of the timeline for each topic.
        pressed = key.rpartition("/")[0] if key.startswith("preferences/") else key
        pressed = _asked(key) if key.startswith("survey/") else pressed
        books.unless(key in keys or pressed in keys, f"the timeline has {key}, which never came in")


def _asked(key: str) -> str:
    """Return what all answers to one survey have in common: the message that asked."""
    return "/".join(key.split("/")[:2])


def _contacts(books: Books) -> None:
    drained = {row.inbox_id for row in books.drained}
    wanted = {_address(row) for row in books.inbox if row.id in drained} - {None}
    there = Counter(contact.email for contact in books.contacts)
    for email in wanted | set(there):
        books.unless(there[email] == 1, f"{email} is {there[email]} contacts")
        books.unless(email in wanted, f"nobody sent in {email}")
    books.unless(len(books.identities) == len(books.contacts), "there are not as many identities as contacts")


def _address(row: Inbox) -> str | None:
    who = row.body.get("answers") or row.body.get("contact") or {}
    return read_address(who["email"]) if isinstance(who, dict) and who.get("email") else None


def _enrolments(books: Books) -> None:
    entered = Counter(row.enrolment_id for row in books.decisions if row.kind == "entry" and row.did == "entered")
    ends = Counter(row.enrolment_id for row in books.decisions if row.kind == "end")
    ends.subtract(row.enrolment_id for row in books.decisions if row.kind == "retry")  # a failure that was taken back
    # Who begins anew is in twice, one after the other.
    runs = Counter((row.contact_id, row.sequence, row.per) for row in books.enrolments if row.end_reason != "replaced")
    for (contact, sequence, per), times in runs.items():
        books.unless(times == 1, f"{contact} entered {sequence} {times} times" + (f" for {per}" if per else ""))
    for row in books.enrolments:
        books.unless(entered[row.id] == 1, f"run {row.id} has {entered[row.id]} entries in the log")
        wanted = 1 if row.ended_at else 0
        books.unless(ends[row.id] == wanted, f"run {row.id} ({row.end_reason}) has {ends[row.id]} ends in the log")


def _decisions(books: Books) -> None:
    fates = {(row.enrolment_id, row.step, row.visit): row for row in books.messages}
    for row in books.decisions:
        if row.kind != "send" or not row.final or row.asked or row.did not in FATES:
            continue
        message = fates.get((row.enrolment_id, row.step, row.visit))
        if message is None:
            books.differences.append(f"{row.step} of {row.enrolment_id} was {row.did}, but has no row in the ledger")
            continue
        # A reply that came late, or evidence, resolves what was unknown.
        right = message.state == FATES[row.did] or (row.did == "unknown" and message.unknown_at is not None)
        books.unless(right, f"{message.send_key} was {row.did}, but the ledger says {message.state}")


def _ends(books: Books) -> None:
    """After a run's end nothing is handed over and no step begins; what had been handed over is recorded."""
    ended = {row.id: row.ended_at for row in books.enrolments if row.ended_at}
    leaving = {
        (row.enrolment_id, row.step, row.visit): row.handing_over_at for row in books.messages if row.handing_over_at
    }
    over: set[str] = set()
    for row in books.decisions:
        run = row.enrolment_id or ""
        if row.kind == "end":
            over.add(run)
        elif row.kind == "retry":
            over.discard(run)
        elif run in over:
            known = row.kind == "send" and (run, row.step, row.visit) in leaving
            books.unless(known, f"{row.step} of {run} was {row.did} after the end")
    for (enrolment, step, _), at in leaving.items():
        # An end that a run came to by itself is written in the full seconds of its workflow.
        end = ended.get(enrolment or "")
        late = end is not None and at > end + (timedelta(0) if end.microsecond else timedelta(seconds=1))
        books.unless(not late, f"{step} of {enrolment} was handed over after the end")


def _messages(books: Books) -> None:
    ended = {row.id for row in books.enrolments if row.ended_at}
    told = {(row.enrolment_id, row.step, row.visit) for row in books.decisions if row.kind == "send" and row.final}
    for row in books.messages:
        over = row.enrolment_id in ended
        books.unless(not (over and row.state == "claimed"), f"{row.send_key} is claimed by a run that has ended")
        if row.state in ("accepted", "refused", "unknown"):
            known = (row.enrolment_id, row.step, row.visit) in told
            books.unless(known or row.attempts > 0, f"{row.send_key} is {row.state}, but nobody tried")


def _mail(books: Books) -> None:
    arrived: dict[str, list[Letter]] = defaultdict(list)
    for letter in books.letters:
        arrived[letter.message_id].append(letter)
    addresses = {contact.id: contact.email for contact in books.contacts}
    for row in books.messages:
        letters = arrived.pop(row.message_id, [])
        taken = sum(letter.accepted for letter in letters)
        once = 1 if row.class_ == "marketing" else max(row.attempts, 1)
        may_be_there = row.state in ("accepted", "unknown", "handing_over") or row.unknown_at is not None
        books.unless(taken <= once, f"{row.send_key} ({row.class_}) was accepted {taken} times")
        books.unless(
            taken <= 1 or row.unknown_at is not None, f"{row.send_key} was repeated without having been unknown"
        )
        books.unless(taken == 0 or may_be_there, f"{row.send_key} is {row.state}, but it arrived")
        books.unless(row.state != "accepted" or taken > 0, f"{row.send_key} is accepted, but never arrived")
        books.unless(
            all(letter.recipient == addresses[row.contact_id] for letter in letters), f"{row.send_key} went astray"
        )
    for note in books.notes:
        taken = sum(letter.accepted for letter in arrived.pop(note.message_id or "", []))
        # One of ours who is told twice loses a second: what died on the wire is sent again, once.
        books.unless(taken <= 1 + note.repeats, f"the note {note.key} was accepted {taken} times")
        books.unless(note.state != "accepted" or taken > 0, f"the note {note.key} is accepted, but never arrived")
    for message_id in arrived:
        books.differences.append(f"{message_id} arrived, but is in no ledger")
