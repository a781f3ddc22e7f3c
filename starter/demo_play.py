"""One showing of the demo: the stage, the running stack, the people, and what was received so far."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import Session

from domain.case_letters import letter_in
from records.contacts import find
from starter.demo_cast import Cast, Submission
from starter.demo_show import Stage
from starter.demo_world import Letter, Unseen, World
from starter.standing import Stand, stands


@dataclass
class Play:
    """One showing: the stage, the world, the people, and what was received so far."""

    stage: Stage
    world: World
    cast: Cast
    letters: dict[str, Letter] = field(default_factory=dict)

    def stand(self, who: Submission) -> Stand:
        """Return where somebody stands in the sequence they entered last. Raises `Unseen` if in none."""
        found = self.world.read(lambda session: self._stands(session, who))
        if not found:
            raise Unseen(f"{who.email}: entered no sequence; see `enter` in sequences/")
        return found[-1]

    def _stands(self, session: Session, who: Submission) -> list[Stand]:
        contact = find(session, who.email.lower())
        found = stands(session, self.world.published, contact.id, datetime.now(UTC)) if contact else []
        return [each for each in found if letter_in(each.facts.program.sequence) is None]  # letters are runs, too
