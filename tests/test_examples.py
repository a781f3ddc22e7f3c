"""The sequences, templates and policies that lie in this repository: they load, they render, they do what they say."""

from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from html.parser import HTMLParser
from typing import Any

import pytest

from domain.case_letters import TEMPLATES_OF_LETTERS
from domain.facts import Facts
from domain.letters import context, plan, plan_for_staff
from domain.loader import load
from domain.needs import Deliver, Notify
from domain.program import Program
from domain.simulation import Script, Scripted, simulate
from domain.story import Story
from rendering.email import Letter, build_email
from rendering.known import Known
from rendering.template import Library
from tests.home import LINKS, Pen, shipped

HOME = shipped()
LOADED = HOME.load()
CATALOGUE = HOME.catalogue
PEN = Pen(HOME.templates)
TEMPLATES = sorted(CATALOGUE.names("email"))

THURSDAY_NIGHT = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)  # 23:30 in Berlin and Stockholm
HOSTILE = "\r\nBcc: all@victim.example\r\n\r\n<script>alert(1)</script>{{ 7*7 }}\u202e\0" + "x" * 5_000

FULL: dict[str, Any] = {
    "email": "anna.bergstrom@fjallmat.example",
    "first_name": "Anna",
    "last_name": "Bergström",
    "company": "Fjällmat AB",
    "country": "SE",
    "language": "sv",
    "score": 45,
    "benches": 1200,
    "tags": ["trade-fair"],
}
MINIMAL: dict[str, Any] = {"email": "someone@joinery.example"}
EVIL: dict[str, Any] = {"email": "x@evil.example", "score": 0, "tags": [HOSTILE]} | dict.fromkeys(
    ("first_name", "last_name", "company", "country", "language", "time_zone", "stage"), HOSTILE
)
ANSWERS: dict[str, Any] = {"plan": "team", "order": "A-10482", "severity": 4, "message": "It broke."}
ANSWERS |= {"title": "Six hours", "place": "Workshop 2", "interest": "people", "size": "12"}
# What nobody enters without: the sequence asks for it at its door, or is started by it.
CERTAIN: dict[str, Any] = {"starts_at": "2026-05-12T07:00:00Z", "ends_on": "2026-05-18", "order_id": "o-2"}
CERTAIN |= {"total": 520, "number": 1042, "opened_at": "2026-03-02T09:00:00+00:00"}  # the last two of a case
DATES: dict[str, Any] = {"customer_since": "2024-02-29", "renewal_date": "2026-06-15"}
CONTACTS = {
    "full": (FULL | DATES, ANSWERS | CERTAIN),
    "minimal": (MINIMAL | DATES, CERTAIN),
    "hostile": (EVIL | DATES, CERTAIN | dict.fromkeys([*ANSWERS, "order_id"], HOSTILE)),
}


def facts(contact: dict[str, Any], run_event: dict[str, Any]) -> Facts:
    program = LOADED.programs["demo-welcome"]
    return Facts(THURSDAY_NIGHT, program, LOADED.policies, contact, THURSDAY_NIGHT, run_event=run_event)


def rendered(template: str, contact: dict[str, Any], run_event: dict[str, Any]) -> dict[str, str | None]:
    seen = facts(contact, run_event)
    names = context(plan(Deliver(template=template), seen, CATALOGUE), seen, LINKS)
    return PEN.write(template, contact.get("language"), names)


