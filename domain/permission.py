"""The gate's questions about the person: does anything stand against it, did they agree, do they wait for amends.

The table of classes and suppressions is here only; docs/consent.md shows the same, and a test compares the two.
"""

from domain.cases import suspended_by
from domain.duplicates import Alike, can_be_same, sent_today
from domain.events import EVERYTHING
from domain.facts import Facts, Standing
from domain.lots import PLACES, place, who
from domain.policies import MessageClass
from domain.standing import address_on
from domain.verdicts import Answer, No, NotYet, Proposed

# Who may be written to all the same. A person who unsubscribed from everything still gets the receipt they asked for;
# one who reported us as spam gets nothing they have not just caused themselves.
ALLOWED: dict[str, frozenset[MessageClass]] = {
    "erased": frozenset(),
    "hard_bounce": frozenset(),
    "invalid_address": frozenset(),
    "manual": frozenset(),
    "legal": frozenset(),
    "complaint": frozenset({"transactional"}),
    "objection": frozenset({"service", "transactional"}),
    "unsubscribed": frozenset({"service", "transactional"}),
}

# The reasons of a message that is not sent.
NO_ADDRESS, HOLDOUT, DUPLICATE = "no address", "holdout", "duplicate"


def suppressed(proposed: Proposed, facts: Facts) -> Answer:
    """Nobody is written to against a suppression that stops this class, a withdrawal still in the inbox included."""
    standing = facts.standing.on(proposed.need.channel)
    reason = barred(proposed.class_, standing)
    if reason is not None:
        return No(f"suppressed: {reason}")
    stands = ", ".join(_reasons(standing))
    return f"{stands} does not stop {proposed.class_}" if stands else "not suppressed"


def barred(class_: MessageClass, standing: Standing) -> str | None:
    """Return the suppression that stands against a message of this class, None if none does.

    >>> barred("marketing", Standing(suppressed=frozenset({"complaint"})))
    'complaint'
    """
    return next((reason for reason in _reasons(standing) if class_ not in ALLOWED.get(reason, frozenset())), None)


def _reasons(standing: Standing) -> list[str]:
    return sorted(standing.suppressed | ({"unsubscribed"} if EVERYTHING in standing.withdrawn else set()))


def addressed(proposed: Proposed, facts: Facts) -> Answer:
    """Nobody is written to without an address on the channel."""
    there = address_on(facts.contact, proposed.need.channel)
    return f"has an address for {proposed.need.channel}" if there else No(NO_ADDRESS)


def consented(proposed: Proposed, facts: Facts) -> Answer:
    """Marketing needs the contact's yes to its topic on its channel; without a word the topic's default decides."""
    if proposed.class_ != "marketing":
        return f"{proposed.class_}: no consent needed (basis: contract)"
    topic, standing = proposed.topic or "", facts.standing.on(proposed.need.channel)
    if topic in standing.withdrawn:
        return No(f"no consent: {topic} was withdrawn just now")
    said = standing.consents.get(topic)
    known = facts.policies.messaging.topics.get(topic)
    # What a topic says of those who never spoke was thought for mail: a text message takes a yes of its own.
    default = known.default if known and proposed.need.channel == "email" else "opted_out"
    state, basis = said or default, standing.bases.get(topic)
    where = "" if proposed.need.channel == "email" else f" for {proposed.need.channel}"
    words = f"{topic}{where} is {state}" + ("" if said else " by default")
    if state != "opted_in":
        return No(f"no consent: {words}")
    return f"consent: {words}" + (f" (basis: {basis})" if said and basis else "")


def no_open_case(proposed: Proposed, facts: Facts) -> Answer:
    """While something has to be made good for them, nobody is sold anything, until they are released."""
    if proposed.class_ != "marketing":
        return f"{proposed.class_} goes, case or not"
    cases = facts.held_by
    return NotYet(None, suspended_by(cases)) if cases else "no open case"


def not_held_out(proposed: Proposed, facts: Facts) -> Answer:
    """Who is in the organisation's holdout gets no marketing: they are whom all of it is compared with."""
    if proposed.class_ != "marketing":
        return f"{proposed.class_} goes to the holdout, too"
    said = held_out(facts)
    return No(HOLDOUT, said) if said is not None else "not held out"


def held_out(facts: Facts) -> str | None:
    """Return how the contact was drawn into the organisation's holdout, the same for ever; None if it was not."""
    holdout = facts.policies.messaging.holdout
    if holdout is None or place(holdout.salt, who(facts.contact)) >= holdout.part * PLACES:
        return None
    return f"{HOLDOUT}: drawn among {holdout.share} (salt {holdout.salt})"


def not_duplicate(proposed: Proposed, facts: Facts) -> Answer:
    """One address, one template, one day: once. Of which classes, `domain/duplicates.py` says."""
    if not can_be_same(proposed.class_, proposed.need.channel):
        return f"{proposed.class_}: each one is its own"
    left = sent_today(wanted(proposed, facts), proposed.class_, facts.alike, facts.zone.zone)
    if left is None:
        return "not sent to this address today"
    return No(DUPLICATE, f"{DUPLICATE}: left at {left:%Y-%m-%d %H:%M} UTC, today in {facts.zone.name}")


def wanted(proposed: Proposed, facts: Facts) -> Alike:
    """Return a message as it is compared with others."""
    need, address = proposed.need, address_on(facts.contact, proposed.need.channel)
    return Alike(need.channel, address, need.template, facts.now, facts.enrolment, facts.run_event)
