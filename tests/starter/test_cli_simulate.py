"""`simulate`: the contract's document, a page, messages as mail; and whatever may be wrong with what it is told."""

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.starter.small_home import ANN, FRIDAY, SmallHome


def rows(timeline: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["at"], row["step"], row["did"]) for row in timeline]


@pytest.mark.system
def test_a_simulation_is_the_document_of_the_contract(home: SmallHome) -> None:
    typed = home.type("simulate", "welcome", "--contact", home.json("ann", ANN), "--at", FRIDAY, "--json")

    assert (typed.status, typed.err) == (0, "")
    document = typed.document
    timeline = document.pop("timeline")
    assert re.fullmatch("sha256:[0-9a-f]{64}", document.pop("version"))
    assert document == {
        "sequence": "welcome",
        "entered_at": FRIDAY,
        "time_zone": "Europe/Berlin",
        "time_zone_from": "contact",
        "assumed": ["consent: product-news"],
        "end": {"at": "2026-04-01T07:00:00Z", "reason": "completed"},
    }
    assert timeline[0] == {
        "at": FRIDAY,
        "step": "hello",
        "kind": "send",
        "did": "sent",
        "template": "welcome/hello",
        "subject": "Hello & welcome",
        "why": [],
    }
    assert rows(timeline)[1:] == [
        ("2026-03-29T07:00:00Z", "wait-2", "waited"),  # 09:00 stays 09:00 though the clocks change that night
        ("2026-03-29T07:00:00Z", "tips", "sent"),
        ("2026-04-01T07:00:00Z", "wait_for-4", "timed_out"),
        ("2026-04-01T07:00:00Z", "nudge", "sent"),
    ]


@pytest.mark.system
def test_a_click_changes_what_follows(home: SmallHome) -> None:
    events = home.write(
        "events.yaml", "- {after: 3 days, event: clicked, of: tips, data: {url: 'https://a.example'}}\n"
    )

    typed = home.type(
        "simulate", "welcome", "--contact", home.json("ann", ANN), "--events", events, "--at", FRIDAY, "--json"
    )

    assert rows(typed.document["timeline"])[3:] == [
        ("2026-03-30T08:00:00Z", "wait_for-4", "matched"),
        ("2026-03-30T08:00:00Z", "wait_for-4.1.update-1", "updated"),
    ]


@pytest.mark.system
def test_a_pause_keeps_the_rest_of_a_wait_whether_it_is_resumed_or_has_an_end(home: SmallHome) -> None:
    pauses = (
        "- {after: 1 day, event: pause}\n- {after: 4 days, event: resume}\n",
        "- {after: 1 day, event: pause, until: 4 days}\n",
        '- {after: 1 day, event: pause, until: "2026-03-31T08:00:00Z"}\n',  # the clocks change in between
    )

    for number, events in enumerate(pauses):
        told = home.write(f"events-{number}.yaml", events)
        ann = home.json("ann", ANN)
        typed = home.type("simulate", "welcome", "--contact", ann, "--at", FRIDAY, "--events", told, "--json")

        assert typed.status == 0, typed.err
        assert typed.document["timeline"][1]["until"] == "2026-04-01T07:00:00Z"


def test_a_goal_ends_it_in_the_middle_of_a_wait(home: SmallHome) -> None:
    told = [{"event": "enter", "data": {"plan": "pro"}}, {"at": "2026-03-28T10:00:00Z", "event": "meeting_booked"}]

    typed = home.type(
        "simulate", "welcome", "--contact", home.json("ann", ANN), "--events", home.json("events", told),
        "--at", FRIDAY, "--json",
    )  # fmt: skip

    assert typed.document["end"]["reason"] == "converted"
    assert typed.document["end"]["at"] == "2026-03-28T10:00:00Z"


@pytest.mark.system
def test_until_a_span_it_waits_and_says_where(home: SmallHome) -> None:
    typed = home.type(
        "simulate", "welcome", "--contact", home.json("ann", ANN), "--at", FRIDAY, "--until", "1 day", "--json"
    )

    assert typed.document["end"] is None
    assert typed.document["waiting"]["step"] == "wait-2"


