"""`staff digest`: the list of the day that somebody gets by mail, as it is now."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from domain.digest import Digest, Entry
from domain.digest_lines import digest_lines, digest_subject
from domain.vocabulary import nearest
from records.digests import read_digest
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import opened_store


def show_digest(who: str) -> Result:
    """Show what somebody has to do, and as a lead what of their teams is overdue or nobody's."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def read(session: Session) -> Digest:
            policies = store.published.policies(session)
            person = policies.teams.key_of(who)
            if person is None:
                remedy = nearest(who, policies.teams.people.keys())
                raise ProblemsFound([f"there is nobody '{who}' in policies/teams.yaml; {remedy}"])
            return read_digest(session, policies, person, now)

        digest = store.read(read)
    # Who reads it here acts by commands; links in mail are signed for whom it is written to.
    lines = digest_lines(digest, "rapport task show {}".format)
    return Result(_document(digest), [digest_subject(digest), "", *lines])


def _document(digest: Digest) -> dict[str, Any]:
    return {
        "person": digest.person,
        "at": digest.now,
        "time_zone": str(digest.clock),
        "overdue": _entries(digest.overdue),
        "to_accept": _entries(digest.to_accept),
        "due_today": _entries(digest.due_today),
        "later": _entries(digest.later),
        "teams": {
            each.team: {"overdue": _entries(each.overdue), "unassigned": _entries(each.unassigned)}
            for each in digest.teams
        },
    }


def _entries(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [
        {("task" if name == "follow_up" else name): value for name, value in asdict(each).items()} for each in entries
    ]
