"""Whatever lies in a home, `check` answers with places and ways out, or with programs: soon, and never with a crash.

A tenth of the accidents happens in the usual run, all of them at full size. Time is that of the processor: a busy
machine is not a failure.
"""

import re
import time
from functools import cache
from random import Random

import pytest

from domain.loader import Loaded, load
from domain.problems import Problem
from domain.program import Program
from rendering.catalogue import Catalogue
from starter.home import LoadedHome, Unreadable, decoded, load_files, load_sequence_file, sources_of
from starter.home_templates import template_problems
from tests.accidents import an_accident, random_bytes
from tests.domain.kit import GOOD, POLICIES, TEMPLATES
from tests.domain.programs import a_case
from tests.home import shipped

# An accident must not make `check` hang; what it usually takes is measured by benchmarks.
MOST_SECONDS = 5.0
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@cache
def home() -> LoadedHome:
    """Return the files that are shipped, and sequences with every kind of step."""
    found = dict(shipped().files) | {f"templates/{path}": text for path, text in shipped().templates.items()}
    found |= {f"sequences/story-{seed}.yaml": a_case(Random(seed)).files["sequences/story.yaml"] for seed in range(9)}
    return load_files(found)


def assert_told(content: bytes, problems: list[Problem]) -> None:
    """Assert that each problem is one line that names a place in the file and a way out."""
    lines = len(BREAK.split(content.decode("utf-8", "replace")))
    for problem in problems:
        assert 1 <= problem.line <= lines, (problem, lines)
        assert "; " in problem.what, problem
        assert problem.what.isprintable(), problem
        assert len(problem.what) < 1_000, problem
        assert not re.search(r"docs\.|pydantic|Error|Traceback|object at 0x", problem.what), problem


def assert_whole(program: Program) -> None:
    """Assert that what was accepted can be stored, named by its content, and read again."""
    stored = program.model_dump(mode="json")
    assert Program.load(stored) == program
    assert program.version.startswith("sha256:")


def read_sequence(content: bytes) -> None:
    """Read a sequence of these bytes as `check` does, and assert what holds whatever they are."""
    began = time.process_time()
    try:
        text = decoded(content)
    except Unreadable as error:
        assert_told(content, [Problem("a.yaml", error.line, error.what)])
        return
    program, problems = load_sequence_file(home(), "sequences/a.yaml", text)
    taken = time.process_time() - began
    assert taken < MOST_SECONDS, f"{taken:.1f} s"
    assert_told(content, problems)
    assert (program is None) == any(not problem.warning for problem in problems)
    if program is not None:
        assert_whole(program)


def read_policy(path: str, content: bytes) -> None:
    """As `read_sequence`, for a policy."""
    began = time.process_time()
    try:
        text = decoded(content)
    except Unreadable:
        return
    loaded: Loaded = load(POLICIES | {path: text, "sequences/story.yaml": GOOD}, TEMPLATES)
    taken = time.process_time() - began
    assert taken < MOST_SECONDS, f"{taken:.1f} s"
    assert_told(content, [problem for problem in loaded.problems if problem.path == path])


def read_template(path: str, content: bytes) -> None:
    """As `read_sequence`, for a template beside all others."""
    try:
        text = decoded(content)
    except Unreadable:
        return
    shared = {
        name: words for name, words in sources_of(home().files).items() if "/layouts/" in name or "/parts/" in name
    }
    sources = shared | {path.removeprefix("templates/"): text}
    began = time.process_time()
    Catalogue({path.removeprefix("templates/"): text})
    problems = list(template_problems(sources, home().policies, frozenset()))
    taken = time.process_time() - began
    assert taken < MOST_SECONDS, f"{taken:.1f} s"
    assert_told(content, [problem for problem in problems if problem.path == path])


def paths(folder: str) -> list[str]:
    return sorted(path for path in home().files if path.startswith(folder))


def happen_to_sequences(first: int, count: int) -> None:
    for seed in range(first, first + count):
        random = Random(seed)
        read_sequence(an_accident(random, home().files, random.choice(paths("sequences/"))))


def happen_to_policies(first: int, count: int) -> None:
    for seed in range(first, first + count):
        random = Random(f"policy {seed}")
        path = random.choice(paths("policies/"))
        read_policy(path, an_accident(random, home().files, path))


def happen_to_templates(first: int, count: int) -> None:
    for seed in range(first, first + count):
        random = Random(f"template {seed}")
        path = random.choice(paths("templates/"))
        read_template(path, an_accident(random, home().files, path))


def come_as_bytes(first: int, count: int) -> None:
    for seed in range(first, first + count):
        read_sequence(random_bytes(Random(f"bytes {seed}")))


@pytest.mark.parametrize("part", range(4))
def test_random_bytes_do_no_harm(part: int) -> None:
    come_as_bytes(part * 2_500, 2_500)


@pytest.mark.parametrize("part", range(4))
def test_accidents_to_sequences_are_told(part: int) -> None:
    happen_to_sequences(part * 250, 250)


def test_accidents_to_policies_are_told() -> None:
    happen_to_policies(0, 200)


def test_accidents_to_templates_are_told() -> None:
    happen_to_templates(0, 100)


@pytest.mark.large
@pytest.mark.parametrize("part", range(20))
def test_random_bytes_do_no_harm_at_full_size(part: int) -> None:
    come_as_bytes(10_000 + part * 4_500, 4_500)


@pytest.mark.large
@pytest.mark.parametrize("part", range(20))
def test_accidents_at_full_size_are_told(part: int) -> None:
    happen_to_sequences(1_000 + part * 450, 450)
    happen_to_policies(1_000 + part * 100, 100)
    happen_to_templates(1_000 + part * 50, 50)
