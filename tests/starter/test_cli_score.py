"""`score`, and what `contact show` says of one."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from records.contacts import change, find_or_make
from records.timeline import Happening, record, record_changed
from starter.publish import publish_home
from tests.starter.small_home import WELCOME, SmallHome

ANN = "ann@acme.example"
DAY = timedelta(days=1)
SCORING = """
fit:
  - {label: in Germany, when: contact.country == 'DE', points: 20}
engagement:
  - {label: started a trial, event: trial_started, points: 40, half_life: 10 days}
thresholds:
  warm: {score: 30, until: 25}
  hot: {score: 90}
"""


@pytest.fixture
def scoring(records: SmallHome) -> SmallHome:
    """A company that scores, and Ann, who started a trial ten days ago."""
    records.write("policies/scoring.yaml", SCORING)
    records.write("sequences/welcome.yaml", WELCOME.replace("score: +20", "tags: [+engaged]"))
    publish_home(records.settings)
    return records


def told(home: SmallHome, at: datetime) -> None:
    from records.published import Published

    published = Published()

    def work(session: Session) -> None:
        ann = find_or_make(session, {"email": ANN}, "test", at)
        change(session, ann, {"country": "DE"}, at)
        record_changed(session, published, ann, at)
        record(session, published, ann, Happening(key="t", name="trial_started", at=at), at)

    with home.database() as main:
        main.write_now(work)


def test_a_score_is_shown_term_by_term_with_its_thresholds(scoring: SmallHome) -> None:
    told(scoring, datetime.now(UTC) + timedelta(seconds=1))

    typed = scoring.type("score", ANN, "--at", (datetime.now(UTC) + timedelta(seconds=2)).isoformat())

    assert typed.status == 0, typed.err
    assert "ann@acme.example: 60 on" in typed.out
    assert "engagement  40      started a trial once, just now" in typed.out
    assert "warm (30): reached" in typed.out
    assert "it falls below 25, and can be reached again" in typed.out
    assert "hot (90): not met" in typed.out


def test_a_score_can_be_asked_for_any_instant(scoring: SmallHome) -> None:
    at = datetime.now(UTC)
    told(scoring, at)

    later = scoring.type("score", ANN, "--at", (at + 10 * DAY).isoformat(), "--json").document
    before = scoring.type("score", ANN, "--at", (at - DAY).isoformat(), "--json").document

    assert (later["score"], later["fit"], later["engagement"]) == (40, 20, 20)
    assert later["says"] == "fit: 20 (in Germany) · engagement: 20 (started a trial once, 10 days ago)"
    assert before["score"] == 20
    assert "who they are today" in scoring.type("score", ANN, "--at", (at - DAY).isoformat()).out


def test_the_whole_timeline_of_a_contact_says_the_score(scoring: SmallHome) -> None:
    told(scoring, datetime.now(UTC) - timedelta(seconds=1))

    shown = scoring.type("contact", "show", ANN)
    document = scoring.type("contact", "show", ANN, "--json").document

    assert "score fit: 20 (in Germany) · engagement: 40 (started a trial once, just now)" in shown.out
    assert document["score"]["score"] == 60


def test_without_the_file_it_says_how_scores_come_about(records: SmallHome) -> None:
    publish_home(records.settings)
    records.type("contact", "add", "--email", ANN)

    typed = records.type("score", ANN)

    assert typed.status == 1
    assert typed.err.startswith("policies/scoring.yaml: is not published")
    assert "score" not in records.type("contact", "show", ANN, "--json").document


def test_nobody_can_tell_that_a_score_was_reached(scoring: SmallHome) -> None:
    told(scoring, datetime.now(UTC))

    assert "event score_reached is only written here" in scoring.type("event", "score_reached", "--contact", ANN).err
