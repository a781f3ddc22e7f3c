"""The gate's truth table: every combination of what is asked, and what comes of it, written down beside the code.

The expectation is built of plain tables here, which name no function of the gate: a rule that changes there and not
here fails, and the other way round.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.answering import weighed
from domain.caps import Counted
from domain.cases import Standstill
from domain.consent import AGAIN, ALLOWED, Proposed, ask
from domain.duplicates import Alike
from domain.facts import Facts, Standing
from domain.needs import Deliver
from domain.policies import Policies
from starter.why_rules import rule_of
from tests.domain.kit import ADA, MESSAGING, POLICIES, policies, program

# What a message may be, and what may be true of its contact and its moment.
CLASSES = ("marketing", "service", "transactional")
STATUSES = (
    "nothing", "erased", "hard_bounce", "invalid_address", "manual", "legal", "complaint", "objection",
    "unsubscribed", "withdrawn",
)  # fmt: skip
TOPICS = ("opted_in", "opted_out", "pending", "said nothing")
YES_OR_NO = (False, True)
MOMENTS = {
    # Berlin is on summer time: quiet from 22 to 6, office hours from 10 to 18.
    "noon": datetime(2026, 5, 5, 10, 0, tzinfo=UTC),
    "evening": datetime(2026, 5, 5, 18, 30, tzinfo=UTC),
    "night": datetime(2026, 5, 5, 21, 0, tzinfo=UTC),
}

# Which statuses stop which classes; the rest of them is sent in spite of it.
STOPS = {
    "nothing": "",
    "erased": "marketing service transactional",
    "hard_bounce": "marketing service transactional",
    "invalid_address": "marketing service transactional",
    "manual": "marketing service transactional",
    "legal": "marketing service transactional",
    "complaint": "marketing service",
    "objection": "marketing",
    "unsubscribed": "marketing",
    "withdrawn": "marketing",
}
REASON = {"withdrawn": "suppressed: unsubscribed"}
NO_CONSENT = {
    "opted_in": "",
    "opted_out": "no consent: product-news is opted_out",
    "pending": "no consent: product-news is pending",
    "said nothing": "no consent: product-news is opted_out by default",
}
QUIET_UNTIL, OPENS = datetime(2026, 5, 6, 4, 0, tzinfo=UTC), datetime(2026, 5, 6, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Situation:
    """One line of the table, without what comes of it."""

    class_: str
    status: str
    topic: str
    case: bool
    holdout: bool
    duplicate: bool
    cap: bool
    moment: str
    window: bool


def everything() -> Iterator[Situation]:
    for line in product(CLASSES, STATUSES, TOPICS, *[YES_OR_NO] * 4, MOMENTS, YES_OR_NO):
        yield Situation(*line)  # type: ignore[arg-type]


Came = tuple[str, str, datetime | None]
SUSPENDED = "suspended: case c-9 (S2), until it is released"


def expected(it: Situation) -> Came:
    """Return the answer, its reason, and until when it waits (None: while it is of use, or nobody knows)."""
    # The policies below cap and quieten marketing alone; a receipt is never a duplicate.
    if it.class_ in STOPS[it.status].split():
        return "no", REASON.get(it.status, f"suppressed: {it.status}"), None
    if it.class_ == "marketing":
        return expected_of_marketing(it) or of_window(it)
    if it.duplicate and it.class_ == "service":
        return "no", "duplicate", None
    return of_window(it)


def expected_of_marketing(it: Situation) -> Came | None:
    table: list[tuple[bool, Came]] = [
        (NO_CONSENT[it.topic] != "", ("no", NO_CONSENT[it.topic], None)),
        (it.case, ("later", SUSPENDED, None)),
        (it.holdout, ("no", "holdout", None)),
        (it.duplicate, ("no", "duplicate", None)),
        (it.cap, ("later", "cap: 2 marketing messages in 7 days", MOMENTS[it.moment] + timedelta(days=6))),
        (it.moment == "night", ("later", "quiet hours (night)", QUIET_UNTIL)),
    ]
    return next((came for holds, came in table if holds), None)


def of_window(it: Situation) -> Came:
    closed = it.window and it.moment != "noon"
    return ("later", "outside office-hours (Europe/Berlin, its own clock)", OPENS) if closed else ("go", "", None)


CAPPED = MESSAGING + "caps: [{class: marketing, channel: email, most: 2, in: 7 days}]\n"
SEQUENCE = program("steps: [{send: welcome/hello}]")
IN_FORCE = {
    held: policies(POLICIES | {"policies/messaging.yaml": CAPPED + f"holdout: {{share: {share}, salt: s}}\n"})
    for held, share in ((True, "99.9999%"), (False, "0%"))
}


def situated(it: Situation, in_force: Policies) -> Facts:
    now = MOMENTS[it.moment]
    suppressed = frozenset() if it.status in ("nothing", "withdrawn") else frozenset({it.status})
    consents = {} if it.topic == "said nothing" else {"product-news": it.topic}
    withdrawn = frozenset({"*"} if it.status == "withdrawn" else ())
    got = [Counted("marketing", "email", now - timedelta(days=1))] * 2
    alike = [Alike("email", str(ADA["email"]), "welcome/hello", now - timedelta(hours=3), "another run")]
    return Facts(
        now=now,
        program=SEQUENCE,
        policies=in_force,
        contact=ADA,
        entered_at=now,
        enrolment="e1",
        standing=Standing(consents, suppressed, withdrawn),
        cases=[Standstill("c-9", now, "order 7", "S2")] if it.case else (),
        counted=got if it.cap else (),
        alike=alike if it.duplicate else (),
    )


def proposed(it: Situation) -> Proposed:
    need = Deliver(template="welcome/hello", window="office-hours" if it.window else "none")
    return Proposed(need, it.class_, "product-news", MOMENTS[it.moment])  # type: ignore[arg-type]


def test_every_combination_goes_or_not_as_the_table_says_and_names_the_rule() -> None:
    wrong, lines = [], 0
    for it in everything():
        now = MOMENTS[it.moment]
        verdict = ask(proposed(it), situated(it, IN_FORCE[it.holdout]))
        answer, reason, until = expected(it)
        if answer == "later" and until is None and reason != SUSPENDED:
            until = now + timedelta(days=7)
        lines += 1
        if (verdict.answer, verdict.reason, verdict.until) != (answer, reason, until):
            wrong.append((it, verdict))
        elif answer != "go":
            # The last question asked is the one that says no; it tells the reason, and the values it rests on.
            assert reason.split(":")[0].split(" (")[0] in verdict.asked[-1][1], it

    assert wrong == []
    assert lines == 3 * 10 * 4 * 2**4 * 3 * 2


def test_what_is_asked_again_before_it_leaves_stops_what_the_table_stops_but_for_the_holdout() -> None:
    for it in everything():
        if it.holdout or it.duplicate:
            continue  # who is in the holdout never changes
        again = ask(proposed(it), situated(it, IN_FORCE[False]), AGAIN)
        assert (again.answer, again.reason) == expected(it)[:2], it


RULES = {
    "suppressed": "the table of docs/consent.md", "no consent": "`topics` of", "suspended": "a case of the contact",
    "holdout": "`holdout` of", "duplicate": "one address, one template, one day", "cap": "`caps` of",
    "quiet hours": "`quiet` of", "outside office-hours": "`window` of the step",
}  # fmt: skip


def test_why_names_the_rule_of_every_line_that_does_not_go() -> None:
    for it in everything():
        if expected(it)[0] == "go":
            continue
        found, log = weighed(proposed(it), situated(it, IN_FORCE[it.holdout]))
        assert found is not None
        assert found.row is not None
        row = {"kind": "send", "did": found.row.did, "why": found.row.why, "more": log}
        rule = rule_of(row)
        assert rule is not None, it
        assert rule.where.startswith(RULES[expected(it)[1].split(":")[0].split(" (")[0]]), it


def test_the_table_has_every_reason_there_is() -> None:
    assert set(ALLOWED) == set(STATUSES) - {"nothing", "withdrawn"}


def test_the_table_knows_every_answer() -> None:
    found = {expected(it)[1].split(":")[0].split(" (")[0] for it in everything()}

    refused = {"suppressed", "no consent", "holdout", "duplicate"}
    assert found == refused | {"suspended", "cap", "quiet hours", "outside office-hours", ""}


@pytest.mark.parametrize(
    ("held_up_by", "moment", "cap", "case"),
    [
        ("quiet hours (night)", "night", False, False),
        ("cap: 2 marketing messages in 7 days", "noon", True, False),
        (SUSPENDED, "noon", False, True),
    ],
)
def test_a_reminder_that_missed_its_time_says_what_it_waited_for(
    held_up_by: str, moment: str, cap: bool, case: bool
) -> None:
    it = Situation("marketing", "nothing", "opted_in", case, False, False, cap, moment, window=False)
    now = MOMENTS[moment]
    need = Deliver(template="welcome/hello", window="none", expires="2 hours")
    reminder, facts = Proposed(need, "marketing", "product-news", now), situated(it, IN_FORCE[False])

    waits = ask(reminder, facts)
    over = ask(reminder, facts.but(now=now + timedelta(hours=2), waited_for=waits.reason))

    assert (waits.answer, waits.until, waits.reason) == ("later", now + timedelta(hours=2), held_up_by)
    assert (over.answer, over.reason) == ("no", "expired")
    assert over.why == f"expired at {now + timedelta(hours=2):%Y-%m-%d %H:%M} UTC, waiting for: {held_up_by}"
