"""Text messages: what they cost, and what a short answer means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.texts import STOP_WORDS, checked_sender, is_number, meant, segments, tells_how_to_leave


@pytest.mark.parametrize(
    ("text", "alphabet", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" * 10, "GSM-7", 2),
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("\U0001f600" * 35, "UCS-2", 1),
        ("\U0001f600" * 36, "UCS-2", 2),
    ],
)
def test_a_text_is_counted_as_networks_count_it(text: str, alphabet: str, count: int) -> None:
    assert (segments(text).alphabet, segments(text).count) == (alphabet, count)


def test_no_letter_is_split_between_two_segments() -> None:
    assert segments("a" * 152 + "€" * 77).count == 3, "306 septets, but the euro does not fit behind 152"


@given(st.text(max_size=500), st.text(max_size=50))
def test_more_words_never_cost_less(text: str, more: str) -> None:
    assert segments(text + more).count >= segments(text).count


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop! ", "STOP ALL", "Arrêt", "Arre\u0302t", "baja", "«stopp»"])
def test_whoever_says_stop_and_nothing_else_means_it(word: str) -> None:
    assert meant(word) == "stop"


@pytest.mark.parametrize("text", ["", "Stop by at nine?", "Do not stop", "yes", "👍", "the end is near"])
def test_anything_else_is_an_answer(text: str) -> None:
    assert meant(text) is None


def test_start_is_no_stop() -> None:
    assert meant("Start") == meant("UNSTOP") == "start"


@pytest.mark.parametrize("word", sorted(STOP_WORDS - {"CANCEL", "END", "QUIT", "REVOKE", "UNSUBSCRIBE"}))
def test_a_text_that_names_the_word_says_how_to_leave(word: str) -> None:
    assert tells_how_to_leave(f"20 % off today. {word}: no more")


@pytest.mark.parametrize("text", ["20 % off until the END of May", "Do not stop reading", ""])
def test_a_text_without_it_does_not(text: str) -> None:
    assert not tells_how_to_leave(text)


@pytest.mark.parametrize("sender", ["+491715550123", "72345", "Acme", "Acme Flow 1"])
def test_senders_that_networks_show(sender: str) -> None:
    assert checked_sender(sender) == sender


@pytest.mark.parametrize("sender", ["", "Twelve letters", "12", "0171 5550123", "Acmé", "A\nB"])
def test_others_are_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="cannot be the sender of a text"):
        checked_sender(sender)


def test_numbers_are_those_the_world_dials() -> None:
    assert is_number("+4930123456")
    assert not any(
        map(
            is_number,
            [
                "",
                "030123456",
                "+0301234567",
                "+49 30 123456",
                "+493012345678901234",
                "+49\u0661\u0661\u0661\u0661\u0661\u0661",
            ],
        )
    )
