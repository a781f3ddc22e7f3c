"""What providers tell, in one vocabulary; and that no bytes, headers or trees make reading or verifying them raise."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.providers.known import TELLERS
from channels.providers.signs import signed_by_certificate, signed_by_curve
from channels.providers.sns import confirms, is_certificate
from channels.providers.told import Told
from tests.channels.provider_events import ANN, CASES, CERTIFICATE_URL, ID, LINK, NOW, TOPIC, secrets

NAMES = sorted(CASES)
TOLD = [(name, what) for name, case in CASES.items() for what in case.told]
SIGNED = [name for name in NAMES if name != "ses"]


def tree_of(name: str, tree: Any) -> Any:
    return tree | {"Message": json.loads(tree["Message"])} if name == "ses" else tree


def told(name: str, what: str, **headers: str) -> list[Told]:
    return TELLERS[name].events(tree_of(name, CASES[name].told[what]), headers)


def verified(name: str, raw: bytes, headers: dict[str, str], after: timedelta = timedelta()) -> bool:
    small = {key.lower(): value for key, value in headers.items()}
    return TELLERS[name].is_from_it(small, raw, secrets()[name], NOW + after)


@pytest.mark.parametrize(("name", "what"), TOLD)
def test_every_provider_is_understood_in_the_same_words(name: str, what: str) -> None:
    event = told(name, what)[0]

    assert (event.name, event.named.send_id, event.named.recipient) == (what, ID, ANN)
    assert event.at is not None
    assert abs(event.at - NOW) < timedelta(seconds=1)
    assert event.urgent == (what in ("bounced", "complained", "unsubscribed"))
    if what == "bounced":
        assert event.data == {"code": "550 5.1.1", "reason": "5.1.1 no such user", "permanent": True}
    if what == "clicked":
        assert event.data == {"url": LINK}
        assert event.agent.startswith("Mozilla/")
    if what == "unsubscribed":
        assert event.data == {"channel": "email", "how": name, "topic": "*"}


def test_of_several_recipients_each_is_told_for_itself() -> None:
    assert [each.named.recipient for each in told("ses", "bounced")] == [ANN, "bob@other.example"]
    assert len({each.key for each in told("ses", "bounced")}) == 2


def test_pictures_that_apple_loads_are_a_machines() -> None:
    assert told("brevo", "opened")[0].data == {"by": "machine"}
    [event] = TELLERS["sendgrid"].events([{"event": "open", "sg_event_id": "1", "sg_machine_open": True}], {})
    assert event.data == {"by": "machine"}


@pytest.mark.parametrize(
    ("name", "tree", "expected"),
    [
        ("sendgrid", {"event": "bounce", "type": "blocked", "reason": "550 5.7.1 policy"}, ("bounced", False)),
        ("sendgrid", {"event": "dropped", "reason": "Bounced Address"}, ("bounced", True)),
        ("sendgrid", {"event": "dropped", "reason": "Unsubscribed Address"}, ("unsubscribed", None)),
        ("postmark", {"RecordType": "Bounce", "Type": "SoftBounce"}, ("bounced", False)),
        ("postmark", {"RecordType": "Bounce", "Type": "AutoResponder"}, ("auto_replied", None)),
        ("brevo", {"event": "soft_bounce", "reason": "mailbox full"}, ("bounced", False)),
        ("resend", {"type": "email.bounced", "data": {"bounce": {"type": "Transient"}}}, ("bounced", False)),
        ("ses", {"Message": {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}}}, ("bounced", False)),
        ("mailgun", {"event-data": {"event": "failed", "severity": "permanent", "reason": "old"}}, ("bounced", False)),
    ],
)
def test_what_is_no_proof_against_an_address_is_not_permanent(name: str, tree: Any, expected: Any) -> None:
    [event] = TELLERS[name].events(tree, {})

    assert (event.name, event.data.get("permanent")) == expected


def test_a_fault_of_ours_is_none_of_the_address() -> None:
    [event] = TELLERS["brevo"].events({"event": "hard_bounce", "reason": "550 5.7.26 unauthenticated mail"}, {})

    assert event.data["permanent"] is False


@pytest.mark.parametrize("name", NAMES)
def test_what_there_is_no_word_for_is_nothing(name: str) -> None:
    trees: list[Any] = [
        {},
        [],
        None,
        7,
        "x",
        {"event": "new"},
        {"type": "email.new"},
        {"Message": {"eventType": "Send"}},
    ]
    for tree in trees:
        assert TELLERS[name].events(tree, {}) == []


def test_one_bad_element_keeps_the_good_ones() -> None:
    good = CASES["sendgrid"].told["delivered"][0]

    assert len(TELLERS["sendgrid"].events([7, good, {"event": ["x"]}, None, {"event": "open", "email": {}}], {})) == 2


@pytest.mark.parametrize("name", SIGNED)
def test_only_who_knows_a_secret_is_believed(name: str) -> None:
    for raw, headers in CASES[name].requests():
        assert verified(name, raw, headers)
        other = {key: value[:-3] + "eA==" for key, value in headers.items()}
        assert not verified(name, raw, other) or name == "mailgun"
        assert not verified(name, raw, dict.fromkeys(headers, "v1,\xe9 Basic ÿ")) or name == "mailgun"


@pytest.mark.parametrize("name", ["sendgrid", "resend"])
def test_a_signature_is_of_these_very_bytes(name: str) -> None:
    raw, headers = CASES[name].requests()[0]

    assert not verified(name, raw + b" ", headers)


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "resend"])
def test_what_is_old_or_of_the_future_is_not_believed(name: str) -> None:
    raw, headers = CASES[name].requests()[0]

    assert not verified(name, raw, headers, timedelta(hours=26))
    assert not verified(name, raw, headers, -timedelta(minutes=6))


def test_a_mailgun_signature_is_of_its_token() -> None:
    raw, headers = CASES["mailgun"].requests()[0]
    tree = json.loads(raw)
    tree["signature"]["token"] = "f" * 50

    assert not verified("mailgun", json.dumps(tree).encode(), headers)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://s3.eu-west-1.amazonaws.com/a.pem",
        "https://sns.s3-us-west-2.amazonaws.com/a.pem",
        "https://sns.elasticbeanstalk-eu.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x=1",
        "https://[/a.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/a.pem",
    ],
)
def test_certificates_are_fetched_from_sns_alone(url: str) -> None:
    assert is_certificate(CERTIFICATE_URL)
    assert not is_certificate(url)


def test_a_subscription_is_confirmed_at_sns_for_that_topic_alone() -> None:
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"

    assert confirms(url, TOPIC)
    assert not confirms(url, TOPIC + "2")
    assert not confirms(url.replace("ConfirmSubscription", "Unsubscribe"), TOPIC)
    assert not confirms(url.replace("amazonaws.com", "example.com"), TOPIC)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
WORDS = st.sampled_from(
    [
        *(
            "event",
            "email",
            "type",
            "data",
            "Message",
            "eventType",
            "bounce",
            "mail",
            "headers",
            "tags",
            "send_id",
            "to",
        ),
        *("RecordType", "Type", "event-data", "signature", "reason", "status", "timestamp", "token", "delivery-status"),
        *("message", "user-variables", "client-info", "bouncedRecipients", "X-Mailin-custom", "ts_epoch", "Metadata"),
    ]
)
VALUES = LEAVES | st.sampled_from(["bounce", "failed", "Bounce", "email.bounced", "click", "open", "hard_bounce"])
TREES = st.recursive(VALUES, lambda some: st.lists(some, max_size=3) | st.dictionaries(WORDS, some, max_size=6))


def test_digits_that_are_no_number_are_words() -> None:
    tree = with_one(CASES["mailgun"].told["bounced"], ("event-data", "delivery-status", "code"), "²")
    assert TELLERS["mailgun"].events(tree, {})[0].name == "bounced"


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 10**18, 10**4000, 1e308, -1e308, -62135596800000, "", "²", "²³¹", "٣٣٣", "5٣٣ x", "550",
     "x" * 9_000, [], {}, [[]], [None],
     "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "<>", "@", "http://[", "\u202e"]
) | st.text(max_size=9)  # fmt: skip


def places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    for key in tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield from places(tree[key], (*above, key))


def with_one(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return a tree with another value at one of its places."""
    if not place:
        return value
    changed = deepcopy(tree)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


