"""Which events can change who is in a segment."""

import pytest

from domain.policies import Segment
from domain.segment_changes import may_change


@pytest.mark.parametrize(
    ("when", "event", "changes"),
    [
        ("did('purchased')", "purchased", True),
        ("contact.score > 3 && !(count('purchased', 30) > 2)", "purchased", True),
        ("did('purchased')", "opened", False),
        ("contact.score > 3", "opened", False),
        ("days_since(contact.created_at) > 3", "opened", False),
        ("topic('product-news')", "unsubscribed", True),
        ("topic('product-news')", "consent_confirmed", True),
        ("topic('product-news')", "opened", False),
        ("this is ( no condition", "opened", True),
    ],
)
def test_an_event_changes_what_asks_for_it(when: str, event: str, changes: bool) -> None:
    assert may_change({"some": Segment(when=when)}, event) is changes


def test_what_one_segment_asks_of_another_is_found_in_that_one() -> None:
    segments = {"hot": Segment(when="in_segment('buyers')"), "buyers": Segment(when="did('purchased')")}

    assert may_change(segments, "purchased")
    assert not may_change(segments, "opened")
