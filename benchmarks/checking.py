"""How long `rapport check` works on a thousand files, beside the bare libraries that parse the same texts.

Two homes: one of sequences alone, each unlike the others, and one of sequences with the templates they send. What a
process keeps of texts it has read is forgotten before each sample: a check begins with nothing.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from jinja2 import Environment
from ruamel.yaml import YAML

from benchmarks.home import PROJECT
from benchmarks.measures import Report, Sample, Scale
from domain.attachments import is_file, unpacked
from domain.tree import forget_trees
from rendering.source import parse_front
from starter.home import Home, load_home, read_home
from starter.home_files import TEMPLATES

FILES = (1000, 200, 60)
MOST_SECONDS = 60
SEQUENCES, MIXED = "{:,} sequences", "{:,} files, mostly templates"
PARSED = "{}, parsed bare"
LIMITS = (
    "Python: three fifths of sequences is their YAML, the rest every rule on every line. "
    "A thousand sequences may take 20 s on two processors; one is used"
)


async def measure(scale: Scale) -> Report:
    """Return files a second."""
    return await asyncio.to_thread(_measure, scale)


def _measure(scale: Scale) -> Report:
    count = scale.of(*FILES)
    homes = {SEQUENCES.format(count): _many_sequences, MIXED.format(count): _many}
    report = Report("a home checked", LIMITS, {name: PARSED.format(name) for name in homes})
    for name, make in homes.items():
        _measure_home(report, name, make, count, scale)
    return report


def _measure_home(report: Report, name: str, make: Callable[[int], dict[str, str]], count: int, scale: Scale) -> None:
    files = make(count)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        for path, text in files.items():
            place = Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            carried = is_file(path.removeprefix(TEMPLATES))
            place.write_bytes(unpacked(text) if carried else text.encode())
        for _ in scale.rounds(MOST_SECONDS):
            report.add(PARSED.format(name), _parse(Path(folder), files))
            report.add(name, _check(Path(folder), len(files)))


def _many_sequences(count: int) -> dict[str, str]:
    """Return so many sequences, all that are shipped in turn, beside the policies and templates they stand on."""
    files = dict(read_home(PROJECT).files)
    written = {path: text for path, text in files.items() if path.startswith("sequences/")}
    copies = islice(cycle(written.items()), max(0, count - len(written)))
    for number, (path, text) in enumerate(copies):
        files[f"{path.removesuffix('.yaml')}-{number}.yaml"] = f"# Copy {number}.\n{text}"
    return files


def _many(count: int) -> dict[str, str]:
    """Return so many valid files: the shipped home, and copies of its welcome sequence with the templates it sends."""
    files = dict(read_home(PROJECT).files)
    sequence = files["sequences/demo-welcome.yaml"]
    letters = {path: text for path, text in files.items() if path.startswith("templates/email/welcome/")}
    copies = max(0, (count - len(files)) // (len(letters) + 1))
    for number in range(copies):
        files[f"sequences/demo-welcome-{number}.yaml"] = sequence.replace("welcome/", f"welcome-{number}/")
        files |= {path.replace("/welcome/", f"/welcome-{number}/"): text for path, text in letters.items()}
    spare = letters["templates/email/welcome/answer.html"]
    return files | {f"templates/email/spare/{number}.html": spare for number in range(count - len(files))}


def _parse(folder: Path, files: dict[str, str]) -> Sample:
    began = time.perf_counter()
    jinja = Environment(autoescape=True)
    for path in files:
        if is_file(path.removeprefix(TEMPLATES)):
            continue
        text = (folder / path).read_text(encoding="utf-8")
        if path.endswith(".yaml"):
            YAML(typ="safe", pure=True).load(text)
        else:
            jinja.parse(text)
    return _rate(len(files), began)


def _check(folder: Path, files: int) -> Sample:
    forget_trees()
    parse_front.cache_clear()
    began = time.perf_counter()
    home: Home = read_home(folder)
    loaded = load_home(home)
    sample = _rate(files, began)
    assert len(home.files) == files
    assert not loaded.errors(), loaded.errors()[:3]
    return sample


def _rate(files: int, began: float) -> Sample:
    seconds = time.perf_counter() - began
    return {"files/s": files / seconds, "seconds": seconds}
