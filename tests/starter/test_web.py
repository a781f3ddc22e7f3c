"""The web process from outside: every answer, and what is on disk when it is given."""

import asyncio
import base64
import hmac
import json
import logging
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, text

from tests.starter.site import EVENTS_KEY, FORM_SECRET, Site, site_in, until

FORM = {"content-type": "application/x-www-form-urlencoded"}
SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


def signed(raw: bytes, secret: str = FORM_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, sha256).digest()
    return {
        "typeform-signature": f"sha256={base64.b64encode(digest).decode()}",
        "x-rapport-signature": f"sha256={digest.hex()}",
        "content-type": "application/json",
    }


def encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


async def post_json(site: Site, path: str = "/forms/json/demo", **body: Any) -> httpx2.Response:
    raw = json.dumps(body).encode()
    return await site.http.post(path, content=raw, headers=signed(raw))


async def test_a_submission_is_on_disk_when_it_is_accepted(tmp_path: Path) -> None:
    raw = (SAMPLES / "typeform-demo-request.json").read_bytes()
    async with site_in(tmp_path) as site:
        answer = await site.http.post("/forms/typeform/demo", content=raw, headers=signed(raw))
        [row] = await site.rows()

    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert (row.kind, row.source, row.form, row.urgent) == ("form", "typeform", "demo", False)
    assert row.key == "typeform/demo/01HZQ0V7M2T9KX3B5R8DWYJ4CA"
    assert row.body["answers"]["email"] == "anna.bergstrom@fjallmat.example"
    assert row.body["submitted_at"] == "2026-03-27T09:00:00+00:00"
    assert row.body["delivery"] == "01HZQ0V7M2T9KX3B5R8DWYJ4CA"


