"""What somebody chose on their page, once it is drained: runs that it ends, and runs that have to look."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from records.models import Enrolment, Wake
from records.runs import form_waves
from tests.activities.office import HOUR, NOON, Office, opened

ON_PLAIN = "topic: product-news\nenter: {on: {form: plain}}\nsteps: [{send: welcome/hello}]"
CARE = "enter: {on: {form: plain}}\nsteps: [{send: confirm/yes}]"
NO_TO_NEWS = [{"topic": "product-news", "channel": "email", "yes": False, "wording": "Product news: no"}]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One contact, in a marketing sequence and in one that advertises nothing, both carried by waves."""
    with opened(tmp_path, **{"sequences/news.yaml": ON_PLAIN, "sequences/care.yaml": CARE}) as office:
        office.submit("plain")
        office.database.write_now(lambda session: form_waves(session, NOON))
        yield office


def ends(office: Office) -> dict[str, str | None]:
    return {sequence: reason for sequence, _, reason in office.runs()}


def woken(office: Office) -> set[str]:
    """Return the sequences whose waves have something to look at."""

    def read(session: Session) -> set[str]:
        runs = {run.wave: run.sequence for run in session.exec(select(Enrolment))}
        return {runs[wake.wave] for wake in session.exec(select(Wake))}

    return office.database.read_now(read)


def test_a_no_on_the_page_ends_what_is_about_that_topic_and_nothing_else(office: Office) -> None:
    office.wish("preferences", HOUR, says=NO_TO_NEWS, stopped=["product-news"])

    assert ends(office) == {"news": "unsubscribed", "care": None}
    assert office.says() == {"product-news": "opted_out"}


def test_stopping_everything_ends_marketing(office: Office) -> None:
    office.wish("preferences", HOUR, everything=True, stopped=["*"])

    assert ends(office) == {"news": "unsubscribed", "care": None}
    assert office.against() == {"unsubscribed"}


@pytest.mark.parametrize("chosen", [{"pause_weeks": 1}, {"pause_weeks": 0}, {"quiet_hours": "21:00-07:00"}])
def test_whoever_waits_is_asked_again_by_what_they_wish_now(office: Office, chosen: dict[str, object]) -> None:
    assert woken(office) == set()

    office.wish("preferences", HOUR, **chosen, stopped=[])

    assert woken(office) == {"news", "care"}
    assert ends(office) == {"news": None, "care": None}


def test_a_pause_is_counted_from_when_it_was_asked_for(office: Office) -> None:
    office.wish("preferences", HOUR, pause_weeks=2, stopped=[])

    assert office.contact().paused_until == NOON + HOUR + timedelta(weeks=2)


def test_wishes_of_somebody_who_was_erased_meanwhile_are_of_nobody(office: Office) -> None:
    for kind in ("preferences", "confirmation", "return", "withdrawal"):
        assert office.wish(kind, contact="gone").endswith("of nobody")
