"""The score of a contact follows what they do and who they are; a threshold is told of once each time it is reached."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session

from records.contacts import find_or_make
from records.models import Contact
from records.rounds import begin, is_wanted, look_at_page, note_reached
from records.score_models import ContactScore
from records.session import Database
from records.timeline import Happening, record, review
from tests.records.door import DAY, HOUR, NOW, Door

EVERY = timedelta(hours=1)
SCORING = """
fit:
  - {label: many benches, when: contact.benches > 50, points: 20}
engagement:
  - {label: clicked, event: clicked, points: 10, half_life: 10 days, most: 40}
  - {label: asked for a trial, event: trial_started, points: 30, half_life: 10 days}
thresholds:
  hot: {score: 50, fit: 20, until: 35}
"""
HOT = "enter: {on: {event: score_reached, where: event.threshold == 'hot'}, again: always}"


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.publish(scoring=SCORING, hot=HOT)
    opened.consent()
    return opened


def score(door: Door) -> int:
    return door.database.read_now(lambda session: door.ann(session).score)


def go_round(door: Door, now: datetime) -> int:
    """Make a whole round, as the activity does; return about how many contacts something changed."""
    after, changed = door.database.write_now(lambda session: begin(session, door.published, now, EVERY)), 0
    while after is not None:
        page = door.database.read_now(lambda session, after=after: look_at_page(session, door.published, after, now))  # type: ignore[misc]
        door.database.write_now(partial(write_page, door, page.changed, now))
        door.database.write_now(lambda session, page=page: note_reached(session, page, now))  # type: ignore[misc]
        changed, after = changed + len(page.changed), page.last
    return changed


def write_page(door: Door, contacts: tuple[str, ...], now: datetime, session: Session) -> None:
    for name in contacts:
        contact = session.get(Contact, name)
        assert contact is not None
        review(session, door.published, contact, now, now)


def told(door: Door) -> list[tuple[str, int]]:
    """Return which thresholds the timeline says were reached, at which score."""
    return [(each["threshold"], each["score"]) for each in door.happened("score_reached")]


def test_what_somebody_does_raises_their_score(door: Door) -> None:
    door.tell("clicked", NOW)
    door.tell("clicked", NOW + HOUR)

    assert score(door) == 20


def test_who_somebody_is_counts_from_the_moment_the_record_says_so(door: Door) -> None:
    door.set(NOW, benches=60)
    assert score(door) == 20

    door.set(NOW + HOUR, benches=5)
    assert score(door) == 0


def test_the_same_event_told_twice_counts_once(door: Door) -> None:
    door.tell("clicked", NOW)
    door.tell("clicked", NOW)

    assert score(door) == 10


def test_a_threshold_is_told_with_its_reasons_and_starts_a_sequence(door: Door) -> None:
    door.set(NOW, benches=60)
    door.tell("trial_started", NOW + HOUR)

    [event] = door.happened("score_reached")
    assert event == {
        "threshold": "hot",
        "score": 50,
        "fit": 20.0,
        "engagement": 30.0,
        "why": ["many benches: 20", "asked for a trial once, just now: 30"],
    }
    assert door.decided() == ["hot entered"]
    assert door.run().event == {**event, "name": "score_reached"}
    assert door.run().entered_at == NOW + HOUR


def test_a_change_of_the_record_can_reach_a_threshold(door: Door) -> None:
    door.tell("trial_started", NOW)
    assert told(door) == []

    door.set(NOW, benches=60)

    assert told(door) == [("hot", 50)]


def test_who_stays_about_a_threshold_is_told_of_once(door: Door) -> None:
    door.set(NOW, benches=60)
    for days in range(0, 20, 2):
        door.tell("trial_started", NOW + days * DAY)

    assert len(told(door)) == 1


def test_who_falls_below_the_lower_bar_and_comes_back_is_told_of_again(door: Door) -> None:
    door.set(NOW, benches=60)
    door.tell("trial_started", NOW)

    # 20 + 30 / 2 = 35 after ten days: not below. A second later it is, though no round has looked.
    door.tell("trial_started", NOW + 10 * DAY)
    assert len(told(door)) == 1
    door.tell("trial_started", NOW + 30 * DAY)

    assert told(door) == [("hot", 50), ("hot", 61)]
    assert door.decided() == ["hot entered"] * 2


def test_a_round_writes_what_time_alone_has_changed(door: Door) -> None:
    door.tell("trial_started", NOW)
    go_round(door, NOW)

    assert go_round(door, NOW + 10 * DAY) == 1

    assert score(door) == 15
    assert go_round(door, NOW + 10 * DAY + HOUR) == 0, "nothing is written as long as the whole number stays"


def test_a_round_ends_runs_that_wait_for_a_low_score(door: Door) -> None:
    door.publish(scoring=SCORING, cold="enter: {again: always}\nexit: {when: contact.score < 20}")
    door.tell("trial_started", NOW)
    door.enter("cold")
    assert door.runs() == [("cold", None)]
    go_round(door, NOW)

    go_round(door, NOW + 10 * DAY)

    assert door.runs() == [("cold", "exited:condition")]


def test_a_segment_by_score_has_its_members_in_the_same_transaction(door: Door) -> None:
    door.publish(scoring=SCORING, warm="enter: {on: {segment: warm}}")

    door.set(NOW, benches=60)
    door.tell("trial_started", NOW + HOUR)

    assert (door.members(), door.decided()) == (["hot", "warm"], ["warm entered"])


def test_a_score_that_somebody_writes_is_put_right(door: Door) -> None:
    door.tell("clicked", NOW)

    door.set(NOW + HOUR, score=90)

    assert score(door) == 10


def test_without_the_file_nothing_is_kept_and_scores_stay_as_they_are_set(main: Database) -> None:
    door = Door(main)
    door.publish(NOW, a="enter: {again: always}")
    door.set(NOW, score=55)
    door.tell("clicked", NOW)

    assert score(door) == 55
    assert door.rows(ContactScore) == []


def test_an_event_that_gives_no_points_reads_and_writes_nothing_of_the_score(door: Door) -> None:
    def quiet(session: Session) -> None:
        happening = Happening(key="x", name="delivered", at=NOW)
        record(session, door.published, door.ann(session), happening, NOW, changed=False)

    door.database.write_now(quiet)

    assert door.rows(ContactScore) == []


def test_publishing_a_policy_counts_what_happened_before_it_and_tells_nobody(main: Database) -> None:
    door = Door(main)
    door.publish(NOW)
    door.consent()
    door.set(NOW, benches=60)
    door.tell("trial_started", NOW)
    door.publish(NOW + HOUR, scoring=SCORING, hot=HOT)

    assert go_round(door, NOW + HOUR) == 1

    assert (score(door), told(door), door.decided()) == (50, [], [])
    assert [row.reached for row in door.rows(ContactScore)] == [{"hot": (NOW + HOUR).isoformat()}]


def test_who_reaches_a_threshold_before_the_round_comes_by_is_told_of(main: Database) -> None:
    door = Door(main)
    door.publish(NOW)
    door.consent()
    door.set(NOW, benches=60)
    door.publish(NOW + HOUR, scoring=SCORING, hot=HOT)

    door.tell("trial_started", NOW + 2 * HOUR)

    assert told(door) == [("hot", 50)]


def test_another_policy_counts_the_whole_timeline_anew(door: Door) -> None:
    door.tell("clicked", NOW)
    door.tell("purchased", NOW)
    more = SCORING.replace("thresholds:", "  - {event: purchased, points: 7, half_life: 10 days}\nthresholds:")

    door.publish(NOW + HOUR, scoring=more)
    go_round(door, NOW + HOUR)

    assert score(door) == 17


def test_what_happened_while_another_policy_stood_is_not_lost(door: Door) -> None:
    door.tell("clicked", NOW)
    door.publish(NOW + HOUR)
    door.tell("clicked", NOW + HOUR)
    door.publish(NOW + 2 * HOUR, scoring=SCORING)

    door.tell("clicked", NOW + 2 * HOUR)

    assert score(door) == 30


def test_a_policy_with_other_bars_tells_nobody_of_what_was_reached_before(door: Door) -> None:
    door.set(NOW, benches=60)
    door.tell("clicked", NOW)
    door.publish(NOW + HOUR, scoring=SCORING.replace("score: 50", "score: 30").replace("until: 35", "until: 20"))

    go_round(door, NOW + HOUR)
    door.tell("clicked", NOW + 2 * HOUR)

    assert told(door) == []


def test_rounds_are_made_every_hour_where_there_are_only_scores(door: Door) -> None:
    def wanted(now: datetime) -> bool:
        return door.database.read_now(lambda session: is_wanted(session, door.published, now, EVERY))

    assert wanted(NOW)
    go_round(door, NOW)
    assert not wanted(NOW + HOUR / 2)
    assert wanted(NOW + HOUR)


def test_who_is_erased_has_no_score(door: Door) -> None:
    def erase(session: Session) -> None:
        door.ann(session).erased_at = NOW

    door.database.write_now(erase)
    assert go_round(door, NOW) == 0
    assert door.rows(ContactScore) == []


def test_what_was_received_while_the_workers_were_away_counts_from_its_own_instant(door: Door) -> None:
    def late(session: Session) -> None:
        ann = door.ann(session)
        for number in range(3):
            happening = Happening(key=f"late/{number}", name="clicked", at=NOW + number * HOUR)
            record(session, door.published, ann, happening, NOW + 10 * DAY, changed=False)

    door.database.write_now(late)
    assert score(door) == 30

    go_round(door, NOW + 10 * DAY)
    assert score(door) == 15


def test_a_contact_who_is_new_reaches_a_threshold_with_the_first_thing_they_do(door: Door) -> None:
    def new(session: Session) -> None:
        bob = find_or_make(session, {"email": "bob@acme.example", "benches": 70}, "form", NOW + DAY)
        happening = Happening(key="bob", name="trial_started", at=NOW + DAY)
        record(session, door.published, bob, happening, NOW + DAY)

    door.database.write_now(new)

    assert told(door) == [("hot", 50)]


TEAM = {
    "policies/teams.yaml": "people: {ada: {name: Ada, email: ada@acme.example}}\n"
    "teams: {sales: {email: sales@acme.example, members: [ada], lead: ada}}",
    "policies/follow-ups.yaml": """
