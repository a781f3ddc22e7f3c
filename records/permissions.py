"""What contacts said about being written to, on every channel, and what stands against it, as rules see it.

Two ways of asking, for many contacts before a batch and for one at the moment of sending, and one answer.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_

from domain.standing import ADDRESS_FIELD, EMAIL, Standing, address_on
from records.models import Consent, Suppression


class Undrained(NamedTuple):
    """What still lies in the inbox and forbids to write to a contact: a `topic` (`*`: everything) that was withdrawn,
    or a `reason` as of a suppression; on one channel, or (None) on all."""

    topic: str = ""
    channel: str | None = None
    reason: str = ""


class Said(NamedTuple):
    """What somebody said about a topic, and when they said it."""

    topic: str
    state: str
    at: datetime
    basis: str = ""
    channel: str = EMAIL


class Person(NamedTuple):
    """A contact as far as suppressions know it: `id`, the address on each channel, and whether it was erased."""

    id: str
    addresses: Mapping[str, str]
    erased: bool

    @classmethod
    def of(cls, id: str, fields: Mapping[str, Any], erased_at: datetime | None) -> "Person":
        found = ((channel, address_on(fields, channel)) for channel in ADDRESS_FIELD)
        return cls(id, {channel: address for channel, address in found if address}, erased_at is not None)


Withdrawn = Callable[[Sequence[Person]], Mapping[str, Collection[Undrained]]]
"""Tells what still lies in the inbox and forbids to write to these people, by contact."""


def nobody(people: Sequence[Person]) -> Mapping[str, Collection[Undrained]]:
    """Nothing in the inbox stands against anybody."""
    return {}


# Asked twice for every message, so they are built once; the rows are read as they are, without objects.
_CONSENTS = (
    select_columns(
        col(Consent.contact_id),
        col(Consent.topic),
        col(Consent.state),
        col(Consent.given_at),
        col(Consent.basis),
        col(Consent.channel),
    )
    .where(col(Consent.contact_id).in_(bindparam("contacts", expanding=True)))
    .order_by(col(Consent.id))
)
_REASONS = select_columns(col(Suppression.kind), col(Suppression.value), col(Suppression.reason)).where(
    or_(
        (col(Suppression.kind) == "contact") & col(Suppression.value).in_(bindparam("contacts", expanding=True)),
        (col(Suppression.kind) == "address") & col(Suppression.value).in_(bindparam("addresses", expanding=True)),
    )
)


def read_standings(session: Session, people: Sequence[Person], withdrawn: Withdrawn) -> dict[str, Standing]:
    """Return what stands for each of these people."""
    ids = [person.id for person in people]
    # The inbox first: a withdrawal that is drained between these questions is found by the later ones.
    leaving = withdrawn(people)
    addresses = {address for person in people for address in person.addresses.values()}
    connection = session.connection()
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, value, reason in connection.execute(_REASONS, {"contacts": ids, "addresses": list(addresses)}):
        reasons[kind, value].add(reason)
    said: dict[str, list[Said]] = defaultdict(list)
    for contact, topic, state, at, basis, channel in connection.execute(_CONSENTS, {"contacts": ids}):
        said[contact].append(Said(topic, state, at, basis, channel))
    return {each.id: _standing(each, said[each.id], reasons, leaving.get(each.id, ())) for each in people}


def _standing(
    person: Person, said: Sequence[Said], reasons: Mapping[tuple[str, str], set[str]], leaving: Collection[Undrained]
) -> Standing:
    of_person = reasons.get(("contact", person.id), set()) | ({"erased"} if person.erased else set())

    def on(channel: str) -> Standing:
        words = newest([each for each in said if each.channel == channel])
        of_address = reasons.get(("address", person.addresses.get(channel, "")), set())
        undrained = [each for each in leaving if each.channel in (None, channel)]
        return Standing(
            consents={topic: word.state for topic, word in words.items()},
            suppressed=frozenset(of_person | of_address | {each.reason for each in undrained if each.reason}),
            withdrawn=frozenset(each.topic for each in undrained if each.topic),
            bases={topic: word.basis for topic, word in words.items() if word.basis},
        )

    spoken_of = {each.channel for each in said} | {each for each in person.addresses if each != EMAIL}
    mail = on(EMAIL)
    others = {channel: on(channel) for channel in sorted(spoken_of - {EMAIL})}
    return Standing(mail.consents, mail.suppressed, mail.withdrawn, mail.bases, others)


def newest(said: Iterable[Said]) -> dict[str, Said]:
    """Return what holds of what was said about each topic, as it was written down.

    That is the newest. But a yes never undoes a no that was said after it, though it is written down later: withdrawals
    are drained before forms.
    """
    holds: dict[str, Said] = {}
    refused: dict[str, datetime] = {}
    for word in said:
        if word.state == "opted_out":
            refused[word.topic] = max(word.at, refused.get(word.topic, word.at))
        elif word.topic in refused and word.at < refused[word.topic]:
            continue
        holds[word.topic] = word
    return holds


def what_holds(said: Iterable[tuple[str, str, datetime]]) -> dict[str, str]:
    """Return the state of each topic by what was said: (topic, state, when it was said), as it was written down."""
    return {topic: word.state for topic, word in newest(Said(*each) for each in said).items()}
