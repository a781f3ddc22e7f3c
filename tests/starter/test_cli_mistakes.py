"""Mistakes that people make while typing: each is answered with what is wrong and a way out."""

import pytest

from tests.starter.small_home import SmallHome


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["message", "list", "--most", "many"], "'many' is no number from 1 on; write it like 20"),
        (["message", "list", "--most", "0"], "'0' is no number from 1 on; write it like 20"),
        (["inbox", "show", "x"], "'x' is no number; the first column of `rapport inbox list` has them"),
        (
            ["simulate", "welcome", "--contact", "ann.json", "--until", "30 dys"],
            "'30 dys' is neither a time nor a span; write it like 2026-03-27T09:00:00Z or 30 days",
        ),
    ],
)
def test_what_is_no_number_and_no_time_is_said_in_plain_words(home: SmallHome, words: list[str], said: str) -> None:
    typed = home.type(*words)

    assert typed.status == 2
    assert said in typed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["broadcast", "show", "march"], "there is no broadcast 'march'; none was made yet, see `rapport send --help`"),
        (
            ["outbox", "list", "--channel", "fax"],
            "--channel: there is no channel 'fax'; there is chat, email, sms, staff, webhook",
        ),
    ],
)
def test_what_is_not_there_is_said_with_a_way_out(records: SmallHome, words: list[str], said: str) -> None:
    typed = records.type(*words)

    assert (typed.status, typed.err.strip()) == (1, said)


def test_a_time_that_is_none_is_said_with_its_option(records: SmallHome) -> None:
    typed = records.type("send", "welcome/tips", "--to", "everybody", "--at", "tomorrow")

    assert "Invalid value for --at: 'tomorrow' is not a time" in typed.err
