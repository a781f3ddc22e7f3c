"""A survey over SMTP and HTTP with real parts: a letter with a link for each score, a page, a button, what follows."""

import re
import urllib.request
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from sqlmodel import col, select

from records.models import Interaction, Message
from tests.system.authored import FORM, LETTER, sequence
from tests.system.company import Company
from tests.system.waiting import until

pytestmark = pytest.mark.system

ROW = '{% for each in survey.scores %}<a href="{{ each.url }}">{{ each.score }}</a> {% endfor %}'
ASKING = LETTER.format(class_="service\n    survey: nps", subject="One question")
STEPS = """
- send: letters/ask
- wait_for: survey_answered
  up_to: 1 day
- update: {benches: {from: matched.score}}
"""
HOME = {
    "policies/forms/asked.yaml": FORM,
    "templates/email/letters/ask.html": ASKING.replace("<p>Hello", f"<p>{{{{ survey.question }}}} {ROW}</p><p>Hello"),
    "sequences/asked.yaml": sequence("asked", STEPS),
}


def look(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def test_a_letter_asks_its_links_are_looked_at_and_only_the_button_answers(
    company: Company, address: Callable[[str], str]
) -> None:
    assert not [line for line in company.edit_all(HOME) if "not published" in line]
    ann = address("ann")
    until(lambda: company.submit("asked", ann).status == 202, "the form being taken")
    company.in_state(ann, "ask", "accepted")
    [letter] = company.letters_to(ann)
    part = message_from_bytes(letter.raw, policy=default).get_body(("html",))
    assert part is not None
    links = re.findall(r'href="(http[^"]+/q/[^"]+)"', part.get_content())
    assert [each.partition("?score=")[2] for each in links] == [str(score) for score in range(11)]
    assert links[9] in letter.text

    pages = [look(each) for each in links]  # as a program does that looks at mail
    company.drained()
    [run] = company.enrolments(ann, "asked")
    assert run.ended_at is None
    assert all("Nothing has been sent yet" in page for page in pages)
    answered = (Interaction.contact_id == run.contact_id, Interaction.name == "survey_answered")
    assert company.count(Interaction, *answered) == 0

    for _ in range(2):
        assert "Thank you" in company.post(links[9], b"score=9&comment=Good+boards").text

    until(lambda: company.enrolments(ann, "asked")[0].ended_at is not None, "the sequence going on")
    rows = company.main.read_now(
        lambda session: [
            (row.data["score"], row.data["comment"], row.step, row.enrolment_id)
            for row in session.exec(select(Interaction).where(*answered).order_by(col(Interaction.id)))
        ]
    )
    assert rows == [(9, "Good boards", "ask", run.id)]
    assert company.count(Message, Message.contact_id == run.contact_id, Message.survey == "nps") == 1