@settings(max_examples=200)
@given(name=st.sampled_from(NAMES), value=ODD, data=st.data())
def test_nothing_odd_in_what_a_provider_tells_makes_reading_raise(name: str, value: Any, data: st.DataObject) -> None:
    told = data.draw(st.sampled_from(sorted(CASES[name].told)))
    tree = tree_of(name, CASES[name].told[told])
    for event in TELLERS[name].events(with_one(tree, data.draw(st.sampled_from(list(places(tree)))), value), {}):
        assert event.key


@settings(max_examples=60)
@given(name=st.sampled_from(NAMES), tree=TREES)
def test_no_tree_makes_reading_raise(name: str, tree: Any) -> None:
    for event in TELLERS[name].events(tree, {}):
        assert event.key


@settings(max_examples=60)
@given(name=st.sampled_from(SIGNED), raw=st.binary(max_size=60), value=st.text(max_size=40))
def test_no_bytes_and_no_headers_make_verifying_raise(name: str, raw: bytes, value: str) -> None:
    _, headers = CASES[name].requests()[0]

    assert not verified(name, raw, dict.fromkeys(headers, value))
    assert not TELLERS[name].is_from_it({}, raw, [value, ""], NOW)
    assert not signed_by_curve(raw, value.encode(errors="replace"), [value])
    assert not signed_by_certificate(raw, value, "2", raw)