open:
  trial: {on: trial_started, title: Call them, team: sales}
  hot: {on: score_reached, when: event.threshold == 'hot' && contact.score >= 50, title: They are hot, team: sales}
""",
}


def test_an_event_that_opens_a_follow_up_counts_once_and_so_does_the_opening(main: Database) -> None:
    door = Door(main)
    door.publish(NOW)
    door.consent()
    opening = SCORING.replace("thresholds:", "  - {event: task_opened, points: 1, half_life: 10 days}\nthresholds:")
    door.policies = TEAM
    door.publish(NOW + HOUR, scoring=opening)

    door.tell("trial_started", NOW + 2 * HOUR)

    assert score(door) == 31


def test_who_becomes_hot_is_somebodys_to_call(door: Door) -> None:
    door.policies = TEAM
    door.publish(scoring=SCORING)
    door.set(NOW, benches=60)
    for hours in range(1, 4):
        door.tell("clicked", NOW + hours * HOUR)

    assert [each["title"] for each in door.happened("task_opened")] == ["They are hot"]


def test_a_round_sees_that_time_alone_changed_who_somebody_is(main: Database) -> None:
    door = Door(main)
    door.publish(scoring="fit: [{label: new, when: days_since(contact.created_at) < 30, points: 10}]")
    door.consent()
    door.set(NOW, benches=1)
    assert score(door) == 10

    go_round(door, NOW + 31 * DAY)

    assert score(door) == 0
