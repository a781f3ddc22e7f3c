"""`POST /events/{provider}`: verified on bytes, one row for each event, and nothing anybody sends makes it fail."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Refused, Unavailable
from domain.keys import mail_token
from records.objections import objections_waiting
from starter.app import make_app
from starter.waker import Waker
from tests.channels.provider_events import (
    ANN,
    CASES,
    CERTIFICATE_URL,
    ID,
    NOW,
    TOPIC,
    by_resend,
    by_sendgrid,
    by_sns,
    certificate,
    secrets,
)
from tests.channels.test_told import TREES
from tests.starter.site import CONFIG, FORMS, Site, Sleeper, inbox_in

NAMES = sorted(CASES)
SUBSCRIBE = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"


class Aws:
    """Stands where SNS's host stands; `away` raises."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away: Exception | None = None

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.away is not None:
            raise self.away
        return certificate()


@asynccontextmanager
async def site_of(folder: Path, aws: Aws | None = None, **changes: Any) -> AsyncIterator[Site]:
    inbox, sleeper = inbox_in(folder), Sleeper()
    config = replace(CONFIG, **({"provider_secrets": secrets(), "ses_topics": [TOPIC]} | changes))
    waker = Waker(sleeper.connect, pause=0.01, pause_in_an_outage=0.01)
    app = make_app(config, inbox, waker, lambda: FORMS, clock=lambda: NOW, fetch=(aws or Aws()).fetch)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://site.example") as http:
        try:
            yield Site(http, inbox, sleeper)
        finally:
            await waker.aclose()
            inbox.close()


async def tell(site: Site, name: str, raw: bytes, headers: dict[str, str]) -> httpx2.Response:
    return await site.http.post(
        f"/events/{name}", content=raw, headers={k.encode(): v.encode() for k, v in headers.items()}
    )


@pytest.mark.parametrize("name", NAMES)
async def test_what_a_provider_tells_is_on_disk_and_a_repeat_is_recognised(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    async with site_of(tmp_path) as site:
        first = [await tell(site, name, *request) for request in case.requests()]
        again = [await tell(site, name, *request) for request in case.requests()]
        rows = await site.rows()

    assert {each.status_code for each in first} == {202}
    assert {each.status_code for each in again} == {200}
    assert {row.body["event"] for row in rows} == set(case.told)
    assert {row.kind for row in rows} == {"event"}
    assert {row.body["event"] for row in rows if row.urgent} == {"bounced", "complained", "unsubscribed"} & set(
        case.told
    )
    assert {row.body["told"]["send_id"] for row in rows} == {ID}


@pytest.mark.parametrize("name", NAMES)
async def test_who_cannot_show_a_secret_changes_nothing(tmp_path: Path, name: str) -> None:
    raw, headers = CASES[name].requests()[0]
    async with site_of(tmp_path) as site:
        forged = [
            await tell(site, name, b"{}", {}),
            await tell(site, name, raw.replace(b"signature", b"signaturf").replace(b'"Message"', b'"Messagf"'), {}),
            await tell(site, name, b"[" * 50_000, headers),
            await tell(site, name, b'{"a": NaN}', dict.fromkeys(headers, "\xff\xe9")),
        ]
        rows = await site.rows()
    async with site_of(tmp_path, provider_secrets={}, ses_topics=()) as site:
        unset = await tell(site, name, raw, headers)

    forged = [each for each in forged if not (name in ("brevo", "postmark") and each is forged[2])]
    assert {each.status_code for each in [*forged, unset]} == {401}
    assert rows == []


async def test_probes_are_answered_and_strangers_are_not_known(tmp_path: Path) -> None:
    async with site_of(tmp_path) as site:
        for name in NAMES:
            assert (await site.http.get(f"/events/{name}")).status_code == 200
            assert (await site.http.head(f"/events/{name}")).status_code == 200
        assert (await site.http.post("/events/nobody")).status_code == 404
        assert (await site.http.get("/events/plain")).status_code == 404


async def test_what_means_nothing_to_us_is_taken_and_forgotten(tmp_path: Path) -> None:
    async with site_of(tmp_path) as site:
        answers = [
            await tell(site, "sendgrid", *by_sendgrid([{"event": "processed"}, 7, None])),
            await tell(site, "resend", *by_resend({"type": "contact.created", "data": {}})),
        ]
        assert await site.rows() == []

    assert [each.status_code for each in answers] == [200, 200]


async def test_one_bad_element_of_a_batch_keeps_the_good_ones(tmp_path: Path) -> None:
    batch = [7, *CASES["sendgrid"].told["delivered"], {"event": {}}, *CASES["sendgrid"].told["bounced"]]
    async with site_of(tmp_path) as site:
        answer = await tell(site, "sendgrid", *by_sendgrid(batch))

    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "repeated": 0})


async def test_a_signed_token_among_the_headers_names_the_message(tmp_path: Path) -> None:
    token = mail_token(ID, CONFIG.token_secrets[0])
    data = {"email_id": "1", "headers": [{"name": "x-rapport-send", "value": token}]}
    async with site_of(tmp_path) as site:
        await tell(site, "resend", *by_resend({"type": "email.delivered", "data": data}))
        [row] = await site.rows()

    assert row.body["told"]["send_id"] == ID