def test_a_contact_who_said_no_does_not_enter(home: SmallHome) -> None:
    contact = ANN | {"consents": {"product-news": "opted_out"}}

    typed = home.type("simulate", "welcome", "--contact", home.json("ann", contact), "--at", FRIDAY, "--json")

    assert typed.status == 0
    assert (typed.document["end"]["reason"], typed.document["timeline"]) == ("refused:consent", [])


@pytest.mark.system
def test_people_see_the_contacts_own_clock(home: SmallHome) -> None:
    typed = home.type("simulate", "welcome", "--contact", home.json("ann", ANN), "--at", FRIDAY)

    assert "clock: Europe/Berlin (from contact)" in typed.out
    assert "taken for granted: consent: product-news" in typed.out
    assert "Day 3 · Sunday 29 March 2026 · 2 days later\n  09:00 · waited" in typed.out
    assert re.search(r"^  10:00 ✉ sent “Hello & welcome” +hello$", typed.out, re.MULTILINE)
    assert "not taken: it happens → update score +20" in typed.out
    assert "\x1b" not in typed.out
    assert max(map(len, typed.out.splitlines())) <= 80


class Tags(HTMLParser):
    """What a page loads, and the texts of its frames."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.frames: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loaded += [f"{tag}: {given[name]}" for name in ("src", "href") if given.get(name)]
        if tag == "script":
            self.loaded.append("script")
        if tag == "iframe":
            assert given["sandbox"] == ""
            self.frames.append(str(given["srcdoc"]))


@pytest.mark.system
def test_out_holds_every_message_as_mail_and_a_page_that_loads_nothing(home: SmallHome) -> None:
    contact = ANN | {"first_name": "<script>Ann</script>"}
    out = home.folder / "out"
    home.write("out/07-older.eml", "of an earlier run")
    home.write("out/mine.txt", "kept")

    typed = home.type(
        "simulate", "welcome", "--contact", home.json("ann", contact), "--at", FRIDAY, "--out", out, "--json"
    )

    assert typed.document["end"]["reason"] == "completed"
    names = sorted(file.name for file in out.iterdir())
    assert names == ["01-hello.eml", "02-tips.eml", "03-nudge.eml", "mine.txt", "timeline.html"]
    mail = message_from_bytes((out / "02-tips.eml").read_bytes(), policy=policy.default)
    assert (mail["Subject"], mail["From"]) == ("A tip", "Acme <hello@acme.example>")
    assert mail["Date"] == "Sun, 29 Mar 2026 07:00:00 +0000"
    assert mail["List-Unsubscribe"] == "<https://example.invalid/u/preview>"
    plain = mail.get_body(["plain"])
    assert plain is not None
    assert "plan six hours" in plain.get_content()
    page = (out / "timeline.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.loaded == []
    assert len(tags.frames) == 3
    assert page.count('<g class="deliver walked">') == 3
    assert "Day 3 · Sunday 29 March 2026" in page


def test_two_problems_in_two_files_are_said_at_once(home: SmallHome) -> None:
    odd = "- {event: clicked, of: tpis, after: 3 dayz}\n- {event: clicked}\n- {of: tips}\n"
    events = home.write("events.yaml", odd)
    contact = home.json("ann", {"email": 7, "score": "many"})

    typed = home.type("simulate", "welcome", "--contact", contact, "--events", events, "--json")

    assert typed.status == 1
    whats = [(Path(each["path"]).name, each["line"], each["what"].split(";")[0]) for each in typed.document["problems"]]
    assert whats == [
        ("ann.json", 2, "'email' is 7"),
        ("ann.json", 3, "'score' is \"many\""),
        ("events.yaml", 1, "bad span '3 dayz'"),
        ("events.yaml", 1, "there is no step 'tpis'"),
        ("events.yaml", 2, "an event needs 'after: SPAN' (counted from entry) or 'at: TIME'"),
        ("events.yaml", 3, "this is no event"),
    ]


@pytest.mark.parametrize(
    ("contact", "what"),
    [
        ("{", "contact.json:1: this is not JSON ("),
        ("[]", "contact.json:1: a contact is an object; write "),
        ("[" * 100_000, "contact.json:1: this is not JSON ("),
        ('{"email": "a@b.example",\n "score": NaN}', "contact.json:2: NaN is no number that can be kept; leave"),
        ('{"email": "a@b.example",\n "email": "c@d.example"}', "contact.json:1: 'email' is written twice; "),
        ('{"consents": {"product-news": "yes"}}', "contact.json:1: consent to 'product-news' cannot be \"yes\"; it is"),
        ('{"created_at": "yesterday"}', "contact.json:1: 'created_at' is \"yesterday\"; write a time like"),
        ("\x00", "contact.json:1: there is a NUL byte; "),
    ],
)
def test_a_contact_that_is_none_is_said_with_its_line(home: SmallHome, contact: str, what: str) -> None:
    typed = home.type("simulate", "welcome", "--contact", home.write("contact.json", contact))

    assert typed.status == 1
    assert what in typed.err
    assert "Traceback" not in typed.err


@pytest.mark.parametrize(
    ("events", "what"),
    [
        ("{event: clicked}", "events.yaml:1: events are a list; write "),
        ("- [", "events.yaml:1: this is not YAML ("),
        ("- {event: clicked, after: 1 day, off: tips}", "there is no key 'off' here; did you mean 'of'?"),
        ("- {event: clicked, at: tomorrow}", "'tomorrow' is not a time; write it like 2026-03-27T09:00:00Z"),
        ("- {event: set, after: 1 day, data: 5}", "'data' is not keys and values; "),
        ("- {event: clicked, after: 1 day, until: 2 days}", "'until' belongs to a pause; delete it"),
        ("- {event: pause, after: 1 day, until: soon}", "'soon' is not a time; write it like 2026-03-27T09:00:00Z"),
    ],
)
def test_events_that_are_none_are_said_with_their_line(home: SmallHome, events: str, what: str) -> None:
    file = home.write("events.yaml", events)

    typed = home.type("simulate", "welcome", "--contact", home.json("ann", ANN), "--events", file)

    assert typed.status == 1
    assert what in typed.err


@pytest.mark.system
def test_what_is_only_odd_is_a_warning_and_goes_on(home: SmallHome) -> None:
    contact = home.json("ann", ANN | {"frist_name": "Ann", "time_zone": "Europe/Berln"})
    events = home.write("events.yaml", "- {event: clickd, after: 1 day}\n")

    typed = home.type("simulate", "welcome", "--contact", contact, "--events", events, "--at", FRIDAY, "--json")

    assert typed.status == 0
    assert typed.document["end"]["reason"] == "completed"
    assert "warning: a contact has no field 'frist_name'; did you mean 'first_name'?" in typed.err
    assert "warning: event 'clickd' is not declared in policies/events.yaml; did you mean 'clicked'?" in typed.err
    assert "warning: time_zone 'Europe/Berln' is not an IANA zone; treated as missing" in typed.err
    assert typed.document["time_zone_from"] == "sequence"


@pytest.mark.system
def test_an_undeclared_event_in_the_sequence_is_a_problem_in_check_and_a_warning_here(home: SmallHome) -> None:
    home.change("sequences/welcome.yaml", "event: trial_started", "event: trial_begun")

    assert home.type("check").status == 1
    typed = home.type("simulate", "welcome", "--contact", home.json("ann", ANN), "--at", FRIDAY, "--json")

    assert typed.status == 0
    assert "warning: event 'trial_begun' is not declared in policies/events.yaml" in typed.err


def test_a_sequence_that_is_not_there_is_said_with_the_nearest(home: SmallHome) -> None:
    typed = home.type("simulate", "welcom", "--contact", home.json("ann", ANN))

    assert typed.status == 1
    assert typed.err.endswith("did you mean 'welcome'?\n")


def test_a_broken_sequence_and_a_broken_template_it_sends_stop_a_simulation(home: SmallHome) -> None:
    home.change("templates/email/welcome/tips.html", "unsubscribe_url", "unsubscribe_ulr")

    assert home.type("simulate", "welcome", "--contact", home.json("ann", ANN)).status == 1

    home.change("templates/email/welcome/tips.html", "unsubscribe_ulr", "unsubscribe_url")
    home.write("sequences/other.yaml", "steps: [{sned: x}]\n")
    typed = home.type("simulate", "other", "--contact", home.json("ann", ANN))
    assert "sequences/other.yaml:1: there is no step kind 'sned'" in typed.err
