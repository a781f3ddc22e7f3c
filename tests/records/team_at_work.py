"""A team with follow-ups to do, kept as workers keep them, without a workflow: each move a transaction of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.follow_up_actions import Action
from records.contacts import find_or_make
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_ups import Kept, act, hold_all, look, open_follow_up
from records.models import Contact
from records.published import Published, publish
from records.session import Database
from records.timeline import Happening, record, record_all

FILES = {
    "policies/messaging.yaml": "organisation: {name: Acme, address: 1 High Street, time_zone: Europe/Berlin}\n"
    'senders: {default: {from: "Acme <hello@acme.example>"}}\n',
    "policies/calendars.yaml": 'default: office\ncalendars: {office: {zone: UTC, hours: {mon-fri: ["10:00-18:00"]}}}\n',
    "policies/teams.yaml": """\
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example}
  lea: {name: Lea, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, department: sales, members: {ada: 2, bob: 1}, lead: lea}
  care: {email: care@acme.example}
""",
    "policies/follow-ups.yaml": "open: {demo: {on: form_submitted, title: Call them, team: sales, policy: hot}}\n",
}


@dataclass
class TeamAtWork:
    """A database, what is published in it, and what people do there."""

    database: Database
    published: Published = field(default_factory=Published)

    def publish(self, at: datetime, **files: str) -> None:
        """Publish the policies; those given by name (`teams=…`) are other ones."""
        told = FILES | {f"policies/{name}.yaml": text for name, text in files.items()}
        self.database.write_now(lambda session: publish(session, told, {}, at))

    def open(self, who: str, at: datetime, **more: Any) -> str:
        """Open a follow-up for somebody of `sales`, and return its id."""

        def work(session: Session) -> str:
            contact = self.contact(session, who, at)
            opening = Opening(**{"title": f"Call {who}", "team": "sales", **more})
            kept = open_follow_up(session, self.published.policies(session), contact, opening, at)
            record_all(session, self.published, contact, kept.told, at)
            return kept.row.id

        return self.database.write_now(work)

    def act(self, id: str, action: Action, at: datetime) -> None:
        """Do something about it. What is refused is a mistake of the test."""
        self._move(id, at, lambda session: act(session, self.published, id, action, f"{action.do}/{at}", at))

    def look(self, id: str, at: datetime) -> None:
        """Let ring what is due then."""
        self._move(id, at, lambda session: look(session, self.published, id, at, asked=False))

    def hold(self, who: str, until: datetime | None, at: datetime) -> None:
        """Somebody is away: the clocks of everything that is open for them stand still."""

        def work(session: Session) -> None:
            contact = self.contact(session, who, at)
            told = hold_all(session, self.published, contact, until, "away", at)
            record_all(session, self.published, contact, told, at)

        self.database.write_now(work)

    def rings(self, id: str, until: datetime) -> Iterator[datetime]:
        """Let everything ring at its instant; yield when."""
        while (due := self.row(id).next_at) is not None and due <= until:
            self.look(id, due)
            yield due

    def tell(
        self, who: str, name: str, at: datetime, *, person: str | None = None, made: datetime | None = None, **data: Any
    ) -> None:
        """Something happens to somebody; what is told later was `made` before."""

        def work(session: Session) -> None:
            told = Happening(f"{name}/{who}/{at}", name, at, data, person=person, occurred_at=made)
            record(session, self.published, self.contact(session, who, at), told, at)

        self.database.write_now(work)

    def row(self, id: str) -> FollowUp:
        found = self.database.read_now(lambda session: session.get(FollowUp, id))
        assert found is not None
        return found

    def ids(self) -> list[str]:
        """Return every follow-up, the first opened first."""
        in_order = select(FollowUp.id).order_by(col(FollowUp.id))
        return self.database.read_now(lambda session: list(session.exec(in_order)))

    def contact(self, session: Session, who: str, at: datetime) -> Contact:
        return find_or_make(session, {"email": f"{who}@customer.example"}, "test", at)

    def _move(self, id: str, at: datetime, move: Any) -> None:
        def work(session: Session) -> None:
            kept: Kept = move(session)
            assert kept.refusal is None, kept.refusal
            contact = session.get(Contact, kept.row.contact_id)
            assert contact is not None
            record_all(session, self.published, contact, kept.told, at)

        self.database.write_now(work)