async def test_both_signatures_of_sns_fit_and_its_certificate_is_fetched_once(tmp_path: Path) -> None:
    aws = Aws()
    async with site_of(tmp_path, aws) as site:
        for version in ("1", "2"):
            tree = CASES["ses"].told["delivered"] | {"MessageId": version}
            assert (await tell(site, "ses", *by_sns(tree, version))).status_code == 202

    assert aws.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "change",
    [
        {"TopicArn": TOPIC + "2"},
        {"Message": "{}"},
        {"SignatureVersion": "3"},
        {"Signature": "é"},
        {"Signature": 7},
        {"Type": "Other"},
        {"SigningCertURL": "https://evil.example/a.pem"},
        {"SigningCertURL": None},
        {"MessageId": ["x"]},
    ],
)
async def test_a_changed_envelope_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    raw, headers = by_sns(CASES["ses"].told["bounced"])
    aws = Aws()
    async with site_of(tmp_path, aws) as site:
        answer = await tell(site, "ses", json.dumps(json.loads(raw) | change).encode(), headers)
        assert await site.rows() == []

    assert answer.status_code == 401
    assert not [url for url in aws.asked if "evil" in url]


def subscription(**change: str) -> dict[str, str]:
    told = {"Type": "SubscriptionConfirmation", "MessageId": "1", "TopicArn": TOPIC, "Message": "You have chosen"}
    return told | {"Token": "t", "Timestamp": "2026-03-27T09:00:00Z", "SubscribeURL": SUBSCRIBE} | change


async def test_a_subscription_of_our_topic_is_confirmed(tmp_path: Path) -> None:
    aws = Aws()
    async with site_of(tmp_path, aws) as site:
        assert (await tell(site, "ses", *by_sns(subscription()))).status_code == 200
        theirs = subscription(TopicArn=TOPIC + "2", SubscribeURL=SUBSCRIBE.replace(TOPIC, TOPIC + "2"))
        assert (await tell(site, "ses", *by_sns(theirs))).status_code == 401
        elsewhere = subscription(SubscribeURL="https://169.254.169.254/?Action=ConfirmSubscription")
        assert (await tell(site, "ses", *by_sns(elsewhere))).status_code == 401

    assert aws.asked == [CERTIFICATE_URL, SUBSCRIBE]


async def test_sns_tells_again_what_could_not_be_verified_yet(tmp_path: Path) -> None:
    aws = Aws()
    request = by_sns(CASES["ses"].told["bounced"])
    async with site_of(tmp_path, aws) as site:
        aws.away = Unavailable("not reached")
        away = await tell(site, "ses", *request)
        aws.away = Refused("answered no", "404")
        assert (await tell(site, "ses", *request)).status_code == 401
        aws.away = None
        assert (await tell(site, "ses", *request)).status_code == 202

    assert (away.status_code, "retry-after" in away.headers) == (503, True)


@pytest.mark.parametrize("name", ["sendgrid", "resend", "brevo"])
async def test_a_complaint_counts_before_it_is_drained(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    nameless = json.loads(json.dumps(case.told["complained"]).replace(ID, ""))
    async with site_of(tmp_path) as site:
        await tell(site, name, *case.sign(case.told["complained"]))
        await tell(site, name, *case.sign(_told_anew(nameless)))
        told = await site.inbox.read(objections_waiting)

    assert [(each.message, each.recipient) for each in told] == [(ID, ANN), ("", ANN)]


def _told_anew(tree: Any) -> Any:
    """Return an event as the next one of its kind."""
    if isinstance(tree, list):
        return [tree[0] | {"sg_event_id": "anew"}]
    return tree | {"ts_epoch": tree.get("ts_epoch", 0) + 1}


@pytest.mark.parametrize("name", ["sendgrid", "resend", "brevo", "postmark"])
async def test_what_is_no_json_is_said_so_even_to_who_may_tell(tmp_path: Path, name: str) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    async with site_of(tmp_path) as site:
        answers = [await tell(site, name, *CASES[name].sign(tree)) for tree in (deep, float("nan"))]
        huge = await tell(site, name, b" " * (1 << 20) + b"1", {})
        assert await site.rows() == []

    assert [each.status_code for each in answers] == [422, 422]
    assert huge.status_code == 413


def mutated(raw: bytes, place: int, byte: int) -> bytes:
    place %= len(raw)
    return raw[:place] + bytes([byte]) + raw[place + 1 :]


ANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ANY
@given(name=st.sampled_from(NAMES), which=st.integers(0), place=st.integers(0), byte=st.integers(0, 255))
async def test_no_bytes_make_it_fail(tmp_path: Path, name: str, which: int, place: int, byte: int) -> None:
    requests = CASES[name].requests()
    raw, headers = requests[which % len(requests)]
    forms: list[Callable[[], bytes]] = [lambda: mutated(raw, place, byte), lambda: raw[: place % len(raw)]]
    async with site_of(tmp_path) as site:
        for form in forms:
            answer = await tell(site, name, form(), headers)
            assert answer.status_code in (200, 202, 401, 422), answer.text


@ANY
@given(name=st.sampled_from(["sendgrid", "resend", "brevo", "postmark"]), tree=TREES)
async def test_nothing_a_provider_may_send_makes_it_fail(tmp_path: Path, name: str, tree: Any) -> None:
    async with site_of(tmp_path) as site:
        answer = await tell(site, name, *CASES[name].sign(tree))

    assert answer.status_code in (200, 202, 422), answer.text
