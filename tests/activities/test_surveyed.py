"""An answer to the survey of a case finds its case, sets its score, and opens it again where it is low."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from domain.recovery import Case, Write
from domain.recovery_policy import DEFAULT_CLOCKS
from records.case_letters import write
from records.case_models import CaseLetter, ServiceCase
from records.models import Contact, Interaction, Message
from records.published import Published, publish
from records.staffing import staff_seen
from tests.starter.published_site import FILES, NOON, PublishedSite, published_site

DAY = timedelta(days=1)
PUBLISHED = Published()
RECOVERY = "team: care\nopen: {low: {on: survey_answered, when: event.low == true, title: Not satisfied}}\n"
TEAMS = """
people: {jo: {name: Jo, email: jo@acme.example}}
teams: {care: {members: {jo: 1}, lead: jo, email: care@acme.example}}
"""


def asked_about(session: Session, contact: Contact) -> None:
    """Write a case that was resolved yesterday, and the letter that asks about it."""
    case = Case(
        id="k1", number=1042, team="care", severity="S3", clocks=DEFAULT_CLOCKS["S3"], opened_at=NOON - 3 * DAY,
        resolved_at=NOON - DAY, how="accepted", asked_at=NOON,
    )  # fmt: skip
    row = ServiceCase(
        id="k1", number=1042, contact_id=contact.id, title="Late", incident="o1", severity="S3", team="care",
        opened_at=NOON - 3 * DAY, resolved_at=NOON - DAY, state=case.model_dump(mode="json"),
    )  # fmt: skip
    session.add(row)
    session.flush()
    staff = staff_seen(PUBLISHED.policies(session), "care", contact, {})
    write(session, PUBLISHED, contact, row, case, staff, Write("survey", "survey/1"), NOON)
    run = session.exec(select(CaseLetter.enrolment_id)).one()
    session.add(
        Message(
            id="m1", send_key="r1/letter/1", contact_id=contact.id, enrolment_id=run, sequence="service-survey",
            step="letter", channel="email", template="service/survey", bundle="b", class_="service", survey="case",
            message_id="<m1@x>", state="accepted", handing_over_at=NOON,
        )
    )  # fmt: skip
    session.flush()


async def answered(site: PublishedSite, **said: str) -> str:
    page = await site.http.post(site.link("q", "survey", "case", "case", "m1", NOON.isoformat()), data=said)
    await site.drain()
    return page.text


async def case_of(site: PublishedSite) -> tuple[int | None, int, int]:
    """Return the score of the case, how often it was opened, and how many cases there are."""

    def read(session: Session, contact: Contact) -> tuple[int | None, int, int]:
        rows = session.exec(select(ServiceCase)).all()
        case = Case.model_validate(next(row.state for row in rows if row.id == "k1"))
        return case.score, case.rounds, len(rows)

    found: tuple[int | None, int, int] = await site.read(read)
    return found


@pytest.mark.parametrize(("score", "after"), [("5", (5, 1, 1)), ("3", (3, 1, 1)), ("2", (None, 2, 1))])
async def test_the_answer_is_the_score_of_the_case_and_a_low_one_opens_it_again(
    tmp_path: Path, score: str, after: tuple[int | None, int, int]
) -> None:
    async with published_site(tmp_path) as site:
        files = FILES | {"policies/recovery.yaml": RECOVERY, "policies/teams.yaml": TEAMS}
        await site.main.write(lambda session: publish(session, files, {}, NOON))
        await site.main.write(lambda session: asked_about(session, session.get_one(Contact, site.contact)))

        page = await answered(site, score=score, effort="3", kept="no")

        assert await case_of(site) == after
        [event] = await site.read(
            lambda session, contact: session.exec(
                select(Interaction.data).where(Interaction.name == "survey_answered")
            ).all()
        )
    assert (event["case"], event["satisfaction"], event["kept"]) == ("k1", int(score), False)
    assert ("will be in touch" in page) is (score == "2")
