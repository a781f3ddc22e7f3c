"""A mail to one of our people, the page behind its link, and the sequence that waits for what they say: real parts."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest
from sqlmodel import Session, col, select

from domain.keys import Tokens
from records.follow_up_models import FollowUp
from records.models import Contact, Interaction
from settings import signing_key
from tests.system.authored import FORM, sequence
from tests.system.company import Company
from tests.system.waiting import until

pytestmark = pytest.mark.system

TEAMS = """
    people:
      ada: {name: Ada, email: ada@acme.example}
      lea: {name: Lea, email: lea@acme.example}
    teams:
      sales: {email: sales@acme.example, members: [ada], lead: lea}
"""
STEPS = """
- task: Call {{ contact.first_name or 'them' }}
  id: call
  team: sales
  outcomes:
    reached:
      - send: letters/second
    otherwise: []
"""
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def task_of(company: Company, email: str) -> FollowUp | None:
    def read(session: Session) -> FollowUp | None:
        found = select(FollowUp).join(Contact, col(Contact.id) == col(FollowUp.contact_id))
        return session.exec(found.where(Contact.email == email)).first()

    return company.main.read_now(read)


def links_of(company: Company, task: FollowUp) -> list[str]:
    """Return every link to our pages in the mails that Ada got about a task."""
    tokens = Tokens([signing_key(company.settings).get_secret_value()])
    found = []
    for letter in company.letters_to("ada@acme.example"):
        part = message_from_bytes(letter.raw, policy=default).get_body(("html",))
        for link in re.findall(r'href="(http[^"]+/s/[^"]+)"', part.get_content() if part is not None else ""):
            parts = tokens.read("staff", urlsplit(link).path.removeprefix("/s/"))
            found += [unescape(link)] if parts is not None and parts[:2] == [task.id, "ada"] else []
    return found


def scan(address: str) -> list[int]:
    """Open a link as a mail filter does; return what it was answered."""
    answers = []
    for method in ("HEAD", "GET"):
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=20) as answer:
                answers.append(answer.status)
        except urllib.error.HTTPError as refused:
            answers.append(refused.code)
            refused.close()
    return answers


def test_what_ada_says_on_the_page_moves_the_sequence(company: Company, address: Callable[[str], str]) -> None:
    files = {"policies/teams.yaml": TEAMS, "policies/forms/called.yaml": FORM}
    said = company.edit_all(files | {"sequences/called.yaml": sequence("called", STEPS)})
    assert all(line.startswith("published") for line in said), said
    ann = address("ann")
    until(lambda: company.submit("called", ann, first_name="Ann").status == 202, "the form being taken")
    task = until(lambda: task_of(company, ann), "the task")
    links = until(lambda: links_of(company, task), "the mail to Ada")

    assert {scan(link)[-1] for link in links} == {200}
    looked = task_of(company, ann)
    assert looked is not None
    assert (looked.moves, looked.accepted_at, looked.ended_at) == (task.moves, None, None)

    page = next(link for link in links if "?" not in link)
    assert "You have accepted this task." in company.post(page, b"do=accept", **FORM_TYPE).text
    typed = urlencode({"do": "complete", "key": "k1", "outcome": "reached", "note": "Grüße"}).encode()
    first, second = company.post(page, typed, **FORM_TYPE), company.post(page, typed, **FORM_TYPE)
    late = company.post(page, b"do=complete&outcome=other", **FORM_TYPE)

    assert "The task is completed." in first.text
    assert "The task is completed." in second.text
    assert (late.status, "with “reached”" in late.text) == (409, True)
    company.in_state(ann, "second", "accepted")
    told = company.count(Interaction, Interaction.name == "task_completed", Interaction.contact_id == task.contact_id)
    assert told == 1
