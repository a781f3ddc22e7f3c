"""What it costs to carry a contact, alone or in a wave, beside a workflow written by hand.

Three kinds of effects: `nothing` (activities that answer at once, on both sides: what the engine itself costs),
`records` (gate, ledger and decision log are written, nothing is rendered or sent), `real` (letters by SMTP to the
local mail server).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from activities.intake import MEMBERS, SEQUENCE, VERSION
from benchmarks.ground import NOTHING, QUEUES, REAL, Ground, address, ground, waves_of
from benchmarks.home import TWO_MESSAGES, measured_home
from benchmarks.measures import Report, Sample, Scale
from domain.keys import wave_id
from domain.wave import Wave

# Contacts of one sample: enough that a second's pause is filled with the work of others.
CONTACTS = {1: (24, 4, 2), 10: (80, 20, 10), 100: (300, 100, 100), 250: (500, 250, 250)}
SIZES = {"full": (1, 10, 100, 250), "quick": (1, 100), "tiny": (10,)}
MOST_SECONDS = 150
AT_ONCE = 20  # starts on their way to the server
WITHIN = 120.0  # seconds a sample may take

LIMITS = (
    "small waves by the server, which writes each event of a workflow to its file; waves of 100 and more by the "
    "worker's one Python thread and its database writer; real mail by the mail server, which syncs each letter"
)


@dataclass(frozen=True)
class Started:
    """A workflow to be started: its type, its id, its one argument."""

    kind: str
    id: str
    argument: Wave | str
    attributes: TypedSearchAttributes = TypedSearchAttributes.empty


async def measure(scale: Scale) -> Report:
    """Return the figures of all sizes and effects."""
    report = Report("carrying a contact through two messages", LIMITS, dict(_compared()))
    queues = QUEUES if scale.size != "quick" else (NOTHING, REAL)
    async with ground(queues) as here:
        await asyncio.gather(*(_warm_up(here, queue) for queue in queues))
        for _ in scale.rounds(MOST_SECONDS):
            for queue in queues:
                await _measure_queue(here, queue, scale, report)
    return report


def _compared() -> list[tuple[str, str]]:
    ours = [(queue, size) for queue in QUEUES for size in CONTACTS]
    return [(_name(size, queue), _bare(REAL if queue == REAL else NOTHING)) for queue, size in ours]


def _name(size: int, queue: str) -> str:
    return f"wave of {size}, {_effects(queue)}"


def _bare(queue: str) -> str:
    return f"bare workflow, {_effects(queue)}"


def _effects(queue: str) -> str:
    return queue.removeprefix("bench-")


async def _warm_up(here: Ground, queue: str) -> None:
    """Let a queue carry somebody once: imports, caches and connections are not what is measured."""
    await _carry(here, queue, our_starts(await _waves(here, queue, 2, 1)), 2)
    if queue in (NOTHING, REAL):
        await _carry(here, f"bare-{queue}", bare_starts(2), 2)


async def _measure_queue(here: Ground, queue: str, scale: Scale, report: Report) -> None:
    if queue in (NOTHING, REAL):
        contacts = scale.of(*CONTACTS[1])
        report.add(_bare(queue), await _carry(here, f"bare-{queue}", bare_starts(contacts), contacts))
    for size in SIZES[scale.size]:
        contacts = scale.of(*CONTACTS[size])
        waves = await _waves(here, queue, contacts, size)
        before = await here.accepted()
        report.add(_name(size, queue), await _carry(here, queue, our_starts(waves), contacts))
        handed_over = await here.accepted() - before
        assert handed_over == (0 if queue == NOTHING else 2 * contacts), (
            f"{handed_over} messages for {contacts} contacts"
        )


async def _waves(here: Ground, queue: str, contacts: int, size: int) -> list[Wave]:
    if queue == NOTHING:
        return waves_of(measured_home().programs[TWO_MESSAGES], contacts, size)
    return await here.waves(TWO_MESSAGES, contacts, size)


def our_starts(waves: Sequence[Wave]) -> list[Started]:
    """Return the starts of waves, with the attributes they have in production."""
    return [
        Started("Sequence", wave_id(wave.sequence, uuid4().hex), wave, attributes=_attributes(wave)) for wave in waves
    ]


def _attributes(wave: Wave) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(SEQUENCE, wave.sequence),
        SearchAttributePair(VERSION, wave.version[:19]),
        SearchAttributePair(MEMBERS, len(wave.members)),
    ]
    return TypedSearchAttributes(pairs)


def bare_starts(contacts: int) -> list[Started]:
    """Return the starts of hand-written workflows, one a contact."""
    return [Started("Bare", f"bare/{name}", address(name)) for name in (uuid4().hex for _ in range(contacts))]


async def _carry(here: Ground, queue: str, starts: Sequence[Started], contacts: int) -> Sample:
    """Carry everybody to the end; all are started at once, as by an import."""
    used = {part: here.cpu(part) for part in ("worker", "temporal")}
    began = time.perf_counter()
    async with asyncio.timeout(WITHIN):
        handles = await carry(here.client, queue, starts)
    seconds = time.perf_counter() - began
    sample = {"contacts/s": contacts / seconds, **await _history(handles, contacts)}
    for part, before in used.items():
        now = here.cpu(part)
        if before is not None and now is not None:
            sample[f"{part} CPU ms"] = (now - before) * 1000 / contacts
    return sample


async def carry(client: Client, queue: str, starts: Sequence[Started]) -> list[WorkflowHandle[object, object]]:
    """Start workflows and wait until all have ended well."""
    places = asyncio.Semaphore(AT_ONCE)

    async def start(each: Started) -> WorkflowHandle[object, object]:
        async with places:
            return await client.start_workflow(
                each.kind, each.argument, id=each.id, task_queue=queue, search_attributes=each.attributes
            )

    handles = await asyncio.gather(*map(start, starts))
    await asyncio.gather(*(handle.result() for handle in handles))
    return handles


async def _history(handles: Sequence[WorkflowHandle[object, object]], contacts: int) -> Sample:
    described = [(await handle.describe()).raw_description.workflow_execution_info for handle in handles]
    return {
        "events": sum(each.history_length for each in described) / contacts,
        "bytes": sum(each.history_size_bytes for each in described) / contacts,
    }
