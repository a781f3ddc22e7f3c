"""What can be used of a home: a file with a mistake stops nothing but itself, and its last published text goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.loader import SEQUENCES
from domain.policy_files import POLICIES
from domain.program import Program
from domain.tree import Problem
from starter.home import Home, LoadedHome, load_files
from starter.home_files import TEMPLATES
from starter.still_named import still_named

# In this order one file builds upon another: a form names topics, a template senders and fields.
ROOMS = (
    f"{POLICIES}calendars.yaml",
    f"{POLICIES}contact.yaml",
    f"{POLICIES}events.yaml",
    f"{POLICIES}messaging.yaml",
    POLICIES,
    f"{TEMPLATES}email/layouts/",
    TEMPLATES,
)


def settled(home: Home, last: Mapping[str, str], inside: Sequence[Program]) -> tuple[LoadedHome, list[Problem]]:
    """Return what can be used of a home, and what is wrong with the rest, whose `last` published text is kept.

    A policy file that lost what people `inside` a sequence go by is not usable either.
    """
    usable, problems = _usable(home, last)
    missed = list(still_named(usable.policies, load_files(last).policies, inside))
    if not missed:
        return usable, problems
    files = put_back(home.files, {problem.path for problem in missed}, last)
    usable, others = _usable(replace(home, files=files), last)
    return usable, sorted({*missed, *others})


def _usable(home: Home, last: Mapping[str, str]) -> tuple[LoadedHome, list[Problem]]:
    """Put last published texts in the place of policies and templates that cannot be used; return that, and why.

    Room by room, so that a file which only misses what a broken one declares is not called broken itself. If old and
    new do not fit together then, all policies stay as they were, or all templates, too.
    """
    problems = list(home.problems)
    loaded = load_files(put_back(home.files, unread(home, last), last))
    for room in ROOMS:
        while errors := _shared_errors(loaded, room):
            problems += errors
            files = put_back(loaded.files, {problem.path for problem in errors}, last)
            if files == loaded.files:
                break  # these are the last texts, and do not fit the others
            loaded = load_files(files)
    for rooms in ((POLICIES,), (POLICIES, TEMPLATES)):
        if _shared_errors(loaded) and last:
            ours = {path: text for path, text in loaded.files.items() if not path.startswith(rooms)}
            loaded = load_files(ours | {path: text for path, text in last.items() if path.startswith(rooms)})
    return loaded, sorted({*problems, *(p for p in loaded.problems if p.path.startswith(SEQUENCES) or p.warning)})


def put_back(files: Mapping[str, str], broken: set[str], last: Mapping[str, str]) -> dict[str, str]:
    good = {path: text for path, text in files.items() if path not in broken}
    return good | {path: last[path] for path in broken if path in last}


def _shared_errors(loaded: LoadedHome, room: str = "") -> list[Problem]:
    """Return what keeps policies and templates from being used; with `room`, only below that path."""
    return [p for p in loaded.errors() if not p.path.startswith(SEQUENCES) and p.path.startswith(room)]


def unread(home: Home, last: Mapping[str, str]) -> set[str]:
    """Return the published files that could not be read now, alone or with their whole folder."""
    places = {problem.path for problem in home.problems}
    return {path for path in last if any(path == place or path.startswith(f"{place}/") for place in places)}
