"""What a command writes to, when that is not a terminal of today."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from starter.cli import run
from starter.cli_streams import ready_streams
from tests.starter.small_home import ANN, FRIDAY, SmallHome


def few_letters() -> tuple[io.BytesIO, io.TextIOWrapper]:
    kept = io.BytesIO()
    return kept, io.TextIOWrapper(kept, encoding="latin-1")


def test_a_terminal_of_few_letters_gets_the_whole_answer(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = home.json("ann", ANN)
    kept, stream = few_letters()
    monkeypatch.setattr(sys, "stdout", stream)
    ready_streams()

    status = run(["--home", str(home.folder), "simulate", "welcome", "--contact", contact, "--at", FRIDAY])

    stream.flush()
    assert status == 0
    assert "? sent ?Hello & welcome?" in kept.getvalue().decode("latin-1")


def test_a_document_for_programs_loses_no_letter(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = home.json("ann", ANN | {"first_name": "Žofie"})
    home.change("templates/email/welcome/hello.html", "Hello & welcome", "{{ contact.first_name }}")
    kept, stream = few_letters()
    monkeypatch.setattr(sys, "stdout", stream)
    ready_streams()

    run(["--home", str(home.folder), "simulate", "welcome", "--contact", contact, "--at", FRIDAY, "--json"])

    stream.flush()
    assert "\\u017dofie" in kept.getvalue().decode("latin-1")


def test_a_disk_without_room_is_said_with_the_place(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setattr("starter.cli_home.check_files", full)

    typed = home.type("check")

    assert typed.status == 3
    assert typed.err == ("somewhere: No space left on device; look at the rights there, and at the room on that disk\n")


@pytest.mark.system
@pytest.mark.parametrize(("into", "status"), [("/dev/full", 3), ("closed", 0)])
def test_no_trace_is_shown_where_nothing_can_be_written(home: SmallHome, into: str, status: int) -> None:
    command = '"$0" -m starter.cli --home "$1" check --json ' + (">&-" if into == "closed" else f">{into}")

    ended = subprocess.run(
        ["sh", "-c", command, sys.executable, str(home.folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "Traceback" not in ended.stderr
    assert "our fault" not in ended.stderr
    assert ended.returncode == status
