"""A company that makes good what went wrong: its people, its policy, and how instants are read in its tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import select

from domain.case_letters import TEMPLATES_OF_LETTERS
from records.case_models import CaseRemedy
from records.case_openings import CaseOpening
from records.models import Interaction
from records.service_cases import standstills
from tests.workflows.recoveries import Recovery
from tests.workflows.test_sequence import FILES
from tests.workflows.world import World

BERLIN = ZoneInfo("Europe/Berlin")
HOME = FILES | {
    "policies/calendars.yaml": """
default: office
calendars:
  office: {zone: Europe/Berlin, hours: {mon-fri: ["10:00-18:00"]}}
""",
    "policies/teams.yaml": """
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example, deputy: ada}
  lea: {name: Lea, email: lea@acme.example, deputy: dot}
  dot: {name: Dot, email: dot@acme.example}
  max: {name: Max, email: max@acme.example}
  hal: {name: Hal, email: hal@acme.example}
teams:
  care: {email: care@acme.example, department: service, members: [ada, bob], lead: lea, manager: max, head: hal}
""",
    "policies/recovery.yaml": """
team: care
causes: {late: Delivered late, rude: We were unfriendly}
open:
  complaint:
    on: form_submitted
    when: event.form == 'complaint'
    title: Complaint about {{ event.order or 'us' }}
    incident: event.order
  dissatisfied: {on: survey_answered, when: event.survey == 'csat' && int(event.score) <= 2, title: Dissatisfied}
  refund: {on: refund_requested, title: Wants their money back, incident: event.order_id}
  forgotten: {on: task_escalated, when: event.role == 'head', title: We forgot, incident: event.task}
severity:
  - {severity: S1, when: contact.tier == 'gold'}
  - {severity: S2, when: "has(event.severity) && string(event.severity) == '4'"}
otherwise: S3
remedies:
  types:
    apology: {label: our apology, counts: false}
    voucher: {label: a voucher, by: voucher}
  bands:
    - {severity: [S1, S2], offer: [voucher, apology], most: 2000}
    - {severity: [S3], offer: [voucher, apology], most: 100}
    - {severity: [S4], offer: [apology]}
  caps: [{most: 2500, in: 12 months}]
""",
    "policies/events.yaml": "events: {refund_requested: {fields: [order_id]}}",
    "policies/forms/complaint.yaml": """
fields: {email: email}
event: {order: order, severity: severity}
department: service
complaint: true
""",
}
A_LETTER = """---
class: service
---
{% block subject %}Case {{ run.event.number }}{% endblock %}
{% block html %}<p>About your case</p>{% endblock %}
"""
HOME |= {f"templates/email/{each}.html": A_LETTER for each in TEMPLATES_OF_LETTERS}
HOME["templates/email/service/survey.html"] = A_LETTER.replace("class: service", "class: service\nsurvey: case")
BROKEN = CaseOpening("It broke", "order 7", severity="S1")
MILD = CaseOpening("It is late", "order 8", severity="S3")


def monday(hour: int = 10, minute: int = 0, *, days: int = 0) -> datetime:
    """A Monday to come, on a clock that no change of clocks is near."""
    return datetime(2027, 5, 10, hour, minute, tzinfo=BERLIN).astimezone(UTC) + timedelta(days=days)


def is_of_a_case(row: Interaction) -> bool:
    """Whether a row of the timeline is about a case itself."""
    return row.name.startswith(("case_", "promise_"))


def shown(at: datetime | None) -> str:
    """Return an instant as people read it."""
    return "-" if at is None else f"{at.astimezone(BERLIN):%a %d %H:%M:%S}"


async def opened(world: World, opening: CaseOpening = BROKEN, at: datetime | None = None) -> Recovery:
    """Open a case in this company."""
    await world.publish(HOME)
    return await Recovery.open(world, opening, at or monday())


def lines(rows: Sequence[Interaction], *more: str) -> list[str]:
    """Return what the timeline says of a case, a line each: what, by whom, when, and these fields."""
    found = []
    for row in rows:
        if is_of_a_case(row):
            said = [str(row.data[name]) for name in more if name in row.data]
            found.append(" ".join([row.name, row.person or "-", _at(row.name, row.at), *said]))
    return found


def _at(what: str, at: datetime) -> str:
    # A delivery takes what it takes of real time: it is over a second or two later on a busy machine.
    return shown(at)[: -len(":00")] if what in ("case_remedy_delivered", "case_remedy_failed", "offer") else shown(at)


async def notes(case: Recovery, *abouts: str) -> list[str]:
    """Return whom was told what and when, as `reminder ada Mon 10 12:00:00 duty-contact:1 50`."""
    return [
        " ".join(
            [each.about, each.person or each.team or "", shown(each.at)]
            + [str(each.data[name]) for name in ("clock", "percent") if name in each.data]
        )
        for each in await case.notes()
        if not abouts or each.about in abouts
    ]


async def letters(case: Recovery) -> list[str]:
    """Return what the customer was written, and when."""
    return [f"{each.letter} {_at(each.letter, each.written_at)}" for each in await case.letters()]


async def marketing_waits(case: Recovery) -> bool:
    """Whether the contact gets no marketing because of a case."""
    found = await case.world.database.read(lambda session: standstills(session, [case.contact_id]))
    return any(each.released_at is None for each in found[case.contact_id])


async def remedies(case: Recovery) -> list[CaseRemedy]:
    """Return the remedies of a case."""
    mine = select(CaseRemedy).where(CaseRemedy.case_id == case.id)
    return await case.world.database.read(lambda session: list(session.exec(mine).all()))


async def promises(case: Recovery) -> list[str]:
    """Return what was promised, when it was due, and when it was kept."""
    return [f"{each.name} {each.number} {shown(each.due_at)} {shown(each.kept_at)}" for each in await case.promises()]
