"""What the contact's mail does to what people have promised: real mail, by SMTP, to a running company.

A contact is in a sequence, and somebody is to call them within ten hours.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.away import back_at_work
from domain.return_addresses import BOUNCES, REPLIES
from domain.zones import zone_named
from records.follow_up_models import FollowUp, StaffNote
from records.hold_models import Pause
from records.models import Interaction, Suppression
from tests.channels import returned_mail as came
from tests.channels.returned_mail import mail
from tests.system.authored import FORM, sequence
from tests.system.company import Company
from tests.system.test_mail_comes_back import Answering
from tests.system.waiting import until

pytestmark = pytest.mark.system

Address = Callable[[str], str]

TEAMS = """
    people:
      ada: {name: Ada, email: ada@acme.example}
      lea: {name: Lea, email: lea@acme.example}
    teams:
      sales: {email: sales@acme.example, members: [ada], lead: lea}
"""
# Hours as they pass: the days on which these tests run make no difference.
FOLLOW_UPS = """
    policies:
      tell: {accept_by: 5 hours, done_by: 10 hours}
      complete: {done_by: 10 hours, on: {replied: {do: complete, outcome: answered}}}
      cancel: {done_by: 10 hours, on: {replied: cancel}}
    open:
      tell: {on: form_submitted, when: "contact.company == 'tell'", team: sales, policy: tell, title: Call}
      complete: {on: form_submitted, when: "contact.company == 'complete'", team: sales, policy: complete, title: Call}
      cancel: {on: form_submitted, when: "contact.company == 'cancel'", team: sales, policy: cancel, title: Call}
