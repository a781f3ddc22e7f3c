"""The follow-up of a case: begun with it, kept in step with what it promises, ended when nothing is asked any more.

The one thing to know: the case's row is held before the follow-up's, and both before the team's turns.
"""

from typing import TYPE_CHECKING

from domain.case_terms import terms_beside, terms_of
from domain.follow_up import COMPLETED
from domain.follow_up_actions import Accept, done
from domain.follow_up_moves import ended, redone
from domain.recovery import Case, OpenTask, Start, Stop, duties
from domain.recovery_policy import RECOVERY
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_up_rows import held_row, keep, state_of
from records.follow_ups import open_follow_up

if TYPE_CHECKING:
    from records.case_rows import Books


def start(books: "Books", state: Case, deed: Start) -> Case:
    """Have somebody get the case; return it with who that is."""
    row = books.row
    opening = Opening(
        title=row.title,
        team=state.team,
        owner=deed.owner,
        policy=RECOVERY,
        source=f"case {state.number}",
        opener=f"case/{row.id}/{deed.number}",
        terms=terms_of(books.ground.policy, state),
        case=row.id,
        duties=duties(state),
    )
    kept = open_follow_up(books.session, books.policies, books.contact, opening, books.now)
    books.told += kept.told
    row.follow_up_id = kept.row.id
    return state.model_copy(update={"owner": kept.row.assignee})


def redo(books: "Books", state: Case) -> None:
    """Have the case's follow-up ring by what the case promises now."""
    follow_up = _held(books)
    if follow_up is None or follow_up.ended_at is not None:
        return
    moved = redone(state_of(follow_up), terms_of(books.ground.policy, state), duties(state), state.holds)
    if moved.state == state_of(follow_up):
        return
    keep(books.session, books.policies, follow_up, moved, books.ground.staff, books.now)
    _look(books, follow_up)


def take(books: "Books", by: str) -> None:
    """Whoever has the case and does something about it has accepted it."""
    follow_up = _held(books)
    if follow_up is None or follow_up.assignee != by or follow_up.accepted_at is not None or follow_up.ended_at:
        return
    moved = done(state_of(follow_up), Accept(by=by), books.ground.staff, books.now)
    books.told += keep(books.session, books.policies, follow_up, moved, books.ground.staff, books.now)
    _look(books, follow_up)


def stop(books: "Books", deed: Stop) -> None:
    """End the case's follow-up: nothing is asked of anybody any more."""
    follow_up = _held(books)
    if follow_up is None or follow_up.ended_at is not None:
        return
    moved = ended(state_of(follow_up), COMPLETED, deed.outcome, deed.by, books.now)
    books.told += keep(books.session, books.policies, follow_up, moved, books.ground.staff, books.now)
    _look(books, follow_up)


def open_task(books: "Books", state: Case, deed: OpenTask) -> None:
    """Have a person do something for the customer beside the case: whoever had it, if they can."""
    opening = Opening(
        title=deed.title,
        team=state.team,
        owner=state.owner,
        source=f"case {state.number}",
        opener=f"case/{books.row.id}/{deed.key}",
        policy=RECOVERY,
        terms=terms_beside(books.policies.follow_ups.terms(None), deed),
    )
    books.told += open_follow_up(books.session, books.policies, books.contact, opening, books.now).told


def _held(books: "Books") -> FollowUp | None:
    return None if books.row.follow_up_id is None else held_row(books.session, books.row.follow_up_id)


def _look(books: "Books", follow_up: FollowUp) -> None:
    follow_up.asked_at = books.now  # its clock has to be set anew
    books.session.add(follow_up)
    books.session.flush()
