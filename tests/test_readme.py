"""The README works: what it shows is run, and every file and name it mentions exists."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from settings import Settings, documented
from starter.up import Stack

PROJECT = Path(__file__).parents[1]
PAGES = (
    PROJECT / "README.md",
    PROJECT / "CHANGELOG.md",
    PROJECT / "docs" / "architecture.md",
    *sorted((PROJECT / "docs" / "decisions").glob("*.md")),
)
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<mark>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`((?:\w+/)*[\w-]+\.(?:py|md|yaml|html))`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# What reading makes of them, not files of this checkout.
NOT_HERE = {"ada.json"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str
    mark: str
    text: str


@cache
def blocks() -> list[Block]:
    text = PAGES[0].read_text(encoding="utf-8")
    return [Block(found["kind"], found["mark"] or "", found["text"]) for found in BLOCK.finditer(text)]


def titled() -> dict[str, str]:
    return {each.mark[7:-1]: each.text for each in blocks() if each.mark.startswith('title="')}


def marked(mark: str) -> list[Block]:
    return [each for each in blocks() if each.mark == mark]


def without_blocks(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of what marketing ops edit, with the README's files in it, and the command where make puts it."""
    home = tmp_path / "a home"
    for folder in ("sequences", "policies", "templates"):
        shutil.copytree(PROJECT / folder, home / folder)
    for name, text in titled().items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    command = home / ".venv" / "bin" / "rapport"
    command.parent.mkdir(parents=True)
    path = shlex.quote(str(PROJECT))
    command.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.quote(sys.executable)} -m starter.cli "$@"\n')
    command.chmod(0o755)
    return home


def shell(home: Path, commands: str, environ: dict[str, str] | None = None) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "TEMPORAL_"))}
    done = subprocess.run(
        ["sh", "-eu", "-c", commands],
        cwd=home,
        env={**kept, **(environ or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def columns(text: str) -> list[list[str]]:
    """The cells of a table, whatever its widths."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.strip()]


@pytest.mark.system
def test_the_commands_on_files_work_and_say_what_is_shown(home: Path) -> None:
    said = [shell(home, each.text) for each in marked("run")]

    [shown] = [columns(each.text) for each in marked("says")]
    assert len(said) == 2
    assert columns(said[-1])[-len(shown) :] == shown


@pytest.mark.system
def test_the_first_sequence_runs(home: Path) -> None:
    [live] = marked("live")
    names: tuple[str, ...] = ("web_port", "temporal_port", "temporal_ui_port", "mailbox_smtp_port", "mailbox_http_port")
    names += ("inbound_smtp_port",)
    ports: dict[str, Any] = dict.fromkeys(names, 0)
    with Stack(Settings(home=home, **ports), say=lambda _: None) as stack:
        environ = stack.settings.as_environment()
        shell(home, live.text, environ)
        deadline = time.monotonic() + 30
        while "message accepted “Ada, your first board is ready”" not in (
            told := shell(home, live.text.splitlines()[-1], environ)
        ):
            assert time.monotonic() < deadline, told
            time.sleep(0.2)


def test_every_block_is_tried_or_needs_no_trial() -> None:
    kinds = {(each.kind, each.mark.partition("=")[0]) for each in blocks()}

    assert kinds == {
        ("bash", ""), ("bash", "run"), ("bash", "live"), ("text", "says"), ("mermaid", ""),
        ("yaml", "title"), ("html", "title"), ("json", "title"),
    }  # fmt: skip


def test_every_target_named_is_one() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(page.read_text(encoding="utf-8") for page in PAGES)))

    assert named & targets >= {"demo", "run", "help", "test", "quick"}
    in_code = set(re.findall(r"`make ([a-z-]+)", PAGES[0].read_text(encoding="utf-8")))
    assert in_code - targets == set()


def test_the_command_is_installed_under_its_name() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert scripts == {"rapport": "starter.cli:main"}


def test_every_setting_named_is_one() -> None:
    known = {*documented(), "RAPPORT_STATE"}
    named = {
        name
        for page in PAGES
        for name in re.findall(r"\b(?:RAPPORT|TEMPORAL)_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8"))
    }

    assert named - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_link_is_there(page: Path) -> None:
    text = without_blocks(page)
    files = [name for name in FILE.findall(text) if "/" in name and name not in titled() and name not in NOT_HERE]
    links = [link for link in LINK.findall(text) if not link.startswith("http")]

    assert [name for name in files if not (PROJECT / name).exists()] == []
    assert [link for link in links if not (page.parent / link).exists()] == []


def names_in(path: Path) -> set[str]:
    """What a module defines: functions, classes, methods as `Class.method` and alone, and constants."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            functions = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{each.name}" for each in functions}
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def rows() -> list[tuple[str, str]]:
    """Each row of a table that begins with one of our modules: the file, and the rest of the row."""
    found = []
    for page in PAGES:
        for line in without_blocks(page).splitlines():
            if row := re.match(r"\| `((?:\w+/)*\w+\.py)` \|(.*)\|$", line):
                found.append((row[1], row[2]))
    return found


def test_every_name_in_the_tour_is_defined_in_its_file() -> None:
    wrong = []
    for file, words in rows():
        defined = names_in(PROJECT / file)
        named = re.findall(r"`([A-Za-z_][\w.]*)`", words)
        wrong += [f"{file}: {name}" for name in named if name not in defined and "/" not in name]

    assert len(rows()) > 15
    assert wrong == []
