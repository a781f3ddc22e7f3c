"""A case with letters to its customer, kept as workers keep them, without a workflow: each deed a transaction."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from domain.recovery import Case, Write
from domain.recovery_moves import opened
from records.case_letters import Settled, ask_to_look, fated, settle, write
from records.case_models import CaseLetter, ServiceCase
from records.contacts import find_or_make
from records.models import Contact, Enrolment, Message
from records.published import Published, publish
from records.runs import end
from records.session import Database
from records.staffing import staff_seen
from tests.records.team_at_work import FILES

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
SENDERS = """\
organisation: {name: Acme, address: 1 High Street, time_zone: Europe/Berlin}
senders:
  default: {from: "Acme <hello@acme.example>"}
  care: {from: "Acme Care <care@acme.example>", reply_to: inbound}
"""
POLICIES = FILES | {
    "policies/messaging.yaml": SENDERS,
    "policies/recovery.yaml": "team: care\nsender: care\ncauses: {late: Too late}\n",
}
ACKNOWLEDGED = Write("acknowledged", "acknowledged/1")


@dataclass
class LettersAtWork:
    """A database with one contact and one open case, whose customer is written to."""

    database: Database
    published: Published = field(default_factory=Published)
    id: str = field(default_factory=lambda: str(uuid4()))

    def open(self, number: int = 1042) -> "LettersAtWork":
        """Publish the policies, and open the case."""

        def work(session: Session) -> None:
            publish(session, POLICIES, {}, NOW)
            contact = find_or_make(session, {"email": "ada@customer.example", "first_name": "Ada"}, "test", NOW)
            state = self._state(session, number)
            session.add(
                ServiceCase(
                    id=self.id,
                    number=number,
                    contact_id=contact.id,
                    title=state.title,
                    incident=str(number),
                    severity=state.severity,
                    team="care",
                    opened_at=NOW,
                    state=state.model_dump(mode="json"),
                )
            )

        self.database.write_now(work)
        return self

    def _state(self, session: Session, number: int) -> Case:
        policy = self.published.policies(session).recovery
        assert policy is not None, "it was published"
        case = Case(
            id=self.id,
            number=number,
            title="The board came too late",
            team="care",
            owner="ada",
            severity="S3",
            clocks=policy.clocks_of("S3"),
            opened_at=NOW,
        )
        return opened(case, NOW).state

    def row(self) -> ServiceCase:
        """Return the case as it stands."""
        return self.database.read_now(lambda session: session.get_one(ServiceCase, self.id))

    def contact(self, session: Session) -> Contact:
        """Return its customer."""
        return session.get_one(Contact, self.row().contact_id)

    def write(self, deed: Write = ACKNOWLEDGED, at: datetime = NOW, **state: Any) -> None:
        """Write a letter, as a move that wants it does; `state` is what differs in the case."""
        self.database.write_now(lambda session: self.write_in(session, deed, at, **state))

    def write_in(self, session: Session, deed: Write, at: datetime = NOW, **state: Any) -> None:
        """As `write`, in a transaction of somebody else."""
        row = session.get_one(ServiceCase, self.id)
        contact = session.get_one(Contact, row.contact_id)
        policies = self.published.policies(session)
        case = Case.model_validate(row.state).model_copy(update=state)
        write(session, self.published, contact, row, case, staff_seen(policies, "care", contact, {}), deed, at)

    def settle(self) -> list[Settled]:
        """Hear what became of letters."""
        return self.database.write_now(lambda session: settle(session, session.get_one(ServiceCase, self.id)))

    def fated(self) -> list[str]:
        """Return the cases of which a letter has a fate that nobody has heard of."""
        return self.database.read_now(fated)

    def ask_to_look(self, at: datetime) -> int:
        """Have such cases look."""
        return self.database.write_now(lambda session: ask_to_look(session, at))

    def letters(self) -> list[CaseLetter]:
        """Return the letters, in the order in which they were written."""
        return list(
            self.database.read_now(lambda session: session.exec(select(CaseLetter).order_by(col(CaseLetter.id))).all())
        )

    def runs(self) -> list[Enrolment]:
        """Return the runs of the letters."""
        return list(
            self.database.read_now(lambda session: session.exec(select(Enrolment).order_by(Enrolment.id)).all())
        )

    def message(self, state: str, at: datetime = NOW, number: int = 0, **more: Any) -> str:
        """Give the message of a letter a state, as the ledger would; return its Message-ID."""
        run, id = self.runs()[number], f"<{number}@mail.acme.example>"
        told = {f"{state}_at": at} | more

        def work(session: Session) -> None:
            session.merge(
                Message(
                    id=f"m{number}",
                    send_key=f"{run.id}/letter/1",
                    contact_id=run.contact_id,
                    enrolment_id=run.id,
                    sequence=run.sequence,
                    step="letter",
                    channel="email",
                    template="service/acknowledged",
                    bundle="b",
                    class_="service",
                    message_id=id,
                    state=state,
                    **told,
                )
            )

        self.database.write_now(work)
        return id

    def end(self, reason: str = "completed", at: datetime = NOW + timedelta(minutes=1), number: int = 0) -> None:
        """End the run of a letter."""

        def work(session: Session) -> None:
            run = session.get_one(Enrolment, self.runs()[number].id)
            end(session, self.published.program(session, run.version), run, reason, at, [])

        self.database.write_now(work)
