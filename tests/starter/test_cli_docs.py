"""docs/commands.md and the command line say the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from starter.cli import app, run

DOCS = (Path(__file__).parents[2] / "docs/commands.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (rapport [a-z -]+)\n(.*?)(?=^## |\Z)", DOCS, re.MULTILINE | re.DOTALL))


def commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its whole name."""
    if not hasattr(group, "commands"):
        yield name, group
        return
    for word, below in group.commands.items():
        yield from commands(below, f"{name} {word}")


TREE = dict(commands(typer.main.get_command(app), "rapport"))


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    assert set(SECTIONS) == set(TREE)


@pytest.mark.parametrize("name", TREE)
def test_every_option_is_described_and_every_one_described_is_there(name: str) -> None:
    options = {word for param in TREE[name].params for word in param.opts if word.startswith("--")} - {"--help"}
    listed = "\n".join(line for line in SECTIONS[name].splitlines() if line.startswith("* "))
    described = set(re.findall(r"^\* `(--[a-z-]+)", listed, re.MULTILINE)) | set(re.findall(r", `(--[a-z-]+)", listed))

    assert described == options


@pytest.mark.parametrize("name", TREE)
def test_every_command_says_what_it_does(name: str) -> None:
    assert (TREE[name].help or "").strip().endswith(".")


def test_the_global_option_is_described() -> None:
    assert "`--home DIR`" in DOCS


def test_help_says_of_every_command_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert [line for line in listed.splitlines() if line.rstrip().endswith("...")] == []
    assert listed.split()[0] == "up", "what a new user needs stands first"


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0

    assert re.fullmatch(r"rapport [0-9.]+, Python [0-9.]+\n", capsys.readouterr().out)
