"""`task list | show | open`: what people are to do for contacts, whose it is, and what has become of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.follow_up_moves import BY_ITSELF
from domain.policies import Policies
from domain.vocabulary import nearest
from records.follow_up_views import Sought, View, find, notes_of, told_of, view
from starter.acting import Refused
from starter.asked_actions import deed_key
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import Store, contact_of, opened_store
from starter.cli_tables import Listing, minute
from starter.opening_by_hand import Opened, Wanted, open_by_hand
from starter.task_story import as_json, in_one_line, story_as_json, who_has_it
from starter.telling import happened


def list_tasks(
    team: str | None,
    who: str | None,
    contact: str | None,
    *,
    overdue: bool,
    unassigned: bool,
    ended: bool | None,
    most: int,
) -> Result:
    """List tasks, those that are due first before the others; `ended` None lists open ones and those that are not."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def read(session: Session) -> list[View]:
            policies = store.published.policies(session)
            sought = Sought(
                team=team,
                person=person_of(policies, who, "--person"),
                contact=contact_of(session, contact).id if contact is not None else None,
                ended=ended,
                unassigned=unassigned,
                overdue_at=now if overdue else None,
            )
            return find(session, policies, sought, now, most=most)

        found = store.read(read)
    titles = (
        "id",
        "due",
        "accept by",
        "who",
        "since",
        "contact",
        "title",
        *(("outcome",) if ended is not False else ()),
    )
    table = Listing(*titles, prose=["title"])
    for each in found:
        table.row(*_cells(each, now)[: len(titles)])
    nothing = {False: "no task is open", True: "no task has ended", None: "there is no task"}[ended]
    return Result({"tasks": [as_json(each, now) for each in found]}, [table, "times are UTC"] if found else [nothing])


def _cells(each: View, now: datetime) -> list[str | None]:
    row = each.row
    document = as_json(each, now)
    due = minute(each.due) + (" !" if document["overdue"] and row.ended_at is None else "")
    if document["stands_still"]:
        due = f"{minute(each.due)} (stands still)".strip()
    accept, since = minute(each.accept_by), minute(row.accepted_at or row.assigned_at)
    outcome = row.outcome or row.ended
    return [row.id, due, accept, who_has_it(row, each.state), since, document["contact"], row.title, outcome]


def person_of(policies: Policies, who: str | None, option: str) -> str | None:
    """Return the key of whoever an option names. Raises `ProblemsFound`."""
    if who is None:
        return None
    key = policies.teams.key_of(who)
    if key is None:
        raise ProblemsFound(
            [f"{option}: there is nobody '{who}' in policies/teams.yaml; {nearest(who, policies.teams.people)}"]
        )
    return key


def show_task(task: str) -> Result:
    """Show the whole story of one task."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def read(session: Session) -> tuple[View, dict[str, Any]]:
            found = task_of(session, store, task, now)
            return found, story_as_json(found, notes_of(session, task), told_of(session, found.row), now)

        found, document = store.read(read)
    return Result(document, list(_story(found, document)))


def task_of(session: Session, store: Store, task: str, now: datetime) -> View:
    """Return a task. Raises `ProblemsFound` if there is none."""
    found = view(session, store.published.policies(session), task, now)
    if found is None:
        raise ProblemsFound([f"task: there is no {task}; see `rapport task list`"])
    return found


def _story(found: View, document: dict[str, Any]) -> Iterator[RenderableType]:
    shown = found.staff.shown
    yield in_one_line(document, shown)
    if document["note"]:
        yield f"  {document['note']}"
    yield f"for {document['contact']}; opened {shown(found.row.opened_at)} by {document['source'] or 'a sequence'}"
    outcomes = f"; outcomes: {', '.join(document['outcomes'])}" if document["outcomes"] else ""
    yield f"team {document['team'] or 'none'}, policy {document['policy']}{outcomes}"
    if document["ended"] is None:
        yield from _clocks(found, document)
    yield ""
    yield _lines(found, document)
    if document["notes"]:
        yield ""
        yield _notes(found, document)


def _clocks(found: View, document: dict[str, Any]) -> Iterator[str]:
    shown, terms = found.staff.shown, document["terms"]
    if document["accept_by"]:
        yield f"to be accepted by {shown(document['accept_by'])} ({terms['accept_by']})"
    if document["due"]:
        late = ", and it is overdue" if document["overdue"] else ""
        yield f"to be done by {shown(document['due'])} ({terms['done_by']}){late}"
    if document["stands_still"]:
        until = document["stands_still_until"]
        yield "its clocks stand still " + (f"until {shown(until)}" if until else "until the contact is back")
    if document["snoozes_left"]:
        times = "once" if document["snoozes_left"] == 1 else f"{document['snoozes_left']} times"
        yield f"may be put off {times} more, by {terms['snooze']['at_most']} at most"
    else:
        yield "cannot be put off any more"
    if document["run_waits_until"]:
        yield f"its run goes on without it at {shown(document['run_waits_until'])}"
    for each in document["rings"][:3]:
        yield f"rings {shown(each['at'])}: {each['what']}"


def _lines(found: View, document: dict[str, Any]) -> Listing:
    """Return what happened to it, and what rang, in order."""
    clock = found.staff.clock
    table = Listing("when", "who", "what", "why", prose=["what", "why"])
    told = [(each["at"], each["person"], *happened(each, clock)) for each in document["timeline"]]
    # What a ring did is told already; a line of its own has one that did nothing.
    did = {each["at"] for each in document["timeline"] if each["person"] == BY_ITSELF}
    rang = [(each["at"], "rapport", f"rang: {each['what']}", "") for each in document["rang"] if each["at"] not in did]
    for at, who, what, why in sorted([*told, *rang], key=lambda line: line[0]):
        table.row(found.staff.shown(at), who, what, why)
    return table


def _notes(found: View, document: dict[str, Any]) -> Listing:
    table = Listing("told at", "whom", "by", "about", "state", "why", prose=["why"])
    for each in document["notes"]:
        whom = each["person"] or each["team"]
        about = each["about"].replace("_", " ")
        table.row(found.staff.shown(each["at"]), whom, each["channel"], about, each["state"], each["reason"])
    return table


def open_task(contact: str, wanted: Wanted, own_id: str | None) -> Result:
    """Open a task for a contact, and give it to somebody."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        key = deed_key("cli", "open", own_id or str(uuid7()))
    except ValueError as error:
        raise ProblemsFound([f"task: {error}"]) from None
    with opened_store() as store:

        def write(session: Session) -> tuple[Opened, View]:
            opened = open_by_hand(session, store.published, contact_of(session, contact), wanted, key, now)
            return opened, task_of(session, store, opened.row.id, now)

        try:
            opened, found = store.write(write)
        except Refused as error:
            raise ProblemsFound([f"task: {error}"]) from None
        document = as_json(found, now) | {"status": "opened" if opened.fresh else "repeated"}
        said = in_one_line(document, found.staff.shown)
    before = [] if opened.fresh else ["opened before under this id; nothing changes"]
    return Result(document, [f"{document['id']}  {said}", *before])
