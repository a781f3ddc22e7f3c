"""Messages to staff on the time-skipping server: who gets them, what stands in them, what holds them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from records.models import Message
from tests.workflows.parity import Simulator
from tests.workflows.test_sequence import ANN, BOB, FILES
from tests.workflows.world import Someone, World, living

pytestmark = pytest.mark.workflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = """
topic: news
steps:
  - send: t/hello
  - wait_for: clicked
    of: hello
    up_to: 1 day
  - notify: sales
    template: staff/keen
    window: none
  - notify: sales
    template: staff/phone
"""
HOME = FILES | {
    "policies/teams.yaml": 'teams: {sales: {label: "Sales, all", email: "Sales <sales@acme.example>"}}',
    "templates/staff/keen.html": """{% block subject %}{{ contact.first_name }} is keen{% endblock %}
{% block html %}<p>{{ team.label }}: {% for each in timeline %}{{ each.name }} of {{ each.step }}; {% endfor %}</p>
{% endblock %}""",
    "templates/staff/phone.html": """{% block subject %}Ring {{ contact.phone }}{% endblock %}
{% block html %}<p>Now</p>{% endblock %}""",
    "sequences/told.yaml": TOLD,
}


def mails(world: World, to: str) -> list[Mail]:
    kept = [each for each in world.mail.mailbox.list() if each.recipient == to]
    return [message_from_bytes(world.mail.mailbox.raw(each.number)) for each in kept]


async def test_a_team_is_told_and_answers_go_to_the_contact(env: WorkflowEnvironment, tmp_path: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    ann = Someone(ANN | {"phone": "+4930123456"}, [(HOUR, "clicked", "hello", {})])
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        journey = await world.enter("told", [ann], start)

        await journey.live()

        (told,) = await journey.timelines()
        rows = await world.database.read(lambda session: list(session.exec(select(Message)).all()))
        (keen, phone) = sorted(mails(world, "sales@acme.example"), key=lambda mail: str(mail["Subject"]))
        assert [row["did"] for row in told["timeline"]] == ["sent", "matched", "notified", "notified"]
        assert Simulator(HOME).told_apart("told", ann, start, told) == []
        assert (keen["Subject"], phone["Subject"]) == ("Ann is keen", "Ring +4930123456")
        assert (keen["Reply-To"], keen["From"]) == ("ann@acme.example", '"Acme" <hello@acme.example>')
        assert keen["To"] == '"Sales, all" <sales@acme.example>'
        assert (keen["List-Unsubscribe"], keen["List-Id"]) == (None, None)
        assert "Sales, all: clicked of hello;" in str(keen)
        staff = [(row.state, row.class_, row.topic) for row in rows if row.channel == "staff"]
        assert staff == [("accepted", "transactional", None)] * 2


async def test_a_message_to_staff_waits_for_a_value_and_the_run_goes_on_without_it(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    people = [Someone(ANN), Someone(BOB, [(DAY + 3 * HOUR, "set", None, {"phone": "+4930123456"})])]
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        journey = await world.enter("told", people, start)

        await journey.live()

        ann, bob = await journey.timelines()
        assert [row["did"] for row in ann["timeline"]][2:] == ["notified", "held", "skipped"]
        assert [row["did"] for row in bob["timeline"]][2:] == ["notified", "held", "notified"]
        assert ann["end"]["reason"] == bob["end"]["reason"] == "completed"
        simulator = Simulator(HOME)
        pairs = zip(people, (ann, bob), strict=True)
        assert [simulator.told_apart("told", each, start, told) for each, told in pairs] == [[], []]


async def test_a_message_to_staff_waits_for_the_end_of_a_pause(env: WorkflowEnvironment, tmp_path: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    ann = Someone(ANN | {"phone": "1"}, [(2 * HOUR, "pause", None, {}), (3 * DAY, "resume", None, {})])
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        journey = await world.enter("told", [ann], start)

        await journey.live()

        (told,) = await journey.timelines()
        assert Simulator(HOME).told_apart("told", ann, start, told) == []
        assert [row["did"] for row in told["timeline"]] == ["sent", "timed_out", "notified", "notified"]
