"""A team that makes good, kept as workers keep it, without a workflow: each move of a case a transaction of its own."""

from datetime import datetime

from sqlmodel import Session, col, select

from domain.recovery import Case
from domain.recovery_actions import CaseAction, Closed, Contacted, Diagnosed, Resolved
from domain.remedy_policy import Severity
from records.case_models import CorrectiveAction, ServiceCase
from records.case_openings import CaseOpening, open_case
from records.case_rows import case_of
from records.cases import KeptCase, act, look
from records.models import Contact, Interaction
from records.timeline import record_all
from tests.records.team_at_work import TeamAtWork

TEAMS = """\
people:
  ada: {name: Ada, email: ada@acme.example}
  lea: {name: Lea, email: lea@acme.example}
  max: {name: Max, email: max@acme.example}
teams:
  care: {email: care@acme.example, department: service, members: [ada], lead: lea, manager: max}
"""
RECOVERY = """\
team: care
causes: {late-delivery: late delivery, broken: broken on arrival}
severity: []
"""


class CareAtWork(TeamAtWork):
    """Cases of `care`, opened, acted on and looked at."""

    def begin(self, at: datetime, recovery: str = RECOVERY) -> None:
        """Publish the policies of a company that makes good."""
        self.publish(at, teams=TEAMS, recovery=recovery, **{"follow-ups": "default: normal\n"})

    def case(self, who: str, at: datetime, severity: Severity = "S3") -> str:
        """Open a case of somebody, and return its id."""

        def work(session: Session) -> str:
            contact, policies = self.contact(session, who, at), self.published.policies(session)
            assert policies.recovery is not None
            opening = CaseOpening("It broke", incident=f"{who}/{at}", severity=severity)
            return self._kept(session, open_case(session, self.published, contact, opening, policies.recovery, at), at)

        return self.database.write_now(work)

    def do(self, id: str, action: CaseAction, at: datetime) -> None:
        """Have a person do something about a case. What is refused is a mistake of the test."""

        def work(session: Session) -> None:
            kept = act(session, self.published, id, action, f"{action.do}/{at}", at)
            assert kept is not None
            assert kept.refusal is None, kept.refusal
            self._kept(session, kept, at)

        self.database.write_now(work)

    def diagnosed(self, who: str, at: datetime, cause: str = "late-delivery", severity: Severity = "S3") -> str:
        """Open a case whose cause is known at once, and return its id."""
        id = self.case(who, at, severity)
        self.do(id, Diagnosed(by="ada", cause=cause), at)
        return id

    def made_good(self, id: str, at: datetime) -> None:
        """Resolve a case, and close it."""
        self.do(id, Contacted(by="ada"), at)
        self.do(id, Resolved(by="ada"), at)
        self.do(id, Closed(by="ada", outcome="made good"), at)

    def goes_on(self, id: str, until: datetime) -> None:
        """Let everything of a case happen that is due by then, each thing at its instant."""
        while (due := self.row_of(id).next_at) is not None and due <= until:
            self.looks(id, due)

    def looks(self, id: str, at: datetime) -> None:
        """Let happen what is due by then."""

        def work(session: Session) -> None:
            kept = look(session, self.published, id, at, asked=True)
            assert kept is not None
            self._kept(session, kept, at)

        self.database.write_now(work)

    def row_of(self, id: str) -> ServiceCase:
        """Return the row of a case."""
        return self.database.read_now(lambda session: session.get_one(ServiceCase, id))

    def state(self, id: str) -> Case:
        """Return what rules go by."""
        return case_of(self.row_of(id))

    def actions(self) -> list[CorrectiveAction]:
        """Return the corrective actions, the first opened first."""
        in_order = select(CorrectiveAction).order_by(col(CorrectiveAction.id))
        return self.database.read_now(lambda session: list(session.exec(in_order)))

    def events(self, name: str) -> list[Interaction]:
        """Return what timelines tell under a name, in order."""
        told = select(Interaction).where(Interaction.name == name).order_by(col(Interaction.id))
        return self.database.read_now(lambda session: list(session.exec(told)))

    def _kept(self, session: Session, kept: KeptCase, at: datetime) -> str:
        contact = session.get_one(Contact, kept.row.contact_id)
        record_all(session, self.published, contact, kept.told, at)
        return kept.row.id
