"""The folder that marketing ops and operations edit: its sequences, policies and templates, read and checked together.

Whatever lies in the folder, reading it ends in texts and `Problem`s, never in an error: what cannot be read is said
with its path, and the rest goes on.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from domain.attachments import FILE_BYTES, is_file, packed
from domain.loader import SEQUENCES, load, load_sequence
from domain.policies import Policies
from domain.policy_files import FORMS, POLICIES
from domain.program import Program
from domain.tree import MOST_BYTES, Problem
from rendering.catalogue import Catalogue
from starter.home_files import TEMPLATES
from starter.home_letters import letter_problems, name_problems
from starter.home_templates import template_problems

FOLDERS = (SEQUENCES, POLICIES, TEMPLATES)


@dataclass(frozen=True)
class Home:
    """What was read: text by path (relative to `folder`, with `/`), and what could not be read."""

    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def sources(self) -> dict[str, str]:
        """The templates by path below `templates/`, as rendering knows them."""
        return sources_of(self.files)


@dataclass(frozen=True)
class LoadedHome:
    """What could be loaded of a home, and everything that is wrong with the rest, sorted by place."""

    files: Mapping[str, str]
    programs: Mapping[str, Program]
    policies: Policies
    problems: list[Problem]

    @property
    def sources(self) -> dict[str, str]:
        """The templates by path below `templates/`, as rendering knows them."""
        return sources_of(self.files)

    @cached_property
    def templates(self) -> Catalogue:
        """What rules ask of the templates."""
        return Catalogue(self.sources)

    @property
    def doubtful(self) -> frozenset[str]:
        """The policies that have errors: what they declare may be missed elsewhere without being wrong there."""
        return _doubtful(self.errors())

    def errors(self) -> list[Problem]:
        """Return the problems that keep a file from being published."""
        return [problem for problem in self.problems if not problem.warning]


def sources_of(files: Mapping[str, str]) -> dict[str, str]:
    """Return the templates among `files`, by path below `templates/`.

    >>> sources_of({"templates/email/a/b.html": "<p>", "policies/events.yaml": ""})
    {'email/a/b.html': '<p>'}
    """
    return {path.removeprefix(TEMPLATES): text for path, text in files.items() if path.startswith(TEMPLATES)}


def read_home(path: Path) -> Home:
    """Read `sequences/*.yaml`, `policies/**/*.yaml` and `templates/**` of a folder.

    What lies below `templates/files/` is no text: it stands in the home as `domain.attachments` packs it.
    """
    home = Home(path)
    if not any((path / folder).is_dir() for folder in FOLDERS):
        what = "there is no sequences/, policies/ or templates/ here; go to the folder that has them, or give --home"
        home.problems.append(Problem(_shown(str(path)), 1, what))
        return home
    for folder in FOLDERS:
        for found in _below(home, path / folder):
            relative = found.relative_to(path).as_posix()
            if _belongs(relative):
                _take(home, found, relative)
    home.problems.sort()
    return home


def _below(home: Home, folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; hidden ones, and the copies that editors keep, are not ours."""

    def say(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            _say(home, _relative(home, str(error.filename)), f"cannot be read ({error.strerror}); allow reading it")

    if folder.is_symlink() and not _is_inside(home, folder):
        _say(home, _relative(home, str(folder)), "leads out of the home; put the folder itself here")
        return
    for here, folders, names in os.walk(folder, onerror=say):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if Path(here, name).is_symlink():  # never followed: it may lead out, or round in circles
                _say(home, _relative(home, str(Path(here, name))), "is a link; put the folder itself here")
        yield from (Path(here, name) for name in sorted(names) if not (name.startswith(".") or name.endswith("~")))


def _belongs(relative: str) -> bool:
    return relative.startswith(TEMPLATES) or relative.endswith((".yaml", ".yml"))


def _take(home: Home, found: Path, relative: str) -> None:
    if misplaced := _misplaced(relative):
        _say(home, relative, misplaced)
    elif not _is_inside(home, found):
        _say(home, relative, "leads out of the home; put the file itself here")
    else:
        try:
            is_one = is_file(relative.removeprefix(TEMPLATES))
            home.files[relative] = packed(read_bytes(found, FILE_BYTES)) if is_one else read_text(found)
        except Unreadable as error:
            _say(home, relative, error.what, error.line)


def _misplaced(relative: str) -> str | None:
    if _shown(relative) != relative:
        return "its name has characters that are no text; rename it"
    if relative.startswith(SEQUENCES) and relative.count("/") > 1:
        return "sequences are not read from folders; move it up into sequences/"
    return None


class Unreadable(Exception):
    """This file cannot be read as text: on which line, what is wrong, and what to do."""

    def __init__(self, what: str, line: int = 1) -> None:
        super().__init__(what)
        self.what, self.line = what, line


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Return the text of a file. Raises `Unreadable`.

    >>> read_text(Path("no/such/file"))
    Traceback (most recent call last):
    starter.home.Unreadable: cannot be read (No such file or directory); check the path
    """
    return decoded(read_bytes(path, most))


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a file holds, at most so many bytes. Raises `Unreadable`."""
    try:
        if path.is_dir() or stat.S_ISFIFO(path.stat().st_mode):  # a pipe might keep us waiting for ever
            raise Unreadable("is not a file; give one")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unreadable(f"cannot be read ({reason}); check the path") from None
    if len(content) > most:
        raise Unreadable(f"the file is larger than {most // 1024} kB; make it smaller")
    return content


def decoded(content: bytes) -> str:
    """Return the text of a file's bytes. Raises `Unreadable`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("this is not UTF-8 text; save it as UTF-8", content[: error.start].count(b"\n") + 1) from None
    if "\0" in text:
        raise Unreadable("there is a NUL byte; save it as UTF-8 text", text[: text.index("\0")].count("\n") + 1)
    return text


def _is_inside(home: Home, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(home.folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _relative(home: Home, path: str) -> str:
    return Path(path).relative_to(home.folder).as_posix() if path.startswith(str(home.folder)) else path


def _say(home: Home, relative: str, what: str, line: int = 1) -> None:
    home.problems.append(Problem(_shown(relative), line, what))


def _shown(path: str) -> str:
    """Return a path as it can be printed in one line: file names need not be text."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def load_home(home: Home) -> LoadedHome:
    """Load everything, and say everything that is wrong with it."""
    return load_files(home.files, home.problems)


def load_files(files: Mapping[str, str], said: list[Problem] | None = None) -> LoadedHome:
    """As `load_home`, for files that need not lie in a folder; `said` is what is wrong with them already."""
    sources = sources_of(files)
    loaded = load(files, Catalogue(sources))
    problems = [*(said or []), *loaded.problems]
    problems += template_problems(sources, loaded.policies, _doubtful(each for each in problems if not each.warning))
    problems += [*letter_problems(sources, loaded.policies), *name_problems(files)]
    return LoadedHome(files, loaded.programs, loaded.policies, sorted(set(problems)))


def load_sequence_file(
    loaded: LoadedHome, path: str, text: str, *, strict: bool = True
) -> tuple[Program | None, list[Problem]]:
    """Load a sequence, wherever it lies, by the policies and templates of a home.

    Not `strict`, as in a simulation, an event or form that is declared nowhere is a warning.
    """
    return load_sequence(path, text, loaded.policies, loaded.templates, loaded.doubtful, strict=strict)


def _doubtful(errors: Iterable[Problem]) -> frozenset[str]:
    paths = {problem.path for problem in errors if problem.path.startswith(POLICIES)}
    return frozenset("forms" if path.startswith(FORMS) else PurePosixPath(path).stem for path in paths)
