"""What others sign (Standard Webhooks): believed with one of our secrets, just now, and as it was signed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.webhooks import signed, verified

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
OURS, OTHER = "whsec_" + "A" * 24, "whsec_" + "B" * 24
BODY = b'{"id": "in-1"}'


def test_each_secret_in_use_is_believed() -> None:
    for secret in (OURS, OTHER):
        assert verified(signed("m1", NOW, BODY, [secret]), BODY, [OURS, OTHER], NOW)
    assert verified(signed("m1", NOW, BODY, [OTHER, OURS]), BODY, [OURS], NOW)


@pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_what_was_signed_at_another_time_is_not(late: timedelta) -> None:
    assert not verified(signed("m1", NOW, BODY, [OURS]), BODY, [OURS], NOW + late)


def test_nothing_of_it_may_be_changed() -> None:
    headers = signed("m1", NOW, BODY, [OURS])

    assert not verified(headers, BODY + b" ", [OURS], NOW)
    assert not verified(headers | {"webhook-id": "m2"}, BODY, [OURS], NOW)
    assert not verified(headers | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY, [OURS], NOW)
    assert not verified(headers, BODY, [OTHER], NOW)
    assert not verified(headers, BODY, [], NOW)


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), st.binary()
)
def test_whatever_comes_is_not_believed_and_breaks_nothing(headers: dict[str, str], body: bytes) -> None:
    assert not verified(headers, body, [OURS], NOW)
