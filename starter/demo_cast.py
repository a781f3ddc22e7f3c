"""The people of the demo, and the submissions their forms send: real-shaped, signed as the services sign them."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from starter.parts import PROJECT

SAMPLES = PROJECT / "docs" / "samples"


@dataclass(frozen=True)
class Submission:
    """One request as a form service, a site or a browser sends it, and the status it has to be answered with."""

    who: str
    email: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    status: int
    about: str


@dataclass(frozen=True)
class Cast:
    """Everybody in the demo: Anna waits, Emi answers, Ben books a meeting, Daniel has enough, Clara complains."""

    anna: Submission
    emi: Submission
    ben: Submission
    daniel: Submission
    clara: Submission
    complaint: Submission
    """Clara's, while what she has asked for is still on its way."""
    everybody: tuple[Submission, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "everybody", (self.anna, self.emi, self.ben, self.daniel, self.clara))


def cast(now: datetime, secret: str) -> Cast:
    """Return everybody, with submissions made at `now` and signed with `secret` where their source signs.

    >>> from datetime import UTC
    >>> [each.who for each in cast(datetime(2026, 3, 27, 9, tzinfo=UTC), "s" * 16).everybody]
    ['Anna Bergström', 'Emi Tanaka', 'Ben Okafor', 'Daniel Weiss', 'Clara Moreau']
    """
    request = _typeform("typeform-demo-request.json", now)
    declined: dict[str, str | bool] = {
        "first_name": "Emi", "last_name": "Tanaka", "email": "emi.tanaka@kumiko.example",
        "company": "Kumiko Works", "country": "Japan", "news": False,
    }  # fmt: skip
    return Cast(
        anna=_from_typeform(
            "Anna Bergström", "demo-request", request, secret, "asks for a demo, and says yes to product news"
        ),
        emi=_from_typeform(
            "Emi Tanaka", "demo-request", _answering(request, "emi", declined), secret, "the same form; no news, please"
        ),
        ben=_from_own_site(now, secret),
        daniel=_from_browser(
            "Daniel Weiss", {"email": "daniel.weiss@holzwerk.example", "company": "Holzwerk Weiss", "country": "DE"}
        ),
        clara=_from_browser(
            "Clara Moreau",
            {"email": "clara.moreau@atelier-moreau.example", "company": "Atelier Moreau", "country": "FR"},
        ),
        complaint=_from_typeform(
            "Clara Moreau", "complaint", _typeform("typeform-complaint.json", now), secret, "complains, severity 4 of 5"
        ),
    )


def _typeform(sample: str, now: datetime) -> dict[str, Any]:
    """Return a sample as Typeform would have sent it just now."""
    body: dict[str, Any] = json.loads((SAMPLES / sample).read_text(encoding="utf-8"))
    body["form_response"]["submitted_at"] = body["form_response"]["landed_at"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return body


def _answering(body: dict[str, Any], who: str, answers: Mapping[str, str | bool]) -> dict[str, Any]:
    """Return the same form with other answers, as another delivery."""
    other: dict[str, Any] = json.loads(json.dumps(body))
    other["event_id"], other["form_response"]["token"] = f"demo-{who}", sha256(who.encode()).hexdigest()[:32]
    for answer in other["form_response"]["answers"]:
        name = answer["field"]["ref"]
        if name in answers:
            kind = answer["type"]
            answer[kind] = {"label": answers[name]} if kind == "choice" else answers[name]
    return other


def _from_typeform(who: str, form: str, body: dict[str, Any], secret: str, about: str) -> Submission:
    raw = json.dumps(body, ensure_ascii=False).encode()
    emails = (each["email"] for each in body["form_response"]["answers"] if each["type"] == "email")
    signature = b64encode(hmac.new(secret.encode(), raw, sha256).digest()).decode()
    headers = {"content-type": "application/json", "typeform-signature": f"sha256={signature}"}
    return Submission(who, next(emails), f"/forms/typeform/{form}", raw, headers, 202, about)


def _from_own_site(now: datetime, secret: str) -> Submission:
    body: dict[str, Any] = json.loads((SAMPLES / "json-demo-request.json").read_text(encoding="utf-8"))
    raw = json.dumps({**body, "submitted_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}).encode()
    signature = hmac.new(secret.encode(), raw, sha256).hexdigest()
    headers = {"content-type": "application/json", "x-rapport-signature": f"sha256={signature}"}
    email = str(body["answers"]["email"])
    return Submission("Ben Okafor", email, "/forms/json/demo-request", raw, headers, 202, "asks by our own site's form")


def _from_browser(who: str, said: Mapping[str, str]) -> Submission:
    first, _, last = who.partition(" ")
    answers = {**said, "first_name": first, "last_name": last, "plan": "solo", "news": "yes"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(answers).encode()
    return Submission(who, answers["email"], "/f/demo-request", body, headers, 303, "asks by a plain HTML form")
