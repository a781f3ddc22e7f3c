"""The letters of cases that lie in this repository: in both languages, whole, and with as little as can be known."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.case_letters import LETTERS, TEMPLATES_OF_LETTERS, template_of
from domain.case_samples import sample_of
from domain.facts import Facts
from domain.letters import context, plan
from domain.needs import Deliver
from tests.home import LINKS, Pen, shipped

HOME = shipped()
POLICIES = HOME.load().policies
CATALOGUE = HOME.catalogue
PEN = Pen(HOME.templates)

NOW = datetime(2026, 5, 4, 21, 30, tzinfo=UTC)  # 23:30 in Berlin, and the next day an hour later
ANN = {"email": "ann@customer.example", "first_name": "Ann", "last_name": "Lee", "time_zone": "America/New_York"}
BARE = {"number": 1042, "opened_at": NOW.isoformat()}
LANGUAGES = ("en", "de")
BOTH = [(each, language) for each in LETTERS for language in LANGUAGES]
# What a text shows where somebody forgot to fill it in.
PLACEHOLDER = re.compile(r"\{[{%#]|[%#]?\}\}|\bNone\b|\bTODO\b|\bXX+\b|lorem|\[\[|\]\]|undefined", re.IGNORECASE)
GREETS = {"en": "Hello", "de": "Guten Tag"}


def written(letter: str, language: str, contact: dict[str, Any], event: dict[str, Any]) -> dict[str, str]:
    program = HOME.load().programs["demo-welcome"]
    whom = {**contact, "language": language}
    facts = Facts(NOW, program, POLICIES, whom, NOW, run_event=event)
    names = context(plan(Deliver(template=template_of(letter)), facts, CATALOGUE), facts, LINKS, language)
    parts = PEN.write(template_of(letter), language, names)
    return {name: str(parts[name] or "") for name in ("subject", "preheader", "html", "text")}


def full(letter: str, language: str) -> dict[str, Any]:
    return sample_of(template_of(letter), POLICIES, NOW, language)


def test_there_is_a_text_for_every_letter_in_both_languages_and_no_other() -> None:
    there = {path.removeprefix("email/") for path in HOME.templates if path.startswith("email/service/")}

    assert there == {f"{name}{tag}.html" for name in TEMPLATES_OF_LETTERS for tag in ("", ".de")}


@pytest.mark.parametrize(("letter", "language"), BOTH)
def test_each_letter_is_whole_whatever_is_known(letter: str, language: str) -> None:
    for contact, event in ((ANN, full(letter, language)), ({"email": ANN["email"]}, BARE)):
        said = written(letter, language, contact, event)
        assert not PLACEHOLDER.search(" ".join((said["subject"], said["preheader"], said["text"]))), said["text"]
        assert said["text"].count(GREETS[language]) == 1
        assert "1042" in said["subject"]
        assert "  " not in said["text"]
        assert " ." not in said["text"]
        assert " ," not in said["text"]
        assert said["preheader"]


@pytest.mark.parametrize("letter", LETTERS)
def test_german_is_german_and_nothing_else(letter: str) -> None:
    text = written(letter, "de", ANN, full(letter, "de"))["text"]

    assert not re.search(r"\b(the|you|your|with|and|hello|case)\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_letters_of_a_case_have_one_subject(language: str) -> None:
    assert len({written(each, language, ANN, full(each, language))["subject"] for each in LETTERS}) == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "by Tuesday, 5 May, 5:30\u202fPM at the latest"), ("de", "am Dienstag, 5. Mai, um 17:30 Uhr")],
)
def test_an_instant_is_said_on_the_customers_clock_in_their_language(language: str, said: str) -> None:
    event = BARE | {"next_word": "2026-05-05T21:30:00+00:00"}

    assert said in written("acknowledged", language, ANN, event)["text"].replace("**", "")


@pytest.mark.parametrize("letter", LETTERS)
def test_how_severe_we_call_it_and_what_we_call_it_ourselves_is_in_none(letter: str) -> None:
    event = full(letter, "en")

    assert event["title"] not in (text := written(letter, "en", ANN, event)["text"])
    assert not re.search(r"\bS[1-4]\b", text)


@pytest.mark.parametrize(("letter", "language"), BOTH)
def test_what_a_person_wrote_stays_as_it_was_in_its_paragraphs(letter: str, language: str) -> None:
    if letter in ("acknowledged", "reopened", "question", "reminder", "closed", "closed_unanswered", "survey"):
        return
    event = BARE | {"paragraphs": [["We <found> it.", "It was us."], ["Ada"]]}

    said = written(letter, language, ANN, event)

    assert "<p>We &lt;found&gt; it.<br>It was us.</p><p>Ada</p>" in re.sub(r' style="[^"]*"', "", said["html"])
