"""A team that makes good for tests: agents, a lead, a manager, a head with deputies; and what they may give."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.assignment import Staff
from domain.recovery import Case, Ground
from domain.recovery_policy import DEFAULT_CLOCKS, Recovery
from domain.remedies import NOTHING, Spent
from domain.remedy_policy import Remedies, Severity
from domain.teams import TeamsPolicy

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
GIVES = {
    "types": {
        "apology": {"label": "our apology", "counts": False},
        "redo": {"label": "done again", "by": "person", "counts": False},
        "voucher": {"label": "a voucher", "by": "voucher"},
        "points": {"label": "points", "by": "points"},
        "refund": {"label": "your money back", "by": "webhook", "endpoint": "shop"},
        "gift": {"label": "a gift", "by": "person"},
    },
    "bands": [
        {"severity": ["S1"], "offer": ["refund", "voucher", "points", "gift", "apology"], "most": "5000"},
        {"severity": ["S2"], "tier": ["gold"], "offer": ["voucher", "points", "apology"], "most": "300"},
        {"severity": ["S2", "S3"], "offer": ["voucher", "points", "gift", "redo", "apology"], "most": "100"},
        {"severity": ["S4"], "offer": ["apology"]},
    ],
    "caps": [{"most": "6000", "in": "12 months"}, {"times": 4, "in": "90 days"}],
}
PEOPLE = {key: {"name": key.title(), "email": f"{key}@acme.example"} for key in ("ada", "bob", "lea", "max", "hal")}
TEAM = {"email": "care@acme.example", "members": ["ada", "bob"], "lead": "lea", "manager": "max", "head": "hal"}


def policy(**remedies: object) -> Recovery:
    return Recovery(team="care", remedies=Remedies.model_validate(GIVES | remedies))


def staff(people: dict[str, object] | None = None, **team: object) -> Staff:
    """Return ada and bob with lea (lead), max (manager) and hal (head); `people` are more, or others."""
    teams = {"people": PEOPLE | (people or {}), "teams": {"care": TEAM | team}}
    return Staff(TeamsPolicy.model_validate(teams), "care", ZoneInfo("UTC"))


def ground(now: datetime = MONDAY, spent: Spent = NOTHING, **more: object) -> Ground:
    found = {"policy": policy(), "staff": staff(), **more}
    return Ground(now=now, spent=spent, **found)  # type: ignore[arg-type]


def case(severity: Severity = "S1", tier: str | None = None, id: str = "c1", **more: object) -> Case:
    known = {"team": "care", "opened_at": MONDAY, "owner": "ada", "clocks": DEFAULT_CLOCKS[severity]}
    return Case.model_validate({"id": id, "number": 7, "severity": severity, "tier": tier, **known, **more})


def euros(amount: float | str) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))