async def test_a_repeat_is_answered_200_and_kept_once(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answers = [await post_json(site, id="o-7", email="ann@acme.example") for _ in range(3)]
        rows = await site.rows()

    assert [answer.status_code for answer in answers] == [202, 200, 200]
    assert len(rows) == 1


async def test_the_drainer_is_woken_by_what_is_new(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        await post_json(site, id="o-7", email="ann@acme.example")
        await until(lambda: bool(site.sleeper.looks))


async def test_temporal_being_away_hurts_no_submission(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        site.sleeper.away = True
        answers = [await post_json(site, id=str(number), email="ann@acme.example") for number in range(5)]

    assert {answer.status_code for answer in answers} == {202}


async def test_a_complaint_is_urgent(tmp_path: Path) -> None:
    raw = (SAMPLES / "typeform-complaint.json").read_bytes()
    async with site_in(tmp_path) as site:
        await site.http.post("/forms/typeform/complaint", content=raw, headers=signed(raw))
        [row] = await site.rows()

    assert row.urgent


async def test_posts_that_come_together_share_their_commits(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        commits: list[object] = []
        event.listen(site.inbox.engine, "commit", commits.append)
        answers = await asyncio.gather(
            *(post_json(site, id=str(number), email="ann@acme.example") for number in range(100))
        )
        rows = await site.rows()

    assert {answer.status_code for answer in answers} == {202}
    assert len(rows) == 100
    assert len(commits) < 50


async def test_a_secret_before_is_believed_and_a_guess_is_not(tmp_path: Path) -> None:
    raw = (SAMPLES / "typeform-demo-request.json").read_bytes()
    async with site_in(tmp_path) as site:
        before = await site.http.post("/forms/typeform/demo", content=raw, headers=signed(raw, "secret-before"))
        guessed = await site.http.post("/forms/typeform/demo", content=raw, headers=signed(raw, "guess"))
        unsigned = await site.http.post("/forms/typeform/demo", content=raw)
        strange = await site.http.post(
            "/forms/typeform/demo", content=raw, headers={b"typeform-signature": b"\xff\xfe"}
        )

    statuses = [answer.status_code for answer in (before, guessed, unsigned, strange)]
    assert statuses == [202, 401, 401, 401]
    assert "sign the raw body with the secret of typeform/demo" in guessed.json()["error"]


async def test_without_a_secret_a_form_service_is_not_believed_except_in_a_trial(tmp_path: Path) -> None:
    raw = b'{"email": "ann@acme.example"}'
    async with site_in(tmp_path) as site:
        refused = await site.http.post("/forms/json/complaint", content=raw)
    async with site_in(tmp_path, unsigned_forms=True) as site:
        let_in = await site.http.post("/forms/json/complaint", content=raw)
        still_checked = await site.http.post("/forms/json/demo", content=raw)

    assert (refused.status_code, let_in.status_code, still_checked.status_code) == (401, 202, 401)
    assert "RAPPORT_FORM_SECRETS" in refused.json()["error"]


@pytest.mark.parametrize(
    "path", ["/forms/fax/demo", "/forms/json/unknown", "/forms/json/typeform-only", "/forms/html/demo", "/nowhere"]
)
async def test_an_unknown_form_or_source_is_404_with_the_way_out(tmp_path: Path, path: str) -> None:
    async with site_in(tmp_path) as site:
        answer = await post_json(site, path, email="ann@acme.example")

    assert answer.status_code == 404
    assert "; " in answer.json()["error"]


async def test_what_is_no_submission_of_that_form_is_422_and_says_why(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await post_json(site, first_name="Ann")
        rows = await site.rows()

    assert answer.status_code == 422
    assert answer.json() == {"error": "there is no e-mail address; give one"}
    assert rows == []


async def test_a_body_over_the_cap_is_413_and_is_not_read_to_its_end(tmp_path: Path) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 65536
            yield b"x" * 65536

    async with site_in(tmp_path) as site:
        streamed = await site.http.post("/forms/json/demo", content=endless())
        stated = await site.http.post("/forms/json/demo", content=b"x" * 10_000_000)

    assert (streamed.status_code, stated.status_code) == (413, 413)
    assert read < 1_000_000


async def test_a_body_that_does_not_come_is_408(tmp_path: Path) -> None:
    async def stalling() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    async with site_in(tmp_path, body_seconds=0.05) as site:
        answer = await site.http.post("/forms/json/demo", content=stalling())

    assert answer.status_code == 408


async def test_an_inbox_that_cannot_keep_it_is_503_with_a_time_to_come_back(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        await site.inbox.write(lambda session: session.execute(text("drop table inbox")))
        answers = [
            await post_json(site, id="o-7", email="ann@acme.example"),
            await site.http.post("/f/demo", content=b"email=ann%40acme.example", headers=FORM),
            await site.http.get("/readyz"),
        ]

    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


async def test_a_locked_inbox_is_503_in_good_time(tmp_path: Path) -> None:
    async with site_in(tmp_path, keep_seconds=0.1) as site:
        with site.inbox.engine.connect().execution_options(writes=True) as other, other.begin():
            answer = await post_json(site, id="o-7", email="ann@acme.example")

    assert answer.status_code == 503


async def test_a_browser_s_form_leads_to_its_thank_you_page(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answers = [
            await site.http.post("/f/demo", content=b"email=ann%40acme.example&website=", headers=FORM)
            for _ in range(2)
        ]
        own_page = await site.http.post("/f/complaint", data={"email": "ann@acme.example"})
        thanks = await site.http.get(own_page.headers["location"])
        rows = await site.rows()

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [
        (303, "https://www.acme.example/thanks")
    ] * 2
    assert "Thank you" in thanks.text
    assert [(row.form, row.urgent) for row in rows] == [("demo", False), ("complaint", True)]
    assert rows[0].body["answers"] == {"email": "ann@acme.example"}


async def test_a_robot_gets_the_same_answer_and_is_not_kept(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await site.http.post("/f/demo", data={"email": "bot@spam.example", "website": "http://spam.example"})
        rows = await site.rows()

    assert (answer.status_code, answer.headers["location"]) == (303, "https://www.acme.example/thanks")
    assert rows == []


async def test_a_refused_visitor_gets_a_page_in_plain_words_with_nothing_of_theirs_running(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await site.http.post("/f/demo", data={"email": "<script>alert(1)</script>@x"})

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert "The e-mail address cannot be written to" in answer.text


async def test_a_form_meant_for_a_service_takes_no_unsigned_browser(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await site.http.post("/f/typeform-only", data={"email": "ann@acme.example"})

    assert answer.status_code == 404


async def test_pages_load_nothing_and_are_kept_nowhere(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        pages = [await site.http.get(path) for path in ("/u/some-token", "/thanks", "/docs")]

    for page in pages:
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "noindex" in page.headers["x-robots-tag"]
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        style = page.text.split("<style>")[1].split("</style>")[0]
        assert base64.b64encode(sha256(style.encode()).digest()).decode() in policy
        assert "set-cookie" not in page.headers
        assert "src=" not in page.text


async def test_the_interface_is_described_for_people_and_machines(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        people, machines = await site.http.get("/docs"), await site.http.get("/openapi.json")

    paths = ["/forms/{source}/{form}", "/f/{form}", "/events", "/events/calendly", "/contacts/{contact}/log"]
    for path in (*paths, "/u/{token}", "/healthz", "/readyz"):
        assert path in people.text
        assert path in machines.json()["paths"]
    assert "the step whose message it is an answer to (may be left out)" in people.text


async def test_a_living_process_with_a_good_inbox_is_ready(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        assert (await site.http.get("/healthz")).status_code == 200
        assert (await site.http.get("/readyz")).status_code == 200


HOSTILE = [
    b"",
    b"\0\xff\xfe" * 100,
    b'{"email": "ann@acme.example"',
    b"[" * 200_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b'{"email": NaN}',
    b'{"email": 1e999}',
    b'{"email": "\\u0000\\ud800@acme.example"}',
    json.dumps({"email": "ann@acme.example", "first_name": "x" * 200_000}).encode(),
    json.dumps({"email": {"$ne": None}, "first_name": ["'; drop table inbox; --"]}).encode(),
    b'{"id": {"a": 1}, "answers": null}',
    b"email=%00%FF%ED%A0%80&email=a&=&&;",
    b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n',
]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:24]))
async def test_whatever_is_sent_nobody_sees_a_500_or_a_stack_trace(
    tmp_path: Path, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\xff", ""]
    paths = ["/forms/json/demo", "/forms/typeform/demo", "/f/demo", "/events", "/u/token", "/forms/json/%00%ff"]
    paths += ["/contacts/ann@acme.example/log", "/contacts/%00%ff/log"]
    others = {"authorization": f"Bearer {EVENTS_KEY}", "content-length": "-1"}
    with caplog.at_level(logging.ERROR):
        async with site_in(tmp_path) as site:
            for path in paths:
                for kind in kinds:
                    headers = signed(raw) | others | {"content-type": kind}
                    answer = await site.http.post(path, content=raw, headers=encoded(headers))
                    assert answer.status_code in (200, 202, 303, 404, 413, 422)
                    assert "Traceback" not in answer.text
    assert caplog.messages == []


async def test_a_fault_of_ours_says_try_again_and_repeats_nothing_personal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site_in(tmp_path) as site:

        def fail(*_: object) -> None:
            raise ZeroDivisionError("ann@acme.example")

        site.inbox.write = fail  # type: ignore[method-assign, assignment]
        answer = await post_json(site, id="o-7", email="ann@acme.example")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "ZeroDivisionError" in caplog.text
    assert "ann@acme.example" not in caplog.text
