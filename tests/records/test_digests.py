"""Notes that tell people their day: once for each person and day, whatever dies and however many workers look."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from activities.digests import Digests
from domain.follow_up_actions import Accept
from domain.loader import load
from records.contacts import find_or_make
from records.digests import read_digest, write_digests
from records.follow_up_models import StaffNote
from records.follow_up_openings import Opening
from records.follow_ups import act, hold_all, open_follow_up
from records.models import Contact
from records.published import Published, publish
from records.session import Database
from records.staffing import is_away
from tests.domain.kit import POLICIES, TEMPLATES

# A Monday; the office opens at ten in Berlin, which is nine of UTC.
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
FRIDAY = NINE - timedelta(days=3)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAMS = """
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example, digest: "08:30"}
  lea: {name: Lea, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, members: [ada], lead: lea}
  service: {email: care@acme.example, members: [bob]}
"""


class Office:
    """Ann, and what our people are to do for her."""

    def __init__(self, main: Database) -> None:
        self.main, self.published = main, Published()
        files = POLICIES | {"policies/teams.yaml": TEAMS}
        loaded = load(files, TEMPLATES)
        assert loaded.errors() == []
        main.write_now(lambda session: publish(session, files, loaded.programs, FRIDAY))
        fields = {"email": "ann@customer.example", "first_name": "Ann", "time_zone": "Europe/Berlin"}
        main.write_now(lambda session: find_or_make(session, fields, "test", FRIDAY))

    def open(self, title: str, team: str = "sales", at: datetime = FRIDAY) -> str:
        def work(session: Session) -> str:
            ann = session.exec(select(Contact)).one()
            policies = self.published.policies(session)
            return open_follow_up(session, policies, ann, Opening(title, team), at).row.id

        return self.main.write_now(work)

    def accept(self, id: str, by: str = "ada") -> None:
        self.main.write_now(lambda session: act(session, self.published, id, Accept(by=by), f"{id}/a", FRIDAY))

    def write(self, now: datetime = NINE) -> int:
        return self.main.write_now(lambda session: write_digests(session, self.published.policies(session), now))

    def notes(self) -> list[StaffNote]:
        rows = select(StaffNote).where(StaffNote.about == "digest").order_by(StaffNote.key)
        return self.main.read_now(lambda session: list(session.exec(rows).all()))

    def states(self) -> dict[str, str]:
        return {row.key: row.state for row in self.notes()}

    def sections(self, person: str, now: datetime = NINE) -> dict[str, list[str]]:
        found = self.main.read_now(lambda session: read_digest(session, self.published.policies(session), person, now))
        lists = {name: getattr(found, name) for name in ("overdue", "to_accept", "due_today", "later")}
        for each in found.teams:
            lists |= {f"{each.team} overdue": each.overdue, f"{each.team} unassigned": each.unassigned}
        return {name: [entry.title for entry in entries] for name, entries in lists.items() if entries}


@pytest.fixture
def office(main: Database) -> Office:
    return Office(main)


def test_whoever_has_something_to_do_is_told_once_and_who_has_nothing_is_judged(office: Office) -> None:
    office.open("Call Ann")
    assert (office.write(), office.write()) == (1, 0)
    assert office.states() == {
        "digest/ada/2026-11-23": "waiting",
        "digest/bob/2026-11-23": "skipped",
        "digest/lea/2026-11-23": "skipped",
    }
    [note] = [row for row in office.notes() if row.person == "ada"]
    assert (note.team, note.follow_up_id, note.contact_id, note.channel) == ("sales", None, None, "email")
    assert note.data == {"day": "2026-11-23", "until": "2026-11-23T13:00:00+00:00"}


def test_what_is_opened_later_in_the_morning_makes_no_list(office: Office) -> None:
    office.write()
    office.open("Call Ann", at=NINE + HOUR)
    assert office.write(NINE + 2 * HOUR) == 0
    assert office.write(NINE + DAY) == 1


def test_everybody_has_their_own_hour(office: Office) -> None:
    office.open("Answer Ann", "service")
    assert office.write(NINE - HOUR) == 1, "bob's begins at 08:30 in Berlin"
    assert set(office.states()) == {"digest/bob/2026-11-23"}


def test_after_an_outage_of_the_whole_morning_nobody_is_told(office: Office) -> None:
    office.open("Call Ann")
    assert office.write(NINE + 4 * HOUR) == 0
    assert office.states() == {}


def test_who_is_away_is_told_nothing(office: Office) -> None:
    office.open("Call Ann")

    def away(session: Session) -> None:
        is_away(session, "ada", NINE - HOUR, None, by="ada", now=NINE - HOUR)

    office.main.write_now(away)
    office.write()
    assert "digest/ada/2026-11-23" not in office.states()


def test_a_list_says_what_is_so_now(office: Office) -> None:
    office.open("Call Ann")
    office.accept(office.open("Write to Ann", at=FRIDAY + HOUR))
    assert office.sections("ada") == {"to_accept": ["Call Ann"], "later": ["Write to Ann"]}
    assert office.sections("ada", NINE + 5 * HOUR) == {"to_accept": ["Call Ann"], "later": ["Write to Ann"]}
    assert office.sections("ada", NINE + DAY) == {"to_accept": ["Call Ann"], "due_today": ["Write to Ann"]}
    assert office.sections("ada", NINE + 2 * DAY) == {"overdue": ["Call Ann", "Write to Ann"]}
    assert office.sections("lea", NINE + 2 * DAY) == {"sales overdue": ["Call Ann", "Write to Ann"]}
    assert office.sections("bob", NINE + 2 * DAY) == {}


def test_what_waits_for_a_contact_who_is_away_is_not_overdue(office: Office) -> None:
    office.open("Call Ann")

    def hold(session: Session) -> None:
        ann = session.exec(select(Contact)).one()
        hold_all(session, office.published, ann, NINE + 9 * DAY, "away", FRIDAY + timedelta(minutes=1))

    office.main.write_now(hold)
    assert office.sections("ada", NINE + 2 * DAY) == {"to_accept": ["Call Ann"]}


def test_of_somebody_who_is_erased_nothing_is_told(office: Office) -> None:
    office.open("Call Ann")

    def erase(session: Session) -> None:
        ann = session.exec(select(Contact)).one()
        ann.erased_at = NINE
        session.add(ann)

    office.main.write_now(erase)
    assert office.sections("ada") == {}


async def test_two_workers_who_look_at_once_write_one_note(office: Office) -> None:
    office.open("Call Ann")
    workers = [Digests(office.main, Published(), lambda: NINE) for _ in range(2)]
    assert sum(await asyncio.gather(*(each.look() for each in workers))) == 1
    assert office.states()["digest/ada/2026-11-23"] == "waiting"
