"""What a machine can keep of the house's order: who imports whom, what the rules may not touch, how long things are.

CONTRIBUTING.md says why. A failure here is fixed in the code it names, not in this file.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
ANYTHING = {"*"}

MAY_IMPORT = {
    "domain": set(),
    "rendering": {"domain"},
    "channels": {"domain"},
    "records": {"domain"},
    "activities": {"domain", "records", "channels", "rendering"},
    "workflows": {"domain", "activities"},
    "starter": {"domain", "records", "channels", "rendering", "workflows", "settings"},
    "migrations": {"domain", "records", "settings"},
    "settings_values": set(),
    "settings_environment": {"settings_values"},
    "settings_mail": {"settings_environment", "settings_values"},
    "settings_channels": {"settings_environment", "settings_values"},
    "settings": {"settings_channels", "settings_environment", "settings_mail", "settings_values"},
    "worker": ANYTHING,
    "benchmarks": ANYTHING,
    "tests": ANYTHING,
}
"""Each package and what of ours it may import, besides itself."""

IMPORTED_BY = {"worker": {"benchmarks", "tests"}, "benchmarks": {"tests"}, "tests": set[str]()}
"""Nothing of the product imports the composition root: what measures or tests the joined parts has it join them."""

PURE_LIBRARIES = {
    "annotated_types",
    "babel",
    "cel",
    "email_validator",
    "holidays",
    "itsdangerous",  # but not its timed half: see IMPURE_CALLS
    "phonenumbers",
    "pydantic",
    "pydantic_core",
    "rapidfuzz",
    "ruamel",
    "typing_extensions",
    "tzdata",
}
"""What domain/ may be built on: no I/O, no clock, no randomness of their own."""

IMPURE_MODULES = {
    "asyncio", "ftplib", "glob", "http", "io", "logging", "multiprocessing", "os", "random", "secrets", "select",
    "selectors", "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
    "threading", "time",
}  # fmt: skip
IMPURE_ALL_THE_SAME = {"domain/cel_library.py": {"sys"}}
"""It imports half of a library, so it looks into the table of imported modules, and at nothing else."""
IMPURE_CALLS = {
    "now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "getenv", "urlopen", "open", "print", "input",
    "TimestampSigner", "URLSafeTimedSerializer",
    "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "rglob", "mkdir", "unlink", "cwd", "home",
}  # fmt: skip
"""Names that ask the clock, chance or the file system, wherever in domain/ they are called."""
LIBRARY_TABLES = re.compile(r"files\('(\w+)'\)\.joinpath\(('\w[\w.]*'(, )?)+\)\.read_text")
"""A table that a pure library carries with its code, such as the list of time zones, is as fixed as the code."""

FUNCTION_LINES = (25, 50)
FILE_LINES = (250, 400)
"""Usually, and at most: 95 of 100 functions, and of 100 files. A docstring does not count: its examples are tests."""

# Each with one letter in brackets, so that this file does not hold what it looks for.
REGISTRIES = re.compile(r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|deb\.[d]ebian\.org")
MACHINE_PATHS = re.compile(r"(^|[^\w.])/(wor[k]|far[m]|roo[t])/")
UNKEPT_PROMISES = re.compile(r"\bTOD[O]\b|\bFIXM[E]\b|raise NotImplemente[d]Error")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project, as git knows them, or as they lie here where there is no git."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True)
        names = listed.stdout.decode().split("\0")
        return tuple(path for name in names if name and (path := PROJECT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        return tuple(p for p in PROJECT.rglob("*") if p.is_file() and not {".venv", ".rapport"} & set(p.parts))


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in tracked() if path.suffix == ".py"}


def place(path: Path, node: ast.AST | None = None) -> str:
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(PROJECT)}:{line}" if line else str(path.relative_to(PROJECT))


def room(path: Path) -> str:
    """The package or top-level module a file belongs to."""
    return path.relative_to(PROJECT).parts[0].removesuffix(".py")


def of_rooms(*rooms: str) -> dict[Path, ast.Module]:
    return {path: tree for path, tree in modules().items() if room(path) in rooms}


def product() -> dict[Path, ast.Module]:
    """All but tests and the dated migrations, which are written by a program and never change again."""
    return {
        path: tree
        for path, tree in modules().items()
        if room(path) != "tests" and not re.match(r"migrations/\w+/\d", place(path))
    }


def imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module's full name, wherever in the file it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def called(node: ast.AST) -> str:
    """The last name of what is called: `now` of `datetime.now()`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def reads_a_library_table(node: ast.AST) -> bool:
    table = LIBRARY_TABLES.fullmatch(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
    return table is not None and table[1] in PURE_LIBRARIES


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in product().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def percentile(share: float, sizes: list[int]) -> int:
    return sorted(sizes)[int(share * (len(sizes) - 1))]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{place(path, node)}: {package} may not import {name}"
        for path, tree in of_rooms(package).items()
        for node, name in imports(tree)
        if (target := name.split(".")[0]) in MAY_IMPORT
        and target not in allowed
        and (allowed & ANYTHING == set() or package not in IMPORTED_BY.get(target, {package}))
    ]

    assert wrong == []


