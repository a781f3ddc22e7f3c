"""What people write about follow-ups, on its way from whoever takes it down to the action that takes it."""

from datetime import datetime

from sqlmodel import Session

from domain.follow_up_actions import ELSEWHERE, Action, with_words, words_of
from records.follow_up_models import FollowUpWords


def lay_down(session: Session, key: str, action: Action, now: datetime) -> None:
    """Keep the words of an action under its key, before it is asked for; asked again, they are the same."""
    words = words_of(action)
    if words is not None:
        session.merge(FollowUpWords(key=key, text=words, at=now))
        session.flush()


def take_words(session: Session, key: str, action: Action) -> Action:
    """Return an action with its words, which are gone from their place at the commit."""
    row = session.get(FollowUpWords, key)
    if words_of(action) != ELSEWHERE or row is None:
        return action
    session.delete(row)
    return with_words(action, row.text)
