"""The same sequences, simulated and on Temporal: the same timeline."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.imagining import CALLED, FAILED
from domain.simulation import ENTER, Scripted
from tests.domain.kit import MONDAY
from tests.domain.programs import HOOK, SEQUENCE, Case, corpus
from tests.home import shipped
from tests.scripted_http import Heard, ScriptedHttp, answer
from tests.workflows.parity import Simulator
from tests.workflows.world import Happens, Someone, living

pytestmark = pytest.mark.workflow

DAY = timedelta(days=1)
ANNA = {
    "email": "anna@fjallmat.example",
    "first_name": "Anna",
    "company": "Fjällmat",
    "country": "SE",
    "consents": {"product-news": "opted_in"},
}


SCRIPTS: dict[str, list[Happens]] = {
    "nothing": [],
    "a click": [(6 * DAY, "clicked", "tips", {})],
    "a meeting": [(3 * DAY, "meeting_booked", None, {})],
    "a customer": [(4 * DAY, "set", None, {"stage": "customer"})],
    "an unsubscribe": [(DAY, "unsubscribed", None, {"topic": "product-news"})],
    "a pause": [(DAY, "pause", None, {}), (4 * DAY, "resume", None, {})],
    "a pause with an end": [(5 * DAY, "pause", None, {"until": 9 * DAY})],
    "a case": [(DAY, "case_opened", None, {"case": "c-9"}), (13 * DAY, "case_closed", None, {"case": "c-9"})],
    "two cases": [
        (5 * DAY, "case_opened", None, {"case": "c-9", "severity": "S1"}),
        (8 * DAY, "case_opened", None, {"case": "c-10"}),
        (9 * DAY, "case_closed", None, {"case": "c-9"}),
        (30 * DAY, "case_closed", None, {"case": "c-10"}),
    ],
    "a move to Tokyo": [(DAY, "set", None, {"time_zone": "Asia/Tokyo"})],
}


async def test_the_shipped_welcome_is_lived_as_simulated(env: WorkflowEnvironment, tmp_path: Path) -> None:
    home = shipped()
    files = {**home.files, **{f"templates/{path}": text for path, text in home.templates.items()}}
    simulator = Simulator(files)
    people = [
        Someone({**ANNA, "email": f"anna{place}@fjallmat.example"}, script)
        for place, script in enumerate(SCRIPTS.values())
    ]
    async with living(env, tmp_path) as world:
        await world.publish(files)
        start = datetime.now(UTC).replace(microsecond=0)
        journey = await world.enter("demo-welcome", people, start)

        await journey.live()

        found: dict[str, Any] = {}
        for name, someone, happened in zip(SCRIPTS, people, await journey.timelines(), strict=True):
            found[name] = simulator.told_apart("demo-welcome", someone, start, happened)
        assert not any(found.values()), found


async def test_a_corpus_of_sequences_is_lived_as_simulated(env: WorkflowEnvironment, tmp_path: Path) -> None:
    await _compare(env, tmp_path, seed=20261, cases=10, together=3)


@pytest.mark.large
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_large_corpus_of_sequences_is_lived_as_simulated(
    env: WorkflowEnvironment, tmp_path: Path, seed: int
) -> None:
    await _compare(env, tmp_path, seed=seed, cases=80, together=5)


async def _compare(env: WorkflowEnvironment, folder: Path, seed: int, cases: int, together: int) -> None:
    """Let the contacts of several cases travel through the sequence of each, and compare every timeline."""
    made, answers = corpus(seed, cases), _Answers()
    async with ScriptedHttp(otherwise=answers) as server, living(env, folder) as world:
        files = _together(made, server.address)
        simulator = Simulator(files)
        await world.publish(files)
        places, leapt = asyncio.Semaphore(4), list[str]()

        async def travel(number: int) -> dict[str, list[str]]:
            async with places:
                name, start = f"{SEQUENCE}-{number}", datetime.now(UTC).replace(microsecond=0)
                others = [made[(number + each) % cases] for each in range(together)]
                people = [_someone(f"{name}-{place}", case, start) for place, case in enumerate(others)]
                stories = [(someone, simulator.simulated(name, someone, start)) for someone in people]
                inside = [(someone, story) for someone, story in stories if not _refused(story)]
                if not inside:
                    return {}
                answers.are_known_for(someone for someone, _ in inside)
                journey = await world.enter(name, [someone for someone, _ in inside], start)
                await journey.live(to_the_end=all(story["end"] for _, story in inside))
                if await journey.leapt():
                    leapt.append(name)
                    return {}
            pairs = zip(inside, await journey.timelines(), strict=True)
            return {
                str(someone.contact["email"]): simulator.told_apart(name, someone, start, told)
                for (someone, _), told in pairs
            }

        found = await asyncio.gather(*(travel(number) for number in range(cases)))
    wrong = {who: what for each in found for who, what in each.items() if what}
    assert len(leapt) * 10 <= cases, "hardly anything could be compared: the server's clock leapt too often"
    assert not wrong, "\n".join(f"{who}: {what}" for who, what in wrong.items())
    assert sum(len(each) for each in found) > cases, "hardly anybody entered; the corpus says little"


def _together(made: list[Case], hook: str) -> dict[str, str]:
    """Return the files of all cases, each with its sequence under a number of its own."""
    files = {path: text for case in made for path, text in case.files.items() if SEQUENCE not in path}
    for number, case in enumerate(made):
        files[f"sequences/{SEQUENCE}-{number}.yaml"] = case.files[f"sequences/{SEQUENCE}.yaml"].replace(HOOK, hook)
    return files


class _Answers:
    """What the other system answers: to whom a script says it, by address and step."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Mapping[str, Any]] = {}

    def are_known_for(self, people: Iterable[Someone]) -> None:
        for someone in people:
            for _, event, of, data in someone.events:
                if event == CALLED:
                    self.known[str(someone.contact["email"]), str(of)] = data

    def __call__(self, heard: Heard) -> bytes:
        said = self.known.get((heard.said["data"]["who"], heard.said["type"].partition(".")[2]), {})
        return answer(b"", 404) if FAILED in said else answer(said)


def _refused(story: dict[str, Any]) -> bool:
    return story["end"] is not None and str(story["end"]["reason"]).startswith("refused")


def _someone(name: str, case: Case, start: datetime) -> Someone:
    """Return the contact of a case, moved to this start."""
    # The same id on both sides: lots are drawn by it.
    contact = case.contact | {"id": name, "email": f"{name}@joinery.example"}
    if "renewal_date" in contact:
        moved = date.fromisoformat(contact["renewal_date"]) + timedelta(days=(start - MONDAY).days)
        contact["renewal_date"] = moved.isoformat()
    entering = next((event.data for event in case.events if event.event == ENTER), {"form": "demo-request"})
    happens = [
        (event.at - MONDAY, event.event, event.of, _data(event)) for event in case.events if event.event != ENTER
    ]
    return Someone(contact, happens, dict(entering))


def _data(event: Scripted) -> Mapping[str, Any]:
    return {**event.data, "until": event.until - MONDAY} if event.until else event.data
