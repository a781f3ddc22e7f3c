"""How `/tasks` describes itself: what it takes, what it answers, with an example of each."""

from collections.abc import Mapping
from typing import Any

from starter.api import CONTACT
from starter.tasks_api_sought import MOST, USUAL

Answers = dict[int | str, dict[str, Any]]

_TASK: dict[str, Any] = {
    "id": "01984c1e-7a58-7f2e-8a2c-3d1f0a9b7c55",
    "title": "Call Ann",
    "contact_id": "0197f1d2-5c34-7c51-9f0e-0a8e5c2b1d10",
    "contact": "ann@example.com",
    "team": "sales",
    "owner": None,
    "assignee": "ada",
    "offered": [],
    "policy": "hot",
    "outcomes": ["reached", "no_answer", "meeting_booked"],
    "source": "rule hot-lead",
    "enrolment_id": None,
    "step": None,
    "visit": 1,
    "opened_at": "2026-05-04T07:00:00Z",
    "assigned_at": "2026-05-04T07:00:00Z",
    "accepted_at": "2026-05-04T07:04:00Z",
    "accept_by": None,
    "due": "2026-05-04T08:00:00Z",
    "overdue": False,
    "hops": 0,
    "snoozes": 0,
    "snoozes_left": 3,
    "stands_still": False,
    "stands_still_until": None,
    "run_waits_until": None,
    "ended_at": None,
    "ended": None,
    "outcome": None,
    "note": None,
    "person": None,
}
_MORE: dict[str, Any] = {
    "terms": {
        "accept_by": "15 business minutes",
        "done_by": "1 business hour",
        "snooze": {"at_most": "5 business days", "times": 3},
    },
    "rang": [],
    "rings": [{"at": "2026-05-04T07:30:00Z", "key": "done/50", "what": "50 percent of the time to do it"}],
    "notes": [],
    "timeline": [],
}


def example_of(description: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an answer, with what it looks like."""
    return {"description": description, "content": {"application/json": {"example": dict(example)}}}


_REFUSED = {"error": "this task is with ada; have it reassigned to bob first"}
NOT_OUR_KEY: Answers = {401: {"description": "not our key"}}
RECORDS_AWAY: Answers = {503: {"description": "the records are out of reach; try again after Retry-After seconds"}}
_NO_TASK: Answers = {404: {"description": "there is no such task"}}
NOT_READ: Answers = {
    413: {"description": "too large"},
    422: {"description": "this cannot be read; the error says why"},
}

MAYBE_DONE: Answers = {
    503: {
        "description": "nobody answered: it may be done or not. Ask again after Retry-After seconds with the"
        " Idempotency-Key that is answered, and it is done once"
    }
}

LISTED: Answers = {
    200: example_of(
        "tasks; `next` is what to send as `after` for those behind them, null at the end",
        {"tasks": [_TASK], "next": None},
    )
}
LISTED |= NOT_OUR_KEY | {422: NOT_READ[422]} | RECORDS_AWAY
SHOWN: Answers = {200: example_of("the whole story of a task", _TASK | _MORE)} | NOT_OUR_KEY | _NO_TASK | RECORDS_AWAY
OPENED: Answers = {
    200: {"description": "it was opened before under this key"},
    201: example_of("opened, and given to somebody", _TASK | {"accepted_at": None, "status": "opened"}),
}
OPENED |= NOT_OUR_KEY | NOT_READ | RECORDS_AWAY
DONE: Answers = {200: example_of("done; the task as it stands now", _TASK | {"did": "accept"})}
DONE |= (
    NOT_OUR_KEY
    | _NO_TASK
    | NOT_READ
    | {409: example_of("it makes no sense as things stand; nothing was done", _REFUSED)}
)
DONE |= MAYBE_DONE

BY = {"type": "string", "description": "who does it: a key of policies/teams.yaml, or an address; else the operator"}
NOTE = {"type": "string", "maxLength": 4000, "description": "what is worth knowing"}


def body_with(
    description: str, example: Mapping[str, Any], *required: str, **fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the description of what is sent: these fields, and by whom."""
    return {
        "type": "object",
        "description": description,
        "required": list(required),
        "properties": dict(fields) | {"by": BY},
        "example": dict(example),
    }


OPENING = body_with(
    "Open a task for a contact, and give it to somebody of a team, or to one person.",
    {"contact": {"email": "ann@example.com"}, "title": "Call Ann", "team": "sales", "policy": "hot", "by": "ada"},
    "contact",
    "title",
    contact=CONTACT,
    title={"type": "string", "maxLength": 200, "description": "what is to be done, in a few words"},
    team={"type": "string", "description": "the team that does it"},
    owner={"type": "string", "description": "the person who does it, by key or address"},
    policy={"type": "string", "description": "what is promised; without it, the default"},
    outcomes={"type": "array", "items": {"type": "string"}, "description": "what it may end with; else its policy's"},
)
ACTIONS: Mapping[str, dict[str, Any]] = {
    "accept": body_with("They will do it.", {"by": "ada"}),
    "complete": body_with(
        "It is done; the run that waits for it goes on.",
        {"outcome": "booked", "note": "Friday", "by": "ada"},
        "outcome",
        outcome={"type": "string", "maxLength": 100, "description": "how it ended, or `otherwise`"},
        note=NOTE,
    ),
    "snooze": body_with(
        "Not now: its clocks stand still until then, as far and as often as its policy says.",
        {"until": "2026-05-06T07:00:00Z", "by": "ada"},
        "until",
        until={"type": "string", "format": "date-time"},
    ),
    "reassign": body_with(
        "Somebody else does it, who is there.",
        {"to": "bob", "note": "She speaks French", "by": "ada"},
        "to",
        to={"type": "string", "description": "who is to do it, by key or address"},
        note=NOTE,
    ),
    "comment": body_with(
        "Something to remember; after its end, too.", {"note": "Busy", "by": "ada"}, "note", note=NOTE
    ),
    "cancel": body_with(
        "It need not be done; the run that waits for it takes the way of `otherwise`.",
        {"reason": "sold", "by": "ada"},
        "reason",
        reason={"type": "string", "maxLength": 400, "description": "why; kept with the task"},
    ),
}


def described(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a request with this body, and with a key of its own."""
    header = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 150},
        "description": "yours: asked again under it, it is done once",
    }
    return {
        "requestBody": {"required": bool(body["required"]), "content": {"application/json": {"schema": dict(body)}}},
        "parameters": [header],
        "security": [{"bearer": []}],
    }


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return the description of something behind the question mark."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


PARAMETERS = [
    parameter("team", "those of this team", type="string"),
    parameter("person", "those somebody has, or was asked; a key or an address", type="string"),
    parameter("contact", "those for this contact: an id or an e-mail address", type="string"),
    parameter("overdue", "those that should have been done", type="boolean"),
    parameter("unassigned", "those that nobody has", type="boolean"),
    parameter("ended", "open ones, those that have ended (the newest first), or any", enum=["false", "true", "any"]),
    parameter("limit", "at most so many", type="integer", minimum=1, maximum=MOST, default=USUAL),
    parameter("after", "`next` of the answer before: those behind it", type="string"),
]
