"""A form that asks for a confirmation is refused where nothing would ever send it."""

import pytest

from domain.loader import load
from rendering.catalogue import Catalogue
from rendering.template import Library
from tests.domain.kit import POLICIES

FORM = """
fields: {email: mail}
consent:
  - topic: product-news
    answer: news
    wording: Yes, write to me.
    confirm: true
"""
LAYOUT = "<html><body>{% block html %}{% endblock %}</body></html>"
LETTER = """---
class: %s
---
{%% extends "layouts/base" %%}
{%% block subject %%}Please confirm{%% endblock %%}
{%% block html %%}<a href="{{ confirm_url }}">Yes</a> {{ unsubscribe_url }}{%% endblock %%}
"""
TEMPLATES = {
    "email/layouts/base.html": LAYOUT,
    "email/confirm/yes.html": LETTER % "transactional",
    "email/confirm/no.html": "---\nclass: service\n---\n{% block subject %}Hello{% endblock %}",
}
ASKS = "enter: {on: {event: consent_requested}}\nsteps: [{send: confirm/yes}]"
REFUSED = (
    "policies/forms/news.yaml:7: no sequence enters on 'consent_requested' and sends a template with "
    "{{ confirm_url }}; copy sequences/confirm-newsletter.yaml, or delete 'confirm'"
)


def problems(sequence: str | None, templates: dict[str, str] | None = None) -> list[str]:
    files = POLICIES | {"policies/forms/news.yaml": FORM}
    files |= {"sequences/confirm.yaml": sequence} if sequence else {}
    return [str(problem) for problem in load(files, Catalogue(TEMPLATES | (templates or {}))).problems]


def test_with_a_sequence_that_sends_the_link_it_is_fine() -> None:
    assert problems(ASKS) == []


@pytest.mark.parametrize(
    "sequence",
    [
        None,
        ASKS.replace("consent_requested", "purchased"),
        ASKS.replace("confirm/yes", "confirm/no"),
        f"status: draft\n{ASKS}",
    ],
    ids=["none", "another event", "another template", "a draft"],
)
def test_without_one_the_form_is_refused_with_its_line(sequence: str | None) -> None:
    assert problems(sequence) == [REFUSED]


def test_every_language_has_to_show_the_link() -> None:
    german = {"email/confirm/yes.de.html": "{% block subject %}Hallo{% endblock %}{% block html %}x{% endblock %}"}

    assert problems(ASKS, german) == [REFUSED]


def test_while_the_sequence_that_may_ask_cannot_be_read_only_that_is_said() -> None:
    [said] = problems(ASKS.replace("send:", "sned:"))

    assert said.startswith("sequences/confirm.yaml:2: ")


def test_a_message_that_advertises_may_not_ask() -> None:
    sources = TEMPLATES | {"email/confirm/yes.html": LETTER % "marketing"}

    found = [str(problem.what) for problem in Library(sources).problems() if problem.path == "email/confirm/yes.html"]

    assert found == ["a message with a link to confirm must not advertise; set `class: transactional`"]
