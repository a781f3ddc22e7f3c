"""What tests of `rapport send` share: a home with a segment, and what its databases hold."""

from typing import Any

from sqlmodel import select

from tests.starter.small_home import SmallHome

SEND = ("send", "welcome/hello", "--to", "leads", "--topic", "product-news")
SEGMENTS = "segments: {leads: {label: Leads, when: contact.score < 50}}"
RECEIPT = (
    "---\nclass: service\n---\n{% block subject %}Thanks{% endblock %}{% block html %}<p>Thanks</p>{% endblock %}\n"
)


def rows(home: SmallHome, table: Any) -> list[Any]:
    """Return every row of a table."""
    with home.database() as database:
        return list(database.read_now(lambda session: session.exec(select(table)).all()))
