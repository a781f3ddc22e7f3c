"""`staff list | away | back`: who is there, who stands in, and what is said of what they have to do."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from records.follow_up_models import FollowUp, StaffAbsence
from records.follow_ups import look
from records.published import Published
from records.staff_views import colleagues
from starter.publish import publish_home
from tests.starter.small_home import SmallHome
from tests.starter.test_cli_tasks import opened

TEAMS = """\
people:
  ada: {name: Ada Berger, email: ada@acme.example, deputy: bob, capacity: 5}
  bob: {name: Bob Falk, email: bob@acme.example}
  eve: {name: Eve Hall, email: eve@acme.example}
  lea: {name: Lea Roth, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, members: {ada: 2, bob: 1, eve: 1}, lead: lea, calendar: office}
  sales-abroad: {email: abroad@acme.example, members: [eve]}
"""
OFFICE = """\
calendars:
  office: {zone: Europe/Berlin, hours: {mon-sun: ["00:00-24:00"]}}
"""
UNTIL = "2126-08-17"


@pytest.fixture
def desk(records: SmallHome, impatient: None) -> SmallHome:
    """A home with a team that always works, and Ann."""
    records.write("policies/teams.yaml", TEAMS)
    records.write("policies/calendars.yaml", OFFICE)
    publish_home(records.settings)
    assert records.type("contact", "add", "--email", "ann@acme.example").status == 0
    return records


def test_our_people_are_listed_with_what_they_have_to_do_and_the_turns_they_had(desk: SmallHome) -> None:
    for _ in range(4):
        opened(desk, "--team", "sales")

    people = {each["key"]: each for each in desk.type("staff", "list", "--json").document["people"]}
    out = desk.type("staff", "list").out
    sales = desk.type("staff", "list", "--team", "sales-abroad", "--json").document["people"]

    assert list(people) == ["ada", "bob", "eve", "lea"]
    assert {key: each["open"] for key, each in people.items()} == {"ada": 2, "bob": 1, "eve": 1, "lea": 0}
    assert (people["ada"]["turns"], people["eve"]["turns"]) == ({"sales": 2}, {"sales": 1, "sales-abroad": 0})
    assert (people["lea"]["roles"], people["lea"]["teams"]) == (["lead of sales"], [])
    assert {each["state"] for each in people.values()} == {"on duty"}
    assert "2 of 5" in out
    assert [each["key"] for each in sales] == ["eve"]
    wrong = desk.type("staff", "list", "--team", "sale")
    assert (wrong.status, wrong.err) == (
        1,
        "--team: there is no team 'sale' in policies/teams.yaml; did you mean 'sales'?\n",
    )


def test_whoever_goes_away_hands_over_and_it_is_said_how_much_to_whom(desk: SmallHome) -> None:
    task = opened(desk, "--owner", "ada")["id"]

    typed = desk.type("staff", "away", "ada@acme.example", "--until", UNTIL)

    assert typed.status == 0, typed.err
    lines = typed.out.splitlines()
    assert lines[0].startswith("ada is away from ")
    assert lines[0].endswith(" until 2126-08-17 00:00 Europe/Berlin")
    assert lines[1] == "1 open task goes to bob; a worker hands it over within seconds"
    with desk.database() as database:
        now = datetime.now(UTC).replace(microsecond=0)
        # As its workflow does, which the sweep calls.
        assert database.read_now(lambda session: session.exec(select(FollowUp.asked_at)).one()) is not None
        database.write_now(lambda session: look(session, Published(), task, now, asked=True))
    [row] = desk.type("task", "list", "--json").document["tasks"]
    [ada, *_] = desk.type("staff", "list", "--json").document["people"]
    assert row["assignee"] == "bob"
    assert (ada["state"], ada["until"], ada["open"]) == ("away", "2126-08-16T22:00:00Z", 0)
    assert opened(desk, "--owner", "ada")["assignee"] == "bob"


def test_an_absence_to_come_is_listed_and_taken_back(desk: SmallHome) -> None:
    opened(desk, "--owner", "ada")
    begins = ("--from", "2126-08-03", "--until", UNTIL, "--deputy", "eve")

    typed = desk.type("staff", "away", "ada", *begins)
    listed = desk.type("staff", "list", "--json").document["people"][0]
    back = desk.type("staff", "back", "ada")
    again = desk.type("staff", "back", "ada")

    away = "from 2126-08-03 00:00 Europe/Berlin until 2126-08-17 00:00 Europe/Berlin, eve stands in"
    assert typed.out.splitlines() == [
        f"ada is away {away}",
        "1 open task goes to eve; that is at 2126-08-03 00:00 Europe/Berlin, of what is open then",
    ]
    assert (listed["state"], listed["absences"]) == (
        "on duty",
        [{"since": "2126-08-02T22:00:00Z", "until": "2126-08-16T22:00:00Z", "deputy": "eve"}],
    )
    assert (back.status, back.out) == (0, "ada stays; the absence that was to come is taken back\n")
    assert (again.status, again.err) == (1, "ada: is not away, and will not be; there is nothing to end\n")


def test_whoever_is_away_without_an_end_is_back_when_it_is_said(desk: SmallHome) -> None:
    away = desk.type("staff", "away", "bob", "--by", "lea@acme.example", "--json")
    out = desk.type("staff", "list").out
    back = desk.type("staff", "back", "bob", "--json")

    assert (away.document["until"], away.document["stands_in"], away.document["open"]) == (None, None, 0)
    assert "and nobody knows until when" in out
    assert [each["begun"] for each in back.document["ended"]] in ([True], [False])  # within one second of each other
    with desk.database() as database:
        rows = database.read_now(lambda session: list(session.exec(select(StaffAbsence)).all()))
    assert all(row.until is not None and row.by == "lea" for row in rows)


def test_nobody_standing_in_what_is_open_goes_to_the_next(desk: SmallHome) -> None:
    for _ in range(2):
        opened(desk, "--owner", "bob")

    typed = desk.type("staff", "away", "bob", "--until", UNTIL)

    assert typed.out.splitlines()[1] == (
        "2 open tasks go to the next of the team: nobody stands in; a worker hands it over within seconds"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("zoe", "--until", UNTIL), "there is nobody 'zoe' in policies/teams.yaml; there are ada, bob, eve, lea"),
        (("ada", "--until", "2026-01-01"), "--until: 2026-01-01 00:00 Europe/Berlin is over; give a time to come"),
        (("ada", "--from", "2126-09-01", "--until", UNTIL), "--until: 2126-08-17 00:00 Europe/Berlin comes before"),
        (("ada", "--until", UNTIL, "--deputy", "zoe"), "--deputy: there is nobody 'zoe' in policies/teams.yaml"),
        (("ada", "--until", UNTIL, "--deputy", "ada"), "--deputy: ada cannot stand in for themselves"),
        (("ada", "--until", UNTIL, "--deputy", "eve"), "--deputy: eve is away until 2126-08-17 00:00 Europe/Berlin"),
        (("ada", "--until", UNTIL, "--by", "zoe"), "--by: there is nobody 'zoe' in policies/teams.yaml"),
    ],
)
def test_an_absence_that_cannot_be_meant_is_refused_and_nothing_is_written(
    desk: SmallHome, words: tuple[str, ...], says: str
) -> None:
    assert desk.type("staff", "away", "eve", "--until", UNTIL).status == 0

    typed = desk.type("staff", "away", *words)

    def others(session: Session) -> int:
        return len(session.exec(select(StaffAbsence).where(StaffAbsence.person != "eve")).all())

    assert (typed.status, typed.out, typed.err.startswith(says)) == (1, "", True), typed.err
    with desk.database() as database:
        assert database.read_now(others) == 0


def test_a_deputy_who_is_back_by_then_may_stand_in(desk: SmallHome) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert desk.type("staff", "away", "eve", "--until", f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}").status == 0

    later = ("--from", f"{tomorrow + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}", "--until", UNTIL)

    assert desk.type("staff", "away", "ada", *later, "--deputy", "eve", "--json").document["stands_in"] == "eve"


def test_who_is_on_duty_is_told_with_until_when(desk: SmallHome) -> None:
    shifts = '  office: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-12:30", "13:00-17:30"]}}\n'
    desk.write("policies/calendars.yaml", "calendars:\n" + shifts)
    publish_home(desk.settings)

    def where(at: datetime) -> tuple[str, str]:
        def read(session: Session) -> tuple[str, str]:
            ada = colleagues(session, Published().policies(session), at)[0]
            assert ada.until is not None
            return ada.state, ada.staff.shown(ada.until)

        with desk.database() as database:
            return database.read_now(read)

    monday = datetime(2026, 5, 4, 8, tzinfo=UTC)  # 10:00 in Berlin
    assert where(monday) == ("on duty", "2026-05-04 12:30 Europe/Berlin")
    assert where(monday + timedelta(hours=2, minutes=45)) == ("off duty", "2026-05-04 13:00 Europe/Berlin")
    assert where(monday + timedelta(days=4, hours=12)) == ("off duty", "2026-05-11 09:00 Europe/Berlin")
