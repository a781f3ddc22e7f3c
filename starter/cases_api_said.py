"""How `/cases` describes itself: what it takes, what it answers, with an example of each."""

from collections.abc import Mapping
from typing import Any, get_args

from domain.follow_up_actions import Accept, Reassign
from domain.recovery_actions import CaseAction
from domain.remedy_policy import SEVERITIES
from starter.api import CONTACT
from starter.tasks_api_said import (
    MAYBE_DONE,
    NOT_OUR_KEY,
    NOT_READ,
    NOTE,
    RECORDS_AWAY,
    Answers,
    body_with,
    example_of,
    parameter,
)
from starter.tasks_api_sought import MOST, USUAL

# Accepting a case, and handing it on, is done to the follow-up by which somebody has it.
OF_ITS_TASK = ("accept", "reassign")
_KINDS = (*get_args(get_args(CaseAction)[0]), Accept, Reassign)
ACTIONS: Mapping[str, tuple[str, ...]] = {
    str(kind.model_fields["do"].default): tuple(name for name in kind.model_fields if name != "do") for kind in _KINDS
}
"""What can be done about a case, with the fields that each takes."""

CASE: dict[str, Any] = {
    "id": "01984c1e-7a58-7f2e-8a2c-3d1f0a9b7c55",
    "number": 1042,
    "title": "The parcel was lost",
    "contact_id": "0197f1d2-5c34-7c51-9f0e-0a8e5c2b1d10",
    "severity": "S2",
    "team": "care",
    "owner": "ada",
    "incident": "o-4711",
    "source": "rule complaint",
    "policy": None,
    "tier": "gold",
    "cause": None,
    "rounds": 1,
    "joined": 0,
    "score": None,
    "enrolment_id": None,
    "follow_up_id": "01984c1e-7a60-7d11-9c0e-2b4f6a8d0c1e",
    "opened_at": "2026-05-04T07:00:00Z",
    "resolved_at": None,
    "closed_at": None,
    "released_at": None,
    "outcome": None,
    "contact": "ann@example.com",
    "stage": "open",
    "accepted": True,
    "next": {"promise": "contact", "number": 1, "due": "2026-05-04T11:00:00Z", "late": False},
    "late": False,
    "customer_hears_by": "2026-05-04T11:00:00Z",
    "waiting_since": None,
    "how": None,
}
MORE: dict[str, Any] = {
    "assigned_at": "2026-05-04T07:00:00Z",
    "accepted_at": "2026-05-04T07:04:00Z",
    "severities": [{"at": "2026-05-04T07:00:00Z", "severity": "S2", "by": "rapport", "why": "rule complaint"}],
    "promises": [],
    "pauses": [],
    "paused_share": 0.0,
    "letters": [],
    "remedies": [],
    "follow_ups": ["01984c1e-7a60-7d11-9c0e-2b4f6a8d0c1e"],
    "rings": [{"at": "2026-05-04T11:00:00Z", "key": "missed/contact:1", "what": "first contact is due"}],
    "timeline": [],
}

_REFUSED = {"error": "a case of S2 is not resolved without its cause; diagnose it first"}
_NO_CASE: Answers = {404: {"description": "there is no such case"}}

LISTED: Answers = {
    200: example_of(
        "cases; `next` is what to send as `after` for those behind them, null at the end",
        {"cases": [CASE], "next": None},
    )
}
LISTED |= NOT_OUR_KEY | {422: NOT_READ[422]} | RECORDS_AWAY
SHOWN: Answers = {200: example_of("the whole story of a case", CASE | MORE)} | NOT_OUR_KEY | _NO_CASE | RECORDS_AWAY
OPENED: Answers = {
    200: {"description": "`status` says which: it joins the case of the same incident, or was opened under this key"},
    201: example_of("opened, and given to somebody", CASE | {"accepted": False, "status": "opened"}),
}
OPENED |= NOT_OUR_KEY | NOT_READ | RECORDS_AWAY
DONE: Answers = {200: example_of("done; the case as it stands now", CASE | {"did": "contacted"})}
DONE |= NOT_OUR_KEY | _NO_CASE | NOT_READ | MAYBE_DONE
DONE |= {409: example_of("it makes no sense as things stand; nothing was done", _REFUSED)}

_TEXT = {"type": "string", "maxLength": 4000}
_SEVERITY = {"type": "string", "enum": list(SEVERITIES), "description": "S1 is the worst"}
_MONEY = {"type": "string", "pattern": r"^\d+(\.\d{1,2})?$", "description": "propose: in the policy's currency"}

OPENING = body_with(
    "Open a case for a contact, or join the open one of the same incident.",
    {"contact": {"email": "ann@example.com"}, "title": "The parcel was lost", "severity": "S2", "by": "ada"},
    "contact",
    "title",
    contact=CONTACT,
    title={"type": "string", "maxLength": 200, "description": "what went wrong, in a few words"},
    severity=_SEVERITY | {"description": "S1 is the worst; without it, the policy's rules say"},
    incident={"type": "string", "maxLength": 150, "description": "what it is about, as an order's number"},
    team={"type": "string", "description": "the team that answers for it; without it, the policy's"},
    note=NOTE,
)
ACTION = body_with(
    "Do something about a case: " + "; ".join(f"{do} ({', '.join(each)})" for do, each in ACTIONS.items()) + ".",
    {"do": "contacted", "channel": "phone", "note": "She wants it by Friday", "by": "ada"},
    "do",
    do={"type": "string", "enum": list(ACTIONS), "description": "what is done"},
    note=NOTE,
    text=_TEXT | {"description": "update, ask, resolve: what the customer is written"},
    channel={"type": "string", "maxLength": 40, "description": "contacted: by which way"},
    cause={"type": "string", "description": "diagnose: one of policies/recovery.yaml"},
    severity=_SEVERITY,
    kind={"type": "string", "description": "propose: a remedy of policies/recovery.yaml"},
    amount=_MONEY,
    remedy={
        "type": "string",
        "maxLength": 36,
        "description": "approve, decline, withdraw, delivered, not_delivered: its id",
    },
    alternative={"type": "string", "maxLength": 400, "description": "decline: what to offer instead"},
    how={"type": "string", "enum": ["accepted", "final_answer"], "description": "resolve: how"},
    outcome={"type": "string", "maxLength": 100, "description": "close: how it ended, in a word"},
    silent={"type": "boolean", "description": "close: the customer is not written to"},
    to={"type": "string", "description": "reassign: who is to make it good, by key or address"},
)
PARAMETERS = [
    parameter("contact", "those of this contact: an id or an e-mail address", type="string"),
    parameter("person", "those somebody has; a key or an address", type="string"),
    parameter("team", "those of this team", type="string"),
    parameter("severity", "those of this severity", enum=list(SEVERITIES)),
    parameter("late", "those with a promise that should have been kept", type="boolean"),
    parameter("open", "those that are not resolved", type="boolean"),
    parameter("closed", "those that are not closed, those that are, or any", enum=["false", "true", "any"]),
    parameter("limit", "at most so many", type="integer", minimum=1, maximum=MOST, default=USUAL),
    parameter("after", "`next` of the answer before: those behind it", type="string"),
]
