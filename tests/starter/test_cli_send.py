"""`send` and `broadcast …`: what is typed, what is refused with which remedy, what is foreseen and written."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from domain.policies import Policies, Segment, SegmentsPolicy
from records.audience import page_of, take_down
from records.broadcast_models import Broadcast
from records.broadcasts import held
from records.contacts import find_or_make
from records.facts import read_contacts
from records.hold_models import Pause
from records.letting_in import let_in
from records.models import Contact, Decision, Enrolment, Message
from records.published import Published
from records.segments import segments_of
from starter.publish import publish_home
from tests.starter.leads import SEND, rows
from tests.starter.small_home import SmallHome

pytestmark = pytest.mark.timeout(120)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_without_yes_it_says_what_it_would_do_and_does_nothing(leads: SmallHome) -> None:
    typed = leads.type(*SEND, "--name", "march", "--rate", "60 per hour")

    assert typed.status == 0
    assert typed.out.splitlines() == [
        "welcome/hello (marketing, product-news) to leads: begins now",
        "3 contacts are in the segment now; 2 would be let in",
        "  1 would be refused: consent",
        "2 messages could go at once",
        "at 60 per hour everybody is let in within 0:02:00",
        "nothing was sent; give --yes to send it",
    ]
    assert rows(leads, Broadcast) == []


def test_the_forecast_for_programs(leads: SmallHome) -> None:
    document = leads.type(*SEND, "--json").document

    assert document["made"] is False
    assert document["forecast"] == {
        "audience": 3,
        "would_enter": 2,
        "refused": {"consent": 1},
        "messages": {"go": 2, "later": {}, "no": {}},
    }


def test_with_yes_a_row_and_a_program_are_written_and_a_worker_is_asked_to_look(leads: SmallHome) -> None:
    typed = leads.type(*SEND, "--name", "march", "--at", "2126-03-27T09:00:00Z", "--yes", "--json")

    assert (typed.status, typed.document["made"], typed.document["called"]) == (0, True, False)
    (row,) = rows(leads, Broadcast)
    assert (row.name, row.sequence, row.state, row.class_) == ("march", "broadcast-march", "scheduled", "marketing")
    assert row.asked_at is not None
    with leads.database() as database:
        assert database.read_now(lambda session: Published().program(session, row.version)).topic == "product-news"


def test_on_their_own_clock_it_begins_when_the_hour_comes_to_the_easternmost(leads: SmallHome) -> None:
    leads.type(*SEND, "--name", "march", "--at", "2126-03-27T09:00", "--own-clock", "--yes")

    (row,) = rows(leads, Broadcast)
    assert row.begins_at.isoformat() == "2126-03-26T19:00:00+00:00"
    with leads.database() as database:
        program = database.read_now(lambda session: Published().program(session, row.version))
    assert [step.kind for step in program.steps.values()] == ["wait", "send"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("send", "welcome/helo", "--to", "leads"), "'welcome/helo' is not published; did you mean 'welcome/hello'?"),
        (("send", "welcome/hello", "--to", "leeds"), "segments.yaml; did you mean 'leads'?"),
        (("send", "welcome/hello", "--to", "leads"), "welcome/hello: is marketing and has no topic; give --topic"),
        ((*SEND[:-1], "news"), "--topic: 'news' is not in policies/messaging.yaml"),
        ((*SEND, "--at", "2020-01-01T00:00:00Z"), "--at: 2020-01-01 00:00 is over"),
        ((*SEND, "--rate", "fast"), "--rate: 'fast' is no rate"),
        ((*SEND, "--own-clock"), "--own-clock: says on whose clock --at is"),
        ((*SEND, "--ab", "welcome/hello"), "--ab: welcome/hello is the same message"),
        ((*SEND, "--ab", "shop/receipt"), "--ab: shop/receipt is service and welcome/hello is marketing"),
        ((*SEND, "--ab", "welcome/tips", "--winner", "conversions"), "give --goal EVENT"),
        ((*SEND, "--ab", "welcome/tips", "--share", "0%"), "--share: '0%' is no share"),
        ((*SEND, "--ab", "welcome/tips", "--after", "2 business days"), "'2 business days' has no fixed length"),
        ((*SEND, "--share", "10%"), "--share: is about two messages that are compared; give --ab TEMPLATE"),
        ((*SEND, "--after", "1 day"), "--after: is about two messages that are compared; give --ab TEMPLATE"),
        ((*SEND, "--winner", "clicks"), "--winner: is about two messages that are compared; give --ab TEMPLATE"),
        ((*SEND, "--goal", "bought"), "--goal: event 'bought' is not declared in policies/events.yaml"),
        ((*SEND, "--name", "March!"), "--name: 'March!' cannot be the name of a broadcast"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_a_remedy(leads: SmallHome, typed: tuple[str, ...], said: str) -> None:
    refused = leads.type(*typed)

    assert refused.status == 1
    assert said in refused.err
    assert rows(leads, Broadcast) == []


def test_a_name_is_given_once_and_a_broadcast_without_one_gets_its_own(leads: SmallHome) -> None:
    leads.type(*SEND, "--name", "march", "--yes")
    assert "there is a broadcast 'march' already" in leads.type(*SEND, "--name", "march", "--yes").err

    for _ in range(2):
        leads.type(*SEND, "--yes")
    names = sorted(row.name for row in rows(leads, Broadcast))
    assert len(set(names)) == 3
    assert names[0].startswith("hello-")


def test_a_test_goes_to_one_address_without_consent_and_in_no_broadcast(leads: SmallHome) -> None:
    typed = leads.type("send", "welcome/hello", "--test", "mira.stone@acme.example", "--ab", "welcome/tips", "--json")

    assert typed.document["templates"] == ["welcome/hello", "welcome/tips"]
    assert rows(leads, Broadcast) == []
    runs = rows(leads, Enrolment)
    assert [run.sequence for run in runs] == ["broadcast-test-welcome-hello", "broadcast-test-welcome-tips"]
    with leads.database() as database:
        assert database.read_now(lambda session: Published().program(session, runs[0].version)).trial
    (mira,) = [row for row in rows(leads, Contact) if row.email == "mira.stone@acme.example"]
    assert (mira.first_name, mira.last_name, mira.source) == ("Mira", "Stone", "send --test")
    assert leads.type("send", "welcome/hello", "--test", "mira.stone@acme.example").status == 0, "as often as one likes"


def test_who_only_got_a_test_is_in_no_audience_until_they_come_in_by_another_door(leads: SmallHome) -> None:
    leads.type("send", "welcome/hello", "--test", "mira.stone@acme.example")
    policies = Policies(segments=SegmentsPolicy(segments={"everybody": Segment(when="true")}))

    def inside(session: Session) -> bool:
        mira = session.exec(select(Contact).where(Contact.email == "mira.stone@acme.example")).one()
        return "everybody" in segments_of(read_contacts(session, [mira.id]), mira, policies, NOON)

    with leads.database() as database:
        assert not database.read_now(inside)
        fields = {"email": "mira.stone@acme.example"}
        database.write_now(lambda session: find_or_make(session, fields, "form newsletter", NOON))
        assert database.read_now(inside)


@pytest.mark.parametrize("name", ["crm/customer", "webhook/crm/customer"])
def test_a_webhook_is_sent_by_a_sequence_not_to_an_audience(leads: SmallHome, name: str) -> None:
    policies = (leads.folder / "policies/messaging.yaml").read_text(encoding="utf-8")
    leads.write("policies/messaging.yaml", f"{policies}\nwebhooks: {{crm: {{url: 'https://crm.acme.example/in'}}}}\n")
    leads.write("templates/webhook/crm/customer.json", "---\nclass: service\nendpoint: crm\n---\n{}\n")
    publish_home(leads.settings)

    said = leads.type("send", name, "--to", "leads")
    assert said.status == 1
    assert f"{name}: is a webhook, and a broadcast writes to people; send it in a sequence" in said.err


def test_a_test_needs_an_address(leads: SmallHome) -> None:
    assert "is no e-mail address" in leads.type("send", "welcome/hello", "--test", "nobody").err


def test_nobody_to_send_to_is_a_mistake_in_typing(leads: SmallHome) -> None:
    assert leads.type("send", "welcome/hello").status == 2
    assert leads.type(*SEND, "--winner", "luck").status == 2
    assert leads.type(*SEND, "--own-clock", "--at", "2126-03-27T09:00:00Z").status == 2


# --- while it runs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def march(leads: SmallHome) -> SmallHome:
    leads.type(*SEND, "--name", "march", "--at", "2126-03-27T09:00:00Z", "--yes")
    return leads


def test_it_is_shown_and_listed(march: SmallHome) -> None:
    assert march.type("broadcast", "show", "march").out.splitlines() == [
        "march: welcome/hello to leads, scheduled",
        "the audience is taken down when it begins, at 2126-03-27 09:00 UTC",
    ]
    (listed,) = march.type("broadcast", "list", "--json").document["broadcasts"]
    assert (listed["name"], listed["state"], listed["audience"]) == ("march", "scheduled", 0)
    assert "march" in march.type("broadcast", "list").out


def test_pausing_is_the_pause_of_its_sequence(march: SmallHome) -> None:
    paused = march.type("broadcast", "pause", "march", "--reason", "wrong price", "--json")

    assert (paused.document["state"], paused.document["phase"]) == ("paused", "scheduled")
    (row,) = rows(march, Pause)
    assert (row.sequence, row.contact_id, row.reason) == ("broadcast-march", None, "wrong price")
    assert march.type("broadcast", "resume", "march", "--json").document["state"] == "scheduled"
    assert "is not paused" in march.type("broadcast", "resume", "march").err


def test_it_gets_another_rate_or_none(march: SmallHome) -> None:
    assert march.type("broadcast", "rate", "march", "500 per hour", "--json").document["rate"] == "500 per hour"
    assert march.type("broadcast", "rate", "march", "none", "--json").document["rate"] is None
    assert "RATE: 'fast' is no rate" in march.type("broadcast", "rate", "march", "fast").err


def test_stopped_it_cannot_be_changed_any_more(march: SmallHome) -> None:
    stopped = march.type("broadcast", "stop", "march", "--reason", "wrong price", "--json").document

    assert (stopped["state"], stopped["stop_reason"]) == ("stopping", "wrong price")
    assert "nothing can be changed any more" in march.type("broadcast", "rate", "march", "none").err


def test_an_unknown_broadcast_is_said_with_what_was_meant(march: SmallHome) -> None:
    assert "there is no broadcast 'marsh'; did you mean 'march'?" in march.type("broadcast", "show", "marsh").err


def test_whoever_was_let_in_or_refused_reads_it_in_their_timeline_and_reports_count_it(march: SmallHome) -> None:
    (row,) = rows(march, Broadcast)
    published, now = Published(), row.created_at

    def goes_on(session: Session) -> None:
        live = held(session, row.id)
        assert live is not None
        live.state, live.taken_at = "snapshotting", now
        for _ in range(2):  # a page with everybody, and the one that finds nobody
            take_down(session, live.id, live.reached, page_of(session, published, "leads", live.reached, now))
        let_in(session, published, live, now)

    with march.database() as database:
        database.write_now(goes_on)

    shown = march.type("broadcast", "show", "march").out
    assert "3 contacts in the audience" in shown
    assert "2 were let in" in shown
    assert "1 was refused" in shown
    with march.database() as database:
        database.write_now(lambda session: skip_all(session, "duplicate"))
    assert "1 message skipped\n    1 because of: duplicate\n" in march.type("broadcast", "show", "march").out
    assert "broadcast-march" in march.type("contact", "show", "eve@acme.example").out
    figures = march.type("report", "sequence", "broadcast-march", "--json")
    assert figures.status == 0, figures.err
    assert march.type("versions", "broadcast-march").status == 0


def skip_all(session: Session, reason: str) -> None:
    """Put a row of the ledger there for the first of those who were let in, as the gate does for what it refuses."""
    run = session.exec(select(Enrolment).where(Enrolment.sequence == "broadcast-march")).first()
    assert run is not None
    session.add(
        Message(
            id="m1", send_key="k1", contact_id=run.contact_id, enrolment_id=run.id, sequence=run.sequence,
            step="message", template="welcome/hello", channel="email", bundle="sha256:b", class_="marketing",
            state="skipped", reason=reason, message_id="<m1@x>", skipped_at=run.entered_at,
        )
    )  # fmt: skip


def test_a_text_that_a_broadcast_will_send_stays_published(march: SmallHome) -> None:
    (march.settings.home / "templates/email/welcome/hello.html").unlink()
    (march.settings.home / "sequences/welcome.yaml").unlink()
    publish_home(march.settings)

    def published(session: Session) -> bool:
        reader = Published()
        return "templates/email/welcome/hello.html" in reader.files(session, reader.bundle(session) or "")

    with march.database() as database:
        assert database.read_now(published)


def test_everything_decided_at_the_door_of_a_test_is_in_the_timeline(leads: SmallHome) -> None:
    leads.type("send", "welcome/hello", "--test", "ann@acme.example")

    (row,) = [each for each in rows(leads, Decision) if each.kind == "entry"]
    assert (row.did, row.why) == ("entered", ["a test, by hand"])
    assert leads.type("contact", "show", "ann@acme.example").status == 0
