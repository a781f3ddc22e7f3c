"""A case's row, written: its state with the columns that tell the same, its promises, its follow-up, letters and notes.

The one thing to know: everything a move does is written with the state, in its transaction: letters leave, notes are
posted and remedies are delivered later, from their rows. So nothing is told or given that was not kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, col, select

from domain.assignment import Staff
from domain.follow_up import Notify, Tell
from domain.policies import Policies
from domain.recovery import Case, Deed, Ground, Look, Moved, OpenTask, Start, Stop, Write, due_of
from domain.recovery_alarms import alarms
from domain.recovery_policy import Recovery
from records import case_follow_ups
from records.case_letters import write
from records.case_models import CasePromise, ServiceCase
from records.follow_up_models import FollowUp
from records.follow_up_rows import note_all
from records.happening import Happening
from records.learning import look_up
from records.models import Contact
from records.published import Published
from records.remedies import keep_remedies, words_for_letter
from records.service_cases import release


@dataclass
class Books:
    """What a move is written into: the case's row, held, and whom it is about."""

    session: Session
    published: Published
    contact: Contact
    row: ServiceCase
    ground: Ground
    told: list[Happening] = field(default_factory=list)

    @property
    def policies(self) -> Policies:
        """The policies of now."""
        return self.published.policies(self.session)

    @property
    def now(self) -> datetime:
        """The instant of the move."""
        return self.ground.now


def case_of(row: ServiceCase) -> Case:
    """Return what rules go by."""
    return Case.model_validate(row.state)


def held_case(session: Session, id: str) -> ServiceCase | None:
    """Return a case as it is now, None if there is none. Nobody else moves it before our commit."""
    return session.get(ServiceCase, id, with_for_update=True, populate_existing=True)


def keep(books: Books, moved: Moved) -> list[Happening]:
    """Write a move down; return what the timeline is to be told. Nothing is written where nothing has changed."""
    row, ground, state = books.row, books.ground, moved.state
    waiting = alarms(state, ground.policy, ground.staff)
    next_at = waiting[0].at if waiting else None
    if state.model_dump(mode="json") == row.state and not moved.deeds:
        if next_at != row.next_at:  # a calendar has changed, or the policy
            row.next_at = next_at
            books.session.add(row)
            books.session.flush()
        return []
    row.moves += 1
    tells = [deed for deed in moved.deeds if isinstance(deed, Tell)]
    books.told += _happenings(books, tells, 0)
    state = _with_follow_up(books, state, moved.deeds)
    state, more = _looked_up(books, state, moved.deeds)
    books.told += _happenings(books, [deed for deed in more if isinstance(deed, Tell)], len(tells))
    waiting = alarms(state, ground.policy, ground.staff)
    row.next_at = waiting[0].at if waiting else None
    _tell_the_same(row, state, books.now)
    books.session.add(row)
    books.session.flush()
    _keep_promises(books.session, row, state, ground.staff)
    keep_remedies(books.session, row, state)
    _reach_out(books, state, [*moved.deeds, *more])
    return books.told


def _with_follow_up(books: Books, state: Case, deeds: Sequence[Deed]) -> Case:
    """Begin or end the case's own follow-up, or have it ring by what is promised now; return who has the case."""
    for deed in deeds:
        if isinstance(deed, Start):
            state = case_follow_ups.start(books, state, deed)
    case_follow_ups.redo(books, state)
    for deed in deeds:
        if isinstance(deed, Stop):
            case_follow_ups.stop(books, deed)
    return state


def _looked_up(books: Books, state: Case, deeds: Sequence[Deed]) -> tuple[Case, list[Deed]]:
    more: list[Deed] = []
    about = (books.session, books.published, books.contact, books.row)
    for deed in deeds:
        if isinstance(deed, Look):
            found = look_up(*about, state, deed, books.ground.staff, books.ground.policy, books.now)
            state = found.moved.state
            more += found.moved.deeds
            books.told += found.told
    return state, more


def _reach_out(books: Books, state: Case, deeds: Sequence[Deed]) -> None:
    """Write down the letters to the customer, the notes to our people, and what else they are asked to do."""
    for deed in deeds:
        if isinstance(deed, Write) and books.policies.recovery is not None:
            told = _with_its_code(books.session, deed)
            write(books.session, books.published, books.contact, books.row, state, books.ground.staff, told, books.now)
        if isinstance(deed, OpenTask):
            case_follow_ups.open_task(books, state, deed)
    notes = [deed for deed in deeds if isinstance(deed, Notify)]
    follow_up = books.session.get(FollowUp, books.row.follow_up_id) if books.row.follow_up_id is not None else None
    if notes and follow_up is not None:
        note_all(books.session, books.policies, follow_up, [_of_the_case(each, state) for each in notes], books.now)


def _with_its_code(session: Session, deed: Write) -> Write:
    """Return a letter with what only the records know of the remedy it is about: the code, the points."""
    if deed.letter != "offer":
        return deed
    return replace(deed, data={**deed.data, **words_for_letter(session, str(deed.data.get("remedy")))})


def _of_the_case(note: Notify, state: Case) -> Notify:
    # A case may have had several follow-ups: what its notes are known by is the case's.
    return Notify(note.to, note.about, f"case/{note.key}", note.chat, {**note.data, "case": state.id})


def _tell_the_same(row: ServiceCase, state: Case, now: datetime) -> None:
    row.state = state.model_dump(mode="json")
    row.severity, row.owner, row.cause, row.score = state.severity, state.owner, state.cause, state.score
    row.rounds, row.joined = state.rounds, state.joined
    row.resolved_at, row.closed_at = state.resolved_at, state.closed_at
    release(row, state.released_at, now)
    row.outcome = state.outcome[:100] if state.outcome is not None else None


def _keep_promises(session: Session, row: ServiceCase, state: Case, staff: Staff) -> None:
    there = {
        (each.name, each.number): each
        for each in session.exec(select(CasePromise).where(col(CasePromise.case_id) == row.id))
    }
    for promise in state.promises:
        known = there.get((promise.name, promise.number)) or CasePromise(
            case_id=row.id,
            name=promise.name,
            number=promise.number,
            target=str(promise.target),
            started_at=promise.started_at,
        )
        known.target, known.kept_at, known.by = str(promise.target), promise.kept_at, promise.by
        known.dropped_at = promise.dropped_at
        known.due_at = due_of(state, promise, staff)
        known.plain_due_at = due_of(state.model_copy(update={"holds": ()}), promise, staff)
        known.missed_at = next((each.at for each in state.rang if each.key == f"missed/{promise.key}"), None)
        session.add(known)
    session.flush()


def _happenings(books: Books, tells: Sequence[Tell], since: int) -> Iterator[Happening]:
    row, policies = books.row, books.policies
    for number, deed in enumerate(tells, since):
        data = {"case": row.id, "number": row.number} | {
            name: value for name, value in deed.data.items() if value not in (None, "")
        }
        yield Happening(
            key=f"case/{row.id}/{row.moves}/{number}",
            name=deed.what,
            at=books.now,
            data=data,
            department=policies.teams.department_of_team(row.team) if row.team else "service",
            channel="staff",
            direction="internal",
            person=deed.by,
        )


def policy_of(policies: Policies, row: ServiceCase) -> Recovery:
    """Return the policy a case is made good by; where the file is gone meanwhile, what Rapport is delivered with."""
    return policies.recovery or Recovery(team=row.team or "")
