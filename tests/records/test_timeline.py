"""What an event belongs to, and how far back a timeline is read."""

import pytest
from sqlmodel import Session, col, select

from records.facts import MOST_EVENTS, read_known
from records.models import Contact, Enrolment, Interaction, Message, Suppression
from records.session import Database
from records.timeline import Happening, record
from tests.records.door import Door
from tests.records.test_runs import DAY, NOW, Office


def message(run: Enrolment, state: str, channel: str = "email") -> Message:
    return Message(
        id=f"{run.sequence}-{state}",
        send_key=f"{run.id}/hello/1",
        contact_id=run.contact_id,
        enrolment_id=run.id,
        step="hello",
        channel=channel,
        template="welcome/hello",
        bundle="b",
        class_="marketing",
        message_id=f"<{run.id}@acme.example>",
        state=state,
        claimed_at=None if state == "skipped" else NOW,
    )


def test_an_answer_belongs_to_the_message_that_was_sent_not_to_one_that_was_skipped_later(main: Database) -> None:
    office = Office(main).open()
    office.enter("once")
    office.enter("each", NOW + DAY)

    def tell(session: Session) -> tuple[str, str | None]:
        by_name = {run.sequence: run for run in session.exec(select(Enrolment))}
        session.add(message(by_name["once"], "accepted"))
        session.add(message(by_name["each"], "skipped"))
        session.flush()
        ann = session.exec(select(Contact)).one()
        happening = Happening(key="reply", name="replied", at=NOW + 2 * DAY, step="hello")
        row = record(session, office.published, ann, happening, NOW + 2 * DAY)
        assert row is not None
        return by_name["once"].id, row.enrolment_id

    sent, found = main.write_now(tell)
    assert found == sent


@pytest.mark.parametrize("name", ["bounced", "complained", "unsubscribed", "clicked"])
def test_what_a_team_does_with_a_message_to_staff_is_none_of_the_contacts(main: Database, name: str) -> None:
    # A team's full mailbox must not suppress the customer it was written about.
    office = Office(main).open()
    office.enter("each")

    def tell(session: Session) -> tuple[bool, list[str]]:
        run = session.exec(select(Enrolment)).one()
        sent = message(run, "accepted", "staff")
        session.add(sent)
        session.flush()
        ann = session.exec(select(Contact)).one()
        happening = Happening(key=name, name=name, at=NOW + DAY, data={"permanent": True}, message=sent.id)
        assert record(session, office.published, ann, happening, NOW + DAY) is None
        return run.ended_at is None, [each.reason for each in session.exec(select(Suppression))]

    assert main.write_now(tell) == (True, [])


def test_of_a_long_timeline_the_newest_end_is_read_and_of_a_short_one_all(main: Database) -> None:
    office = Office(main).open()
    office.enter("each")

    def fill(session: Session, count: int) -> str:
        run = session.exec(select(Enrolment)).one()
        before = len(session.exec(select(Interaction.id)).all())
        session.add_all(
            Interaction(contact_id=run.contact_id, key=f"k{before + number}", name="opened", at=NOW)
            for number in range(count)
        )
        return run.id

    def read() -> list[int]:
        known = main.read_now(lambda session: read_known(session, [run]))
        (events,) = known.events.values()
        return [event.id for event in events]

    run = main.write_now(lambda session: fill(session, 5))
    assert len(read()) == 5
    main.write_now(lambda session: fill(session, MOST_EVENTS))

    newest = main.read_now(lambda session: session.exec(select(Interaction.id).order_by(col(Interaction.id))).all())
    assert read() == list(newest)[-MOST_EVENTS:]


def test_whoever_did_it_is_not_told_of_it_and_the_other_runs_are(main: Database) -> None:
    door = Door(main)
    door.consent()
    door.publish(doer="exit: [{when: contact.score > 900}]", other="exit: [{when: contact.score > 900}]")
    for name in ("doer", "other"):
        door.enter(name)

    def tell(session: Session) -> dict[str, int]:
        runs = {run.sequence: run for run in session.exec(select(Enrolment))}
        for run in runs.values():
            run.wave = f"seq/{run.sequence}/1"
        opened = Happening(key="case/1", name="case_opened", at=NOW, by=runs["doer"].id)
        record(session, door.published, door.ann(session), opened, NOW)
        return {name: run.stirred for name, run in runs.items()}

    assert main.write_now(tell) == {"doer": 0, "other": 1}
