"""A template that goes wild for one contact: their message is held and says why, the others', and the web, go on."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.system.company import Company, founded
from tests.system.waiting import EVERY, until

pytestmark = pytest.mark.system

DOUBLING = "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}"
LETTER = f"""---
class: marketing
---
{{% extends "layouts/plain" %}}
{{% block subject %}}News{{% endblock %}}
{{% block html %}}{{% if contact.first_name == "Mallory" %}}{DOUBLING}{{% endif %}}<p>Hello.</p>{{% endblock %}}
"""


def test_a_template_that_goes_wild_holds_its_message_while_the_web_answers_and_others_are_written_to(
    tmp_path: Path,
) -> None:
    with founded(tmp_path) as company:
        said = company.edit("templates/email/letters/news.html", LETTER)
        with _asked_all_the_while(company) as answers:
            wild, tame = "mallory@customer.example", "alice@customer.example"
            company.submit("news", wild, first_name="Mallory")
            company.submit("news", tame, first_name="Alice")
            (held,) = until(lambda: company.decisions(wild, "news"), "what becomes of the wild letter")
            company.in_state(tame, "news", "accepted")

        assert said
        assert held.did == "held"
        assert "letters/news" in str(held.why)
        assert not company.letters_to(wild)
        assert set(answers) == {200}


@contextmanager
def _asked_all_the_while(company: Company) -> Iterator[list[int]]:
    """Ask the web process how it is, one question after the other; yield its answers."""
    answers: list[int] = []
    enough = Event()

    def ask() -> None:
        while not enough.wait(EVERY):
            with urllib.request.urlopen(company.stack.addresses["web"] + "/healthz", timeout=10) as answer:
                answers.append(answer.status)

    asking = Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        enough.set()
        asking.join()
