"""A broadcast that is paused, goes on and is stopped while its messages leave: what was said holds from that commit."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from records.broadcasts import go_on, hold_up, stop
from records.models import Message
from tests.system.company import founded
from tests.system.mailing import accounted, broadcast, change, gather, left, members, row_of
from tests.system.waiting import until

pytestmark = pytest.mark.system

# More than can leave while this machine looks away for a moment.
CONTACTS = 1_000


def test_nothing_leaves_while_it_is_paused_nor_after_it_was_stopped(tmp_path: Path) -> None:
    with founded(tmp_path) as company:
        gather(company, CONTACTS)
        id = broadcast(company)
        until(lambda: len(left(company, id)) >= 20, "the first messages")

        change(
            company, id, lambda session, row, now: hold_up(session, row, now, until=None, by="test", reason="a typo")
        )
        paused = datetime.now(UTC)
        on_the_way = Message.state == "handing_over"
        until(lambda: company.count(Message, on_the_way) == 0, "what was on the wire to arrive")
        before = left(company, id)
        assert before[-1] <= paused
        assert len(before) < CONTACTS

        resumed = datetime.now(UTC)  # before it goes on: a message may leave as soon as that is committed
        change(company, id, lambda session, row, now: go_on(session, row, now))
        until(lambda: len(left(company, id)) >= len(before) + 20, "it to go on")
        assert not [at for at in left(company, id) if paused < at < resumed]

        change(company, id, lambda session, row, now: stop(session, row, now, by="test", reason="the wrong price"))
        stopped = datetime.now(UTC)
        until(lambda: row_of(company, id).state == "stopped", "its end")

        assert left(company, id)[-1] <= stopped
        assert set(members(company, id)) <= {"entered", "left_out"}
        assert members(company, id).total() == CONTACTS
        until(lambda: company.count(Message, on_the_way) == 0, "what was on the wire to arrive")
        assert {"accepted", "skipped"} >= set(accounted(company, id))
