"""How long `rapport check` works on a home of 1,000 files, beside the bare libraries that parse the same texts."""

import asyncio
import tempfile
import time
from pathlib import Path

from jinja2 import Environment
from ruamel.yaml import YAML

from benchmarks.home import PROJECT
from benchmarks.measures import Report, Sample, Scale
from starter.home import Home, load_home, read_home

FILES = (1000, 400, 200)
MOST_SECONDS = 60
CHECKED, PARSED = "checked", "parsed by the bare libraries"
LIMITS = "Python: half of it is parsing, the rest every rule on every line"


async def measure(scale: Scale) -> Report:
    """Return files a second."""
    return await asyncio.to_thread(_measure, scale)


def _measure(scale: Scale) -> Report:
    report = Report("a home checked", LIMITS, {CHECKED: PARSED})
    files = _many(scale.of(*FILES))
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        for path, text in files.items():
            place = Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for _ in scale.rounds(MOST_SECONDS):
            report.add(PARSED, _parse(Path(folder), files))
            report.add(CHECKED, _check(Path(folder), len(files)))
    return report


def _many(count: int) -> dict[str, str]:
    """Return so many valid files: the shipped home, and copies of its welcome sequence with the templates it sends."""
    files = dict(read_home(PROJECT).files)
    sequence = files["sequences/demo-welcome.yaml"]
    letters = {path: text for path, text in files.items() if path.startswith("templates/email/welcome/")}
    copies = (count - len(files)) // (len(letters) + 1)
    for number in range(copies):
        files[f"sequences/demo-welcome-{number}.yaml"] = sequence.replace("welcome/", f"welcome-{number}/")
        files |= {path.replace("/welcome/", f"/welcome-{number}/"): text for path, text in letters.items()}
    spare = letters["templates/email/welcome/answer.html"]
    return files | {f"templates/email/spare/{number}.html": spare for number in range(count - len(files))}


def _parse(folder: Path, files: dict[str, str]) -> Sample:
    began = time.perf_counter()
    jinja = Environment(autoescape=True)
    for path in files:
        text = (folder / path).read_text(encoding="utf-8")
        if path.endswith(".yaml"):
            YAML(typ="safe", pure=True).load(text)
        else:
            jinja.parse(text)
    return _rate(len(files), began)


def _check(folder: Path, files: int) -> Sample:
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
