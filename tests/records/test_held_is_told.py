"""A message that lacks a value is held, and whoever answers for it is told: once, without a word about the contact."""

from datetime import timedelta
from typing import Any

import pytest

from records.sending_models import Notice
from records.session import Database
from rendering.process import MissingVariable, TemplateFault
from tests.records.dispatch import Dispatch, home, people

pytestmark = pytest.mark.system

NEWS = "topic: news\nowner: mira@acme.example\nsteps: [{send: t/news}]"


class Broken:
    """A pen that cannot write."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def render(self, job: Any) -> Any:
        raise self.error


async def test_the_owner_is_told_once_what_is_missing(main: Database) -> None:
    office = Dispatch([main], home(news=NEWS), pen=Broken(MissingVariable("contact.city", "email/t/news.html:5")))
    runs = office.enrol("news", people(3))

    for _ in range(3):
        await office.ask(runs)
        office.now += timedelta(hours=1)

    [notice] = office.read(Notice)
    assert (notice.kind, notice.owner, notice.count) == ("message held", "mira@acme.example", 3)
    assert notice.what == (
        "news, step news: a message is held: email/t/news.html:5: contact.city is missing; fill it in, or write "
        "{{ contact.city|fallback('…') }}; see `rapport message list --held --sequence news`"
    )


async def test_no_value_of_a_contact_is_told(main: Database) -> None:
    office = Dispatch([main], home(news=NEWS), pen=Broken(TemplateFault("'ann@customer.example' is no date")))

    await office.ask(office.enrol("news", people(1)))

    [notice] = office.read(Notice)
    assert notice.what.startswith("news, step news: a message is held: its template cannot be written; see")
