"""What came back resolves what nobody knew, in whatever order it comes; and what bounces suppresses an address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlmodel import Session, select

from records.models import Contact, Enrolment, Message, Suppression
from records.session import Database
from records.timeline import Happening, record
from tests.records.test_runs import DAY, NOW, Office
from tests.records.test_timeline import message

Told = tuple[str, dict[str, Any]]
DELIVERED: Told = ("delivered", {})
OPENED: Told = ("opened", {"by": "human"})
SCANNED: Told = ("opened", {"by": "machine"})
FULL: Told = ("bounced", {"permanent": False, "code": "552 5.2.2"})
BOUNCED: Told = ("bounced", {"permanent": True, "code": "550 5.1.1"})
GUESSED: Told = ("bounced", {"permanent": True, "matched_by": "guess"})


def left(run: Enrolment, state: str, **fields: Any) -> Message:
    row = message(run, state)
    row.recipient, row.handing_over_at = "old@acme.example", NOW
    for name, value in fields.items():
        setattr(row, name, value)
    return row


class Post:
    """Ann's run with one message, and what is told of it."""

    def __init__(self, main: Database, state: str = "unknown", **fields: Any) -> None:
        self.main, self.office = main, Office(main).open()
        self.office.enter("each")

        def send(session: Session) -> str:
            run = session.exec(select(Enrolment)).one()
            row = left(run, state, **fields)
            session.add(row)
            return row.id

        self.id = main.write_now(send)

    def tell(self, told: Sequence[Told], at: datetime = NOW + DAY) -> "Post":
        def work(session: Session) -> None:
            ann = session.exec(select(Contact)).one()
            for number, (name, data) in enumerate(told):
                happening = Happening(key=f"{name}/{number}", name=name, at=at, data=data, message=self.id)
                record(session, self.office.published, ann, happening, at)

        self.main.write_now(work)
        return self

    def row(self) -> Message:
        return self.main.read_now(lambda session: session.exec(select(Message).where(Message.id == self.id)).one())

    def suppressed(self) -> list[tuple[str, str]]:
        rows = self.main.read_now(lambda session: session.exec(select(Suppression)).all())
        return [(row.value, row.reason) for row in rows]


def state_after(database: Database, told: Sequence[Told], **fields: Any) -> tuple[str, bool, bool]:
    """Return a fresh message's state and whether it is known when, after these; nothing of it is kept."""

    class Undo(Exception):
        pass

    found: list[tuple[str, bool, bool]] = []

    def work(session: Session) -> None:
        run, ann = session.exec(select(Enrolment)).one(), session.exec(select(Contact)).one()
        row = left(run, "unknown", **fields)
        session.add(row)
        session.flush()
        office = Office(database)
        for number, (name, data) in enumerate(told):
            happening = Happening(key=f"{name}/{number}", name=name, at=NOW + DAY, data=data, message=row.id)
            record(session, office.published, ann, happening, NOW + DAY)
        found.append((row.state, row.accepted_at is not None, row.refused_at is not None))
        raise Undo

    with pytest.raises(Undo):
        database.write_now(work)
    return found[0]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([DELIVERED], "accepted"),
        ([OPENED], "accepted"),
        ([SCANNED], "unknown"),
        ([("clicked", {})], "accepted"),
        ([("replied", {})], "accepted"),
        ([("auto_replied", {})], "accepted"),
        ([("complained", {})], "accepted"),
        ([("unsubscribed", {"topic": "product-news"})], "accepted"),
        ([("deferred", {})], "unknown"),
        ([FULL], "unknown"),
        ([BOUNCED], "refused"),
    ],
)
def test_evidence_resolves_what_nobody_knew(main: Database, told: list[Told], state: str) -> None:
    row = Post(main).tell(told).row()

    assert row.state == state
    if state == "accepted":
        assert (row.accepted_at, row.reason) == (NOW + DAY, f"known by what came back: {told[0][0]}")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_end_is_the_same_in_whatever_order_and_however_often_it_is_told(main: Database) -> None:
    Post(main, "accepted", reply="250 OK", id="other", send_key="other")
    for some in ([DELIVERED, OPENED, FULL], [DELIVERED, BOUNCED, SCANNED], [BOUNCED, DELIVERED, OPENED, DELIVERED]):
        ends = {state_after(main, order) for order in permutations(some)}
        assert ends == {("refused", False, True) if BOUNCED in some else ("accepted", True, False)}


@pytest.mark.parametrize(
    ("fields", "told", "state"),
    [
        ({"state": "accepted", "reply": "250 OK"}, BOUNCED, "accepted"),
        ({"state": "refused"}, DELIVERED, "refused"),
        ({"state": "claimed", "handing_over_at": None}, DELIVERED, "claimed"),
        ({"state": "skipped", "handing_over_at": None}, DELIVERED, "skipped"),
        ({"state": "claimed"}, DELIVERED, "accepted"),
        ({"state": "handing_over"}, DELIVERED, "accepted"),
        ({"state": "handing_over"}, BOUNCED, "refused"),
    ],
)
def test_what_the_server_answered_stands_and_what_is_to_be_sent_again_is_not_if_it_arrived(
    main: Database, fields: dict[str, Any], told: Told, state: str
) -> None:
    assert Post(main, **fields).tell([told]).row().state == state


def test_a_bounce_suppresses_the_address_it_went_to_not_the_one_the_contact_has_now(main: Database) -> None:
    assert Post(main, "accepted").tell([BOUNCED]).suppressed() == [("old@acme.example", "hard_bounce")]


def test_where_no_address_is_known_of_the_message_it_is_the_contacts(main: Database) -> None:
    assert Post(main, "accepted", recipient=None).tell([BOUNCED]).suppressed() == [("ann@acme.example", "hard_bounce")]


@pytest.mark.parametrize("by", ["guess", "message_id"])
def test_a_bounce_that_no_token_proves_suppresses_nobody(main: Database, by: str) -> None:
    told: Told = ("bounced", {"permanent": True, "matched_by": by})
    assert Post(main, "accepted").tell([told]).suppressed() == []


@pytest.mark.parametrize(
    ("days", "suppressed"),
    [([0, 7, 14], True), ([14, 0, 7], True), ([0, 7], False), ([0, 7, 15], False), ([0, 0, 0], True)],
)
def test_three_full_mailboxes_within_a_fortnight_are_a_bad_address(
    main: Database, days: list[int], suppressed: bool
) -> None:
    office = Office(main).open()
    office.enter("each")

    def tell(session: Session) -> None:
        run, ann = session.exec(select(Enrolment)).one(), session.exec(select(Contact)).one()
        for number, day in enumerate(days):
            sent = left(run, "accepted", id=f"m{number}", send_key=f"{run.id}/hello/{number + 1}", visit=number + 1)
            session.add(sent)
            session.flush()
            for time in (1, 2):  # each is told twice
                happening = Happening(
                    key=f"{number}/{time}", name="bounced", at=NOW + timedelta(days=day), data=FULL[1], message=sent.id
                )
                record(session, office.published, ann, happening, NOW + DAY)

    main.write_now(tell)
    rows = main.read_now(lambda session: session.exec(select(Suppression)).all())
    assert [row.value for row in rows] == (["old@acme.example"] if suppressed else [])
