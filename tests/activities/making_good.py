"""Cases with remedies on real records, without workflows: moved as their workflow moves them, each deed a transaction.

`Shop` is the company's own system: it answers what it is told to, and remembers what stands in its books.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select

from activities.remedies import Delivering, Fate, Remedies
from domain.recovery import Case
from domain.recovery_actions import Approved, CaseAction, Proposed
from domain.remedies import Remedy
from records.case_models import CaseRemedy, ServiceCase
from records.case_openings import CaseOpening, open_case
from records.case_rows import case_of
from records.cases import KeptCase, act, look, remedy_is
from records.contacts import find_or_make
from records.models import Contact, Interaction
from records.published import Published, publish
from records.remedy_delivery import steps_of
from records.remedy_goods import balance_of
from records.remedy_models import Voucher
from records.session import Database
from records.timeline import record_all
from tests.domain.remedies import GIVES, PEOPLE, TEAM

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MESSAGING = """\
organisation: {name: Acme, address: 1 High Street, time_zone: UTC}
senders: {default: {from: "Acme <hello@acme.example>"}}
webhooks: {shop: {url: "https://shop.acme.example/hooks", expires: 1 day}}
"""


def files(people: object = PEOPLE, team: object = TEAM, **remedies: object) -> dict[str, str]:
    """Return the policies of the company; what is given of its remedies replaces what they are else."""
    gives = {**GIVES, **remedies}
    return {
        "policies/messaging.yaml": MESSAGING,
        "policies/teams.yaml": json.dumps({"people": people, "teams": {"care": team}}),
        "policies/recovery.yaml": json.dumps({"team": "care", "otherwise": "S1", "remedies": gives}),
    }


@dataclass
class Shop:
    """Answers in turn what it was told to answer (an error, or nothing for a yes), then yes; each id does a thing once.

    An error of `lost` is raised after the thing was done: the answer was lost on its way.
    """

    answers: deque[Exception | None] = field(default_factory=deque)
    lost: deque[bool] = field(default_factory=deque)
    heard: list[tuple[str, str]] = field(default_factory=list)
    stands: dict[str, str] = field(default_factory=dict)

    async def tell(self, endpoint: str, url: str, id: str, body: bytes) -> str:
        said = json.loads(body)
        self.heard.append((id, said["type"]))
        answer = self.answers.popleft() if self.answers else None
        if answer is None or (self.lost and self.lost.popleft()):
            if id.endswith(".cancel"):
                self.stands.pop(said["data"]["remedy"], None)
            else:
                self.stands[said["data"]["remedy"]] = said["data"]["amount"]
        if answer is not None:
            raise answer
        return "200"


@dataclass
class MakingGood:
    """A company with one customer; cases are opened for them, and remedies given."""

    database: Database
    shop: Shop = field(default_factory=Shop)
    now: datetime = NOW
    published: Published = field(default_factory=Published)
    publishes: bool = True

    def __post_init__(self) -> None:
        if self.publishes:
            self.publish(files())
        self.activity = Remedies(self.database, self.published, self.shop)

    def publish(self, files: dict[str, str]) -> None:
        self.database.write_now(lambda session: publish(session, files, {}, self.now))

    def open(self, incident: str, severity: str = "S1") -> str:
        """Open a case; return its id."""

        def work(session: Session) -> str:
            policies = self.published.policies(session)
            assert policies.recovery is not None
            opening = CaseOpening("It broke", incident, severity=severity)  # type: ignore[arg-type]
            kept = open_case(session, self.published, self.contact(session), opening, policies.recovery, self.now)
            return self._told(session, kept).row.id

        return self.database.write_now(work)

    def contact(self, session: Session) -> Contact:
        return find_or_make(session, {"email": "ann@customer.example"}, "test", NOW)

    def act(self, case: str, action: CaseAction, key: str) -> str | None:
        """Do something; return why it was refused, if it was."""
        kept = self._move(lambda session: act(session, self.published, case, action, key, self.now))
        return kept.refusal

    def propose(self, case: str, kind: str, amount: float = 0, by: str = "ada", key: str = "k1") -> Remedy:
        """Propose something; it is not refused."""
        refusal = self.act(case, Proposed(by=by, kind=kind, amount=Decimal(str(amount))), key)
        assert refusal is None, refusal
        return self.case(case).remedies[-1]

    def grant(self, case: str, kind: str, amount: float, key: str = "k1") -> Remedy:
        """Propose something, and have the head say yes where somebody has to."""
        remedy = self.propose(case, kind, amount, key=key)
        if remedy.state == "asked":
            assert self.act(case, Approved(by="hal", remedy=remedy.id), f"{key}-yes") is None
        return self.case(case).remedies[-1]

    def look(self, case: str) -> None:
        """Let ring what is due."""
        self._move(lambda session: look(session, self.published, case, self.now, asked=True))

    async def deliver(self, case: str, remedy: str) -> Fate:
        """Try once to deliver a remedy, as the workflow does, and write down what came of it if something did."""
        fate = await self.activity.deliver(Delivering(case=case, remedy=remedy, now=self.now))
        if fate.again_at is None:
            self._move(
                lambda session: remedy_is(session, self.published, case, remedy, fate.delivered, fate.why, self.now)
            )
        return fate

    async def deliver_at_last(self, case: str, remedy: str) -> Fate:
        """Deliver a remedy, however long that takes."""
        while (fate := await self.deliver(case, remedy)).again_at is not None:
            self.now = max(fate.again_at, self.now + timedelta(seconds=1))
        return fate

    def case(self, id: str) -> Case:
        return self.database.read_now(lambda session: case_of(session.get_one(ServiceCase, id)))

    def remedies(self) -> list[CaseRemedy]:
        mine = select(CaseRemedy).order_by(col(CaseRemedy.proposed_at))
        return self.database.read_now(lambda session: list(session.exec(mine).all()))

    def vouchers(self) -> list[Voucher]:
        return self.database.read_now(lambda session: list(session.exec(select(Voucher)).all()))

    def points(self) -> int:
        def work(session: Session) -> int:
            found = session.exec(select(Contact.id).where(Contact.email == "ann@customer.example")).one()
            return balance_of(session, found)

        return self.database.read_now(work)

    def steps(self, remedy: str) -> list[tuple[str, str, str | None]]:
        found = self.database.read_now(lambda session: steps_of(session, remedy))
        return [(each.step, each.state, each.undo) for each in found]

    def timeline(self) -> list[str]:
        rows = select(Interaction.name).order_by(col(Interaction.id))
        return self.database.read_now(lambda session: list(session.exec(rows).all()))

    def _move(self, work: Callable[[Session], KeptCase | None]) -> KeptCase:
        def write(session: Session) -> KeptCase:
            kept = work(session)
            assert kept is not None
            return self._told(session, kept)

        return self.database.write_now(write)

    def _told(self, session: Session, kept: KeptCase) -> KeptCase:
        contact = session.get_one(Contact, kept.row.contact_id)
        record_all(session, self.published, contact, kept.told, self.now)
        return kept
