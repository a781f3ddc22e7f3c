"""What people write about follow-ups and cases, on its way from whoever takes it down to the action that takes it."""

from datetime import datetime

from sqlmodel import Session

from domain.follow_up_actions import ELSEWHERE, Action, with_words, words_of
from records.follow_up_models import FollowUpWords


def lay_down(session: Session, key: str, words: str | None, now: datetime) -> None:
    """Keep the words of an action under its key, before it is asked for; asked again, they are the same."""
    if words is not None:
        session.merge(FollowUpWords(key=key, text=words, at=now))
        session.flush()


def take(session: Session, key: str, words: str | None) -> str | None:
    """Return the words that lie under a key where an action has only their place, which are gone at the commit."""
    row = session.get(FollowUpWords, key) if words == ELSEWHERE else None
    if row is None:
        return words
    session.delete(row)
    return row.text


def take_words(session: Session, key: str, action: Action) -> Action:
    """Return an action on a follow-up with its words."""
    said = words_of(action)
    words = take(session, key, said)
    return action if words == said else with_words(action, words)
