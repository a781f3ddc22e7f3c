"""What a mail server can do to a message, and what becomes of it: accepted once, or a row that says why not."""

from collections.abc import Callable

import pytest

from records.models import Suppression
from tests.scripted_smtp import DROP, HANG, Action, At
from tests.system.audit import audit
from tests.system.conftest import Moody

pytestmark = pytest.mark.system

Address = Callable[[str], str]


@pytest.mark.parametrize(
    ("place", "action"),
    [
        ("rcpt", "450 4.2.1 try again later"),
        ("dot", "451 4.3.0 not now"),
        ("rcpt", DROP),
        ("data", DROP),
    ],
    ids=["4xx for the address", "4xx after the payload", "drops before DATA", "drops instead of 354"],
)
def test_what_was_certainly_not_taken_is_sent_later_once(
    moody: Moody, address: Address, place: str, action: Action
) -> None:
    ann = address("ann")
    moody.mail.towards(
        ann, *[At(place, action)] * 3
    )  # one of them may strike a connection that lay idle: it is renewed
    moody.company.submit("news", ann)

    row = moody.company.in_state(ann, "news", "accepted")

    assert row.attempts > 1
    assert row.unknown_at is None
    assert len(moody.company.letters_to(ann)) == 1
    assert [each.did for each in moody.company.decisions(ann, "news") if each.shown] == ["deferred", "sent"]
    audit(moody.company)


@pytest.mark.parametrize(
    ("reply", "suppressed"), [("550 5.1.1 no such user", True), ("552 5.3.4 too big", False)], ids=["address", "letter"]
)
def test_a_permanent_refusal_is_final_and_burns_the_address_only_if_the_address_is_bad(
    moody: Moody, address: Address, reply: str, suppressed: bool
) -> None:
    bob = address("bob")
    moody.mail.towards(bob, At("rcpt" if suppressed else "dot", reply))
    moody.company.submit("tour", bob)

    assert moody.company.ended(bob).end_reason == "completed"
    first, second = moody.company.message(bob, "first"), moody.company.message(bob, "second")

    assert first is not None
    assert second is not None
    assert first.state == "refused"
    assert moody.company.count(Suppression, Suppression.value == bob) == suppressed
    assert (second.state, second.reason) == (
        ("skipped", "suppressed: hard_bounce") if suppressed else ("accepted", None)
    )
    audit(moody.company)


@pytest.mark.parametrize("fault", [At("body", DROP), At("dot", DROP), At("dot", HANG)], ids=["midway", "end", "hangs"])
def test_marketing_of_unknown_fate_is_not_repeated(moody: Moody, address: Address, fault: At) -> None:
    cid = address("cid")
    moody.mail.towards(cid, fault)
    moody.company.submit("news", cid)

    row = moody.company.in_state(cid, "news", "unknown")

    assert moody.company.ended(cid).end_reason == "completed"
    assert row.attempts == 1
    assert moody.company.letters_to(cid) == []
    audit(moody.company)


@pytest.mark.parametrize("fault", [At("dot", DROP), At("dot", HANG)], ids=["drops", "hangs"])
def test_a_service_message_of_unknown_fate_is_repeated_under_the_same_message_id(
    moody: Moody, address: Address, fault: At
) -> None:
    dora = address("dora")
    moody.mail.towards(dora, fault)
    moody.company.submit("receipt", dora)

    row = moody.company.in_state(dora, "receipt", "accepted")

    assert row.attempts == 2
    assert row.unknown_at is not None
    letters = [letter.message_id for letter in moody.mail.letters() if letter.recipient == dora]
    assert letters == [row.message_id, row.message_id]
    audit(moody.company)


def test_our_own_fault_burns_nobody_and_the_message_goes_once_it_is_corrected(moody: Moody, address: Address) -> None:
    eve, fay = address("eve"), address("fay")
    moody.mail.towards_everybody("dot", "550 5.7.1 not authorised to send from here")
    try:
        moody.company.submit_all("news", [eve, fay])
        for each in (eve, fay):
            row = moody.company.in_state(each, "news", "claimed")
            assert row.refused_at is None
    finally:
        moody.mail.towards_everybody()

    for each in (eve, fay):
        assert moody.company.in_state(each, "news", "accepted").unknown_at is None
        assert moody.company.count(Suppression, Suppression.value == each) == 0
    audit(moody.company)
