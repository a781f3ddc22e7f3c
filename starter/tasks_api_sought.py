"""Which tasks a request asks for, read from what stands behind its question mark."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session

from domain.policies import Policies
from domain.vocabulary import nearest
from records.contacts import find as find_contact
from records.follow_up_views import Sought
from starter.site import Declined

USUAL, MOST = 50, 500
_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False}
_OVER: dict[str, bool | None] = {"true": True, "false": False, "any": None}
KNOWN = ("team", "person", "contact", "overdue", "unassigned", "ended", "limit", "after")


def read_sought(session: Session, policies: Policies, asked: Mapping[str, str], now: datetime) -> tuple[Sought, int]:
    """Return which tasks are asked for, and how many at most. Raises `Declined` (422)."""
    only(asked, KNOWN)
    sought = Sought(
        team=asked.get("team"),
        person=person_asked(policies, asked.get("person")),
        contact=contact_asked(session, asked.get("contact")),
        ended=over_or_not(asked, "ended"),
        unassigned=is_set(asked, "unassigned"),
        overdue_at=now if is_set(asked, "overdue") else None,
    )
    return sought, most_asked(asked.get("limit"))


def only(asked: Mapping[str, str], known: Collection[str]) -> None:
    """Raises `Declined` (422) for a name that is not known."""
    for name in asked:
        if name not in known:
            raise Declined(422, f"'{name[:60]}' is not known here; {nearest(name, known)}")


def over_or_not(asked: Mapping[str, str], name: str) -> bool | None:
    """Return whether what is over is asked for (true), what is not (false), or both (None). Raises `Declined`."""
    said = asked.get(name, "false")
    if said not in _OVER:
        raise Declined(422, f"{name} is '{said[:20]}'; send true, false or any")
    return _OVER[said]


def person_asked(policies: Policies, who: str | None) -> str | None:
    """Return the key of a person, None where none is named. Raises `Declined`."""
    key = policies.teams.key_of(who) if who is not None else None
    if who is not None and key is None:
        raise Declined(
            422, f"there is nobody '{who[:200]}' in policies/teams.yaml; use the key or the address of a person"
        )
    return key


def contact_asked(session: Session, who: str | None) -> str | None:
    """Return the id of a contact, None where none is named. Raises `Declined`."""
    if who is None:
        return None
    found = find_contact(session, who.strip())
    if found is None:
        raise Declined(422, "there is no such contact; send an id or an e-mail address that is known here")
    return found.id


def is_set(asked: Mapping[str, str], name: str) -> bool:
    """Whether something is asked for by `true`. Raises `Declined`."""
    said = asked.get(name, "false")
    if said not in _YES_OR_NO:
        raise Declined(422, f"{name} is '{said[:20]}'; send true or false")
    return _YES_OR_NO[said]


def most_asked(said: str | None) -> int:
    """Return how many are asked for at most. Raises `Declined`."""
    if said is None:
        return USUAL
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0
    if not 1 <= number <= MOST:
        raise Declined(422, f"limit is '{said[:20]}'; send a number from 1 to {MOST}")
    return number
