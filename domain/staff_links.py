"""Links in mail to our people: what a token means, whether it still counts, and what it can be used for.

The one thing to know: whoever holds the link acts as the person it was written to, or as the team whose address it was
written to. It is of use while they are with us, and for a while after the follow-up has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.assignment import Staff
from domain.follow_up import FollowUp
from domain.follow_up_actions import Accept, Reassign, refused
from domain.follow_up_moves import havers
from domain.teams import ROLES

PURPOSE = "staff"
OF_USE = timedelta(days=30)
"""So long after its end a follow-up can be looked at by its links."""

# What somebody can do by a link, as forms and addresses name it. To take over is to have it handed on to oneself.
ACCEPT, COMPLETE, SNOOZE, REASSIGN, COMMENT, CANCEL = "accept", "complete", "snooze", "reassign", "comment", "cancel"
TAKE = "take"
VERBS = (ACCEPT, TAKE, COMPLETE, SNOOZE, REASSIGN, COMMENT, CANCEL)


@dataclass(frozen=True)
class StaffLink:
    """What a token says: which follow-up, whom the mail was written to (None: the team), and by which note."""

    follow_up: str
    person: str | None
    note: str

    @classmethod
    def read(cls, parts: Sequence[str] | None) -> "StaffLink | None":
        """Return what the parts of a token say; None if they are none of ours.

        >>> StaffLink.read(["0190", "", "n1"])
        StaffLink(follow_up='0190', person=None, note='n1')
        >>> StaffLink.read(["0190"]) is None
        True
        """
        if parts is None or len(parts) != 3 or not parts[0]:
            return None
        return cls(parts[0], parts[1] or None, parts[2])

    @property
    def parts(self) -> list[str]:
        """What a token is made of."""
        return [self.follow_up, self.person or "", self.note]

    def actor(self, state: FollowUp, staff: Staff) -> str | None:
        """Return who acts by this link; None if they are not with us any more."""
        if self.person is not None:
            return self.person if staff.knows(self.person) else None
        return state.team if state.team in staff.policy.teams else None


def is_of_use(state: FollowUp, now: datetime) -> bool:
    """Whether links to a follow-up still lead somewhere."""
    return state.ended_at is None or now < state.ended_at + OF_USE


def is_theirs(state: FollowUp, by: str, staff: Staff) -> bool:
    """Whether somebody has it, was asked, answers for the team, or may take it since nobody has it."""
    if by in havers(state) or any(staff.role(role) == by for role in ROLES):
        return True
    return state.assignee is None and (by in staff.members or by == state.team)


def offers(state: FollowUp, by: str, staff: Staff, now: datetime) -> tuple[str, ...]:
    """Return what somebody can do about a follow-up now, of `VERBS`; whoever has lost it can take it over, or comment.

    What depends on what they choose (an outcome, an instant, a person) is refused when it is asked.
    """
    if state.ended_at is not None:
        return (COMMENT,)
    found = {COMMENT}
    mine = is_theirs(state, by, staff)
    can_accept = refused(state, Accept(by=by), staff, now) is None
    if can_accept and mine:
        found.add(ACCEPT)
    if not can_accept and refused(state, Reassign(by=by, to=by), staff, now) is None:
        found.add(TAKE)
    if mine:
        # A case ends when it is made good: its own page says how that is done.
        found |= {REASSIGN} if state.is_case else {COMPLETE, REASSIGN, CANCEL}
        found |= {SNOOZE} if not state.is_case and state.snoozes < state.terms.snooze.times else set()
    return tuple(verb for verb in VERBS if verb in found)
