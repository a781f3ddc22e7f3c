"""A simulated story told to a reader: ways not taken, what the contact did, how much later, where it ended."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.drawing import drawn
from domain.simulation import SET, Scripted
from domain.story import Story
from starter.story_lines import COLUMNS, lines
from starter.story_moments import Moment, gap, last_words, moments, path_of
from starter.story_page import page
from starter.telling import SHORT
from tests.domain.kit import MONDAY, lived, on

SEQUENCE = """
goal: {event: meeting_booked}
steps:
  - send: welcome/hello
  - wait_for: clicked
    of: hello
    up_to: 3 days
    then: [{update: {score: +20}}]
    otherwise: [{send: welcome/nudge}]
  - branch:
      - when: contact.score > 60
        steps: [{send: welcome/tips}]
      - otherwise: [{exit: cold}]
"""
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
CLICK = on(DAY, "clicked", "hello", url="https://acme.example/x")


def told(story: Story, *events: Scripted) -> dict[str, Moment]:
    """Return the moments of a story by their step, or by what happened."""
    return {each.step or each.deed: each for each in moments(story, drawn(story.facts.program), events)}


def test_at_a_fork_the_way_taken_and_the_ways_not_taken_are_told() -> None:
    found = told(lived(SEQUENCE))

    assert found["branch-3"].deed == "took: otherwise"
    assert found["branch-3"].why == ("contact.score > 60 is false: contact.score is 10",)
    assert found["branch-3"].not_taken == ("contact.score > 60 → send welcome/tips",)
    assert found["wait_for-2"].not_taken == ("it happens → update score +20",)
    assert found["hello"].not_taken == ()


def test_what_the_contact_did_stands_before_what_followed_from_it() -> None:
    deeds = [each.deed for each in moments(lived(SEQUENCE, [CLICK]), drawn(lived(SEQUENCE).facts.program), [CLICK])]

    assert deeds[:4] == ["enters", "sent “About welcome/hello”", "clicked (of hello)", "clicked happened"]


def test_a_changed_record_is_told_with_its_fields_and_what_comes_after_the_end_is_not() -> None:
    change, late = on(DAY, SET, score=70), on(30 * DAY, "purchased")
    story = lived(SEQUENCE, [change, late])

    found = told(story, change, late)

    assert found["the record is changed"].why == ("score: 70",)
    assert "purchased" not in found


def test_a_message_put_off_stands_out() -> None:
    story = lived("steps: [{send: welcome/hello}]\nwindow: daytime", at=MONDAY + timedelta(hours=12))

    sorts = {each.deed.split(" ")[0]: each.sort for each in moments(story, drawn(story.facts.program))}

    assert sorts == {"enters": "enter", "put": "halt", "sent": "sent"}


def test_a_step_that_was_not_for_this_contact_does_not() -> None:
    found = told(lived("steps: [{exit: owned, when: has(contact.owner)}, {wait: 1 day}]"))

    assert (found["exit-1"].sort, found["exit-1"].deed) == ("quiet", "left out")


def test_the_way_taken_goes_on_to_the_end() -> None:
    story = lived(SEQUENCE)

    path = path_of(story, drawn(story.facts.program))

    assert ("branch-3", "branch-3.2.exit-1") in path
    assert ("wait_for-2", "nudge") in path
    assert ("branch-3", "tips") not in path


def test_who_did_not_enter_took_no_way() -> None:
    story = lived(SEQUENCE, consents={"product-news": "opted_out"})

    assert path_of(story, drawn(story.facts.program)) == frozenset()
    assert moments(story, drawn(story.facts.program)) == []


def test_an_end_from_outside_says_where_it_stood() -> None:
    story = lived(SEQUENCE, [on(DAY, "meeting_booked")])

    assert last_words(story, SHORT) == (
        "Tue 03 Mar 10:00: converted (it stood at wait_for-2)", "meeting_booked happened",
    )  # fmt: skip
    assert last_words(lived(SEQUENCE), SHORT)[0] == "Thu 05 Mar 10:00: left: cold"


def test_who_still_waits_is_told_so() -> None:
    assert (
        last_words(lived(SEQUENCE, until=MONDAY + DAY), SHORT)[0] == "still waits at wait_for-2 until Thu 05 Mar 10:00"
    )


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(seconds=50), ""),
        (timedelta(hours=1), "1 hour later"),
        (timedelta(hours=14), "14 hours later"),  # the date has changed, and nobody would call it a day
        (timedelta(hours=23), "the next day"),
        (timedelta(days=12), "12 days later"),
    ],
)
def test_how_much_later_is_said_as_people_would(later: timedelta, said: str) -> None:
    assert gap(MONDAY, MONDAY + later, BERLIN) == said


def test_lines_fit_a_terminal_of_eighty_columns() -> None:
    story = lived(SEQUENCE.replace("cold", "c" * 50), [CLICK], first_name="Ada " * 40)

    assert max(line.cell_len for line in lines(story, [CLICK])) <= COLUMNS


def test_a_page_shows_what_contacts_wrote_as_text() -> None:
    event = on(DAY, "clicked", "hello", url="<script>alert(1)</script>")

    shown = page(lived(SEQUENCE, [event], first_name="<img src=x>"), [event])

    assert "<script" not in shown
    assert "<img" not in shown
    assert "url: &lt;script&gt;" in shown
