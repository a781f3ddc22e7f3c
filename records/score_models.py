"""What is remembered of a contact's score: one row a contact, and only while policies/scoring.yaml is published."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, update

from records.models import Instant, Record, json_column


class ContactScore(Record, table=True):
    """What a contact's engagement has come to, one sum a term, and the thresholds that stand reached.

    `recipe` is the hash of the policy it was made by; empty, it is made anew from the timeline by whoever looks next.
    `sums` are points, the instant they are meant for, and how many events they are of, in the order of the policy's
    terms. `reached` is since when, by threshold; `crossings` numbers the events that told of one, so that each is told
    once. `looked_at` is the newest instant at which it was looked at. Whoever changes a row holds it until the commit.
    """

    __tablename__ = "contact_score"

    contact_id: str = Field(primary_key=True, foreign_key="contact.id", max_length=36)
    recipe: str = Field(default="", max_length=80)
    score: int = 0
    sums: list[Any] = Field(default_factory=list, sa_column=json_column())
    reached: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    crossings: int = 0
    looked_at: datetime | None = Field(default=None, sa_type=Instant)


def forget_sums(session: Session) -> None:
    """Have every score worked out anew by whoever looks next: another policy is published."""
    session.exec(update(ContactScore).values(recipe="").execution_options(synchronize_session=False))
