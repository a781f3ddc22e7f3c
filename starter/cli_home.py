"""Commands on files alone: finding a sequence, and `check`. No server, no database, no settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.definition import nearest
from domain.loader import SEQUENCES
from domain.policy_files import POLICIES
from domain.program import Program
from domain.tree import Problem
from rendering.bundle import NOT_SENT, Place
from starter.cli_result import FINE, PROBLEMS, ProblemsFound, Result
from starter.home import FOLDERS, LoadedHome, Unreadable, load_home, load_sequence_file, read_home, read_text
from starter.home_files import TEMPLATES

YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Written:
    """A sequence as its file has it: where that is, and its text."""

    path: str
    text: str


def check_files(home: Path, paths: Sequence[Path]) -> Result:
    """Load a home, and sequences that lie elsewhere; all problems, or those of `paths` when some are given."""
    here = read_home(home)
    loaded = load_home(here)
    chosen = loaded.problems if not paths else []
    for path in paths:
        chosen = chosen + _problems_at(home, path, loaded)
    problems = sorted(set(chosen))
    errors = sum(not problem.warning for problem in problems)
    counted = {folder.rstrip("/"): _count(loaded.files, folder) for folder in FOLDERS}
    document = {
        "ok": not errors,
        "checked": counted,
        "problems": [as_document(problem) for problem in problems],
    }
    others = sum(problem not in problems for problem in loaded.errors())
    looked_at = ", ".join(map(str, paths) if paths else (f"{count} in {folder}/" for folder, count in counted.items()))
    notes = [f"{looked_at}: {_found(errors, len(problems) - errors)}"]
    if paths and others:
        notes.append(f"{others} more in files that were not asked about; see `rapport check`")
    return Result(document, [str(problem) for problem in problems], notes, PROBLEMS if errors else FINE)


def _count(files: Iterable[str], folder: str) -> int:
    return sum(path.startswith(folder) for path in files)


def _found(errors: int, warnings: int) -> str:
    found = [f"{number} {word}{'s' if number > 1 else ''}" for number, word in _named(errors, warnings) if number]
    return " and ".join(found) or "no problem"


def _named(errors: int, warnings: int) -> list[tuple[int, str]]:
    return [(errors, "problem"), (warnings, "warning")]


def as_document(problem: Problem) -> dict[str, Any]:
    """Return a problem as programs read it."""
    return {"path": problem.path, "line": problem.line, "what": problem.what, "warning": problem.warning}


def _problems_at(home: Path, path: Path, loaded: LoadedHome) -> list[Problem]:
    """Return the problems of a file or folder, in the home or elsewhere."""
    inside = place_in(home, path)
    if inside is not None:
        return [each for each in loaded.problems if inside in ("", each.path) or each.path.startswith(f"{inside}/")]
    if any((path / folder).is_dir() for folder in FOLDERS):
        return load_home(read_home(path)).problems  # a home of its own
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix in YAML)
        if not found:
            return [Problem(str(path), 1, "holds nothing to check; give a .yaml file, or a folder with some")]
        return [problem for each in found for problem in _problems_of_file(each, loaded)]
    return _problems_of_file(path, loaded)


def _problems_of_file(path: Path, loaded: LoadedHome) -> list[Problem]:
    if path.exists() and path.suffix not in YAML:
        return [Problem(str(path), 1, f"is no sequence and lies outside {', '.join(FOLDERS)}; give a .yaml file")]
    try:
        return load_sequence_file(loaded, str(path), read_text(path))[1]
    except Unreadable as error:
        return [Problem(str(path), error.line, error.what)]


def place_in(home: Path, path: Path) -> str | None:
    """Return where a file or folder stands in the home's three folders (`""` for the home itself), None elsewhere."""
    try:
        inside = path.resolve().relative_to(home.resolve()).as_posix()
    except (OSError, RuntimeError, ValueError):
        return None
    if inside == ".":
        return ""
    return inside if path.exists() and f"{inside}/".startswith(FOLDERS) else None


def find_written(home: Path, loaded: LoadedHome, sequence: str) -> Written:
    """Return the file of a sequence, given by name or path. Raises `ProblemsFound`."""
    if not loaded.files and loaded.problems:  # there is no home here
        raise problems_found(loaded.problems)
    if sequence.endswith(YAML) or "/" in sequence:
        return _written_at(home, loaded, Path(sequence))
    for suffix in YAML:
        path = f"{SEQUENCES}{sequence}{suffix}"
        if path in loaded.files:
            return Written(path, loaded.files[path])
        problems = [problem for problem in loaded.problems if problem.path == path]
        if problems:  # it is there and cannot be read
            raise problems_found(problems)
    there = {Path(path).stem for path in loaded.files if path.startswith(SEQUENCES)}
    raise ProblemsFound([f"sequence '{sequence}' has no file in {home / SEQUENCES}{nearest(sequence, there)}"])


def _written_at(home: Path, loaded: LoadedHome, path: Path) -> Written:
    inside = place_in(home, path)
    if inside is not None and inside in loaded.files:
        return Written(inside, loaded.files[inside])
    try:
        return Written(str(path), read_text(path))
    except Unreadable as error:
        raise problems_found([Problem(str(path), error.line, error.what)]) from None


def program_of(home: Path, loaded: LoadedHome, sequence: str) -> tuple[Program, list[Problem]]:
    """Return a sequence given by name or path, and what is odd about it or wrong with what it stands on.

    Raises `ProblemsFound` where it cannot be loaded.
    """
    written = find_written(home, loaded, sequence)
    program, problems = load_sequence_file(loaded, written.path, written.text, strict=False)
    problems += problems_it_stands_on(loaded, program)
    if program is None:
        raise problems_found(problems)
    return program, problems


def problems_found(problems: Iterable[Problem]) -> ProblemsFound:
    """Return these problems as what a command ends with."""
    ordered = sorted(set(problems))
    return ProblemsFound(map(str, ordered), [as_document(problem) for problem in ordered])


def problems_it_stands_on(loaded: LoadedHome, program: Program | None) -> list[Problem]:
    """Return the errors in the policies, and in the templates that a program may render."""
    steps = program.steps.values() if program is not None else ()
    names = {str(getattr(step.need(), "template", "")) for step in steps}
    return [each for each in loaded.errors() if each.path.startswith(POLICIES) or _is_rendered(each.path, names)]


def _is_rendered(path: str, names: set[str]) -> bool:
    place = Place.parse(path.removeprefix(TEMPLATES)) if path.startswith(TEMPLATES) else None
    return place is not None and (place.name in names or place.name.startswith(NOT_SENT))
