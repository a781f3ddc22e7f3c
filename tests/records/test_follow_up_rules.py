"""What opens a follow-up by itself, and what the contact's deeds make of it: by the example company's own policies."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.follow_up_actions import Complete
from records.contacts import change, find_or_make
from records.follow_up_models import FollowUp
from records.follow_ups import act
from records.models import Contact
from records.published import Published, publish
from records.session import Database
from records.timeline import Happening, record, record_changed
from tests.test_architecture import PROJECT

NOW = datetime(2026, 5, 6, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Company:
    """The example company, and one contact of it."""

    def __init__(self, main: Database) -> None:
        files = {f"policies/{each.name}": each.read_text("utf-8") for each in (PROJECT / "policies").glob("*.yaml")}
        self.main, self.published, self.told = main, Published(), 0
        main.write_now(lambda session: publish(session, files, {}, NOW))
        who = {"email": "ann@customer.example", "first_name": "Ann", "country": "DE"}
        self.id = main.write_now(lambda session: find_or_make(session, who, "test", NOW).id)

    def happens(self, name: str, data: Mapping[str, Any], at: datetime) -> None:
        self.told += 1
        happening = Happening(f"test/{self.told}", name, at, data)

        def work(session: Session) -> None:
            record(session, self.published, self._contact(session), happening, at)

        self.main.write_now(work)

    def learns(self, fields: Mapping[str, Any], at: datetime) -> None:
        def work(session: Session) -> None:
            contact = self._contact(session)
            change(session, contact, fields, at)
            record_changed(session, self.published, contact, at)

        self.main.write_now(work)

    def completes(self, row: FollowUp, at: datetime) -> None:
        done = Complete(by="ada", outcome="reached")
        assert self.main.write_now(lambda session: act(session, self.published, row.id, done, "k", at)) is not None

    def open_ones(self) -> list[FollowUp]:
        every = select(FollowUp).where(col(FollowUp.ended_at).is_(None)).order_by(col(FollowUp.id))
        return self.main.read_now(lambda session: list(session.exec(every).all()))

    def ended(self) -> list[tuple[str, str | None, str | None]]:
        every = select(FollowUp).where(col(FollowUp.ended_at).is_not(None)).order_by(col(FollowUp.ended_at))
        return self.main.read_now(
            lambda session: [(row.title, row.ended, row.outcome) for row in session.exec(every).all()]
        )

    def _contact(self, session: Session) -> Contact:
        contact = session.get(Contact, self.id)
        assert contact is not None
        return contact


@pytest.fixture
def company(main: Database) -> Company:
    return Company(main)


def hot(company: Company, at: datetime) -> None:
    """Ann is whom the company builds for, asks for a demo, and does this and that."""
    company.learns({"benches": 12}, at)
    company.happens("form_submitted", {"form": "demo-request"}, at)
    company.happens("webinar_joined", {}, at)


def test_a_lead_that_becomes_hot_is_somebodys_to_call_within_the_hour(company: Company) -> None:
    hot(company, NOW)

    [call] = company.open_ones()
    assert (call.title, call.team, call.policy, call.assignee) == ("Call Ann, who is hot now", "sales", "hot", "ada")
    assert call.done_due == NOW + timedelta(hours=1)
    assert call.outcomes == ["reached", "no_answer", "meeting_booked", "not_interested"]


def test_one_is_open_for_each_rule_and_the_next_may_be_opened_when_it_has_ended(company: Company) -> None:
    company.happens("replied", {"subject": "Re: Tips"}, NOW)
    company.happens("replied", {"subject": "Re: Tips"}, NOW + timedelta(hours=1))
    [answer] = company.open_ones()
    assert (answer.title, answer.source, answer.policy) == ("Answer Ann", "rule answer", "normal")

    company.completes(answer, NOW + timedelta(hours=2))
    company.happens("replied", {"subject": "Re: Tips"}, NOW + DAY)

    [again] = company.open_ones()
    assert again.id != answer.id


def test_who_buys_need_not_be_called_and_who_books_was_reached(company: Company) -> None:
    hot(company, NOW)
    company.happens("purchased", {"order_id": "o-1"}, NOW + timedelta(minutes=5))
    assert company.ended() == [("Call Ann, who is hot now", "cancelled", None)]

    company.happens("replied", {}, NOW + DAY)
    company.happens("meeting_booked", {}, NOW + DAY)

    assert company.open_ones() == []
    assert company.ended()[-1] == ("Answer Ann", "completed", "meeting_booked")