def test_every_package_has_its_place_in_the_table() -> None:
    assert {room(path) for path in modules()} - MAY_IMPORT.keys() == set()


def test_the_rules_are_built_on_pure_libraries_only() -> None:
    ours = MAY_IMPORT.keys()
    wrong = [
        f"{place(path, node)}: domain may not import {name}"
        for path, tree in of_rooms("domain").items()
        for node, name in imports(tree)
        if (top := name.split(".")[0]) in IMPURE_MODULES - IMPURE_ALL_THE_SAME.get(place(path), set())
        or (top not in sys.stdlib_module_names and top not in PURE_LIBRARIES and top not in ours)
    ]

    assert wrong == []


def test_the_rules_ask_no_clock_no_chance_no_environment_and_no_file() -> None:
    wrong = [
        f"{place(path, node)}: domain may not call {called(node)}(); take it as an argument"
        for path, tree in of_rooms("domain").items()
        for node in ast.walk(tree)
        if called(node) in IMPURE_CALLS and not reads_a_library_table(node)
    ]

    assert wrong == []


def test_there_is_one_place_that_commits() -> None:
    wrong = [
        place(path, node)
        for path, tree in product().items()
        if place(path) != "records/session.py"
        for node in ast.walk(tree)
        if called(node) == "commit"
    ]

    assert wrong == []


def test_each_kind_of_step_has_its_own_file() -> None:
    kinds = {
        place(path): [node.name for node in tree.body if isinstance(node, ast.ClassDef) and "Step" in base_names(node)]
        for path, tree in of_rooms("domain").items()
        if path.parent.name == "steps" and path.name not in ("__init__.py", "base.py")
    }

    assert {file: names for file, names in kinds.items() if len(names) != 1} == {}


def base_names(node: ast.ClassDef) -> set[str]:
    return {name.id if isinstance(name, ast.Name) else ast.unparse(name).split(".")[-1] for name in node.bases}


def test_package_files_are_empty() -> None:
    """Temporal executes the packages of workflows again on every run; the others keep the same habit."""
    assert [place(path) for path in modules() if path.name == "__init__.py" and path.stat().st_size] == []


def test_functions_are_short() -> None:
    usual, most = FUNCTION_LINES
    sizes = {place(path, node) + f" {node.name}": length(node) for path, node in functions()}

    assert {name: size for name, size in sizes.items() if size > most} == {}
    assert percentile(0.95, list(sizes.values())) <= usual


def test_files_are_short() -> None:
    usual, most = FILE_LINES
    measured = product() | of_rooms("tests")
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in measured if path.name != "__init__.py"
    }

    assert {place(path): size for path, size in sizes.items() if size > most} == {}
    assert percentile(0.95, [size for path, size in sizes.items() if path in product()]) <= usual


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registries", "machine-paths"])
def test_no_file_knows_where_it_was_made(pattern: re.Pattern[str]) -> None:
    found = []
    for path in tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{place(path)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]

    assert found == []


def test_nothing_is_promised_for_later() -> None:
    found = [
        f"{place(path)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNKEPT_PROMISES.search(line)
    ]

    assert found == []


def test_the_lock_holds_every_dependency() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", (PROJECT / "requirements.lock").read_text(), re.MULTILINE))

    names = {re.split(r"[\[<>=~ ]", requirement)[0].lower() for requirement in wanted}
    assert {re.sub(r"[._]", "-", name) for name in names} - locked == set(), "run `make lock`"
