"""A sequence, or a channel, that does harm pauses itself; its messages wait."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.needs import Later, Sent
from records import channel_states
from records.hold_models import Pause
from records.holding import resume
from records.models import Contact, Message
from records.sending_models import ChannelState, Notice
from records.session import Database
from records.timeline import Happening, record
from tests.records.dispatch import NEWS, NOW, Dispatch, home, people

pytestmark = pytest.mark.system

MINUTE = timedelta(minutes=1)


class Harm(Dispatch):
    """One contact to whom very much was sent."""

    def sent(self, sequence: str, number: int, ago: timedelta = MINUTE, channel: str = "email") -> list[str]:
        """Write accepted messages into the ledger; return their ids."""
        at, names = self.now - ago, [f"{sequence}-{self.now:%H%M}-{channel}-{each}" for each in range(number)]
        if sequence not in self.runs:
            self.runs[sequence] = self.enrol(sequence, [f"{sequence}@customer.example"])[0]
        run = self.runs[sequence]

        def write(session: Session) -> None:
            contact = session.exec(select(Contact).where(Contact.email == f"{sequence}@customer.example")).one().id
            same: dict[str, Any] = {
                "contact_id": contact,
                "enrolment_id": run,
                "sequence": sequence,
                "channel": channel,
            }
            same |= {"template": "t/news", "bundle": "b", "class_": "marketing", "state": "accepted"}
            session.add_all(
                Message(id=name, send_key=name, step=name, message_id=name, handing_over_at=at, accepted_at=at, **same)
                for name in names
            )

        self.workers[0].write_now(write)
        return names

    runs: dict[str, str]

    def happens(self, event: str, messages: list[str], **data: object) -> None:
        """Tell that something happened to these messages."""

        def write(session: Session) -> None:
            for name in messages:
                row = session.get(Message, name)
                assert row is not None
                contact = session.get(Contact, row.contact_id)
                assert contact is not None
                happening = Happening(f"{event}/{name}/{data}", event, self.now, data, message=name)
                record(session, self.published, contact, happening, self.now)

        self.workers[0].write_now(write)

    def paused(self) -> list[str]:
        return [row.sequence for row in self.read(Pause) if row.resumed_at is None]

    def notices(self) -> list[tuple[str, str, str | None]]:
        return [(row.cause, row.kind, row.owner) for row in self.read(Notice)]


@pytest.fixture
def office(main: Database) -> Harm:
    files = home(news=f"owner: ann@acme.example\n{NEWS}", other=NEWS)
    harm = Harm([main], files)
    harm.runs = {}
    return harm


def test_complaints_pause_their_sequence_and_the_owner_is_named(office: Harm) -> None:
    office.sent("other", 2_000)
    messages = office.sent("news", 400)

    office.happens("complained", messages[:4])
    assert (office.paused(), office.notices()) == ([], [])
    office.happens("complained", messages[:5])

    assert office.paused() == ["news"]
    [pause] = office.read(Pause)
    assert (pause.by, pause.reason) == ("rapport", "1.25% complaints in 1 hour: 5 of 400 messages, at most 1%")
    assert office.notices() == [("sequence/news/complained/pause", "paused itself", "ann@acme.example")]
    assert office.read(ChannelState) == [], "5 of 2,400 is little for the channel"


async def test_what_would_be_sent_by_a_sequence_that_paused_itself_waits(office: Harm) -> None:
    messages = office.sent("news", 200)
    office.sent("other", 2_000)
    [run], [waits] = office.enrol("other", people(1)), office.enrol("news", ["waits@customer.example"])
    office.happens("complained", messages[:5])

    found = await office.ask([waits, run])

    assert isinstance(found[waits], Later)
    assert found[run] == Sent("accepted")


def test_only_bounces_for_good_count_and_one_message_counts_once(office: Harm) -> None:
    office.sent("other", 2_000)
    messages = office.sent("news", 200)

    office.happens("bounced", messages[:30], permanent=False)
    office.happens("bounced", messages[:9], permanent=True)
    office.happens("bounced", messages[:9], permanent=True, again=1)
    assert office.notices() == []
    office.happens("bounced", messages[9:10], permanent=True)
    assert [kind for _, kind, _ in office.notices()] == ["warning"]
    office.happens("bounced", messages[10:20], permanent=True)

    assert office.paused() == ["news"]


def test_a_channel_stops_when_all_sequences_together_do_harm_and_opens_by_a_person(office: Harm) -> None:
    messages = [*office.sent("news", 199), *office.sent("other", 199)]

    office.happens("complained", messages[:3] + messages[199:201])

    assert office.paused() == [], "each alone has sent too little"
    [state] = office.read(ChannelState)
    assert (state.kind, state.by, state.until) == ("protection", "rapport", None)
    assert state.reason == "1.26% complaints in 1 hour: 5 of 398 messages, at most 1%"
    assert [cause for cause, _, _ in office.notices()] == ["channel/email/complained/pause"]


def test_what_was_sent_before_the_span_does_not_count(office: Harm) -> None:
    messages = office.sent("news", 400, timedelta(minutes=61))

    office.happens("complained", messages[:8])

    assert office.notices() == []


def test_after_a_resume_the_count_begins_anew(office: Harm) -> None:
    office.sent("other", 4_000)
    messages = office.sent("news", 400)
    office.happens("complained", messages[:5])
    office.workers[0].write_now(lambda session: resume(session, "news", None, office.now))

    office.happens("complained", messages[5:10])
    assert office.paused() == []

    office.now += 10 * MINUTE
    office.happens("complained", office.sent("news", 300)[:5])
    assert office.paused() == ["news"]


def test_a_stop_of_its_own_outlasts_a_message_that_is_accepted(office: Harm) -> None:
    messages = office.sent("news", 200)
    office.happens("complained", messages[:5])

    opened = office.workers[0].write_now(
        lambda session: channel_states.answered(session, "email", messages[9], NOW + MINUTE, True, NOW + MINUTE)
    )

    assert opened is False
    assert [state.stopped_at for state in office.read(ChannelState)] == [NOW]


async def test_what_other_systems_and_staff_are_told_makes_no_rate_look_better(office: Harm) -> None:
    messages = office.sent("news", 200)
    for channel in ("webhook", "staff"):
        office.sent("news", 2_000, channel=channel)

    office.happens("complained", messages[:5])

    assert office.paused() == ["news"]
