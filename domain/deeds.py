"""What the timeline says of deeds: a team written to, another system asked, another sequence begun or ended.

The activity that does it and the simulation that imagines it write the same row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.asking import Answer, Row
from domain.consent import EXPIRED, Proposed, expired_words, expiry, held_out, not_before, waits_for
from domain.dues import resolve
from domain.facts import Facts
from domain.holds import HELD
from domain.letters import STAFF_CLASS, Lacks, hold
from domain.needs import Begin, Call, Called, Deliver, Done, Halt, Later, Notify, Sent
from domain.permission import HOLDOUT


def held_back(need: Notify, asked_at: datetime, facts: Facts) -> Answer | None:
    """Return the answer of a message to staff that may not go: it waits, is of no use any more, or nobody is there."""
    if facts.hold is not None:
        return Answer(Later(facts.hold.until, HELD))
    if need.team not in facts.policies.teams.teams:
        return notified(need, fate=Sent("skipped", f"team '{need.team}' is not in policies/teams.yaml"))
    closed = waits_for(need.window, facts)
    if closed is None:
        return _expired(need, asked_at, facts)
    more = {"template": f"staff/{need.template}", "until": closed.until, "clock": str(facts.zone)}
    return Answer(Later(closed.until, closed.reason), Row("deferred", why=[closed.reason], more=more, final=False))


def _expired(need: Notify, asked_at: datetime, facts: Facts) -> Answer | None:
    expires = of_use_until(need, asked_at, facts)
    if facts.now < expires:
        return None
    return notified(need, fate=Sent("skipped", EXPIRED), why=[expired_words(expires, facts.waited_for)])


def of_use_until(need: Notify, asked_at: datetime, facts: Facts) -> datetime:
    """Return from when on a message to staff is of no use any more: as the policies say of its class.

    It is counted from when it could have gone: nobody is to miss a message for a pause, or for a week-end.
    """
    pauses = [each.until for each in (*facts.holds, facts.suspended) if each is not None and each.until is not None]
    began = max([asked_at, *(until for until in pauses if asked_at < until <= facts.now)])
    opens = not_before(need.window, facts.but(now=began))
    due = resolve(facts.policies.expiry(STAFF_CLASS), began if opens is None else opens.until or began, facts.sight())
    assert due is not None, "an expiry has an end"
    return due.at


def lacking(need: Notify, asked_at: datetime, facts: Facts, lacks: Lacks) -> Answer:
    """Return the answer of a message to staff with a hole in it: it waits for the value, and not for ever."""
    wanted = Deliver(template=f"staff/{need.template}", channel=need.channel)
    proposed = Proposed(need=wanted, class_=STAFF_CLASS, topic=None, asked_at=asked_at)
    if facts.now >= expiry(proposed, facts):
        return notified(need, fate=Sent("skipped", lacks.what))
    return hold(proposed, facts, lacks)


def notified(
    need: Notify,
    subject: str = "",
    fate: Sent | None = None,
    why: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> Answer:
    """Return the answer of a message to staff, whatever became of it."""
    sent = fate or Sent("accepted")
    did = "notified" if sent.fate == "accepted" else sent.fate
    said = {"team": need.team, "template": f"staff/{need.template}"} | ({"subject": subject} if subject else {})
    reasons = list(why) or ([sent.reason] if sent.reason else [])
    return Answer(sent, Row(did, why=reasons, more=said | dict(more or {})))


def called(need: Call, answered: Mapping[str, Any] | None, reason: str = "") -> Answer:
    """Return the answer of a call: what the other system said, or None and the reason it said nothing of use."""
    more = {"save_as": need.save_as, "url": need.url}
    if answered is None:
        return Answer(Called("failed", reason or None), Row("called", why=[reason or "failed"], more=more))
    return Answer(Called("answered"), Row("called", more=more | {"answer": dict(answered)}))


def kept_from_calling(need: Call, facts: Facts) -> Answer | None:
    """Return the answer of a marketing call for somebody in the organisation's holdout: nobody is asked; else None.

    A sequence that sends no marketing (an order, a complaint) calls for them, too: they are customers like others.
    """
    said = held_out(facts) if facts.program.marketing else None
    if said is None:
        return None
    more = {"save_as": need.save_as, "url": need.url, "asked": [[HOLDOUT, said]]}
    return Answer(Called("skipped", HOLDOUT), Row("skipped", why=[HOLDOUT], more=more))


def begun(need: Begin, refused: str | None = None) -> Answer:
    """Return the answer of the start of another sequence; `refused` says why the contact could not enter."""
    why = [f"not entered: {refused}"] if refused else []
    return Answer(Done(), Row("started", why=why, more={"sequence": need.sequence}))


def halted(need: Halt) -> Answer:
    """Return the answer of the end of another sequence, whether the contact was in it or not."""
    return Answer(Done(), Row("stopped", more={"sequence": need.sequence}))
