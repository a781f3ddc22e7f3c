"""`case list | open`: what went wrong for contacts, how far it is, and who has it."""

from datetime import UTC, datetime

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.promise_words import promise_named
from domain.remedy_policy import SEVERITIES
from records.case_views import CasesSought, CaseView, case_view, find_cases
from starter.acting import Refused
from starter.asked_actions import deed_key
from starter.case_by_hand import CaseWanted, open_case_by_hand
from starter.case_story import case_as_json, case_in_one_line
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import Store, contact_of, opened_store
from starter.cli_tables import Listing, minute
from starter.cli_tasks import person_of


def list_cases(
    contact: str | None,
    mine: str | None,
    severity: str | None,
    *,
    late: bool,
    unresolved: bool,
    closed: bool | None,
    most: int,
) -> Result:
    """List cases, what is promised next before the others; `closed` None lists open ones and those that are not."""
    now = datetime.now(UTC)
    if severity is not None and severity not in SEVERITIES:
        raise ProblemsFound([f"--severity: '{severity}' is none; write one of {', '.join(SEVERITIES)}"])
    with opened_store() as store:

        def read(session: Session) -> list[CaseView]:
            policies = store.published.policies(session)
            sought = CasesSought(
                contact=contact_of(session, contact).id if contact is not None else None,
                owner=person_of(policies, mine, "--mine"),
                severity=severity,
                closed=closed,
                unresolved=unresolved,
                late_at=now if late else None,
            )
            return find_cases(session, policies, sought, now, most=most)

        found = store.read(read)
    table = Listing("case", "severity", "stage", "who", "next", "due", "contact", "title", prose=["title"])
    for each in found:
        table.row(*_cells(each, now))
    nothing = "no case is open" if closed is False else "there is no case"
    return Result(
        {"cases": [case_as_json(each, now) for each in found]}, [table, "times are UTC"] if found else [nothing]
    )


def _cells(each: CaseView, now: datetime) -> list[object]:
    document, row = case_as_json(each, now), each.row
    following = document["next"]
    what = promise_named(following["promise"]) if following is not None else None
    due = None
    if following is not None:
        due = f"{minute(following['due'])}{' !' if following['late'] else ''}" if following["due"] else "stands still"
    who = row.owner if row.owner is None or document["accepted"] else f"{row.owner}?"
    return [row.number or row.id, row.severity, each.stage, who, what, due, document["contact"], row.title]


def case_of(session: Session, store: Store, case: str, now: datetime) -> CaseView:
    """Return a case by its number or id. Raises `ProblemsFound` if there is none."""
    found = case_view(session, store.published.policies(session), case, now)
    if found is None:
        raise ProblemsFound([f"case: there is no {case}; see `rapport case list`"])
    return found


def open_a_case(contact: str, wanted: CaseWanted, own_id: str | None) -> Result:
    """Open a case for a contact, or join the one of the same incident; somebody has it at once."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        key = deed_key("cli", "open", own_id or str(uuid7()))
    except ValueError as error:
        raise ProblemsFound([f"case: {error}"]) from None
    with opened_store() as store:

        def write(session: Session) -> tuple[str, CaseView]:
            opened = open_case_by_hand(session, store.published, contact_of(session, contact), wanted, key, now)
            return opened.status, case_of(session, store, opened.row.id, now)

        try:
            status, found = store.write(write)
        except Refused as error:
            raise ProblemsFound([f"case: {error}"]) from None
        document = case_as_json(found, now) | {"status": status}
        said = case_in_one_line(document, found.staff.shown)
    more = {"joined": ["joined: this incident was told of before"], "repeated": ["opened before under this id"]}
    return Result(document, [said, *more.get(status, [])])
