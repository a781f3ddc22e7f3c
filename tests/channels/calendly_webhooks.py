"""What Calendly sends, in its documented shape, about people who do not exist; and how it signs."""

import hmac
import json
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

SECRET = "signing-key-of-a-subscription"
NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
ANN = "ann@acme.example"
API = "https://api.calendly.com"
OF_ANN = f"{API}/scheduled_events/EVENT-1/invitees/INVITEE-1"
CREATED: dict[str, Any] = {
    "event": "invitee.created",
    "created_at": "2026-03-02T12:00:00.000000Z",
    "created_by": f"{API}/users/HOST",
    "payload": {
        "cancel_url": "https://calendly.com/cancellations/INVITEE-1",
        "created_at": "2026-03-02T12:00:00.000000Z",
        "email": "Ann@Acme.example",
        "event": f"{API}/scheduled_events/EVENT-1",
        "first_name": None,
        "last_name": None,
        "name": "Ann de Vries",
        "new_invitee": None,
        "old_invitee": None,
        "no_show": None,
        "questions_and_answers": [
            {"question": "How many seats?", "answer": "Eight", "position": 0},
            {"question": "Anything else?", "answer": "", "position": 1},
        ],
        "reschedule_url": "https://calendly.com/reschedulings/INVITEE-1",
        "rescheduled": False,
        "status": "active",
        "text_reminder_number": None,
        "timezone": "Europe/Amsterdam",
        "tracking": {"utm_campaign": None, "utm_source": None},
        "updated_at": "2026-03-02T12:00:00.000000Z",
        "uri": OF_ANN,
        "scheduled_event": {
            "uri": f"{API}/scheduled_events/EVENT-1",
            "name": "Visit",
            "status": "active",
            "start_time": "2026-03-05T09:00:00.000000Z",
            "end_time": "2026-03-05T09:45:00.000000Z",
            "event_type": f"{API}/event_types/T",
            "location": {"type": "google_conference", "join_url": "https://calendly.com/events/EVENT-1/google_meet"},
            "event_memberships": [{"user": f"{API}/users/HOST", "user_email": "ada@acme.example", "user_name": "Ada"}],
            "event_guests": [{"email": "guest@acme.example"}],
        },
    },
}


def told(event: str = "invitee.created", **payload: Any) -> dict[str, Any]:
    """Return a webhook with these changes to its payload."""
    tree = deepcopy(CREATED) | {"event": event}
    tree["payload"] |= payload
    return tree


def cancelled(**payload: Any) -> dict[str, Any]:
    cancellation = {
        "canceled_by": "Ann", "reason": "We moved.", "canceler_type": "invitee", "created_at": "2026-03-02T12:00:10Z",
    }  # fmt: skip
    return told("invitee.canceled", **{"status": "canceled", "cancellation": cancellation} | payload)


def moved() -> dict[str, Any]:
    """Return the second of the two webhooks of a meeting that is moved; the first is `cancelled(rescheduled=True)`."""
    tree = told(uri=f"{API}/scheduled_events/EVENT-2/invitees/INVITEE-2", old_invitee=OF_ANN)
    later = {"start_time": "2026-03-06T09:00:00Z", "end_time": "2026-03-06T09:45:00Z"}
    tree["payload"]["scheduled_event"] |= later | {"uri": f"{API}/scheduled_events/EVENT-2"}
    return tree


def missed() -> dict[str, Any]:
    mark = {"uri": f"{API}/invitee_no_shows/N1", "created_at": "2026-03-05T10:00:00Z"}
    return told("invitee_no_show.created", no_show=mark)


def body_of(tree: object) -> bytes:
    return json.dumps(tree).encode()


def signature(raw: bytes, secret: str = SECRET, at: datetime = NOW) -> str:
    second = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{second}.".encode() + raw, sha256).hexdigest()
    return f"t={second},v1={signed}"
