"""Mail in the inbox, as `rapport inbox` lists and shows it, and how long it is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from records.inbox import mark_drained
from records.inbox_mail import forget, keep, mail_row
from records.models import Drained
from records.session import Database
from tests.channels.returned_mail import mail
from tests.starter.small_home import SmallHome

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
pytestmark = pytest.mark.timeout(120)


def test_mail_of_nobody_is_listed_with_what_became_of_it_and_shown_in_its_words(records: SmallHome) -> None:
    raw = mail("From: W <who@x.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nCall me.\x1b[2J\n> quoted")
    database = Database(records.settings.inbox_url)
    row = mail_row(raw, "who@x.example", ["fbl@acme.example"], "smtp", NOW)
    assert database.write_now(lambda session: keep(session, row, raw))
    with records.database() as main:
        drained = Drained(inbox_id=row.id or 0, did="mail: replied, matched nobody", at=NOW)
        main.write_now(lambda session: session.add(drained))
    database.write_now(lambda session: mark_drained(session, [row.id or 0], NOW))

    assert "mail: replied, matched nobody" in records.type("inbox", "list").out
    [listed] = records.type("inbox", "list", "--json").document["rows"]
    assert (listed["kind"], listed["became"]) == ("mail", "mail: replied, matched nobody")
    shown = records.type("inbox", "show", str(row.id)).out
    assert "Subject: Grüße" in shown
    assert "Call me.[2J\n> quoted" in shown
    document = records.type("inbox", "show", str(row.id), "--json").document
    assert (document["mail"]["subject"], document["body"]["from"]) == ("Grüße", "who@x.example")

    assert database.write_now(lambda session: forget(session, NOW)) == 0, "it is as old as that, not older"
    assert database.write_now(lambda session: forget(session, NOW + timedelta(days=1))) == 1
    database.close()
    assert "mail" not in records.type("inbox", "show", str(row.id), "--json").document
