"""The dates at which contacts are to enter: one row for each contact, sequence and trigger, with what comes next.

A row that fired stays, so that no occurrence starts a run twice; the one that has not is moved with the date.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlmodel import Session, col, select

from domain.anniversaries import DateWords
from domain.coming import Coming, coming
from domain.dues import Sight
from domain.facts import Facts
from domain.policies import Policies
from domain.program import Program, Trigger
from records.entry_models import DateEntry
from records.facts import contact_fields
from records.models import Contact

# From the last clock on earth to the first.
_ROUND_THE_EARTH = timedelta(hours=26)


@lru_cache(maxsize=1000)
def _read(words: str) -> DateWords:
    return DateWords.parse(words)


def dated(programs: Iterable[Program]) -> dict[str, Program]:
    """Return the programs that dates start, by sequence."""
    return {each.sequence: each for each in programs if each.status == "live" and any(_dates(each))}


def _dates(program: Program) -> Iterator[Trigger]:
    return (trigger for trigger in program.enter if trigger.date is not None)


def update_dates(
    session: Session, policies: Policies, programs: Mapping[str, Program], contact: Contact, now: datetime
) -> bool:
    """Write what comes next for a contact in these programs (`dated`); return whether anything changed."""
    rows = rows_of(session, [contact.id]).get(contact.id, [])
    changed = False
    for row, found in changes(rows, policies, programs, contact, now):
        changed = True
        if row is None:
            assert found is not None, "a row is written for what comes"
            session.add(found)
        elif found is None:
            session.delete(row)
        else:
            row.occurrence, row.due_at, row.came_at = found.occurrence, found.due_at, found.came_at
            session.add(row)
    session.flush()
    return changed


def changes(
    rows: Sequence[DateEntry],
    policies: Policies,
    programs: Mapping[str, Program],
    contact: Contact,
    now: datetime,
) -> Iterator[tuple[DateEntry | None, DateEntry | None]]:
    """Yield every row that has to change, as it is (None: there is none) and as it should be (None: not at all)."""
    waiting = {(row.sequence, row.words): row for row in rows if row.fired_at is None}
    wanted = {} if contact.erased_at is not None else dict(_wanted(rows, waiting, policies, programs, contact, now))
    for place, row in waiting.items():
        if place not in wanted:
            yield row, None
    for (sequence, words), found in wanted.items():
        before = waiting.get((sequence, words))
        if before is None or (before.occurrence, before.came_at) != (found.occurrence, found.due):
            yield (
                before,
                DateEntry(
                    contact_id=contact.id,
                    sequence=sequence,
                    words=words,
                    occurrence=found.occurrence,
                    due_at=found.due,
                    came_at=found.due,
                ),
            )


def _wanted(
    rows: Sequence[DateEntry],
    waiting: Mapping[tuple[str, str], DateEntry],
    policies: Policies,
    programs: Mapping[str, Program],
    contact: Contact,
    now: datetime,
) -> Iterator[tuple[tuple[str, str], Coming]]:
    fields = contact_fields(contact)
    for sequence, program in programs.items():
        sight = Facts(now=now, program=program, policies=policies, contact=fields, entered_at=now).sight()
        for trigger in _dates(program):
            words = trigger.date or ""
            fired = _fired(rows, program, words)
            row = waiting.get((sequence, words))
            found = _still(row, _read(words), now, sight, fired) if row is not None else None
            found = found or coming(_read(words), now, sight, fired)
            if found is not None:
                yield (sequence, words), found


def _still(row: DateEntry, words: DateWords, now: datetime, sight: Sight, fired: set[str]) -> Coming | None:
    """Return when the occurrence of a row comes, or came while nobody saw to it; None if the date says another now."""
    earliest = min(row.came_at, now)
    # Whoever moved to the east may find that its hour was over there before it came here.
    found = coming(words, earliest - _ROUND_THE_EARTH, sight, fired)
    if found is None or found.occurrence != row.occurrence:
        return None
    return Coming(row.occurrence, max(found.due, earliest))


def _fired(rows: Sequence[DateEntry], program: Program, words: str) -> set[str]:
    """Return the occurrences that have started a run by these words, or by others that they replaced."""
    current = {trigger.date for trigger in _dates(program)}
    source = _read(words).source
    return {
        row.occurrence
        for row in rows
        if row.fired_at is not None
        and row.sequence == program.sequence
        and (row.words == words or (row.words not in current and row.words.split(" ")[0] == source))
    }


def rows_of(session: Session, contacts: Sequence[str]) -> Mapping[str, list[DateEntry]]:
    """Return the rows of these contacts."""
    found: dict[str, list[DateEntry]] = defaultdict(list)
    for row in session.exec(select(DateEntry).where(col(DateEntry.contact_id).in_(contacts))):
        found[row.contact_id].append(row)
    return found
