"""`contact show | list | add`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.console import RenderableType
from sqlmodel import Session, col, select

from domain.answers import clean_line, read_address, read_country, read_language
from domain.case_letters import spoken_of
from domain.definition import nearest
from domain.policies import Policies
from domain.scoring import Scored
from domain.zones import is_zone, zone_of
from records.contacts import Proof, find, find_or_make, record_consent
from records.models import Contact
from records.retrying import FAILED
from records.timeline import record_changed
from starter.cli_result import ProblemsFound, Result
from starter.cli_score import explained, score_as_json
from starter.cli_store import contact_of, opened_store, wake_intake
from starter.cli_tables import Listing, minute
from starter.cli_timeline import Wanted, timeline_table
from starter.history import History, history_of
from starter.task_words import task_stands
from starter.telling import WHEN, ended, on_clock, standing, told

WORDING = "added by hand with `rapport contact add`"


def show_contact(who: str, wanted: Wanted = Wanted()) -> Result:
    """Show the timeline of a contact, on their own clock: all of it, or what is wanted."""
    with opened_store() as store:

        def read(session: Session) -> tuple[History, Policies, Scored | None]:
            contact, now, policies = contact_of(session, who), datetime.now(UTC), store.published.policies(session)
            history = history_of(session, store.published, contact, now)
            return history, policies, explained(session, policies, contact, now)

        history, policies, scored = store.read(read)
    zone = zone_of(history.contact, None, policies.messaging.organisation.time_zone)
    history = wanted.of(history, zone.zone)
    shown: list[RenderableType] = [
        *_about(history),
        *([f"score {scored.says()}"] if scored is not None else []),
        f"times are those of {zone.name} (from {zone.rung})",
        "",
        *_sequences(history, zone.zone),
        *_tasks(history, zone.zone),
        timeline_table(history, zone.zone),
        *_stayed_out(history, zone.zone),
    ]
    score = {"score": score_as_json(scored)} if scored is not None else {}
    return Result(history.as_json() | score, shown)


# What the decision log says of an entry that did not come about, or has not yet.
REFUSED, WAITS = "refused:", "waits:"


def _about(history: History) -> Iterator[str]:
    contact = history.contact
    names = " ".join(str(contact[name]) for name in ("first_name", "last_name") if contact.get(name))
    yield f"{names or 'no name'} <{contact.get('email') or 'no address'}>"
    yield f"id {contact['id']}"
    plain = {name: value for name, value in contact.items() if value not in (None, "", [], {}) and name not in _SAID}
    yield "; ".join(f"{name}: {_shown(value)}" for name, value in sorted(plain.items()))
    for identity in history.identities:
        yield f"known by {identity['kind']}: {identity['value']}"
    for consent in history.consents:
        words = f", in the words “{clean_line(consent['wording'], 300)}”" if consent["wording"] else ""
        words += f", on {consent['page']}" if consent["page"] else ""
        words += f", by the link in message {consent['message']}" if consent["message"] else ""
        said = (
            f"{consent['topic']} by {consent['channel']}: {consent['state']} ({consent['basis']}, {consent['source']})"
        )
        yield f"consent {said}{words}"
    for each in history.suppressions:
        yield f"not to be written to ({each['kind']}): {each['reason']}"
    if contact.get("erased_at"):
        yield "erased"


_SAID = frozenset({"id", "email", "first_name", "last_name", "created_at", "updated_at", "erased_at"})


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _sequences(history: History, zone: tzinfo) -> Iterator[str]:
    who = history.contact.get("email") or history.contact["id"]
    for run in history.sequences:
        state = ended(run["end_reason"] or "ended") if run["state"] == "ended" else run["state"]
        where = f", {standing(run['stands'], zone)}" if run["stands"] else ""
        carried = f", carried by {run['wave']}" if run["wave"] else ""
        if run["end_reason"] == FAILED:
            carried = f" ({run['end_detail']}); `rapport retry {run['sequence']} {who}` puts it back"
        name = spoken_of(run["sequence"], run["event"])
        yield f"{name} since {on_clock(run['entered_at'], zone, WHEN)}: {state}{where}{carried}"
    if history.sequences:
        yield ""


def _tasks(history: History, zone: tzinfo) -> Iterator[str]:
    for task in history.tasks:
        yield f"task {task['id']} '{clean_line(task['title'], 100)}': {task_stands(task, zone)}"
    if history.tasks:
        yield ""


def _stayed_out(history: History, zone: tzinfo) -> Iterator[str]:
    """Say in a line each which sequences the contact waits to enter, and which it did not enter, on which question."""
    entries = [row for row in history.timeline if row["kind"] == "entry"]
    last = {row["sequence"]: row for row in entries}
    for row in last.values():
        if row["did"].startswith(WAITS):
            until = on_clock(row["more"]["until"], zone, WHEN)
            yield f"waits to enter {row['sequence']} ({row['did'].removeprefix(WAITS)}), until {until} at most"
    refused = (row for row in entries if row["did"].startswith(REFUSED))
    for row in {(row["sequence"], row["did"]): row for row in refused}.values():
        yield f"did not enter {row['sequence']} ({row['did'].removeprefix(REFUSED)}): {told(row, zone)[1]}"


def list_contacts(most: int) -> Result:
    """List contacts, newest first."""
    with opened_store() as store:
        newest = select(Contact).order_by(col(Contact.created_at).desc(), col(Contact.id)).limit(most)
        rows = store.read(lambda session: session.exec(newest).all())
    names = ("id", "email", "first_name", "last_name", "company", "country", "stage", "score", "created_at")
    document = [{name: getattr(row, name) for name in names} for row in rows]
    table = Listing("e-mail", "name", "company", "score", "since", "id")
    for row in rows:
        name = " ".join(filter(None, (row.first_name, row.last_name)))
        table.row(row.email, name, row.company, row.score, minute(row.created_at), row.id)
    return Result(
        {"contacts": document}, [table] if rows else ["there is no contact yet; forms bring them, or `contact add`"]
    )


def add_contact(email: str, fields: Mapping[str, str | None], topics: Sequence[str], wording: str | None) -> Result:
    """Add a contact, or complete the one with this address; a consent is written down with its words."""
    now = datetime.now(UTC)
    address, given = _checked(email, {name: value for name, value in fields.items() if value})
    with opened_store() as store:

        def write(session: Session) -> tuple[Contact, bool]:
            _check_topics(topics, store.published.policies(session))
            new = find(session, address) is None
            contact = find_or_make(session, {"email": address, **given}, "rapport contact add", now)
            for topic in topics:
                proof = Proof(wording=wording or WORDING)
                source = "rapport contact add"
                record_consent(session, contact.id, topic, "opted_in", now, basis="consent", source=source, proof=proof)
            # A new one, too: it may be a member of a segment, or have a date that is coming.
            record_changed(session, store.published, contact, now)
            return contact, new

        contact, new = store.write(write)
        wake_intake(store.settings)
    did = "added" if new else "was there already, and is up to date now"
    return Result({"contact": contact.id, "email": address, "new": new}, [f"{address} {did} (id {contact.id})"])


def _checked(email: str, fields: dict[str, str]) -> tuple[str, dict[str, str]]:
    problems = []
    address = ""
    try:
        address = read_address(email)
    except ValueError as error:
        problems.append(f"--email: {error}")
    if "country" in fields:
        country = read_country(fields["country"])
        if country is None:
            problems.append(f"--country: '{fields['country']}' is no country we know; write two letters such as DE")
        fields["country"] = country or ""
    if "time_zone" in fields and not is_zone(fields["time_zone"]):
        problems.append(f"--time-zone: '{fields['time_zone']}' is none; write an IANA name such as Europe/Berlin")
    if "language" in fields and read_language(fields["language"]) is None:
        problems.append(f"--language: '{fields['language']}' is none; write a tag such as en or de-AT")
    if problems:
        raise ProblemsFound(problems)
    return address, {name: clean_line(value) for name, value in fields.items()}


def _check_topics(topics: Sequence[str], policies: Policies) -> None:
    known = set(policies.messaging.topics)
    if wrong := [topic for topic in topics if topic not in known]:
        raise ProblemsFound(
            f"--consent: topic '{topic}' is not in policies/messaging.yaml{nearest(topic, known)}" for topic in wrong
        )
