"""What opens by itself is named by whom it is about, and by what happened."""

from datetime import UTC, datetime

from records.session import Database
from tests.records.team_at_work import TeamAtWork

MONDAY = datetime(2026, 5, 4, 8, tzinfo=UTC)
RULE = "open: {thank: {on: purchased, team: sales, title: 'Thank {{ contact.first_name }} for {{ event.order_id }}'}}"


def test_a_title_has_what_happened_in_its_blanks(main: Database) -> None:
    work = TeamAtWork(main)
    work.publish(MONDAY, **{"follow-ups": RULE})
    work.tell("ann", "purchased", MONDAY, order_id="A-17")
    [task] = work.ids()

    assert work.row(task).title.endswith(" for A-17")
