"""Where links lead: what is counted, what is left alone, and what is added to an address."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.keys import TRAP, ledger_id, link_id, link_token, mail_token, open_token, read_link_token, read_open_token
from domain.tracking import LinkPolicy, Tracking, Utm, with_parameters

HOSTS = frozenset({"acme.example", "shop.acme.example", "xn--mnchen-3ya.example"})
UTM = Utm(source="rapport", medium="email", campaign="{sequence}", content="{step}")
NAMES = {"sequence": "trial welcome", "step": "tips", "template": "a/b", "topic": ""}


def policy(**tracking: object) -> LinkPolicy:
    return LinkPolicy(Tracking.model_validate(tracking), HOSTS, "https://go.acme.example", NAMES)


def address(url: str, **tracking: object) -> str | None:
    target = policy(**tracking).target(url)
    return target.address if target else None


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://acme.example/x", "https://acme.example/x"),
        (" https://acme.example/x\n", "https://acme.example/x"),
        ("https://acme.example/\tx", "https://acme.example/x"),
        ("HTTPS://ACME.example/x?y=%FF#z", "HTTPS://ACME.example/x?y=%FF#z"),
        ("https://münchen.example/ä?ö=ü#ß", "https://xn--mnchen-3ya.example/%C3%A4?%C3%B6=%C3%BC#%C3%9F"),
        ("http://acme.example:8080/", "http://acme.example:8080/"),
    ],
)
def test_an_address_of_an_author_s_is_led_to(url: str, leads_to: str) -> None:
    assert address(url) == leads_to


@pytest.mark.parametrize(
    "url",
    [
        "", "#top", "/x", "mailto:x@acme.example", "tel:+49", "//acme.example/x", "\\\\acme.example",
        "https:acme.example", "https:///acme.example", "https://", "https://?x", "javascript:alert(1)//https://acme.example",
        "data:text/html,x",
        "https://evil.example/", "https://acme.example.evil.example/", "https://evil-acme.example/",
        "https://acme.example@evil.example/", "https://evil.example\\@acme.example/", "https://acme.example\\.evil.example",
        "https://acme.example:x/", "https://acme.example:0/", "https://acme.example /x", "ftp://acme.example/",
        f"https://acme.example/{'x' * 2000}",
    ],
)  # fmt: skip
def test_what_is_doubtful_or_no_author_s_is_left_as_it_is(url: str) -> None:
    assert address(url) is None


@pytest.mark.parametrize("way", ["/u/t", "/p/t", "/c/t", "/l/t", "/q/t"])
def test_our_own_ways_out_are_never_counted(way: str) -> None:
    ours = LinkPolicy(Tracking(), HOSTS, "https://acme.example", NAMES)

    assert ours.target(f"https://acme.example{way}") is None
    assert ours.target("https://acme.example/f/demo-request") is None, "one letter is ours"
    assert ours.target("https://acme.example/tips/t") is not None


def test_a_host_that_came_with_data_is_led_to_where_the_policy_allows_it() -> None:
    assert address("https://lena.boards.example/", domains=["boards.example"]) == "https://lena.boards.example/"
    assert address("https://myboards.example/", domains=["boards.example"]) is None


@pytest.mark.parametrize(
    ("said", "classes"),
    [
        ({}, {"marketing"}),
        ({"clicks": True}, {"marketing", "service"}),
        ({"clicks": False}, set()),
        ({"clicks": ["transactional"]}, {"transactional"}),
    ],
)
def test_which_classes_are_counted(said: dict[str, object], classes: set[str]) -> None:
    tracking = Tracking.model_validate(said)

    assert {each for each in ("marketing", "service", "transactional") if tracking.counts_clicks(each)} == classes
    assert not any(tracking.counts_opens(each) for each in ("marketing", "service", "transactional"))


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://acme.example", "https://acme.example?S&utm_content=tips"),
        ("https://acme.example/a?q=1", "https://acme.example/a?q=1&S&utm_content=tips"),
        ("https://acme.example/a?utm_content=mine#x?y", "https://acme.example/a?utm_content=mine&S#x?y"),
        ("https://acme.example/a?UTM_Content=#/route", "https://acme.example/a?UTM_Content=&S#/route"),
        ("https://acme.example/a?b=%FF&c=+&d", "https://acme.example/a?b=%FF&c=+&d&S&utm_content=tips"),
    ],
)
def test_utm_is_added_behind_what_is_there(url: str, leads_to: str) -> None:
    added = "utm_source=rapport&utm_medium=email&utm_campaign=trial%20welcome"

    assert address(url, utm=UTM) == leads_to.replace("S", added, 1)


def test_utm_goes_to_its_domains_only() -> None:
    utm = {"source": "rapport", "domains": ["shop.acme.example"]}

    assert address("https://acme.example/", utm=utm) == "https://acme.example/"
    assert address("https://shop.acme.example/", utm=utm) == "https://shop.acme.example/?utm_source=rapport"


@pytest.mark.parametrize("utm", [{"source": "{contact}"}, {"source": "{}"}, {"domains": ["https://acme.example/"]}])
def test_what_utm_cannot_take_is_refused(utm: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Utm.model_validate(utm)


TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=12)


@given(path=TEXTS, query=TEXTS, fragment=TEXTS, value=st.text(max_size=8))
def test_whatever_an_address_holds_stays(path: str, query: str, fragment: str, value: str) -> None:
    path, query = path.replace("#", "").replace("?", ""), query.replace("#", "")
    url = f"https://acme.example/{path}?{query}#{fragment}"
    after = with_parameters(url, {"utm_x": value.encode(errors="ignore").decode()})

    assert after.startswith(f"https://acme.example/{path}?{query}")
    assert after.endswith(f"#{fragment}")
    assert with_parameters(after, {"utm_x": "another"}) == after
    if "utm_x" not in query.lower():
        assert ("utm_x", value.encode(errors="ignore").decode()) in parse_qsl(urlsplit(after).query, True)


MESSAGE, LINK = ledger_id("e1/hello/1"), link_id("https://acme.example/")


def test_a_token_is_read_as_what_it_was_made_for_alone() -> None:
    token, picture = link_token(MESSAGE, LINK, "s"), open_token(MESSAGE, "s")

    assert len(token) == 48
    assert read_link_token(token, ["new", "s"]) == (MESSAGE, LINK)
    assert read_link_token(link_token(MESSAGE, TRAP, "s"), ["s"]) == (MESSAGE, TRAP)
    assert read_open_token(picture, ["s"]) == MESSAGE
    for other in (token, mail_token(MESSAGE, "s"), picture + picture):
        assert read_open_token(other, ["s"]) is None
    for other in (picture, mail_token(MESSAGE, "s"), picture + picture[:16]):
        assert read_link_token(other, ["s"]) is None
    assert read_link_token(token, ["another"]) is None


@given(st.integers(0, 47), st.characters(codec="utf-8"))
def test_a_token_with_any_other_letter_is_none(place: int, letter: str) -> None:
    token = link_token(MESSAGE, LINK, "s")
    other = token[:place] + letter + token[place + 1 :]

    assert other == token or read_link_token(other, ["s"]) is None
    assert read_link_token(token[:place], ["s"]) is None


def test_a_link_is_named_by_all_that_it_is() -> None:
    assert link_id("a", "bc") != link_id("ab", "c")
    assert link_id("a", "b") == link_id("a", "b")