"""
STEPS = "- send: letters/news\n- wait: 30 days\n- send: letters/second"
BERLIN = zone_named("Europe/Berlin")


@pytest.fixture(scope="module", autouse=True)
def promises(company: Company) -> None:
    files = {"policies/teams.yaml": TEAMS, "policies/follow-ups.yaml": FOLLOW_UPS}
    files |= {"policies/forms/promised.yaml": FORM, "sequences/promised.yaml": sequence("promised", STEPS)}
    said = company.edit_all(files)
    assert all(line.startswith("published") for line in said), said
    until(lambda: company.post_signed("promised", b"{}").status != 404, "the form")


class Promised(Answering):
    """A contact whom Ada is to call, who has one message."""

    def __init__(self, company: Company, email: str, policy: str = "tell") -> None:
        assert company.submit("promised", email, company=policy).status == 202
        self.company, self.email = company, email
        self.message = company.in_state(email, "news", "accepted")

    def task(self) -> FollowUp:
        [row] = self.rows(FollowUp, FollowUp.contact_id == self.message.contact_id)
        assert isinstance(row, FollowUp)
        return row

    def notes(self, about: str) -> list[StaffNote]:
        return self.rows(StaffNote, StaffNote.follow_up_id == self.task().id, StaffNote.about == about)

    def happened(self, name: str) -> list[Interaction]:
        return self.rows(Interaction, Interaction.contact_id == self.message.contact_id, Interaction.name == name)

    def until_happened(self, name: str) -> Interaction:
        [row] = until(lambda: self.happened(name), name)
        self.company.drained()
        return row

    def away_until(self, last_day: date) -> bytes:
        words = f"until {last_day.day} {last_day:%B %Y}"
        return came.VACATION.replace(b"until 3 December", words.encode())


def away(task: FollowUp) -> Any:
    return task.state["away"]


@pytest.mark.parametrize(
    ("policy", "ended", "told"),
    [("tell", (None, None), "contact_did"), ("complete", ("completed", "answered"), "completed"),
     ("cancel", ("cancelled", None), "cancelled")],
)  # fmt: skip
def test_a_persons_answer_does_what_the_policy_says_and_its_owner_is_told(
    company: Company, address: Address, policy: str, ended: tuple[str | None, str | None], told: str
) -> None:
    ann = Promised(company, address("ann"), policy)
    assert ann.task().assignee == "ada"
    ann.send(came.REPLY, REPLIES, ann.email)
    ann.until_happened("replied")

    assert (ann.task().ended, ann.task().outcome) == ended
    assert [row.person for row in ann.notes(told)] == ["ada"]


def test_a_machines_answer_is_no_answer(company: Company, address: Address) -> None:
    ann = Promised(company, address("ann"), "complete")
    before = ann.task()
    ann.send(
        came.VACATION.replace(b"I am out of the office until 3 December.", b"We have it.").replace(
            b"Automatic reply: Welcome", b"Ticket 4711"
        ),
        REPLIES,
    )
    ann.until_happened("auto_replied")

    after = ann.task()
    assert (after.ended_at, after.done_due, away(after)) == (None, before.done_due, None)
    assert ann.notes("contact_did") == []
    assert company.enrolment(ann.email).ended_at is None


def test_who_is_away_until_a_day_is_waited_for_and_no_time_is_spent(company: Company, address: Address) -> None:
    ann = Promised(company, address("ann"))
    before = ann.task()
    last_day = datetime.now(BERLIN).date() + timedelta(days=10)
    ann.send(ann.away_until(last_day), REPLIES)
    ann.until_happened("auto_replied")

    back = back_at_work(last_day + timedelta(days=1), None, BERLIN)
    [hold] = ann.rows(Pause, Pause.contact_id == ann.message.contact_id)
    assert (hold.sequence, hold.until, hold.by) == ("promised", back, "out-of-office")
    held = ann.task()
    assert datetime.fromisoformat(away(held)["until"]) == back
    since = datetime.fromisoformat(away(held)["paused_at"])
    assert held.done_due == full_second(before.opened_at + timedelta(hours=10) + (back - since))
    assert held.next_at is not None
    assert before.next_at is not None
    assert abs(held.next_at - before.next_at - (back - since)) <= timedelta(seconds=1), "full seconds, both"
    assert ann.happened("task_held")[0].data["until"] == back.isoformat()

    ann.send(came.REPLY, REPLIES, ann.email)
    ann.until_happened("replied")
    goes_on = ann.task()
    assert away(goes_on) is None
    over = datetime.fromisoformat(goes_on.state["holds"][0]["until"])
    assert over < datetime.now(UTC)
    assert goes_on.done_due == full_second(before.opened_at + timedelta(hours=10) + (over - since))
    assert [row.person for row in ann.notes("contact_did")] == ["ada"]


def test_a_bounce_for_good_stops_mail_and_tells_whoever_has_the_task(company: Company, address: Address) -> None:
    ann = Promised(company, address("ann"))
    ann.send(came.delivery("failed", "5.1.1", "550 5.1.1 <ann@customer.example>: no such user"), BOUNCES)
    ann.until_happened("bounced")

    assert [row.reason for row in ann.rows(Suppression, Suppression.value == ann.email)] == ["hard_bounce"]
    assert [(row.person, row.data["event"]) for row in ann.notes("contact_did")] == [("ada", "bounced")]
    assert ann.task().ended_at is None


def test_what_ada_answers_by_mail_is_on_the_timeline_and_moves_nothing(company: Company, address: Address) -> None:
    ann = Promised(company, address("ann"), "complete")
    before = ann.task()
    told = until(lambda: [each for each in company.letters_to("ada@acme.example") if ann.email in each.answered_at],
        "the note to Ada")  # fmt: skip
    [to_them, to_us] = told[0].answered_at
    head = (
        f"From: Ada <ada@acme.example>\nTo: {to_them}, {to_us}\nSubject: Re: Call\nIn-Reply-To: {told[0].message_id}\n"
    )
    raw = mail(f"{head}Message-ID: <{before.id}@acme.example>\n\nThursday at ten?\n")
    for _ in range(2):
        ann.hand_over(raw, to_us, "ada@acme.example")
    row = ann.until_happened("mail_logged")

    assert (row.person, row.direction, row.data["text"]) == ("ada", "out", "Thursday at ten?")
    after = ann.task()
    assert (after.ended_at, after.done_due) == (None, before.done_due)
    assert ann.happened("replied") == []


def full_second(at: datetime) -> datetime:
    """Return when what is due then rings: at the next full second."""
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
