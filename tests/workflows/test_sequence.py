"""Waves on the time-skipping server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.world import Happens, Someone, living

pytestmark = pytest.mark.workflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

FILES = {
    "policies/messaging.yaml": """
organisation: {name: Acme, address: "1 High Street, London", time_zone: Europe/London}
senders: {default: {from: "Acme <hello@acme.example>"}}
topics: {news: {label: News}}
""",
    "policies/calendars.yaml": """
default: office-hours
calendars:
  office-hours: {zone: contact, hours: {mon-fri: ["09:00-17:00"]}}
""",
    "templates/email/t/hello.html": """{% block subject %}Hello {{ contact.first_name }}{% endblock %}
{% block html %}<p>Hello</p><a href="{{ unsubscribe_url }}">stop</a>{% endblock %}
""",
    "templates/email/t/bye.html": """{% block subject %}Bye{% endblock %}
{% block html %}<p>Bye</p><a href="{{ unsubscribe_url }}">stop</a>{% endblock %}
""",
    "sequences/welcome.yaml": """
topic: news
goal: {event: meeting_booked}
exit: {when: contact.stage == 'customer'}
steps:
  - send: t/hello
  - wait: 2 days
  - wait_for: clicked
    of: hello
    up_to: 3 days
    then:
      - update: {score: +20, tags: [+keen]}
    otherwise:
      - send: t/bye
  - branch:
      - when: contact.score >= 20
        steps: [{exit: keen}]
""",
}
ANN = {"email": "ann@acme.example", "first_name": "Ann", "consents": {"news": "opted_in"}}
BOB = {"email": "bob@acme.example", "first_name": "Bob", "consents": {"news": "opted_in"}}
EVE = {"email": "eve@acme.example", "first_name": "Eve", "consents": {"news": "opted_in"}}


async def test_contacts_that_enter_together_go_their_own_ways(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(FILES)
        people = [
            Someone(ANN, [(3 * DAY, "clicked", "hello", {})]),
            Someone(BOB),
            Someone(EVE, [(DAY, "meeting_booked", None, {})]),
        ]
        journey = await world.enter("welcome", people, datetime.now(UTC).replace(microsecond=0))

        await journey.live()

        ann, bob, eve = await journey.timelines()
        assert [row["did"] for row in ann["timeline"]] == ["sent", "waited", "matched", "updated", "took"]
        assert ann["end"]["reason"] == "exited:keen"
        assert [row["did"] for row in bob["timeline"]] == ["sent", "waited", "timed_out", "sent", "took"]
        assert bob["end"]["reason"] == "completed"
        assert [row["did"] for row in eve["timeline"]] == ["sent"]
        assert eve["end"]["reason"] == "converted"
        assert sorted(kept.recipient for kept in world.mail.mailbox.list()) == [
            "ann@acme.example",
            "bob@acme.example",
            "bob@acme.example",
            "eve@acme.example",
        ]


async def test_a_history_that_grew_goes_on_as_new_and_nobody_notices(
    restless_env: WorkflowEnvironment, tmp_path: Path
) -> None:
    rounds = "".join(f"  - wait: {n} hours\n  - update: {{score: +1}}\n" for n in range(1, 9))
    files = {**FILES, "sequences/long.yaml": f"topic: news\nsteps:\n{rounds}"}
    async with living(restless_env, tmp_path) as world:
        await world.publish(files)
        people = [Someone(ANN), Someone(BOB, [(5 * HOUR, "set", None, {"city": "Bern"})])]
        journey = await world.enter("long", people, datetime.now(UTC).replace(microsecond=0))

        await journey.live()

        assert len(await journey.histories()) > 1
        for told in await journey.timelines():
            assert [row["did"] for row in told["timeline"]] == ["waited", "updated"] * 8
            assert told["end"]["reason"] == "completed"


async def test_one_member_whose_data_breaks_a_step_is_parked_and_its_companions_go_on(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    files = {
        **FILES,
        "policies/contact.yaml": "fields: {renewal_date: {type: date}}\n",
        "sequences/renewal.yaml": """
topic: news
steps:
  - send: t/hello
  - wait: until contact.renewal_date - 1 day at 09:00
    if_past: continue
  - send: t/bye
""",
    }
    soon = (datetime.now(UTC) + 10 * DAY).date().isoformat()
    async with living(env, tmp_path) as world:
        await world.publish(files)
        people = [Someone({**ANN, "renewal_date": soon}), Someone(BOB), Someone({**EVE, "renewal_date": "2020-01-01"})]
        journey = await world.enter("renewal", people, datetime.now(UTC).replace(microsecond=0))

        await journey.live()

        ann, bob, eve = await journey.timelines()
        assert ann["end"]["reason"] == eve["end"]["reason"] == "completed"
        assert bob["end"]["reason"] == "failed"
        assert bob["timeline"][-1]["did"] == "stopped"
        assert "renewal_date" in bob["timeline"][-1]["why"][0]


async def test_a_date_moved_earlier_wakes_the_wait_at_once(env: WorkflowEnvironment, tmp_path: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    files = {
        **FILES,
        "policies/contact.yaml": "fields: {renewal_date: {type: date}}\n",
        "sequences/renewal.yaml": "topic: news\nsteps:\n  - wait: until contact.renewal_date\n    if_past: continue\n",
    }
    late, early = ((start + n * DAY).date().isoformat() for n in (30, 3))
    ann = {**ANN, "renewal_date": late, "time_zone": "UTC"}
    async with living(env, tmp_path) as world:
        await world.publish(files)
        journey = await world.enter("renewal", [Someone(ann, [(5 * DAY, "set", None, {"renewal_date": early})])], start)

        await journey.live()

        (told,) = await journey.timelines()
        ended = datetime.fromisoformat(told["end"]["at"])
        assert abs(ended - (start + 5 * DAY)) < timedelta(minutes=1)


async def test_an_event_recorded_while_its_run_is_asked_is_not_missed(env: WorkflowEnvironment, tmp_path: Path) -> None:
    files = {
        **FILES,
        "sequences/ping.yaml": """
topic: news
steps:
  - wait_for: clicked
    up_to: 20 days
    then: [{wait_for: clicked, up_to: 20 days, then: [{exit: twice}], otherwise: [{exit: once}]}]
    otherwise: [{exit: never}]
""",
    }
    async with living(env, tmp_path) as world:
        await world.publish(files)
        start = datetime.now(UTC).replace(microsecond=0)
        clicks: list[Happens] = [(DAY, "clicked", None, {}), (DAY, "clicked", None, {})]
        journey = await world.enter(
            "ping", [Someone({**ANN, "email": f"p{n}@acme.example"}, clicks) for n in range(5)], start
        )

        await journey.live()

        assert {told["end"]["reason"] for told in await journey.timelines()} == {"exited:twice"}


async def test_a_wave_of_a_hundred_costs_little_more_than_one(env: WorkflowEnvironment, tmp_path: Path) -> None:
    files = {
        **FILES,
        "sequences/two.yaml": "topic: news\nsteps:\n  - send: t/hello\n  - wait: 1 day\n  - send: t/bye\n",
    }
    async with living(env, tmp_path) as world:
        await world.publish(files)
        people = [Someone({**ANN, "email": f"p{n}@acme.example"}) for n in range(100)]
        journey = await world.enter("two", people, datetime.now(UTC).replace(microsecond=0))

        await journey.live()

        assert {told["end"]["reason"] for told in await journey.timelines()} == {"completed"}
        assert len(world.mail.mailbox.list()) == 200
        assert sum(len(history.events) for history in await journey.histories()) < 60
