"""Publishing a home: what changed, what stays, and what nobody must lose."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from records.contacts import record_consent
from records.entries import enter
from records.models import Contact, Enrolment
from records.published import Published
from records.published_models import Bundle, Edition
from records.runs import wakes
from settings import Settings
from starter.publish import publish_home
from tests.starter.small_home import SmallHome

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)


def newest(home: SmallHome) -> dict[str, str]:
    with home.database() as database:
        files = select(Bundle.files).order_by(col(Bundle.published_at).desc()).limit(1)
        return dict(database.read_now(lambda session: session.exec(files).one()))


def editions(home: SmallHome) -> list[tuple[str, bool]]:
    with home.database() as database:
        rows = database.read_now(
            lambda session: session.exec(select(Edition).order_by(col(Edition.published_at))).all()
        )
        return [(row.sequence, row.retired_at is None) for row in rows]


def put_somebody_inside(home: SmallHome) -> None:
    def write(session: Session) -> Any:
        contact = Contact(id="c1", email="ann@acme.example", created_at=NOW, updated_at=NOW)
        session.add(contact)
        session.flush()
        published = Published()
        program = published.named(session, "welcome")
        assert program is not None
        record_consent(session, "c1", "product-news", "opted_in", NOW, basis="consent", source="test")
        return enter(session, published, program, contact, NOW)

    with home.database() as database:
        entry, enrolment = database.write_now(write)
    assert enrolment is not None, entry.why


def test_the_first_time_everything_is_published(records: SmallHome) -> None:
    (line,) = records.published

    assert line.startswith("published welcome sha256:")
    assert newest(records)["sequences/welcome.yaml"].startswith("description:")


def test_what_has_not_changed_is_not_published_again(records: SmallHome) -> None:
    assert publish_home(records.settings) == []
    assert editions(records) == [("welcome", True)]


def test_a_changed_sequence_gets_a_version_and_the_old_one_is_retired(records: SmallHome) -> None:
    records.change("sequences/welcome.yaml", "2 days", "4 days")

    (line,) = publish_home(records.settings)

    assert line.startswith("published welcome sha256:")
    assert editions(records) == [("welcome", False), ("welcome", True)]


EXTRA = "{% block subject %}More{% endblock %}{% block html %}<p>More.</p>{% endblock %}"


def test_templates_alone_make_a_new_bundle_and_no_version(records: SmallHome) -> None:
    records.change("templates/email/welcome/tips.html", "A tip", "Another tip")

    records.write("templates/email/welcome/extra.html", "---\nclass: service\n---\n" + EXTRA)

    assert publish_home(records.settings) == [
        "published templates/email/welcome/extra.html (new)",
        "published templates/email/welcome/tips.html (changed)",
    ]
    assert "Another tip" in newest(records)["templates/email/welcome/tips.html"]
    assert editions(records) == [("welcome", True)]


def test_a_changed_calendar_wakes_who_is_inside_a_sequence_that_hangs_on_it(records: SmallHome) -> None:
    office = 'calendars: {office: {zone: contact, hours: {mon-fri: ["09:00-17:00"]}}}\n'
    records.write("policies/calendars.yaml", office)
    records.change("sequences/welcome.yaml", "time_zone:", "window: office\ntime_zone:")
    publish_home(records.settings)
    put_somebody_inside(records)

    def carried(session: Session) -> None:
        session.exec(select(Enrolment)).one().wave = "seq/welcome/1"

    with records.database() as database:
        database.write_now(carried)
        records.change("policies/calendars.yaml", "17:00", "18:00")
        publish_home(records.settings)
        assert [wake.wave for wake in database.read_now(wakes)] == ["seq/welcome/1"]


def test_a_broken_sequence_stays_as_it_was_and_stops_no_other(records: SmallHome) -> None:
    records.change("sequences/welcome.yaml", "  - send: welcome/hello", "  - sned: welcome/hello")
    records.write("sequences/other.yaml", "topic: product-news\nsteps: [{send: welcome/nudge}]\n")

    lines = publish_home(records.settings)

    assert lines[0] == "sequences/welcome.yaml:9: there is no step kind 'sned'; did you mean 'send'?"
    assert lines[1].startswith("sequences/welcome.yaml: is not published; welcome stays as it was, sha256:")
    assert lines[2].startswith("published other sha256:")
    assert editions(records) == [("welcome", True), ("other", True)]
    assert "send: welcome/hello" in newest(records)["sequences/welcome.yaml"]


def test_a_sequence_that_cannot_be_read_is_not_taken_for_one_that_is_gone(records: SmallHome) -> None:
    records.write("sequences/welcome.yaml", b"\xff\xfe")

    publish_home(records.settings)

    assert editions(records) == [("welcome", True)]


def test_a_sequence_whose_file_is_gone_is_retired(records: SmallHome) -> None:
    records.write("sequences/other.yaml", "topic: product-news\nsteps: [{send: welcome/nudge}]\n")
    (records.folder / "sequences/welcome.yaml").unlink()

    lines = publish_home(records.settings)

    assert lines[1] == "retired welcome: its file is gone, nobody enters it any more"
    assert editions(records) == [("welcome", False), ("other", True)]


def test_a_broken_policy_keeps_its_last_text_and_nothing_else_suffers(records: SmallHome) -> None:
    records.change("policies/messaging.yaml", "senders:", "sendrs:")
    records.change("sequences/welcome.yaml", "2 days", "4 days")

    lines = publish_home(records.settings)

    assert lines[0].startswith("policies/messaging.yaml:2: there is no key 'sendrs' here; did you mean 'senders'?")
    assert lines[1] == "policies/messaging.yaml: is not published; its last text stays in force"
    assert lines[2].startswith("published welcome sha256:")
    assert len(lines) == 3
    assert "senders:" in newest(records)["policies/messaging.yaml"]


def test_a_broken_template_keeps_its_last_text(records: SmallHome) -> None:
    records.change("templates/email/welcome/tips.html", "{% endblock %}", "{% endblok %}")

    lines = publish_home(records.settings)

    assert lines[-1] == "templates/email/welcome/tips.html: is not published; its last text stays in force"
    assert "{% endblock %}" in newest(records)["templates/email/welcome/tips.html"]


def test_old_and_new_policies_that_do_not_fit_together_stay_old_together(records: SmallHome) -> None:
    night = "calendars: {night: {zone: contact, hours: {mon-sun: ['22:00-06:00']}}}\n"
    records.write("policies/calendars.yaml", night)
    quiet = "quiet: [{class: marketing, channel: email, calendar: night}]\n"
    records.write("policies/messaging.yaml", newest(records)["policies/messaging.yaml"] + quiet)
    assert publish_home(records.settings) == [
        "published policies/calendars.yaml (new)",
        "published policies/messaging.yaml (changed)",
    ]
    # The calendar is renamed, and the file that names it breaks at the same time.
    records.write("policies/calendars.yaml", night.replace("night", "dark"))
    records.change("policies/messaging.yaml", "topics:", "topicz:")

    publish_home(records.settings)

    assert "night" in newest(records)["policies/calendars.yaml"]
    assert "calendar: night" in newest(records)["policies/messaging.yaml"]


def test_a_new_file_with_a_mistake_is_left_out(home: SmallHome) -> None:
    home.write("policies/forms/demo.yaml", "feelds: {email: email}\n")

    home.with_records()

    assert home.published[-2] == "policies/forms/demo.yaml: is not published; correct it first"
    assert "policies/forms/demo.yaml" not in newest(home)
    assert editions(home) == [("welcome", True)]


def test_a_template_that_somebody_inside_still_gets_outlives_its_file(records: SmallHome) -> None:
    put_somebody_inside(records)
    records.change("sequences/welcome.yaml", "      - send: welcome/nudge", "      - exit: cold")
    (records.folder / "templates/email/welcome/nudge.html").unlink()

    lines = publish_home(records.settings)

    assert "templates/email/welcome/nudge.html: its file is gone" in lines[0]
    assert lines[1].endswith("(1 inside stay in the version they entered)")
    assert "templates/email/welcome/nudge.html" in newest(records)


def test_a_template_that_nobody_gets_any_more_goes_with_its_file(records: SmallHome) -> None:
    records.change("sequences/welcome.yaml", "      - send: welcome/nudge", "      - exit: cold")
    (records.folder / "templates/email/welcome/nudge.html").unlink()

    publish_home(records.settings)

    assert "templates/email/welcome/nudge.html" not in newest(records)


def test_an_empty_folder_retires_nobody(records: SmallHome) -> None:
    elsewhere = records.folder / "elsewhere"
    elsewhere.mkdir()

    lines = publish_home(Settings(home=elsewhere, database_url=records.settings.database_url))

    assert lines[-1] == "nothing to publish; what was published before stays"
    assert editions(records) == [("welcome", True)]


def test_publishing_an_earlier_text_again_makes_it_the_newest(records: SmallHome) -> None:
    records.change("templates/email/welcome/tips.html", "A tip", "Another tip")
    publish_home(records.settings)
    records.change("templates/email/welcome/tips.html", "Another tip", "A tip")
    publish_home(records.settings)

    assert "Another tip" not in newest(records)["templates/email/welcome/tips.html"]


DAYTIME = 'calendars: {daytime: {zone: contact, hours: {mon-sun: ["08:00-20:00"]}}}\n'
RENAMED = DAYTIME.replace("daytime", "by-day")


def test_a_policy_that_people_inside_still_go_by_is_not_taken_away(records: SmallHome) -> None:
    records.write("policies/calendars.yaml", DAYTIME)
    records.change("sequences/welcome.yaml", "topic: product-news", "topic: product-news\nwindow: daytime")
    publish_home(records.settings)
    put_somebody_inside(records)

    records.change("sequences/welcome.yaml", "\nwindow: daytime", "")
    records.write("policies/calendars.yaml", RENAMED)
    said = publish_home(records.settings)

    assert newest(records)["policies/calendars.yaml"] == DAYTIME
    assert (
        "policies/calendars.yaml:1: calendar 'daytime' is gone, and people inside welcome go by it; "
        "put it back until they are through, or end their runs" in said
    )


def test_when_nobody_is_inside_it_goes(records: SmallHome) -> None:
    records.write("policies/calendars.yaml", DAYTIME)
    publish_home(records.settings)

    records.write("policies/calendars.yaml", RENAMED)
    publish_home(records.settings)

    assert newest(records)["policies/calendars.yaml"] == RENAMED
