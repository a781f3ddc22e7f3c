"""What is reported over HTTP raises a score; the threshold it reaches starts a sequence, once, whatever is repeated."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlmodel import Session, col, select

from records.models import Contact, Interaction
from tests.system.audit import audit
from tests.system.company import Company
from tests.system.waiting import until

pytestmark = pytest.mark.system

Address = Callable[[str], str]
SCORING = """
    fit:
      - {label: many benches, when: contact.benches >= 20, points: 20}
    engagement:
      - {label: bought, event: purchased, points: 25, half_life: 30 days}
    thresholds:
      hot: {score: 60, fit: 20, until: 45}
"""
CALL = """
    description: Somebody became hot.
    owner: growth@acme.example
    topic: product-news
    enter: {on: {event: score_reached, where: event.threshold == 'hot'}, again: always}
    steps:
      - send: letters/receipt
      - exit: called
        when: run.event.score >= 60 && contact.score >= 60
"""


@pytest.fixture(autouse=True)
def scoring(company: Company) -> Iterator[None]:
    company.edit_all({"policies/scoring.yaml": SCORING, "sequences/hot.yaml": CALL})
    yield
    company.edit_all({"policies/scoring.yaml": "", "sequences/hot.yaml": ""})


def test_who_reaches_a_threshold_enters_once_however_often_it_is_told(company: Company, address: Address) -> None:
    ann = address("ann")
    company.submit("guestbook", ann, benches=30)
    company.drained()
    assert score(company, ann) == 20

    told = [
        {"id": str(uuid.uuid4()), "event": "purchased", "contact": {"email": ann}, "data": {"order_id": str(number)}}
        for number in range(3)
    ]
    assert [company.report(each).status for each in (told[0], told[0], *told[1:], told[2])] == [202, 200, 202, 202, 200]

    assert company.ended(ann).end_reason == "exited:called"
    company.drained()
    assert score(company, ann) == 95
    assert reached(company, ann) == [("hot", 70)]
    assert len(company.letters_to(ann)) == 1
    audit(company)


def test_scores_survive_a_worker_that_dies_among_the_events(company: Company, address: Address) -> None:
    bob = address("bob")
    company.submit("guestbook", bob, benches=30)
    company.drained()

    for number in range(6):
        company.tell("purchased", bob, order_id=str(number))
        if number == 2:
            company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=60)
    company.drained()

    until(lambda: company.enrolments(bob, "hot"), "the run of whoever became hot")
    assert (score(company, bob), reached(company, bob)) == (170, [("hot", 70)])
    assert len(company.enrolments(bob, "hot")) == 1
    audit(company)


def score(company: Company, email: str) -> int | None:
    found = select(Contact.score).where(Contact.email == email)
    return company.main.read_now(lambda session: session.exec(found).first())


def reached(company: Company, email: str) -> list[tuple[str, int]]:
    """Return which thresholds the timeline says were reached, at which score."""

    def read(session: Session) -> list[tuple[str, int]]:
        theirs = select(Interaction).join(Contact, col(Contact.id) == col(Interaction.contact_id))
        rows = session.exec(theirs.where(Contact.email == email, Interaction.name == "score_reached"))
        return [(row.data["threshold"], row.data["score"]) for row in rows]

    return company.main.read_now(read)
