"""What mail servers say, and what we make of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Refused, SenderFault, Unavailable
from channels.replies import LONGEST_DELAY, Reply, Stage, decision, provider_id

SUPPRESSED = [
    (550, "5.1.1 <ada@example.test>: Recipient address rejected: User unknown in virtual mailbox table"),
    (550, "5.1.2 no such domain"),
    (553, "5.1.3 not an address"),
    (551, "5.1.6 moved"),
    (556, "5.1.10 Recipient address has null MX"),
    (550, "5.2.1 The email account that you tried to reach is disabled"),
    (550, "5.7.17 mailbox owner has changed"),
    (550, "5.5.0 Requested action not taken: user unknown"),
    (550, "No such user here"),
    (554, "delivery error: dd This user doesn't have an example account"),
    (550, "The mailbox you are writing to does not exist"),
    (511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)"),
    (556, "takes no mail"),
]


@pytest.mark.parametrize(("code", "text"), SUPPRESSED)
def test_an_address_that_is_bad_is_suppressed(code: int, text: str) -> None:
    verdict = decision(Reply(code, text), Stage.RECIPIENT)

    assert isinstance(verdict, Refused)
    assert verdict.suppress


REFUSED = [
    (552, "5.3.4 message too big"),
    (550, "5.2.3 message length exceeds this mailbox's limit"),
    (550, "5.4.6 routing loop"),
    (550, "5.0.0 rejected"),
    (550, "5.6.7 needs an internationalised address"),
    (550, "5.7.133 Sender not authenticated for group"),
    (550, "Requested action not taken: mailbox unavailable"),
    (501, "Syntax error in parameters"),
    (500, "Line too long (see RFC5321 4.5.3.1.6)"),
]


@pytest.mark.parametrize(("code", "text"), REFUSED)
@pytest.mark.parametrize("stage", [Stage.RECIPIENT, Stage.MESSAGE])
def test_a_message_that_is_refused_leaves_the_address_alone(code: int, text: str, stage: Stage) -> None:
    verdict = decision(Reply(code, text), stage)

    assert isinstance(verdict, Refused)
    assert not verdict.suppress


OUR_FAULT = [
    (550, "5.7.1 message rejected as spam"),
    (550, "5.7.23 SPF validation failed"),
    (550, "5.7.25 no PTR record"),
    (550, "5.7.26 This mail is unauthenticated"),
    (550, "5.7.515 Access denied, sending domain does not meet the required authentication level"),
    (554, "5.6.0 content rejected"),
    (554, "Service unavailable; client host blocked using a blocklist"),
    (530, "5.7.0 Authentication required"),
    (535, "5.7.8 bad credentials"),
    (530, "Must issue a STARTTLS command first"),
    (553, "5.1.8 sender domain does not exist"),
    (550, "5.1.7 bad sender"),
    (554, "5.3.5 mail for us loops back to myself"),
]


@pytest.mark.parametrize(("code", "text"), OUR_FAULT)
@pytest.mark.parametrize("stage", list(Stage))
def test_our_own_fault_stops_the_channel_wherever_it_is_said(code: int, text: str, stage: Stage) -> None:
    assert isinstance(decision(Reply(code, text), stage), SenderFault)


@pytest.mark.parametrize(("code", "text"), [*SUPPRESSED, *REFUSED])
def test_before_a_recipient_is_named_no_refusal_is_the_contacts(code: int, text: str) -> None:
    assert isinstance(decision(Reply(code, text), Stage.CONNECTION), SenderFault)


def test_a_letter_announced_as_too_big_is_the_letters_fault() -> None:
    assert isinstance(decision(Reply(552, "5.3.4 too big"), Stage.SENDER), Refused)
    assert isinstance(decision(Reply(550, "5.1.1 unknown"), Stage.SENDER), SenderFault)


@pytest.mark.parametrize("text", ["5.2.2 mailbox full", "5.3.1 system full", "mailbox quota exceeded"])
def test_a_full_mailbox_is_worth_another_try(text: str) -> None:
    verdict = decision(Reply(552, text), Stage.RECIPIENT)

    assert isinstance(verdict, Unavailable)
    assert verdict.retry_after == timedelta(hours=6)


@pytest.mark.parametrize(
    ("code", "text", "delay"),
    [
        (450, "4.7.1 Greylisted, try again in 5 minutes", timedelta(minutes=5)),
        (451, "4.7.1 Please try again in 900 seconds", timedelta(minutes=15)),
        (450, "4.2.0 Greylisting in action", timedelta(minutes=10)),
        (450, "4.7.1 come back", timedelta(minutes=15)),
        (452, "4.2.2 mailbox full", timedelta(hours=1)),
        (421, "4.7.28 unusual rate", timedelta(minutes=30)),
        (454, "Throttling failure: Maximum sending rate exceeded.", timedelta(seconds=5)),
        (454, "Throttling failure: Daily message quota exceeded.", timedelta(hours=4)),
        (454, "4.7.0 Temporary authentication failure", timedelta(minutes=15)),
        (421, "closing", timedelta(minutes=5)),
        (455, "cannot now", timedelta(minutes=10)),
        (451, "wait, in 999999 hours", LONGEST_DELAY),
    ],
)
def test_the_next_try_waits_as_long_as_the_server_asks(code: int, text: str, delay: timedelta) -> None:
    verdict = decision(Reply(code, text), Stage.RECIPIENT)

    assert isinstance(verdict, Unavailable)
    assert verdict.retry_after == delay


@given(st.integers(400, 499), st.text(), st.sampled_from(Stage))
def test_every_4yz_can_be_tried_again_whatever_its_words(code: int, text: str, stage: Stage) -> None:
    verdict = decision(Reply(code, text), stage)

    assert isinstance(verdict, Unavailable)
    assert timedelta() < verdict.retry_after <= LONGEST_DELAY


@given(
    st.integers(500, 599),
    st.one_of(st.text(), st.from_regex(r"\A[245]\.\d{1,3}\.\d{1,3} [ -~]{0,40}\Z")),
    st.sampled_from(Stage),
)
def test_every_5yz_has_one_decision_and_only_an_addressees_reply_suppresses(code: int, text: str, stage: Stage) -> None:
    verdict = decision(Reply(code, text), stage)

    assert isinstance(verdict, Refused | SenderFault | Unavailable)
    assert verdict.code.startswith(str(code))
    if stage in (Stage.CONNECTION, Stage.SENDER):
        assert not (isinstance(verdict, Refused) and verdict.suppress)


@given(st.text())
def test_words_are_one_printable_line(text: str) -> None:
    words = Reply(550, text).words

    assert words.isprintable()
    assert len(words) <= 500


def test_what_is_no_refusal_is_not_decided() -> None:
    with pytest.raises(ValueError, match="reply 354"):
        decision(Reply(354, "go on"), Stage.MESSAGE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2.0.0 Ok: queued as 4FQ1xk2Tz9", "4FQ1xk2Tz9"),
        ("OK id=1rX2aB-0004Xy-2d", "1rX2aB-0004Xy-2d"),
        ("Ok 0102018f-5d0e-0b2a-000000", "0102018f-5d0e-0b2a-000000"),
        ("2.0.0 OK  1700000000 a1-20020a05.44 - gsmtp", "a1-20020a05.44"),
        ("Great success", None),
        ("OK", None),
    ],
)
def test_the_name_the_relay_gave_the_message_is_read(text: str, name: str | None) -> None:
    assert provider_id(text) == name
