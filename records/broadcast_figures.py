"""How far a broadcast has come, and how two messages compare: counted by the database, from members and the ledger."""

from dataclasses import dataclass, field

from sqlalchemy import and_, exists, func, select
from sqlmodel import Session, col

from domain.broadcast import ARMS
from domain.winner import Arm, By
from records.broadcast_models import Broadcast, BroadcastMember
from records.ledger import ACCEPTED, SKIPPED
from records.models import Enrolment, Interaction, Message


@dataclass(frozen=True)
class Progress:
    """Everybody in the audience: `members` by fate, `refused` by check, `messages` of those who entered by state,
    those that were `skipped` by reason.

    `open` are those who entered and whose message has no fate yet; `without` ended before there was a message.
    """

    members: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    open: int = 0
    without: int = 0

    @property
    def audience(self) -> int:
        """How many were taken down."""
        return sum(self.members.values())

    @property
    def waiting(self) -> int:
        """How many have still to be let in."""
        return self.members.get("waiting", 0)


def progress_of(session: Session, row: Broadcast) -> Progress:
    """Count everybody."""
    run = session.connection()
    ours = col(BroadcastMember.broadcast_id) == row.id
    fates = select(col(BroadcastMember.state), col(BroadcastMember.reason), func.count()).where(ours)
    members: dict[str, int] = {}
    refused: dict[str, int] = {}
    for fate, reason, count in run.execute(fates.group_by(col(BroadcastMember.state), col(BroadcastMember.reason))):
        members[fate] = members.get(fate, 0) + count
        if fate == "refused":
            refused[reason or ""] = count
    of_it = col(Enrolment.sequence) == row.sequence
    states = (
        select(col(Message.state), col(Message.reason), func.count())
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(of_it)
        .group_by(col(Message.state), col(Message.reason))
    )
    messages: dict[str, int] = {}
    skipped: dict[str, int] = {}
    for state, reason, count in run.execute(states):
        messages[state] = messages.get(state, 0) + count
        if state == SKIPPED:
            skipped[reason or ""] = count
    going = select(func.count()).select_from(Enrolment).where(of_it, col(Enrolment.ended_at).is_(None))
    nothing = ~exists().where(col(Message.enrolment_id) == col(Enrolment.id))
    without = select(func.count()).select_from(Enrolment).where(of_it, col(Enrolment.ended_at).is_not(None), nothing)
    still, left = run.execute(going).scalar_one(), run.execute(without).scalar_one()
    return Progress(members, refused, messages, skipped, still, left)


def arms_of(session: Session, row: Broadcast, by: By) -> tuple[Arm, Arm]:
    """Return how the two messages did among those who compare them, as the records say now.

    Delivered is what was accepted and did not bounce; a click counts when a person made it, a conversion while the
    goal counts. Everybody counts once.
    """
    of_run = col(Interaction.enrolment_id) == col(Enrolment.id)
    bounced = exists().where(and_(of_run, col(Interaction.name) == "bounced"))
    human = func.coalesce(col(Interaction.data)["by"].as_string(), "human") == "human"
    clicked = exists().where(and_(of_run, col(Interaction.name) == "clicked", human))
    did = clicked if by == "clicks" else col(Enrolment.converted_at).is_not(None)
    got_it = (
        select(col(BroadcastMember.arm), func.count().label("many"))
        .select_from(BroadcastMember)
        .join(Enrolment, col(Enrolment.id) == col(BroadcastMember.enrolment_id))
        .join(Message, and_(col(Message.enrolment_id) == col(Enrolment.id), col(Message.state) == ACCEPTED))
        .where(col(BroadcastMember.broadcast_id) == row.id, col(BroadcastMember.compared), ~bounced)
        .group_by(col(BroadcastMember.arm))
    )
    run = session.connection()
    delivered = {row.arm: row.many for row in run.execute(got_it)}
    acted = {row.arm: row.many for row in run.execute(got_it.where(did))}
    first, second = (Arm(delivered=delivered.get(arm, 0), did=acted.get(arm, 0)) for arm in ARMS)
    return first, second
