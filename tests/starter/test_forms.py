"""The form sources: who is believed, and what is read from their payloads."""

import base64
import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.forms.base import LONGEST_KEY, Delivery, NotASubmission, inbox_key, read_instant
from starter.forms.html import Html
from starter.forms.known import SOURCES
from starter.forms.own_json import OwnJson
from starter.forms.typeform import Typeform

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=cut"}
NINE = datetime(2026, 3, 27, 9, 0, 5, tzinfo=UTC)

DEMO = (SAMPLES / "typeform-demo-request.json").read_bytes()


def typeform_signature(raw: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, sha256).digest()
    return {"typeform-signature": f"sha256={base64.b64encode(digest).decode()}"}


def typeform(answer: dict[str, object]) -> object:
    body = {"event_type": "form_response", "form_response": {"answers": [answer | {"field": {"ref": "it"}}]}}
    return Typeform().read(json.dumps(body).encode(), {}).answers.get("it")


def html(raw: bytes, headers: dict[str, str] = URLENCODED, at: datetime = NINE) -> Delivery:
    return Html(clock=lambda: at).read(raw, headers)


def test_typeform_is_believed_with_the_current_secret_and_with_the_one_before() -> None:
    for secret in ("current", "previous"):
        assert Typeform().verify(typeform_signature(DEMO, secret), DEMO, ["current", "previous"])


def test_a_changed_byte_or_another_secret_is_not_believed() -> None:
    assert not Typeform().verify(typeform_signature(DEMO, "current"), DEMO + b" ", ["current"])
    assert not Typeform().verify(typeform_signature(DEMO, "guessed"), DEMO, ["current"])


@pytest.mark.parametrize("secrets", [[], [""], ["current"]])
@pytest.mark.parametrize("told", ["", "sha256=", "sha256=ÿ", "ユニコード", "sha256=" + "A" * 100_000, "\ud800"])
def test_a_strange_signature_is_refused_without_a_fuss(told: str, secrets: list[str]) -> None:
    for source in (Typeform(), OwnJson()):
        headers = {"typeform-signature": told, "x-rapport-signature": told}
        assert source.verify(headers, b"", secrets) is False


def test_an_empty_secret_signs_nothing() -> None:
    assert not Typeform().verify(typeform_signature(DEMO, ""), DEMO, [""])


def test_typeform_s_own_payload_is_read() -> None:
    delivery = Typeform().read(DEMO, {})

    assert delivery.key == "01HZQ0V7M2T9KX3B5R8DWYJ4CA"
    assert delivery.submission == "a3a12ec67a1365927098a606107fac15"
    assert delivery.submitted_at == datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
    assert delivery.answers == {
        "utm_source": "newsletter",
        "utm_campaign": "spring",
        "first_name": "Anna",
        "last_name": "Bergström",
        "email": "anna.bergstrom@fjallmat.example",
        "company": "Fjällmat AB",
        "country": "Sweden",
        "plan": "team",
        "seats": 40,
        "interests": ["Reports", "Import"],
        "start": "2026-05-01",
        "news": True,
    }


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"type": "text", "text": "Ann"}, "Ann"),
        ({"type": "email", "email": "ann@acme.example"}, "ann@acme.example"),
        ({"type": "phone_number", "phone_number": "+49301234"}, "+49301234"),
        ({"type": "number", "number": 4}, 4),
        ({"type": "boolean", "boolean": False}, False),
        ({"type": "url", "url": "https://acme.example"}, "https://acme.example"),
        ({"type": "file_url", "file_url": "https://files.example/cv.pdf"}, "https://files.example/cv.pdf"),
        ({"type": "choice", "choice": {"label": "red"}}, "red"),
        ({"type": "choice", "choice": {"other": "mauve"}}, "mauve"),
        ({"type": "choices", "choices": {"labels": ["red"], "other": "mauve"}}, ["red", "mauve"]),
        ({"type": "choices", "choices": {"other": "mauve"}}, "mauve"),
        ({"type": "payment", "payment": {"amount": "10", "success": True}}, {"amount": "10", "success": True}),
        ({"type": "not yet invented", "not yet invented": [1, 2]}, [1, 2]),
        ({"type": "text"}, None),
        ({"text": "no type"}, None),
    ],
)
def test_every_kind_of_typeform_answer_becomes_a_plain_value(answer: dict[str, object], value: object) -> None:
    assert typeform(answer) == value


def test_a_partial_response_is_not_a_submission() -> None:
    with pytest.raises(NotASubmission, match="send completed responses only"):
        Typeform().read(b'{"event_type": "form_response_partial", "form_response": {}}', {})


