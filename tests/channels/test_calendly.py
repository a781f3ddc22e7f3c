"""What Calendly tells becomes our words, and only what it signed just now is believed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.calendly import SIGNATURE, NotABooking, booking_in, is_from_it
from domain.events import BUILT_IN
from tests.channels.calendly_webhooks import (
    ANN,
    CREATED,
    NOW,
    SECRET,
    body_of,
    cancelled,
    missed,
    moved,
    signature,
    told,
)
from tests.channels.test_told import TREES

RAW = body_of(CREATED)


def is_believed(header: str, raw: bytes = RAW, now: datetime = NOW, *secrets: str) -> bool:
    return is_from_it({SIGNATURE: header}, raw, secrets or (SECRET,), now)


def test_a_booking_says_when_what_with_whom_and_where() -> None:
    booking = booking_in(CREATED)

    assert booking is not None
    assert (booking.name, booking.email) == ("meeting_booked", ANN)
    assert booking.at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert booking.fill == {"first_name": "Ann", "last_name": "de Vries", "time_zone": "Europe/Amsterdam"}
    assert booking.data == {
        "email": ANN,
        "meeting": "EVENT-1",
        "title": "Visit",
        "starts_at": "2026-03-05T09:00:00+00:00",
        "ends_at": "2026-03-05T09:45:00+00:00",
        "minutes": 45,
        "host": "Ada",
        "host_email": "ada@acme.example",
        "place": "google",
        "join_url": "https://calendly.com/events/EVENT-1/google_meet",
        "answers": {"How many seats?": "Eight"},
    }


def test_the_links_that_cancel_or_move_a_meeting_are_not_kept() -> None:
    for tree in (CREATED, cancelled(), moved(), missed()):
        assert "cancellations" not in str(booking_in(tree))
        assert "reschedulings" not in str(booking_in(tree))


@pytest.mark.parametrize("tree", [CREATED, cancelled(), moved(), missed()])
def test_every_field_is_one_that_conditions_may_read(tree: dict[str, Any]) -> None:
    booking = booking_in(tree)

    assert booking is not None
    assert set(booking.data) <= BUILT_IN[booking.name]


def test_a_cancelled_meeting_says_why_and_who_did_it() -> None:
    booking = booking_in(cancelled())

    assert booking is not None
    assert (booking.name, booking.at) == ("meeting_cancelled", datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC))
    assert (booking.data["reason"], booking.data["cancelled_by"]) == ("We moved.", "contact")


def test_a_moved_meeting_is_one_event_of_the_two_that_come() -> None:
    assert booking_in(cancelled(rescheduled=True)) is None
    booking = booking_in(moved())
    assert booking is not None
    assert (booking.name, booking.data["meeting"], booking.data["moved_from"]) == (
        "meeting_moved",
        "EVENT-2",
        "EVENT-1",
    )


def test_the_same_is_named_the_same_and_another_is_not() -> None:
    told_of = [CREATED, told(status="canceled"), cancelled(), moved(), missed(), missed() | {"created_by": "x"}]

    keys = [booking.key for tree in told_of if (booking := booking_in(tree)) is not None]

    assert keys[0] == keys[1]
    assert keys[4] == keys[5]
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("location", "place", "url"),
    [
        ({"type": "physical", "location": "Lindwurmstraße 88"}, "Lindwurmstraße 88", None),
        ({"type": "outbound_call", "location": "+491715550123"}, "phone", None),
        ({"type": "zoom", "join_url": "https://us02web.zoom.us/j/1?pwd=secret"}, "zoom", None),
        ({"type": "zoom", "join_url": "http://zoom.us/j/1"}, "zoom", None),
        ({"type": "zoom", "join_url": "https://me:secret@zoom.us/j/1"}, "zoom", None),
        ({"type": "zoom", "join_url": "https://[zoom"}, "zoom", None),
        ({"type": "microsoft_teams_conference", "join_url": 7}, "microsoft teams", None),
        (None, None, None),
        ("here", None, None),
    ],
)
def test_a_place_tells_no_number_and_no_password(location: object, place: str | None, url: str | None) -> None:
    booking = booking_in(told(scheduled_event=CREATED["payload"]["scheduled_event"] | {"location": location}))

    assert booking is not None
    assert (booking.data.get("place"), booking.data.get("join_url")) == (place, url)


def test_a_clock_that_does_not_exist_is_not_filled_in() -> None:
    booking = booking_in(told(timezone="Mars/Olympus", name="Ann", first_name=None))

    assert booking is not None
    assert booking.fill == {"first_name": "Ann"}


@pytest.mark.parametrize("tree", [{}, {"event": "routing_form_submission.created"}, {"event": ["invitee.created"]},
                                  told("invitee_no_show.deleted")])  # fmt: skip
def test_what_we_have_no_word_for_says_nothing(tree: dict[str, Any]) -> None:
    assert booking_in(tree) is None


@pytest.mark.parametrize("payload", [{"email": None}, {"email": "nobody"}, {"uri": ""}, {"uri": ["x"]}])
def test_without_an_invitee_it_is_no_booking(payload: dict[str, Any]) -> None:
    with pytest.raises(NotABooking, match="; send it as Calendly does"):
        booking_in(told(**payload))


@given(TREES, st.sampled_from(["invitee.created", "invitee.canceled", "invitee_no_show.created"]))
def test_nothing_that_stands_there_makes_it_fail(tree: object, event: str) -> None:
    payload: dict[str, Any] = {"email": ANN, "uri": "u", "cancellation": tree, "scheduled_event": tree, "no_show": tree}
    payload |= {"questions_and_answers": tree, "name": tree, "timezone": tree, "old_invitee": tree}

    booking = booking_in({"event": event, "created_at": tree, "payload": payload})  # type: ignore[dict-item]

    assert booking is not None
    json.dumps(dict(booking.data))


# --- who speaks --------------------------------------------------------------------------------------------------


def test_what_is_signed_just_now_is_believed_under_any_of_our_secrets() -> None:
    assert is_believed(signature(RAW))
    assert is_believed(signature(RAW, "before"), RAW, NOW, SECRET, "before")
    assert is_believed(signature(RAW).replace(",v1=", ",v1=00,v0=x,v1=") + ", v2=other")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        signature(RAW, "another-key"),
        signature(RAW).replace("v1=", "v0="),
        signature(RAW).partition(",")[2],
        signature(RAW).partition(",")[0],
        signature(RAW) + ",t=1",
        signature(RAW).replace("t=", "t=+"),
        signature(RAW)[:-1],
        signature(RAW, at=NOW - timedelta(minutes=4)),
        signature(RAW, at=NOW + timedelta(minutes=6)),
        "t=\u0663,v1=\u00e9\ud800",
        "t=" + "9" * 500 + ",v1=00",
    ],
)
def test_what_is_not_signed_with_our_secret_just_now_is_not_believed(header: str) -> None:
    assert not is_believed(header)


def test_one_flipped_bit_anywhere_is_seen() -> None:
    header = signature(RAW)
    for place in range(0, len(RAW), 7):
        assert not is_believed(header, RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :])


def test_without_a_secret_nothing_is_believed() -> None:
    assert not is_from_it({SIGNATURE: signature(RAW, "")}, RAW, [""], NOW)
    assert not is_from_it({SIGNATURE: signature(RAW)}, RAW, [], NOW)


@given(st.text(), st.binary())
def test_no_header_makes_it_fail(header: str, raw: bytes) -> None:
    assert not is_believed(header, raw)
