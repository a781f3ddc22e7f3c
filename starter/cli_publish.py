"""`publish` and `versions`: what is in force, what would change, and who is inside."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from records.holding import paused
from records.models import Enrolment
from records.published_models import Edition
from starter.cli_home import as_document
from starter.cli_result import FINE, PROBLEMS, ProblemsFound, Result, say
from starter.cli_store import opened_store, sequence_name
from starter.cli_tables import Listing, minute
from starter.home import read_home
from starter.publish import SHOWN_OF_A_HASH, Publication, plan_publication, what_is_published

Confirm = Callable[[list[str]], bool]


def publish_files(confirmed: Confirm) -> Result:
    """Publish what is valid in the home; people inside keep the version they entered.

    `confirmed` is given what would change, a line each, and asked. Raises `ProblemsFound` if there is nothing to read.
    """
    with opened_store() as store:
        home = read_home(store.settings.home)
        if not home.files:
            raise ProblemsFound(map(str, home.problems), [as_document(problem) for problem in home.problems])
        publication = plan_publication(home, store.read(what_is_published))
        status = PROBLEMS if any(not problem.warning for problem in publication.problems) else FINE
        for line in (*map(str, publication.problems), *publication.kept):
            say(line)
        if not publication.changes_anything:
            return Result(_document(publication, False), ["nothing is new"], status=status)
        if not confirmed([f"would be {line}" for line in publication.done()]):
            return Result(_document(publication, False), ["nothing was published"], status=status)
        store.write(lambda session: publication.write(session, datetime.now(UTC)))
    return Result(_document(publication, True), publication.done(), status=status)


def _document(publication: Publication, published: bool) -> dict[str, Any]:
    return {
        "published": published,
        "bundle": publication.bundle,
        "changes": [
            {"sequence": each.sequence, "version": each.version, "before": each.before, "inside": each.inside}
            for each in publication.changes
        ],
        "texts": list(publication.texts),
        "problems": [as_document(problem) for problem in publication.problems],
        "kept": publication.kept,
    }


def list_versions(sequence: str) -> Result:
    """List the versions of a sequence, newest first, with who is inside each."""
    name = sequence_name(sequence)
    with opened_store() as store:
        rows = store.read(lambda session: _versions(session, name))
        pause = store.read(lambda session: paused(session, name, None, datetime.now(UTC)))
    if not rows:
        raise ProblemsFound([f"sequence '{name}' was never published; see `rapport publish`"])
    table = Listing("version", "published", "until", "inside", "ended")
    for row in rows:
        until = minute(row["retired_at"]) or "in force"
        table.row(row["version"][:SHOWN_OF_A_HASH], minute(row["published_at"]), until, row["inside"], row["ended"])
    stopped = {key: getattr(pause, key) for key in ("paused_at", "until", "reason")} if pause else None
    shown = [f"paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC: nobody enters, messages wait"] if pause else []
    return Result({"sequence": name, "paused": stopped, "versions": rows}, [*shown, table])


def _versions(session: Session, name: str) -> list[dict[str, Any]]:
    counted = select(Enrolment.version, Enrolment.state, func.count()).where(Enrolment.sequence == name)
    people: dict[str, dict[bool, int]] = {}
    for version, state, count in session.exec(counted.group_by(col(Enrolment.version), col(Enrolment.state))):
        of_it = people.setdefault(version, {True: 0, False: 0})
        of_it[state == "ended"] += count
    editions = session.exec(
        select(Edition).where(Edition.sequence == name).order_by(col(Edition.published_at).desc())
    ).all()
    return [
        {
            "version": edition.version,
            "published_at": edition.published_at,
            "retired_at": edition.retired_at,
            "inside": people.get(edition.version, {}).get(False, 0),
            "ended": people.get(edition.version, {}).get(True, 0),
        }
        for edition in editions
    ]
