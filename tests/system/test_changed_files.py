"""Files that change under a run: it finishes what it entered, in the texts of today; newcomers get the new version."""

from collections.abc import Callable, Iterator

import pytest

from tests.system.audit import audit
from tests.system.authored import LETTER
from tests.system.company import Company
from tests.system.waiting import PATIENCE, until
from tests.system.waits import CHANGED, add_waits, changing

pytestmark = pytest.mark.system


SECOND = "templates/email/letters/second.html"


@pytest.fixture(autouse=True)
def waits(company: Company) -> Iterator[None]:
    add_waits(company)
    before = (company.settings.home / SECOND).read_text(encoding="utf-8")
    yield
    company.edit(SECOND, before)  # others of this company look at it, too


def test_a_run_that_waits_while_its_sequence_changes_walks_the_steps_it_entered_to_their_end(
    company: Company, address: Callable[[str], str]
) -> None:
    early, late = address("early"), address("late")
    company.submit("changing", early)
    until(lambda: company.decisions(early, "receipt"), "the first letter")

    # A step is added before the wait, another is gone, with its template; the text of a third is a new one.
    said = company.edit_all(
        {
            "sequences/changing.yaml": changing(CHANGED),
            "templates/email/letters/passing.html": "",
            SECOND: LETTER.format(class_="marketing", subject="The new second letter"),
        }
    )
    assert any("1 inside stay in the version they entered" in line for line in said), said
    company.submit("changing", late)
    until(lambda: company.decisions(late, "news"), "the letter that is new")
    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)
    for email in (early, late):
        company.tell("shipped", email)

    assert {company.ended(email).end_reason for email in (early, late)} == {"completed"}
    assert _subjects(company, early) == [
        "The receipt letter", "The passing letter", "The first letter", "The new second letter",
    ]  # fmt: skip
    assert _subjects(company, late) == ["The receipt letter", "The news letter", "The new second letter"]
    assert company.enrolment(early).version != company.enrolment(late).version
    assert not company.decisions(early, "news"), "a step that was added is not for those inside"
    assert not company.decisions(late, "passing")
    audit(company)


def _subjects(company: Company, email: str) -> list[str]:
    """Return the subjects of what a contact got, in order."""
    lines = [line for letter in company.letters_to(email) for line in letter.raw.decode().splitlines()]
    return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]
