"""`make bench` at its smallest: every figure is measured, beside its reference, and nothing is left behind."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.checking import FILES, MIXED
from benchmarks.ground import waves_of
from benchmarks.home import ONE_MESSAGE, PROJECT, TWO_MESSAGES, measured_home
from benchmarks.measures import Report, Scale
from benchmarks.posts import post_for
from benchmarks.simulation import walk

TINY = Scale(runs=1, size="tiny")


def test_a_ratio_is_taken_within_a_run_so_that_noise_hits_both_sides() -> None:
    report = Report("a loop", "Python", {"ours": "bare"})
    for noise in (1.0, 0.1, 0.5):
        report.add("bare", {"per s": 100 * noise})
        report.add("ours", {"per s": 50 * noise})

    assert report.ratio("ours") == 0.5
    assert report.as_json()["figures"]["ours"] == {
        "measures": {"per s": {"median": 25.0, "lowest": 5.0, "highest": 50.0}},
        "reference": "bare",
        "times_reference": 0.5,
    }
    assert any("0.50 × bare" in line for line in report.lines())


def test_what_was_not_measured_is_left_empty() -> None:
    report = Report("a loop", "Python", {"ours": "bare"})
    report.add("ours", {"per s": 1.0})

    assert report.ratio("ours") is None
    assert report.median("ours", "events") is None
    assert list(report.lines())[1].split() == ["ours", "1"]


def test_the_measured_sequences_are_valid_and_have_the_steps_of_the_reference() -> None:
    steps = {
        name: [each.kind for each in measured_home().programs[name].steps.values()]
        for name in (TWO_MESSAGES, ONE_MESSAGE)
    }

    assert steps == {TWO_MESSAGES: ["send", "wait", "send"], ONE_MESSAGE: ["send"]}
    assert walk(measured_home().programs[TWO_MESSAGES]) == 3


def test_waves_carry_everybody_once() -> None:
    waves = waves_of(measured_home().programs[TWO_MESSAGES], contacts=25, size=10)

    assert [len(wave.members) for wave in waves] == [10, 10, 5]
    assert len({member.enrolment for wave in waves for member in wave.members}) == 25


async def test_an_answer_that_is_not_202_is_no_figure() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AssertionError, match="503"):
            await post_for(1.0, port, iter([b"POST / HTTP/1.1\r\n\r\n"]), clients=1)


def test_a_benchmark_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run.main(["wavez"])

    assert left.value.code == 2
    assert "there is no benchmark 'wavez'; there are waves, messages" in capsys.readouterr().err


def test_every_benchmark_is_in_the_docs() -> None:
    page = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")

    assert [name for name in run.BENCHMARKS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", ["inbox", "check", "events"])
async def test_what_needs_no_process_is_measured(name: str) -> None:
    report = await run.BENCHMARKS[name](TINY)

    assert all(report.ratio(subject) for subject in report.compared)
    if name == "check":
        checked = report.samples[MIXED.format(FILES[2])][0]
        assert checked["files/s"] * checked["seconds"] >= FILES[2]


@pytest.mark.system
async def test_simulation_is_measured() -> None:
    report = await run.BENCHMARKS["simulation"](TINY)

    assert all(report.ratio(subject) for subject in report.compared)


@pytest.mark.system
@pytest.mark.parametrize("name", ["waves", "messages", "intake", "at-once"])
async def test_it_is_measured_on_real_parts_and_leaves_nothing_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = descendants()

    report = await run.BENCHMARKS[name](TINY)

    assert all(report.ratio(subject) for subject in report.samples if subject in report.compared)
    assert not [left for left in os.listdir(tmp_path) if left.startswith("rapport-bench-")]
    assert descendants() <= before


@pytest.mark.system
def test_json_is_one_document_on_stdout() -> None:
    command = [sys.executable, "-m", "benchmarks.run", "inbox", "--json", "--quick"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)

    document = json.loads(ended.stdout)
    assert document["size"] == "quick"
    assert document["machine"]["processors"] == os.cpu_count()
    assert document["benchmarks"]["inbox"]["runs"] == 1
    assert "rows into the inbox" in ended.stderr


def descendants() -> set[int]:
    """Return the children of this process that live now, where the system tells."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for each in listed for pid in each.read_text(encoding="ascii").split()}