class Elements(HTMLParser):
    """Counts what an HTML part is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def of(self, tag: str, name: str) -> list[str]:
        return [value for each, attribute, value in self.attributes if (each, attribute) == (tag, name)]


def test_nothing_is_wrong_with_the_files_and_nothing_is_doubtful() -> None:
    known = Known.of(LOADED.policies.contact.fields)

    assert LOADED.problems == []
    assert Library(HOME.templates).problems(known) == []
    assert {"demo-answer", "demo-welcome"} <= set(LOADED.programs)


def test_the_policies_load_without_the_sequences_too_but_for_one_that_a_form_asks_for() -> None:
    asked_for = "sequences/confirm-newsletter.yaml"
    files = {path: text for path, text in HOME.files.items() if path == asked_for or path.startswith("policies/")}

    assert load(files, CATALOGUE).problems == []


def test_every_template_is_sent_by_a_sequence_or_a_case() -> None:
    steps = [step for program in LOADED.programs.values() for step in program.steps.values()]
    needs = [step.need() for step in steps]

    sent = {(need.channel, need.template) for need in needs if isinstance(need, Deliver)}
    sent |= {("email", name) for name in TEMPLATES_OF_LETTERS if name in TEMPLATES}  # those cases send
    assert sent == {(channel, name) for channel in ("email", "sms", "webhook") for name in CATALOGUE.names(channel)}
    assert {need.template for need in needs if isinstance(need, Notify)} == CATALOGUE.names("staff")


@pytest.mark.parametrize("who", CONTACTS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_written_for_everybody(template: str, who: str) -> None:
    parts = rendered(template, *CONTACTS[who])

    html, subject = parts["html"] or "", parts["subject"] or ""
    page = Elements(html)
    assert subject
    assert "\n" not in subject
    assert parts["preheader"]
    assert LOADED.policies.messaging.organisation.address in html
    assert "script" not in page.tags
    assert page.tags.count("html") == page.tags.count("body") == page.tags.count("title") == 1
    assert len(html) < 100_000
    raw = build_email(
        Letter(
            from_="Acme <hello@acme.example>",
            to=CONTACTS[who][0]["email"],
            to_name=CONTACTS[who][0].get("first_name", ""),
            subject=subject,
            html=html,
            text=parts["text"] or "",
            message_id="<one@acme.example>",
            date=THURSDAY_NIGHT,
        )
    )
    assert BytesHeaderParser().parsebytes(raw)["Bcc"] is None


@pytest.mark.parametrize("who", CONTACTS)
@pytest.mark.parametrize("template", sorted(CATALOGUE.names("staff")))
def test_every_message_to_staff_is_written_about_everybody(template: str, who: str) -> None:
    contact, run_event = CONTACTS[who]
    seen = facts(contact, run_event)
    names = context(plan_for_staff(Notify(team="sales", template=template), seen), seen, LINKS)

    parts = PEN.press.render("staff", template, None, names)

    assert parts["subject"]
    assert len(parts["subject"]) < 120
    assert contact["email"] in (parts["text"] or "")
    assert "script" not in Elements(parts["html"] or "").tags


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_message_can_be_read_by_everybody(template: str) -> None:
    page = Elements(rendered(template, *CONTACTS["full"])["html"] or "")

    assert page.of("html", "lang") == ["en"]
    assert "light dark" in page.of("meta", "content")
    assert set(page.of("table", "role")) == {"presentation"}
    assert page.tags.count("table") == len(page.of("table", "role"))
    assert not {"link", "iframe", "form"} & set(page.tags)
    assert all(source.startswith("files/") for source in page.of("img", "src")), "pictures travel with the message"
    assert page.tags.count("img") == len(page.of("img", "alt"))
    assert all(href.startswith("https://") for href in page.of("a", "href"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_marketing_shows_both_ways_out_in_both_parts(template: str) -> None:
    parts = rendered(template, *CONTACTS["full"])

    if CATALOGUE.class_of("email", template) == "marketing":
        for link in (LINKS["unsubscribe_url"], LINKS["preferences_url"]):
            assert link in (parts["html"] or "")
            assert link in (parts["text"] or "")


@pytest.mark.parametrize("language", ["de", "de-AT", "de_CH"])
def test_who_reads_german_is_greeted_in_german_down_to_the_footer(language: str) -> None:
    parts = rendered("welcome/hello", FULL | {"language": language}, ANSWERS)

    assert parts["locale"] == "de"
    assert parts["subject"] == "Ihre Demo von Acme Flow: Wann passt es Ihnen?"
    assert Elements(parts["html"] or "").of("html", "lang") == ["de"]
    assert not {"Unsubscribe", "Hello", "Pick a time"} & set((parts["text"] or "").split())
    assert "Abmelden" in (parts["text"] or "")


def test_free_text_of_strangers_is_not_sent_on() -> None:
    parts = rendered(
        "service/acknowledged", MINIMAL, ANSWERS | {"number": 1001, "order": "Buy now at evil.example " * 20}
    )

    assert not {"It broke.", "evil.example"} & set((parts["text"] or "").split())
    assert len(parts["subject"] or "") < 80


def told(name: str, contact: dict[str, Any], run_event: dict[str, Any], *events: Scripted) -> Story:
    script = Script(contact=contact, at=THURSDAY_NIGHT, run_event=run_event, events=events)
    return simulate(program(name), LOADED.policies, CATALOGUE, PEN, script)


def program(name: str) -> Program:
    return LOADED.programs[name]


def after(event: str, of: str | None = None, data: dict[str, Any] | None = None, **span: float) -> Scripted:
    return Scripted(THURSDAY_NIGHT + timedelta(**span), event, of, data or {})


def rows(story: Story) -> list[tuple[str, str, str]]:
    """Instant, step and what was done, of every line."""
    return [(row["at"], row["step"], row["did"]) for row in story.timeline]


def sent(story: Story) -> list[tuple[str, str]]:
    return [(at, step) for at, step, did in rows(story) if did == "sent"]


def reason(story: Story) -> str:
    assert story.end is not None
    return str(story.end["reason"])


def test_who_never_answers_is_let_go_after_two_weeks_and_a_half() -> None:
    story = told("demo-welcome", FULL, ANSWERS)

    assert rows(story) == [
        ("2026-03-05T22:30:00Z", "hello", "sent"),
        ("2026-03-07T08:00:00Z", "wait-2", "waited"),
        ("2026-03-07T08:00:00Z", "tips", "deferred"),  # a Saturday
        ("2026-03-09T08:00:00Z", "tips", "sent"),
        ("2026-03-12T08:00:00Z", "wait_for-4", "timed_out"),
        ("2026-03-12T08:00:00Z", "nudge", "sent"),
        ("2026-03-15T08:00:00Z", "wait-5", "waited"),
        ("2026-03-15T08:00:00Z", "branch-6", "took"),
        ("2026-03-15T08:00:00Z", "story", "deferred"),  # a Sunday
        ("2026-03-16T08:00:00Z", "story", "sent"),
        ("2026-03-20T08:00:00Z", "wait-7", "waited"),
        ("2026-03-20T08:00:00Z", "exit-8", "skipped"),
        ("2026-03-20T08:00:00Z", "last-note", "sent"),
        ("2026-03-23T08:00:00Z", "wait_for-10", "timed_out"),
        ("2026-03-23T08:00:00Z", "wait_for-10.2.update-1", "updated"),
    ]
    assert reason(story) == "exited:no-answer"


def test_a_click_spares_the_nudge_and_opens_the_next_step_at_once() -> None:
    story = told("demo-welcome", FULL | {"score": 58}, ANSWERS, after("clicked", of="tips", days=4))

    assert rows(story)[4:8] == [
        ("2026-03-09T22:30:00Z", "wait_for-4", "matched"),
        ("2026-03-09T22:30:00Z", "wait_for-4.1.update-1", "updated"),
        ("2026-03-12T08:00:00Z", "wait-5", "waited"),
        ("2026-03-12T08:00:00Z", "branch-6", "took"),
    ]
    assert "nudge" not in [step for _, step in sent(story)]
    # 58 points, of which those for the form fade, and the 10 for the click: over the 60 that ask for a meeting.
    assert ("2026-03-12T08:00:00Z", "meet") in sent(story)


@pytest.mark.parametrize(("country", "letter"), [("DE", "visit"), ("CH", "visit"), ("SE", "story"), (None, "story")])
def test_neighbours_are_invited_and_all_others_told_a_story(country: str | None, letter: str) -> None:
    story = told("demo-welcome", FULL | {"country": country}, ANSWERS)

    assert letter in [step for _, step in sent(story)]


def test_a_booked_meeting_ends_the_welcome_in_the_middle_of_a_wait() -> None:
    story = told("demo-welcome", FULL, ANSWERS, after("meeting_booked", days=5))

    assert reason(story) == "converted"
    assert story.end is not None
    assert story.end["at"] == "2026-03-10T22:30:00Z"


@pytest.mark.parametrize(
    ("happening", "end"),
    [
        (after("trial_cancelled", days=1), "exited:trial_cancelled"),
        (after("set", data={"stage": "customer"}, days=1), "exited:condition"),
        (after("unsubscribed", data={"topic": "product-news"}, days=1), "unsubscribed"),
    ],
)
def test_the_welcome_stops_for_those_it_is_not_for_any_more(happening: Scripted, end: str) -> None:
    story = told("demo-welcome", FULL, ANSWERS, happening)

    assert sent(story) == [("2026-03-05T22:30:00Z", "hello")]
    assert reason(story) == end


def test_whoever_has_a_person_of_ours_hears_the_last_word_from_that_person() -> None:
    story = told("demo-welcome", FULL | {"owner": "mira@acme.example"}, ANSWERS)

    assert reason(story) == "exited:in-good-hands"


def test_without_consent_the_welcome_is_not_entered_and_the_bare_answer_is() -> None:
    silent = FULL | {"consents": {"product-news": "opted_out"}}

    assert reason(told("demo-welcome", silent, ANSWERS)) == "refused:consent"
    assert sent(told("demo-answer", silent, ANSWERS)) == [("2026-03-05T22:30:00Z", "answer")]


def test_with_consent_the_bare_answer_is_not_entered() -> None:
    willing = FULL | {"consents": {"product-news": "opted_in"}}

    assert reason(told("demo-answer", willing, ANSWERS)) == "refused:when"


def test_the_welcome_stands_still_while_a_complaint_is_made_good() -> None:
    case = {"case": "1001"}
    opened, released = after("case_opened", data=case, days=1), after("case_released", data=case, days=11)

    undisturbed = told("demo-welcome", FULL, ANSWERS)
    story = told("demo-welcome", FULL, ANSWERS, opened, released)

    assert [step for _, step in sent(story)] == [step for _, step in sent(undisturbed)]
    later = sent(story)[1:]
    assert all(at > released.at.isoformat() for at, _ in later)
    assert len(later) > 1


def test_a_complaint_starts_no_sequence_and_opens_a_case() -> None:
    policy = LOADED.policies.recovery

    assert policy is not None
    assert {rule.on for rule in policy.open.values()} >= {"form_submitted", "survey_answered"}
    assert not [name for name, program in LOADED.programs.items() if "complaint" in str(program.enter)]
