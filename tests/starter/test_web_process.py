"""The real web process, on a real port, killed for real."""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from sqlmodel import select

from records.models import Inbox
from records.session import Database
from starter.ports import free_ports
from tests.starter.site import EVENTS_KEY, inbox_in

PROJECT = Path(__file__).parents[2]
WITHIN = 30.0

pytestmark = pytest.mark.system


@dataclass
class Web:
    process: "subprocess.Popen[str]"
    port: int

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def tell(self, number: int) -> int:
        told = {"id": f"o-{number}", "event": "purchased", "contact": {"email": "ann@acme.example"}}
        return self.post("/events", json.dumps(told).encode(), {"authorization": f"Bearer {EVENTS_KEY}"})

    def send_raw(self, raw: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError):  # to be hung up on is an answer, too
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(65536):
                    answer += more
            return answer


@contextmanager
def web_in(state: Path) -> Iterator[Web]:
    port, nobody_is_there = free_ports(2)
    settings = {"HOME": str(PROJECT), "STATE": str(state), "WEB_PORT": str(port), "EVENTS_KEY": EVENTS_KEY}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "TEMPORAL_"))}
    environment |= {f"RAPPORT_{name}": value for name, value in settings.items()}
    environment |= {"RAPPORT_TEMPORAL_PORT": str(nobody_is_there)}
    command = [sys.executable, "-m", "starter.web"]
    with (state / "web.log").open("w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=log)
    try:
        assert first_line(process) == "web ready\n", (state / "web.log").read_text()
        yield Web(process, port)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def first_line(process: "subprocess.Popen[str]") -> str:
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    stdout = process.stdout
    assert stdout is not None
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    return lines.get(timeout=WITHIN)


def keys_in(state: Path) -> set[str]:
    inbox = Database(f"sqlite:///{state / 'inbox.db'}")
    try:
        return {row.key for row in inbox.read_now(lambda session: list(session.exec(select(Inbox))))}
    finally:
        inbox.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    inbox_in(tmp_path).close()
    return tmp_path


def test_what_was_accepted_survives_a_kill_right_after_the_answer(state: Path) -> None:
    with web_in(state) as web:
        assert web.tell(1) == 202
        web.process.send_signal(signal.SIGKILL)
        web.process.wait(WITHIN)

    assert keys_in(state) == {"api/events/o-1"}


def test_what_was_accepted_in_a_burst_survives_a_kill_in_the_middle_of_it(state: Path) -> None:
    accepted: set[str] = set()

    def tell(number: int) -> None:
        try:
            if web.tell(number) == 202:
                accepted.add(f"api/events/o-{number}")
        except (OSError, HTTPException):
            return  # never answered, so nothing was promised
        if len(accepted) == 30:
            web.process.send_signal(signal.SIGKILL)

    with web_in(state) as web, ThreadPoolExecutor(8) as tellers:
        list(tellers.map(tell, range(300)))

    assert len(accepted) >= 30
    assert accepted <= keys_in(state)


def test_asked_to_stop_it_stops_cleanly(state: Path) -> None:
    with web_in(state) as web:
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert web.post("/f/demo-request", b"email=ann%40acme.example", form) == 303
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(WITHIN) == 0


HARDLY_HTTP = [
    b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: minus one\r\n\r\n{}",
    b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}",
    b"POST /forms/json/demo-request HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /forms/json/demo-request HTTP/1.1\r\nHost: x\r\nX-Rapport-Signature: \xff\xfe\r\n\r\n",
    b"GET /u/%ff%00%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /u/" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x00\xff" * 50,
]


def test_bytes_that_are_hardly_http_leave_it_alive_and_unexcited(state: Path) -> None:
    with web_in(state) as web:
        for raw in HARDLY_HTTP:
            assert b" 500 " not in web.send_raw(raw).split(b"\r\n")[0]
        assert web.tell(1) == 202
    assert "Traceback" not in (state / "web.log").read_text()


def test_temporal_away_is_said_once_and_tokens_never(state: Path) -> None:
    with web_in(state) as web:
        for number in range(20):
            assert web.tell(number) == 202
        web.post("/u/a-token-nobody-should-see", b"", {})
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(WITHIN)

    log = (state / "web.log").read_text()
    assert log.count("out of reach") <= 1
    assert "a-token" not in log
    assert "acme.example" not in log


def test_wrong_settings_are_named_and_nothing_starts(state: Path) -> None:
    environment = os.environ | {"RAPPORT_WEB_PORT": "abc", "RAPPORT_STATE": str(state)}
    command = [sys.executable, "-m", "starter.web"]
    ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=WITHIN)

    assert ended.returncode == 1
    assert "RAPPORT_WEB_PORT: 'abc' is not a number" in ended.stderr
    assert "Traceback" not in ended.stderr
