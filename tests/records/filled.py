"""A database as it is after a year: many contacts, three messages to each, and what goes with them.

The rows are made by the database itself, one statement a table and month, so that hundreds of thousands take seconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, TypeDecorator, bindparam, text
from sqlmodel import Session

from records.columns import Instant
from records.models import InboxRecord, Record
from records.session import Database

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
MONTHS = 12
WHO = "'c-' || (i % :many)"
RUN = "'r-' || (i % :many)"
MAIL = "'c' || (i % :many) || '@customer.example'"
LATER = {"due_at": ":later", "until": ":later"}
OVER = {"state": "'ended'", "ended_at": ":at", "end_reason": "'completed'"}
STEP = {"number": "0", "remedy_id": "'r' || i", "step": "'points'", "state": "'done'"}
DONE = {"ended": "'completed'", "ended_at": ":at"}
STANDS = {"state": """'{"id": "f", "opened_at": "2026-01-01T00:00:00Z"}'"""}
WRITTEN = {"enrolment_id": RUN, "settled_at": ":at"}
POSTED = {"channel": "'email'", "state": "'accepted'"}

# By table: how many rows for each contact, which of them, and the columns that are not like all others of their kind.
ROWS: list[tuple[str, int, str, Mapping[str, str]]] = [
    ("contact", 1, "true", {"id": WHO, "email": MAIL, "tags": "'[]'", "notes": "'[]'"}),
    ("identity", 1, "true", {"contact_id": WHO, "kind": "'email'", "value": MAIL}),
    ("consent", 2, "true", {"contact_id": WHO, "channel": "'email'", "topic": "'t' || (i / :many)"}),
    ("suppression", 1, "i % 9 = 0", {"kind": "'address'", "value": "'x' || i || '@customer.example'"}),
    ("interaction", 3, "true", {"contact_id": WHO, "key": "'e' || i", "name": "'opened'", "enrolment_id": RUN}),
    ("enrolment", 1, "i % 10 > 0", {"id": RUN, "contact_id": WHO, "version": ":version", **OVER}),
    ("enrolment", 1, "i % 10 = 0", {"id": RUN, "contact_id": WHO, "version": ":version", "state": "'running'"}),
    ("message", 3, "true", {"id": "'m' || i", "send_key": "'k' || i", "contact_id": WHO, "enrolment_id": RUN}),
    ("decision", 3, "true", {"contact_id": WHO, "enrolment_id": RUN, "visit": "1 + i / :many", "final": "true"}),
    ("waiting_message", 1, "i % 10 = 0", {"enrolment_id": RUN, "contact_id": WHO, **LATER}),
    ("waiting_entry", 1, "i % 2 = 0", {"contact_id": WHO, "sequence": "'other'", **LATER}),
    ("date_entry", 1, "true", {"contact_id": WHO, "sequence": "'other'", **LATER}),
    ("membership", 1, "true", {"contact_id": WHO, "segment": "'s' || (i % 9)"}),
    ("holdout", 1, "i % 5 = 0", {"contact_id": WHO, "sequence": "'other'"}),
    ("pause", 1, "i % 5 = 0", {"contact_id": WHO, "sequence": "'news'", "resumed_at": ":at"}),
    ("follow_up", 1, "i % 2 = 0", {"id": "'f' || i", "contact_id": WHO, "enrolment_id": RUN, **DONE, **STANDS}),
    ("staff_note", 1, "i % 2 = 0", {"id": "'n' || i", "key": "'n' || i", "follow_up_id": "'f' || i", **POSTED}),
    ("staff_absence", 1, "i = 0", {"person": "'ada'", "until": ":later"}),
    ("follow_up_words", 1, "i = 0", {"key": "'w'"}),
    ("staff_turns", 1, "i = 0", {"team": "'sales'"}),
    ("service_case", 1, "i % 2 = 0", {"id": "'s' || i", "contact_id": WHO, "number": "i", "closed_at": ":at"}),
    ("held_event", 1, "i % 9 = 0", {"contact_id": WHO, "interaction_id": "i + 1"}),
    ("case_promise", 1, "i % 2 = 0", {"case_id": "'s' || i", "name": "'contact'"}),
    ("case_letter", 1, "i % 2 = 0", {"case_id": "'s' || i", "contact_id": WHO, "key": "'l' || i", **WRITTEN}),
    ("case_remedy", 1, "i % 2 = 0", {"id": "'r' || i", "case_id": "'s' || i", "contact_id": WHO}),
    (
        "remedy_delivery",
        1,
        "i % 2 = 0",
        STEP,
    ),
    ("voucher", 1, "i % 2 = 0", {"code": "'v' || i", "remedy_id": "'r' || i", "contact_id": WHO, "hundredths": "1"}),
    ("points_entry", 1, "i % 2 = 0", {"key": "'p' || i", "contact_id": WHO, "change": "1"}),
    ("corrective_action", 1, "i = 0", {"id": "'a' || i", "cause": "'late'", "case_id": "'s' || i"}),
    ("call_answer", 1, "i % 2 = 0", {"enrolment_id": RUN}),
    ("link", 1, "true", {"id": "'l' || i"}),
    ("drained", 1, "true", {"inbox_id": "i", "contact_id": WHO}),
    ("outbox_message", 1, "i > 0", {"id": "'m' || i", "channel": "'sms'"}),
    ("meeting_told", 1, "i > 0", {"message_id": "'m' || i", "meeting": "'g' || i"}),
    ("notice", 1, "i % 9 = 0", {"cause": "'n' || i", "told_at": ":at", "seen_at": ":at"}),
    ("throttle_hold", 1, "i % 9 = 0", {"throttle": "'other'", "message_id": "'m' || i", "until": ":later"}),
    ("broadcast", 1, "i = 0", {"id": "'b'", "version": ":version", "state": "'sending'"}),
    ("broadcast_member", 1, "true", {"broadcast_id": "'b'", "contact_id": WHO, "state": "'gone'"}),
    ("inbox", 1, "i % 20 > 0", {"key": "'i' || i", "kind": "'event'", "contact_id": WHO, "drained_at": ":at"}),
    ("inbox", 1, "i % 20 = 0", {"key": "'i' || i", "kind": "'event'", "contact_id": WHO}),
    ("inbox_mail", 1, "true", {"inbox_id": "i + 1"}),
]
MORE = {
    "consent": {"state": "'opted_in'"},
    "message": {
        "channel": "'email'",
        "template": "'t/old'",
        "class": "'marketing'",
        "message_id": "'<m' || i || '@acme.example>'",
        "provider_id": "'p' || i",
        "recipient": MAIL,
        "state": "'accepted'",
        "handing_over_at": ":at",
        "accepted_at": ":at",
    },
    "decision": {"step": "'send-1'", "kind": "'send'", "did": "'sent'"},
    "enrolment": {"sequence": "'news'", "wave": "'seq/news/' || (i / 250)"},
    "interaction": {"step": "'send-1'"},
}
PLAIN = {str: "'a'", int: "1", bool: "false", datetime: ":at", object: "'{}'", bytes: "'a'"}


def fill(database: Database, tables: type[Record] | type[InboxRecord], many: int, version: str = "") -> None:
    """Fill all big tables of a database as `many` contacts would; `version` is what their runs are runs of."""

    def write(session: Session) -> None:
        for name, each, which, given in ROWS:
            if name in tables.metadata.tables:
                _insert(
                    session, tables.metadata.tables[name], many, each, which, {**given, **MORE.get(name, {})}, version
                )

    database.write_now(write)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def _insert(
    session: Session, table: Table, many: int, each: int, which: str, given: Mapping[str, str], version: str
) -> None:
    values = {
        column.name: given.get(column.name) or _plain(column) for column in table.columns if _wanted(column, given)
    }
    statement = text(
        f"insert into {table.name} ({', '.join(map(_quoted, values))})"
        " with recursive n(i) as (select :first union all select i + 1 from n where i + 1 < :last)"
        f" select {', '.join(values.values())} from n where {which}"
    )
    rows = many * each
    for month in range(MONTHS):
        told: dict[str, Any] = {
            "many": many,
            "first": rows * month // MONTHS,
            "last": rows * (month + 1) // MONTHS,
            "at": NOW - timedelta(days=30 * (MONTHS - month)),
            "later": NOW + timedelta(days=1 + month),
            "version": version,
        }
        used = [bindparam(name, value, Instant() if name in ("at", "later") else None) for name, value in told.items()]
        session.connection().execute(statement.bindparams(*(one for one in used if f":{one.key}" in str(statement))))


def _wanted(column: "Column[Any]", given: Mapping[str, str]) -> bool:
    numbered = column.primary_key and _kind(column) is int
    return column.name in given or not (column.nullable or numbered)


def _plain(column: "Column[Any]") -> str:
    return PLAIN[_kind(column)]


def _kind(column: "Column[Any]") -> type:
    found: type = (column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type).python_type
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'
