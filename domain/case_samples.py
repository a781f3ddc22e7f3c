"""A letter of a case as somebody might get it, for previews: made by the rules that make the real ones.

The one thing to know: everything in it is made up but what the company's own policies say.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.assignment import Staff
from domain.case_letters import TEMPLATES_OF_LETTERS, Letter, said
from domain.policies import Policies
from domain.recovery import Case, Moved, Waiting, Write
from domain.recovery_moves import closed, opened, reopened, resolved, waits
from domain.recovery_policy import Recovery
from domain.remedies import Remedy
from domain.teams import Person, Team, TeamsPolicy
from domain.zones import zone_named

NUMBER = 1042
TEXTS: Mapping[str, str] = {
    "en": "We have found what went wrong: the board was packed twice and sent once.\n\nA new one is on its way to you.",
    "de": "Wir haben gefunden, woran es lag: das Brett war zweimal verpackt und einmal verschickt."
    "\n\nEin neues ist zu Ihnen unterwegs.",
}
QUESTIONS: Mapping[str, str] = {
    "en": "Which number is printed on the edge of the board?",
    "de": "Welche Nummer ist auf die Kante des Bretts gedruckt?",
}
# Who has it where policies/teams.yaml names nobody.
NOBODY = TeamsPolicy(
    people={"ada": Person(name="Ada Berger", email="ada@your-domain.example")},
    teams={"care": Team(email="care@your-domain.example", members={"ada": 1}, label="Customer care")},
)
# The remedy that an offer or a refusal is about.
REMEDY, WORTH, VOUCHER = "remedy", Decimal(40), ("voucher", "voucher")
VALID_UNTIL = "2030-12-31"


def sample_of(template: str, policies: Policies, now: datetime, language: str | None = None) -> dict[str, Any]:
    """Return what a letter of a case may say, made up, as `run.event`; empty for a template that is no letter.

    >>> from datetime import UTC
    >>> now = datetime(2026, 5, 4, 9, tzinfo=UTC)
    >>> sample_of("service/acknowledged", Policies.none(), now)["number"], sample_of("welcome/hello", Policies(), now)
    (1042, {})
    """
    letter = TEMPLATES_OF_LETTERS.get(template)
    if letter is None:
        return {}
    policy, staff = policies.recovery or Recovery(team="care"), _staff(policies, now)
    spoken = "de" if (language or "").lower().startswith("de") else "en"
    moved = _moved(letter, _case(policy, staff, now, spoken), policy, now, spoken)
    deed = next((each for each in moved.deeds if isinstance(each, Write) and each.letter == letter), None)
    deed = deed or Write(letter, f"{letter}/1", _data(letter, spoken))
    asked = (now - timedelta(days=2)).isoformat()
    earlier = {"text": QUESTIONS[spoken], "asked_at": asked} if letter == "reminder" else None
    return said(moved.state, policy, staff, deed, now, earlier)


def _staff(policies: Policies, now: datetime) -> Staff:
    team = policies.recovery.team if policies.recovery is not None else None
    known = policies.teams if team in policies.teams.teams else NOBODY
    zone = zone_named(policies.messaging.organisation.time_zone)
    return Staff(known, team if team in known.teams else "care", zone, policies.calendars)


def _case(policy: Recovery, staff: Staff, now: datetime, language: str) -> Case:
    case = Case(
        id="00000000-0000-7000-8000-000000001042",
        number=NUMBER,
        title="The board came too late",
        team=staff.team,
        owner=next(iter(staff.members), None),
        language=language,
        severity="S3",
        clocks=policy.clocks_of("S3"),
        opened_at=now,
    )
    return opened(case, now).state


def _moved(letter: Letter, case: Case, policy: Recovery, now: datetime, spoken: str) -> Moved:
    """Return the case as it is when this letter is written, by the move that writes it."""
    by = case.owner or "ada"
    if letter == "question":
        return waits(case, by, now, QUESTIONS[spoken])
    if letter == "reminder":
        waiting = Waiting(number=1, since=now - timedelta(days=2))
        return Moved(case.model_copy(update={"waiting": waiting, "waited": 1}))
    if letter in ("resolved", "final_answer"):
        return resolved(case, "accepted" if letter == "resolved" else "final_answer", by, now, TEXTS[spoken])
    if letter in ("closed", "closed_unanswered"):
        return closed(case, "resolved", by, now, letter=letter)
    if letter == "survey":
        return Moved(resolved(case, "accepted", by, now - timedelta(days=1)).state)
    if letter == "reopened":
        return reopened(resolved(case, "accepted", by, now).state, policy, by, "", now)
    return Moved(case.model_copy(update={"remedies": (_remedy(policy, by, now),)}))


def _remedy(policy: Recovery, by: str, now: datetime) -> Remedy:
    """Return a remedy that is worth something: the first of the policy, else a voucher."""
    kind, way = next(((name, each.by) for name, each in policy.remedies.types.items() if each.counts), VOUCHER)
    currency = policy.remedies.currency
    return Remedy(id=REMEDY, kind=kind, by=way, amount=WORTH, currency=currency, proposed_by=by, proposed_at=now)


def _data(letter: Letter, spoken: str) -> dict[str, Any]:
    if letter == "offer":
        return {"remedy": REMEDY, "code": "ACME-7K2P-9QXD", "valid_until": VALID_UNTIL, "points": 4000}
    if letter in ("refusal", "update", "apology"):
        return {"text": TEXTS[spoken]} | ({"remedy": REMEDY} if letter == "refusal" else {})
    return {}
