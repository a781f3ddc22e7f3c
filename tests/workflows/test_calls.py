"""Calls to another system on the time-skipping server: what is asked, what comes of each answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from domain.webhooks import signed
from records.work_models import CallAnswer
from tests.scripted_http import DROP, HANG, ScriptedHttp, answer
from tests.workflows.parity import Simulator
from tests.workflows.test_sequence import ANN, BOB, EVE, FILES
from tests.workflows.world import CALL_SECRET, Happens, Journey, Someone, World, living

pytestmark = pytest.mark.workflow

DAY = timedelta(days=1)
CREDIT = """
topic: news
enter: {again: always}
goal: {event: meeting_booked}
steps:
  - call: %s
    id: credit
    body: {who: "{{ contact.email }}", score: "{{ contact.score }}"}
    up_to: %s
    save_as: credit
    on_error: exit
  - branch:
      - when: calls.credit.points > 3
        steps: [{update: {score: {from: calls.credit.points}}}]
"""


def home(address: str, up_to: str = "5 seconds") -> dict[str, str]:
    return FILES | {"sequences/credit.yaml": CREDIT % (address, up_to)}


async def entered(world: World, files: dict[str, str], *people: Someone) -> Journey:
    await world.publish(files)
    return await world.enter("credit", people, datetime.now(UTC).replace(microsecond=0))


async def test_a_system_is_asked_once_for_each_contact_and_its_answer_decides(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    def points(heard: object) -> bytes:
        return answer({"points": 5 if b"ann@" in getattr(heard, "body", b"") else 1})

    people = [Someone(each | {"score": 2}) for each in (ANN, BOB)]
    async with ScriptedHttp(otherwise=points) as server, living(env, tmp_path) as world:
        journey = await entered(world, home(server.address), *people)

        await journey.live()

        ann, bob = await journey.timelines()
        told = {heard.said["data"]["who"]: heard for heard in server.heard}
        answers = await world.database.read(lambda session: list(session.exec(select(CallAnswer)).all()))
        assert [row["did"] for row in ann["timeline"]] == ["called", "took", "updated"]
        assert (ann["timeline"][0]["answer"], bob["timeline"][0]["answer"]) == ({"points": 5}, {"points": 1})
        assert [row["did"] for row in bob["timeline"]] == ["called", "took"]
        assert sorted(each.answer["points"] for each in answers) == [1, 5]
        assert len(server.heard) == len(told) == 2
        heard = told["ann@acme.example"]
        assert (heard.said["type"], heard.said["data"]["score"]) == ("credit.credit", 2)
        sent_at = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"]), UTC)
        expected = signed(heard.headers["webhook-id"], sent_at, heard.body, [CALL_SECRET])
        assert heard.headers["webhook-signature"] == expected["webhook-signature"]
        script: list[Happens] = [(timedelta(), "called", "credit", {"points": 5})]
        simulated = Someone(people[0].contact, script)
        assert Simulator(home(server.address)).told_apart("credit", simulated, journey.entered_at, ann) == []


async def test_whoever_hangs_up_or_says_not_now_is_asked_again_under_the_same_id(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    answers = [DROP, answer(b"", 503, retry_after="1"), answer({"points": 9})]
    async with ScriptedHttp.saying(answers) as server, living(env, tmp_path) as world:
        journey = await entered(world, home(server.address), Someone(ANN))

        await journey.live()

        (ann,) = await journey.timelines()
        assert [row["did"] for row in ann["timeline"]] == ["called", "took", "updated"]
        assert len(server.heard) == 3
        assert len({heard.headers["webhook-id"] for heard in server.heard}) == 1
        assert len({heard.body for heard in server.heard}) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(b"", 404), "404: answered no"),
        (answer(b"", 429, retry_after="60"), "429: answered not now, up to 2 seconds"),
        (HANG, "no answer in time, up to 2 seconds"),
        (answer(b"[" * 40 + b"]" * 40), "answered what cannot be kept: it is nested more than 20 deep"),
    ],
    ids=["no", "too late", "silence", "depths"],
)
async def test_a_call_that_comes_to_nothing_says_why_and_takes_its_way_out(
    env: WorkflowEnvironment, tmp_path: Path, said: bytes, why: str
) -> None:
    async with ScriptedHttp(otherwise=lambda heard: said) as server, living(env, tmp_path) as world:
        journey = await entered(world, home(server.address, "2 seconds"), Someone(ANN))

        await journey.live()

        (ann,) = await journey.timelines()
        assert [row["did"] for row in ann["timeline"]] == ["called"]
        assert ann["timeline"][0]["why"][0].startswith(why)
        assert ann["end"]["reason"] == "exited:call failed"
        assert len(server.heard) == 1


async def test_nobody_is_called_for_a_contact_that_is_paused_or_has_left(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    files = home("http://127.0.0.1:1/", "1 second")
    later = files["sequences/credit.yaml"].replace("steps:\n", "steps:\n  - wait: 2 days\n", 1)
    people = [
        Someone(BOB, [(DAY, "meeting_booked", None, {})]),
        Someone(EVE, [(DAY, "pause", None, {}), (4 * DAY, "meeting_booked", None, {})]),
    ]
    async with ScriptedHttp() as server, living(env, tmp_path) as world:
        later = later.replace("http://127.0.0.1:1/", server.address)
        journey = await entered(world, files | {"sequences/credit.yaml": later}, *people)

        await journey.live()

        assert [told["end"]["reason"] for told in await journey.timelines()] == ["converted", "converted"]
        assert server.heard == []


async def test_without_a_secret_nobody_is_called_and_the_reason_is_said(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with ScriptedHttp() as server, living(env, tmp_path, call_secrets=()) as world:
        journey = await entered(world, home(server.address), Someone(ANN))

        await journey.live()

        (ann,) = await journey.timelines()
        assert "RAPPORT_CALL_SECRETS" in ann["timeline"][0]["why"][0]
        assert server.heard == []
