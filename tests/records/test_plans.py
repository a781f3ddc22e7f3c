"""Nothing that is asked all day reads a big table from end to end, on both databases.

The statements are not copied: what the code asks is watched, and each is explained on a database that is full.
"""

from datetime import timedelta

import pytest
from sqlmodel import Session

from domain.coming_back import Clues
from domain.needs import Sent
from records import (
    case_letters,
    inbox_mail,
    ledger,
    links,
    matching,
    notices,
    objections,
    outbox,
    runs,
    throttling,
    waits,
)
from records import inbox as received
from records.abandoned import abandoned, lose_abandoned
from records.case_threads import thread_of
from records.contacts import find
from records.evidence import weigh
from records.falling_due import all_due, next_due
from records.models import Inbox, InboxRecord, Record
from records.published import Published
from records.releasing import held_messages
from records.session import Database
from records.texting import last_text_to
from records.throttling import Wanted
from records.timeline import Happening, record
from starter.why_known import known_of
from tests.records.dispatch import NEWS, Dispatch, home, people
from tests.records.filled import NOW, fill
from tests.records.plans import Watched

pytestmark = pytest.mark.system

MANY = [10_000, pytest.param(100_000, marks=[pytest.mark.large, pytest.mark.timeout(900)])]
THROTTLES = "[{provider: default, most: 9, in: 1 hour}, {recipient_domain: '*', most: 8, in: 1 hour}]"
CAPS = "caps: [{class: marketing, channel: email, most: 3, in: 7 days}]"

# What is read from end to end on purpose: it is short whatever happens, or the index holds only what waits.
SHORT = frozenset(
    {"channel_state", "broadcast", "sqlite_autoindex_broadcast_1", "pk_broadcast", "wake", "pk_wake", "throttle_hold"}
    | {
        "ix_bundle_published_at",
        "ix_message_on_its_way",
        "ix_case_letter_unsettled",
        "ix_enrolment_starting",
        "ix_inbox_waiting",
        "uq_edition_current",
        "notice",
        "pk_notice",
    }
)
# What a person asks for page by page is read in the order of its index as far as the page goes.
PAGES = frozenset({"ix_outbox_message_kept_at"})


def ask_main(session: Session) -> None:
    """Ask everything of the main database that workers and pages ask all day, beside what sending asks."""
    clues = Clues(
        recipient="c7@customer.example",
        sender="c8@customer.example",
        returned=("<nobody@acme.example>",),
        answered=("<a-name-of-theirs@x.example>",),
    )
    matching.match(session, clues, lambda _: None, lambda _: None, NOW)
    weigh(session, "m7", "delivered", {}, NOW)
    last_text_to(session, "+4930123")
    case_letters.fated(session)
    case_letters.ask_to_look(session, NOW)
    case_letters.case_of_letter(session, "r-2")
    thread_of(session, "r-2", ("a",))
    links.find(session, "l7")
    links.sent(session, "m7")
    ledger.by_key(session, ["k1", "k2"])
    ledger.let_go(session, "r-3", "test", NOW)
    ledger.take_back(session, "r-3", "test")
    lose_abandoned(session, [*abandoned(session, NOW), "m1"], NOW)
    waits.waiting_of(session, ["c-10"])
    held_messages(session, contact="c-10")
    throttling.queues(session, NOW)
    throttling.before(session, ["q"], Wanted("m1", "r-1", "marketing", 50, NOW), due_by=NOW)
    throttling.prune(session, NOW)
    next_due(session)
    all_due(session, NOW, 50)
    outbox.listing(session, None, 50)
    notices.to_tell(session, NOW)


def ask_about_runs(session: Session) -> None:
    """Ask what the drainer asks, and what an event about a contact leads to."""
    runs.open_runs(session, "c-10")
    runs.anything_to_send_out(session)
    runs.form_waves(session, NOW)
    runs.started(session, "seq/news/1", NOW)
    runs.begin_again(session, "seq/news/2")
    runs.wakes(session)
    runs.bring_forward(session, "c-10", NOW)
    contact = find(session, "c10@customer.example")
    assert contact is not None
    clicked = Happening(key="new", name="clicked", at=NOW, message="m10", data={"by": "human"})
    assert record(session, Published(), contact, clicked, NOW) is not None
    bounced = Happening(key="back", name="bounced", at=NOW, message="m10", data={"permanent": True})
    assert record(session, Published(), contact, bounced, NOW) is not None
    assert known_of(session, Published(), contact, NOW)


def ask_inbox(session: Session) -> None:
    """Ask everything of the inbox that the drainer, the gate and the pages ask."""
    received.accept(session, Inbox(key="new", kind="event", source="test", received_at=NOW, body={}))
    assert len(received.waiting(session, 100, NOW)) == 100
    received.is_waiting(session, NOW)
    received.oldest_waiting(session, ["c-1", "c-2"])
    received.withdrawals_waiting(session, ["c-1", "c-2"])
    objections.objections_waiting(session)
    received.wishes_waiting(session, "c-1")
    received.received_about(session, "test", ["c-1"], NOW)
    received.mark_drained(session, [1, 2], NOW)
    received.note_failure(session, 3, "test", NOW)
    received.retry(session, 3)
    inbox_mail.forget(session, NOW - timedelta(days=350))


@pytest.mark.parametrize("many", MANY)
async def test_nothing_that_is_asked_all_day_reads_a_big_table_from_end_to_end(main: Database, many: int) -> None:
    office = Dispatch([main], home(THROTTLES, CAPS, news=NEWS))
    fill(main, Record, many, office.programs["news"].version)
    members = office.enrol("news", people(10, "new.example"))

    with Watched().of(main) as watch:
        answers = await office.ask(members)
        main.write_now(ask_main)
        main.write_now(ask_about_runs)

    assert sum(isinstance(each, Sent) for each in answers.values()) == 8
    assert len(watch.seen) > 60
    assert watch.whole_tables(SHORT | PAGES) == {}


@pytest.mark.parametrize("many", MANY)
def test_nothing_that_is_asked_of_the_inbox_reads_all_that_ever_came_in(inbox: Database, many: int) -> None:
    fill(inbox, InboxRecord, many)

    with Watched().of(inbox) as watch:
        inbox.write_now(ask_inbox)

    assert len(watch.seen) > 10
    assert watch.whole_tables(SHORT) == {}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_reads_a_whole_table_is_seen(main: Database) -> None:
    fill(main, Record, 100, Dispatch([main], home(news=NEWS)).programs["news"].version)

    with Watched().of(main) as watch:
        main.read_now(
            lambda session: session.connection().exec_driver_sql("select count(*) from message where subject = 'a'")
        )

    assert [*watch.whole_tables(frozenset()).values()] == [["message"]]
