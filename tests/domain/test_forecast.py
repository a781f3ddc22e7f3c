"""A forecast counts what many stories have in common: messages by day and hour, ends, refusals, what is put off."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.forecast import Forecast, Outline, in_days, outline, per_hour_of_day
from domain.script import Script
from domain.simulation import simulate
from tests.domain.kit import ADA, MONDAY, POLICIES, TEMPLATES, compose, lived, policies, program

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
DAY = timedelta(days=1)


def forecast_of(*stories: Outline) -> Forecast:
    forecast = Forecast()
    for each in stories:
        forecast.add(each)
    return forecast


def test_messages_are_counted_by_day_and_hour_of_the_zone_asked_for() -> None:
    forecast = forecast_of(outline(lived("steps: [{send: welcome/hello}, {wait: 14 hours}, {send: shop/receipt}]")))

    assert forecast.per_day(BERLIN) == {"2026-03-02": 1, "2026-03-03": 1}
    assert [hour.isoformat() for hour in forecast.per_hour(BERLIN)] == [
        "2026-03-02T10:00:00+01:00", "2026-03-03T00:00:00+01:00",
    ]  # fmt: skip
    assert [hour.hour for hour in forecast.per_hour(KOLKATA)] == [14, 4]  # half an hour off: 14:30, 04:30
    assert list(per_hour_of_day(forecast.per_hour(BERLIN)))[:11] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_ends_waits_and_refusals_are_told_apart() -> None:
    text = "exit: {when: contact.stage == 'customer'}\nsteps: [{wait: 3 days}, {send: welcome/hello}, {exit: met}]"

    forecast = forecast_of(
        outline(lived(text)),
        outline(lived(text, until=MONDAY + DAY)),
        outline(lived(text, stage="customer")),
        outline(lived(text, consents={"product-news": "opted_out"})),
    )

    assert (forecast.contacts, forecast.entered) == (4, 2)
    assert (forecast.ends, forecast.waiting) == ({"exited:met": 1}, {"wait-1": 1})
    assert forecast.refused == {"exit": 1, "consent": 1}
    assert forecast.because == {
        "exit: contact.stage == 'customer' is true": 1,
        "consent: product-news is opted_out": 1,
    }


def test_who_is_counted_many_times_is_worth_as_much_as_many() -> None:
    story = outline(lived("steps: [{send: welcome/hello}, {wait: 3 days}]"))
    once_each, at_once = forecast_of(story, story, story), Forecast()
    at_once.add(story, times=3)

    assert at_once == once_each


def test_a_frequency_cap_is_counted_and_so_is_what_it_kept_from_being_sent() -> None:
    cap = "caps: [{class: marketing, channel: email, most: 1, in: 7 days}]\n"
    files = POLICIES | {"policies/messaging.yaml": POLICIES["policies/messaging.yaml"] + cap}
    made = program("steps: [{send: welcome/hello}, {wait: 1 day}, {send: welcome/tips, on_cap: skip}]", files)

    story = simulate(made, policies(files), TEMPLATES, compose, Script(contact=ADA, at=MONDAY))
    forecast = forecast_of(outline(story))

    assert (forecast.capped, forecast.not_sent) == (1, {"over the cap": 1})


def test_a_message_that_lacks_a_value_is_named_with_it() -> None:
    forecast = forecast_of(outline(lived("steps: [{send: welcome/about-vip, expires: 3 hours}]")))

    assert forecast.put_off == {"held: contact.vip is missing": 1}
    assert forecast.not_sent == {"expired": 1}


def test_reasons_are_told_without_what_is_one_contact_s_own() -> None:
    night = MONDAY + timedelta(hours=13)

    forecast = forecast_of(*(outline(lived("steps: [{send: welcome/hello}]", at=night, time_zone=zone)) for zone in
                             ("Europe/Berlin", "Europe/Vienna")))  # fmt: skip

    assert forecast.put_off == {"quiet hours": 2}


def test_the_median_is_of_those_who_ended() -> None:
    stories = [Outline(None, "completed", None, days * DAY) for days in (1, 2, 10)]

    forecast = forecast_of(*stories, Outline(None, None, "wait-1", None))

    assert (in_days(forecast.median()), in_days(forecast.longest())) == (2.0, 10.0)
    assert Forecast().median() is None


def test_the_document_has_its_hours_in_order_and_its_counts_by_size() -> None:
    forecast = forecast_of(*(Outline(None, end, None, DAY, ((at, "hello"),)) for end, at in
                             (("completed", 8), ("converted", 4), ("completed", 4))))  # fmt: skip

    document = forecast.as_json(ZoneInfo("UTC"))

    assert document["ends"] == {"completed": 2, "converted": 1}
    assert document["messages"]["per_hour"] == [
        {"hour": "1970-01-01T01:00:00+00:00", "messages": 2},
        {"hour": "1970-01-01T02:00:00+00:00", "messages": 1},
    ]
    assert document["messages"]["per_contact"] == 1.0
    assert datetime.fromisoformat(document["messages"]["per_hour"][0]["hour"]).tzinfo is not None
    assert forecast.per_hour(ZoneInfo("UTC")).keys() <= {datetime(1970, 1, 1, hour, tzinfo=UTC) for hour in (1, 2)}
