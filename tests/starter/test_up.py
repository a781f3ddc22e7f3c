"""The embedded stack: parts start in order, come back when they die, and leave nothing behind, whoever is killed."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from settings import LOOPBACK, Settings
from starter.guardian import Guardian
from starter.keeper import Patience, rotate
from starter.parts import PROJECT, SEARCH_ATTRIBUTES, Claim, Part, UpError, child_environment, parts_of
from starter.up import Stack, up

system = pytest.mark.system
HURRIED = Patience(at_once=0.5, first_delay=0.01)

STEADY = """
import os, signal, sys
def note(what): open(os.environ["RAPPORT_HOME"] + "/diary", "a").write(what + " {name}\\n")
signal.signal(signal.SIGTERM, lambda *_: (note("stopped"), os._exit(0)))
note("started")
print("ready")
while True: signal.pause()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready')\nwhile True: signal.pause()"
HOPELESS = "print('no such table: contact'); raise SystemExit(7)"
SHORT_LIVED = "print('ready'); raise SystemExit(7)"
SILENT = "import signal; signal.pause()"

SUPERVISOR = """
import sys
from pathlib import Path
from settings import Settings
from starter.up import Stack, up
from tests.starter.test_up import fake
with Stack(Settings(home=Path(sys.argv[1])), parts=[fake("one"), fake("two")]) as stack:
    print(stack.pid("one"), stack.pid("two"), flush=True)
    stack.wait()
"""


def fake(name: str, does: str = STEADY, *, start_within: float = 20, stop_within: float = 5, port: int = 0) -> Part:
    return Part(
        name=name,
        command=(sys.executable, "-I", "-S", "-u", "-c", does.replace("{name}", name)),
        ready="^ready$",
        claims=(Claim(port, f"RAPPORT_{name.upper()}_PORT"),) if port else (),
        start_within=start_within,
        stop_within=stop_within,
    )


