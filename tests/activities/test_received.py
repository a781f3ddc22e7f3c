"""What came in, and what it becomes in the records."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from activities.received import apply
from domain.loader import load
from records.migrate import migrate_main
from records.models import Contact, Inbox
from records.published import Published, publish
from records.session import Database
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORM = "fields: {email: mail, benches: benches, vip: vip, renewal_date: renewal, company: company}"
FILES = POLICIES | {"policies/forms/order.yaml": FORM}


def submitted(folder: Path, **answers: str) -> dict[str, Any]:
    """Return the own fields of the contact that a submission of these answers makes."""
    url = f"sqlite:///{folder / 'main.db'}"
    migrate_main(url)
    database = Database(url)
    published = Published()
    row = Inbox(
        id=1,
        key="order/1",
        kind="form",
        source="json",
        form="order",
        received_at=NOW,
        body={"answers": {"mail": "ann@acme.example", **answers}},
    )
    try:
        database.write_now(lambda session: publish(session, FILES, load(FILES, TEMPLATES).programs, NOW))
        database.write_now(lambda session: apply(session, published, row, NOW))
        return database.read_now(lambda session: dict(session.exec(select(Contact)).one().fields))
    finally:
        database.close()


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"benches": "3", "vip": "yes"}, {"benches": 3, "vip": True}),
        ({"benches": "2.5", "renewal": "2026-05-01"}, {"benches": 2.5, "renewal_date": "2026-05-01"}),
        ({"benches": "a few"}, {"benches": "a few"}),
    ],
)
def test_what_was_typed_is_kept_as_its_field_holds_it(
    tmp_path: Path, answers: dict[str, str], fields: dict[str, Any]
) -> None:
    assert submitted(tmp_path, **answers) == fields