def test_a_sender_of_json_says_by_header_or_id_that_it_repeats_itself() -> None:
    raw = b'{"id": 7, "answers": {"email": "ann@acme.example"}}'

    assert OwnJson().read(raw, {"idempotency-key": "o-7"}).key == "o-7"
    assert OwnJson().read(raw, {}).key == "7"
    assert OwnJson().read(b'{"a": 1}', {}).key == OwnJson().read(b'{"a": 1}', {}).key != OwnJson().read(b"{}", {}).key


HOSTILE_JSON = [
    b"",
    b"{",
    b'{"a": 1',
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 200 + b"1" + b"}" * 200,
    b'{"answers": [1]}',
]


@pytest.mark.parametrize("raw", HOSTILE_JSON, ids=lambda raw: repr(raw[:20]))
@pytest.mark.parametrize("source", [Typeform(), OwnJson()], ids=lambda source: source.name)
def test_what_is_no_submission_is_refused_with_what_to_do(source: Typeform | OwnJson, raw: bytes) -> None:
    with pytest.raises(NotASubmission, match=r"; \w"):
        source.read(raw, {})


def test_json_is_kept_as_any_database_takes_it() -> None:
    raw = b'{"a\\u0000": "\\ud800x\\u0000", "big": 123456789012345678901234567890, "huge": 1e999}'

    assert OwnJson().read(raw, {}).answers == {"a": "x", "big": "123456789012345678901234567890", "huge": None}


def test_both_encodings_of_a_form_say_the_same() -> None:
    pairs = [(b"email", b"ann@acme.example"), (b"size", b"m"), (b"size", b"l"), (b"name", "Zoë".encode())]
    parts = [b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in pairs]
    file = b'--cut\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n%PDF\r\n'
    wanted = {"email": "ann@acme.example", "size": ["m", "l"], "name": "Zoë"}

    assert html(b"".join(parts) + file + b"--cut--\r\n", MULTIPART).answers == wanted
    assert html(b"email=ann%40acme.example&size=m&size=l&name=Zo%C3%AB").answers == wanted


def test_a_second_click_is_the_same_submission() -> None:
    assert html(b"email=a").key == html(b"email=a", at=NINE.replace(second=50)).key
    assert html(b"submission_id=t1&email=a").key == html(b"submission_id=t1&email=a", at=NINE.replace(hour=11)).key


def test_other_answers_are_another_submission_though_the_page_was_stored_with_its_token() -> None:
    assert html(b"submission_id=t1&email=a").key != html(b"submission_id=t1&email=b").key
    assert html(b"email=a").key != html(b"email=a", at=NINE.replace(minute=1)).key


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (b"{}", {"content-type": "application/json"}),
        (b"a=b", {}),
        (b"a=b", {"content-type": "multipart/form-data"}),
        (b"\x00\xff", MULTIPART),
        (b"--other\r\n", MULTIPART),
        (b"&".join(b"a%d=1" % number for number in range(2000)), URLENCODED),
        (b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 2000 + b"--cut--\r\n", MULTIPART),
        (b"a", {"content-type": "multipart/form-data; boundary=" + "é" * 300}),
    ],
)
def test_what_is_no_form_is_refused(raw: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(NotASubmission, match=r"; \w"):
        html(raw, headers)


@given(st.binary(max_size=400), st.sampled_from([URLENCODED, MULTIPART, {"content-type": "application/json"}]))
def test_any_bytes_are_read_or_refused(raw: bytes, headers: dict[str, str]) -> None:
    for source in SOURCES.values():
        for body in (
            raw,
            b"--cut\r\n" + raw,
            b'{"event_type": "form_response", "form_response": {"answers": %s}}' % raw,
        ):
            try:
                delivery = source.read(body, headers)
            except NotASubmission:
                continue
            json.dumps(delivery.answers, allow_nan=False).encode()
            assert len(inbox_key(source.name, "demo", delivery.key)) <= LONGEST_KEY


@pytest.mark.parametrize("told", ["", None, 7, "soon", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00", "2" * 99])
def test_a_time_that_is_none_is_left_out(told: object) -> None:
    assert read_instant(told) is None


def test_a_long_or_strange_delivery_id_is_named_by_its_hash() -> None:
    keys = {inbox_key("json", "demo", each) for each in ("x" * 5000, "x" * 5001, "é", "a\nb", "\ud800", "plain")}

    assert len(keys) == 6
    assert all(len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() for key in keys)
    assert "json/demo/plain" in keys