def until(condition: Callable[[], bool], within: float = 15) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process is at work; one that ended and waits for its parent's notice is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def unheard(line: str) -> None:
    """Nobody listens."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        web_port=0,
        temporal_port=0,
        temporal_ui_port=0,
        mailbox_smtp_port=0,
        mailbox_http_port=0,
        inbound_smtp_port=0,
    )


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def diary(settings: Settings) -> list[str]:
    page = settings.home / "diary"
    return page.read_text().splitlines() if page.exists() else []


@system
def test_parts_start_in_order_and_stop_in_reverse(settings: Settings) -> None:
    with Stack(settings, parts=[fake("one"), fake("two")]) as stack:
        pids = [stack.pid("one"), stack.pid("two")]
        assert all(runs(pid) for pid in pids)

    assert diary(settings) == ["started one", "started two", "stopped two", "stopped one"]
    assert not any(runs(pid) for pid in pids)


@system
def test_a_part_that_is_killed_comes_back(settings: Settings, said: list[str]) -> None:
    with Stack(settings, parts=[fake("one")], say=said.append, patience=HURRIED) as stack:
        for _ in range(4):
            before = stack.pid("one")
            stack.kill("one")
            stack.wait_until_ready("one", within=10)
            assert stack.pid("one") != before

    assert said == [], "what was ordered is nothing to report"


@system
def test_a_part_that_dies_comes_back_and_the_operator_is_told(settings: Settings, said: list[str]) -> None:
    with Stack(settings, parts=[fake("one")], say=said.append, patience=HURRIED) as stack:
        before = stack.pid("one")
        os.kill(before, signal.SIGKILL)
        until(lambda: stack.pid("one") != before)
        stack.wait_until_ready("one", within=10)

    (line,) = said
    assert line.startswith("one: was ended by SIGKILL; it is started again in 0.01 s; see ")


@system
def test_a_restarted_part_was_asked_to_stop_first(settings: Settings) -> None:
    with Stack(settings, parts=[fake("one")]) as stack:
        before = stack.pid("one")
        stack.restart("one")

        assert stack.pid("one") != before
        assert diary(settings) == ["started one", "stopped one", "started one"]


@system
def test_a_part_that_dies_at_once_three_times_takes_the_stack_down_with_its_last_words(settings: Settings) -> None:
    with pytest.raises(UpError) as given_up:
        Stack(settings, parts=[fake("one"), fake("two", HOPELESS)], say=unheard, patience=HURRIED).__enter__()

    assert str(given_up.value).splitlines() == [
        f"two: ended with status 7, 3 times in a row; its last lines, from {settings.state}/logs/two.log:",
        "    no such table: contact",
    ]
    assert diary(settings) == ["started one", "stopped one"]


@system
def test_a_part_that_never_lives_long_is_given_up_while_the_stack_runs(settings: Settings) -> None:
    stack = Stack(settings, parts=[fake("one", SHORT_LIVED)], say=unheard, patience=HURRIED)
    with pytest.raises(UpError, match="one: ended with status 7, 3 times in a row"), stack:
        stack.wait()


@system
def test_a_part_that_does_not_become_ready_is_given_up(settings: Settings) -> None:
    with pytest.raises(UpError, match=r"two: was ended by SIGKILL, 3 times in a row"):
        Stack(
            settings, parts=[fake("one"), fake("two", SILENT, start_within=0.2)], say=unheard, patience=HURRIED
        ).__enter__()

    assert diary(settings)[-1] == "stopped one"


@system
def test_a_program_that_is_not_there_is_said_to_be_missing(settings: Settings) -> None:
    missing = Part(name="one", command=("/nowhere/program",), ready="ready")

    with pytest.raises(UpError, match=r"one: cannot be started .*; run `make` to complete the set-up"):
        Stack(settings, parts=[missing]).__enter__()


@system
def test_a_part_that_will_not_stop_is_killed(settings: Settings, said: list[str]) -> None:
    with Stack(settings, parts=[fake("one", STUBBORN, stop_within=0.2)], say=said.append) as stack:
        pid = stack.pid("one")

    assert not runs(pid)
    assert said == ["one: did not end within 0.2 s; killed"]


@system
def test_a_paused_part_can_be_stopped(settings: Settings, said: list[str]) -> None:
    with Stack(settings, parts=[fake("one")], say=said.append) as stack:
        stack.kill("one", signal.SIGSTOP)

    assert (said, diary(settings)[-1]) == ([], "stopped one")


@system
def test_a_taken_port_is_named_with_its_setting_and_nothing_is_started(settings: Settings, taken: int) -> None:
    with pytest.raises(UpError) as refused:
        Stack(settings, parts=[fake("one"), fake("two", port=taken)]).__enter__()

    assert str(refused.value) == f"two: port {taken} of 127.0.0.1 is taken; set RAPPORT_TWO_PORT to another"
    assert diary(settings) == []


@system
def test_a_second_stack_on_the_same_state_is_refused(settings: Settings) -> None:
    with Stack(settings, parts=[fake("one"), fake("two")]):
        with pytest.raises(UpError) as refused:
            Stack(settings, parts=[fake("two")]).__enter__()
        with Stack(settings, parts=[fake("three")]):
            assert diary(settings)[-1] == "started three", "another part is not in its way"

    assert str(refused.value) == (
        f"two: process {os.getpid()} runs it already on {settings.state}; "
        "stop that, or give this one another RAPPORT_STATE"
    )


@system
def test_parts_do_not_outlive_a_killed_supervisor_and_a_successor_waits_for_their_end(settings: Settings) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(settings.home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        supervisor.kill()

    with Stack(settings, parts=[fake("one"), fake("two")]):
        assert len(pids) == 2
        assert not any(runs(pid) for pid in pids)
    assert sorted(diary(settings)[2:4]) == ["stopped one", "stopped two"]


@system
def test_a_killed_supervisor_of_whose_end_nobody_took_note_is_waited_for_too(settings: Settings) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(settings.home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        supervisor.stdout.readline()
        supervisor.kill()
        os.waitid(os.P_PID, supervisor.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays to be taken note of
        with Stack(settings, parts=[fake("one"), fake("two")]):
            assert supervisor.returncode is None

    assert sorted(diary(settings)[2:4]) == ["stopped one", "stopped two"]


@system
def test_a_killed_guardian_is_replaced_by_one_that_knows_everybody(settings: Settings) -> None:
    guardian = Guardian()
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", SILENT], process_group=0) as ward:
        guardian.lives(ward.pid)
        os.kill(guardian.pid, signal.SIGKILL)
        until(lambda: not runs(guardian.pid))

        guardian.ended(0)
        threading.Thread(target=ward.wait).start()  # the guardian waits until it is gone for good
        guardian.dismiss()

        assert ward.wait(10) == -signal.SIGTERM


@system
async def test_the_temporal_server_is_ready_when_it_says_so_and_keeps_what_it_knew(settings: Settings) -> None:
    for _ in range(2):
        with Stack(settings, only=["temporal"]) as stack:
            client = await Client.connect(stack.addresses["temporal"])
            answer = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace="default")
            )
            known = {name: IndexedValueType.Name(kind).casefold() for name, kind in answer.custom_attributes.items()}
            for name, kind in SEARCH_ATTRIBUTES.items():
                assert known[name] == f"indexed_value_type_{kind.casefold()}"


@system
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_ends_well_when_asked_to(settings: Settings, number: signal.Signals) -> None:
    program = "from starter.up import up_from_environment as up; raise SystemExit(up(['temporal']))"
    environment = child_environment(settings, own_cluster=False, environ=os.environ)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        assert process.wait(20) == 0

    assert [line.split("  ")[0] for line in lines] == ["temporal", "temporal ui", "state"]


@system
def test_a_state_that_cannot_be_made_is_said_by_its_setting(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")

    with pytest.raises(
        UpError, match=r"RAPPORT_STATE: .*/file/state cannot be made \(Not a directory\); give a folder"
    ):
        Stack(Settings(home=tmp_path, state=in_the_way / "state"), only=["mail"]).__enter__()


def test_a_full_disk_is_said_with_the_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starter.up.locked", full)

    assert up(settings, only=["mail"]) == 3
    assert capsys.readouterr().err == (
        f"RAPPORT_STATE: {settings.state} cannot be written (No space left on device); give it room or another place\n"
    )


def test_up_says_what_is_wrong_and_ends_with_status_3(settings: Settings, taken: int) -> None:
    program = "from starter.up import up_from_environment as up; raise SystemExit(up(['temporal']))"

    def outcome(**environ: str) -> tuple[int, str]:
        environment = child_environment(settings, own_cluster=False, environ=os.environ) | environ
        ended = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stderr

    assert outcome(RAPPORT_TEMPORAL_PORT=str(taken)) == (
        3,
        f"temporal: port {taken} of 127.0.0.1 is taken; set RAPPORT_TEMPORAL_PORT to another\n",
    )
    assert outcome(RAPPORT_LIVE="1") == (
        3,
        "RAPPORT_LIVE: is on, but no mail server is named; set RAPPORT_SMTP_HOST\n",
    )


@system
def test_the_local_mail_server_is_ready_when_it_says_so(settings: Settings) -> None:
    with Stack(settings, only=["mail"]) as stack:
        host, port = stack.addresses["mail smtp"].split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            assert connection.recv(3) == b"220"


def test_what_the_settings_replace_is_not_started() -> None:
    live = Settings(live=True, smtp_host="smtp.example.com")

    assert [part.name for part in parts_of(Settings())] == ["temporal", "mail", "worker", "web", "inbound"]
    assert [part.name for part in parts_of(live, own_cluster=True)] == ["worker", "web"]
    assert [part.name for part in parts_of(Settings(), only=["web", "worker"])] == ["worker", "web"]


def test_a_part_that_is_named_although_it_is_replaced_is_refused() -> None:
    live = Settings(live=True, smtp_host="smtp.example.com")

    with pytest.raises(UpError) as refused:
        parts_of(live, own_cluster=True, only=["temporal", "mail"])

    assert str(refused.value).splitlines() == [
        "temporal: a Temporal cluster is configured; unset TEMPORAL_ADDRESS, or leave the part out",
        "mail: messages go to smtp.example.com; unset RAPPORT_LIVE, or leave the part out",
    ]


def test_parts_get_these_settings_whatever_the_surroundings_hold(tmp_path: Path) -> None:
    around = {"PATH": "/bin", "RAPPORT_LIVE": "1", "TEMPORAL_ADDRESS": "cluster.example:7233"}

    embedded = child_environment(Settings(home=tmp_path), own_cluster=False, environ=around)
    clustered = child_environment(Settings(home=tmp_path), own_cluster=True, environ=around)

    assert (embedded["PATH"], embedded["RAPPORT_LIVE"], embedded["RAPPORT_HOME"]) == ("/bin", "0", str(tmp_path))
    assert "TEMPORAL_ADDRESS" not in embedded
    assert clustered["TEMPORAL_ADDRESS"] == "cluster.example:7233"


def test_three_old_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for run in range(6):
        rotate(log)
        log.write_text(str(run))

    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "web.log": "5",
        "web.log.1": "4",
        "web.log.2": "3",
        "web.log.3": "2",
    }
