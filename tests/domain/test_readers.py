"""People and machines told apart, by one request and by several."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entry import is_of
from domain.facts import Event
from domain.program import Trigger
from domain.readers import AROUND_A_TRAP, MANY_LINKS, TOGETHER, Click, Glance, machines_among, who_clicked, who_opened
from tests.domain.kit import MONDAY, facts, program

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
CUBOT = "Mozilla/5.0 (Linux; Android 12; CUBOT_X50) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"


def glance(agent: str = FIREFOX, headers: Mapping[str, str] | None = None, hours: float = 1) -> Glance:
    return Glance({"user-agent": agent, "accept-language": "de", **(headers or {})}, timedelta(hours=hours))


@pytest.mark.parametrize("agent", [FIREFOX, IPHONE, CUBOT])
def test_a_browser_is_a_person_s(agent: str) -> None:
    assert who_clicked(glance(agent)).by == "human"


@pytest.mark.parametrize(
    "agent",
    [
        "", " ", "curl/8.5.0", "python-requests/2.32", "Go-http-client/1.1", "Java/17.0.1", "Wget/1.21",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
        "BarracudaSentinel (EE)", "Mozilla/5.0 (compatible; proofpoint)", "WhatsApp/2.23.20.0",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    ],
)  # fmt: skip
def test_what_says_that_it_is_a_program_is_a_machine(agent: str) -> None:
    assert who_clicked(glance(agent)).by == "machine"
    assert who_opened(glance(agent)).by == "machine"


@pytest.mark.parametrize(
    ("header", "value"), [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
)
def test_what_is_loaded_in_advance_was_opened_by_nobody(header: str, value: str) -> None:
    assert who_clicked(glance(headers={header: value})).by == "machine"


@pytest.mark.parametrize(("seconds", "by"), [(-1, "machine"), (0, "machine"), (2.9, "machine"), (3, "human")])
def test_nobody_clicks_before_the_message_can_be_read(seconds: float, by: str) -> None:
    assert who_clicked(glance(hours=seconds / 3600)).by == by


@pytest.mark.parametrize("headers", [{"user-agent": "AcmeMail 1.0"}, {"accept-language": ""}])
def test_what_is_doubtful_is_unknown_and_says_why(headers: dict[str, str]) -> None:
    reader = who_clicked(glance(headers=headers))

    assert (reader.by, bool(reader.why)) == ("unknown", True)


@pytest.mark.parametrize(
    ("agent", "by"),
    [
        ("Mozilla/5.0", "machine"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "unknown"),
        ("YahooMailProxy; https://help.yahoo.com/", "unknown"),
        (FIREFOX, "human"),
    ],
)
def test_pictures_are_loaded_by_proxies_too(agent: str, by: str) -> None:
    assert who_opened(glance(agent)).by == by


def clicks(*seconds: float) -> list[Click]:
    return [Click(number, NOON + timedelta(seconds=each), f"link {number}") for number, each in enumerate(seconds)]


@pytest.mark.parametrize(
    ("seconds", "machines"),
    [
        ((0, 1), set()),
        ((0, 1, 2), {0, 1, 2}),
        ((0, 1, 2.1), set()),
        ((0, 1.5, 3, 3.4), {1, 2, 3}),
        ((0, 1, 2, 3600), {0, 1, 2}),
    ],
)
def test_three_links_within_two_seconds_are_a_machine_s_the_first_of_them_too(
    seconds: tuple[float, ...], machines: set[int]
) -> None:
    assert set(machines_among(clicks(*seconds))) == machines
    assert set(machines_among(clicks(*seconds)[::-1])) == machines, "in whatever order they are told"


MOMENTS = st.tuples(st.integers(0, 12), st.sampled_from("abcd"), st.booleans())


@given(st.lists(MOMENTS, max_size=12))
def test_what_clicks_show_together_hangs_on_nothing_but_their_times_links_and_traps(told: list[Any]) -> None:
    made = [
        Click(n, NOON + timedelta(seconds=at / 2), link, trap and at > 10) for n, (at, link, trap) in enumerate(told)
    ]
    bursts = [[each for each in made if first.at <= each.at <= first.at + TOGETHER] for first in made]
    machines = {each.id for burst in bursts if len({one.link for one in burst}) >= MANY_LINKS for each in burst}
    traps = [each.at for each in made if each.trap]
    machines |= {each.id for each in made if any(abs(each.at - at) <= AROUND_A_TRAP for at in traps)}

    assert set(machines_among(made)) == machines


def test_who_clicks_ten_thousand_times_keeps_nobody_busy() -> None:
    began = time.process_time()
    made = [Click(n, NOON + timedelta(milliseconds=n), str(n % 5), trap=n % 2 == 0) for n in range(10_000)]

    assert len(machines_among(made)) == 10_000
    assert time.process_time() - began < 1


def test_one_link_clicked_again_and_again_is_a_person_without_patience() -> None:
    same = [Click(number, NOON + timedelta(seconds=number / 10), "tips") for number in range(9)]

    assert machines_among(same) == {}


def test_the_link_that_nobody_sees_gives_away_what_is_opened_about_then() -> None:
    before, trap, after, later = clicks(0, 30, 89, 91)
    trap = Click(trap.id, trap.at, "0", trap=True)

    assert set(machines_among([before, trap, after, later])) == {before.id, trap.id, after.id}


@pytest.mark.parametrize("by", ["machine", "unknown"])
def test_what_no_person_did_moves_nobody(by: str) -> None:
    def told(data: dict[str, Any]) -> Event:
        return Event(1, "clicked", MONDAY, data, enrolment="", step="tips")

    trigger = Trigger(event="clicked")
    for data, counts in (({"by": by}, False), ({}, True), ({"by": "human"}, True)):
        seen = facts(program("steps: []"), events=[told(data)])
        assert is_of(trigger, told(data)) is counts
        assert seen.did("clicked", None) is counts
        assert seen.count("clicked", 30) == counts
