"""`rapport up` stopped by SIGTERM while messages are on their way, and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from records.session import Database
from settings import LOOPBACK, Settings
from starter.parts import PROJECT, child_environment, with_free_ports
from starter.up import Stack
from tests.scripted_smtp import Slow
from tests.system.audit import audit
from tests.system.authored import write_home
from tests.system.company import Company, settings_of, through
from tests.system.moody_smtp import MoodySmtp
from tests.system.waiting import until

pytestmark = pytest.mark.system

UP = "from starter.up import up_from_environment as up; raise SystemExit(up())"
PARTS = ("temporal", "worker", "web")


def test_what_was_on_its_way_is_finished_and_the_rest_goes_on_after_the_next_start(tmp_path: Path) -> None:
    emails = [f"visitor-{number}@customer.example" for number in range(12)]
    write_home(tmp_path)
    with MoodySmtp() as mail:
        settings = with_free_ports(settings_of(tmp_path, **through(LOOPBACK, mail.port)))
        mail.towards_everybody("dot", Slow(1, "250 2.0.0 Ok: queued as SLOW"))
        with _up(settings) as first, _looking_into(settings, mail) as company:
            company.submit_all("tour", emails)
            until(mail.letters, "the first body on its way")
            family = _descendants(first.pid)
            first.send_signal(signal.SIGTERM)
            assert first.wait(40) == 0
            until(lambda: not any(_runs(pid) for pid in family), "the end of every process")
        assert len(family) >= len(PARTS)
        mail.towards_everybody()
        with _up(settings), _looking_into(settings, mail) as company:
            for email in emails:
                assert company.ended(email).end_reason == "completed"
            states = audit(company)
            assert {len(company.letters_to(email)) for email in emails} == {2}
            assert states == {"accepted": 24}


@contextmanager
def _up(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    environment = child_environment(settings, own_cluster=False, environ=os.environ)
    with subprocess.Popen(
        [sys.executable, "-c", UP], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                if line.startswith("state"):
                    break
            yield process
        finally:
            process.terminate()
            process.wait(40)


@contextmanager
def _looking_into(settings: Settings, mail: MoodySmtp) -> Iterator[Company]:
    main, inbox = Database(settings.database_url), Database(settings.inbox_url)
    try:
        yield Company(Stack(settings), main, inbox, mail.letters)  # never entered: it only knows the addresses
    finally:
        main.close()
        inbox.close()


def _descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and (parent := _parent(int(process.name))) is not None:
            parents[int(process.name)] = parent
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
