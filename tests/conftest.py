"""What holds for every test: how much Hypothesis looks at, and that a child hears the signals it is sent.

`usual` looks at the same examples every time, so that a red run is about the change and not about luck; `full`, in
`make test-all`, looks at many more and at others each time. A test says `@settings(max_examples=…)` only where one
example is dear, or where the size is the point and the test is marked `large`.
"""

import gc
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.distribution import GuestsTogether, how_soon

# No deadlines, and no complaints of slowness: a busy machine is not a failure.
settings.register_profile(
    "usual", max_examples=30, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("full", max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("usual")

# A shell makes what runs in its background deaf to Ctrl-C, `nohup` to a hang-up, and children inherit it. A handler
# that does nothing is as deaf, and is not inherited.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


# What reads the whole home, throws accidents at many files, or walks through time minute by minute.
WHOLE = (
    "test_examples",
    "test_author_docs",
    "test_readme",
    "test_gallery",
    "test_bench",
    "test_check_accidents",
    "test_time_laws",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes longer than rules do: what works in a folder of its own, or reads everything there is."""
    for item in items:
        if item.path.stem.startswith(WHOLE):
            item.add_marker(pytest.mark.whole)
        if "tmp_path" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.disk)
    # Files are handed to workers one after the other: what takes minutes begins first, lest all wait for it at the end.
    items.sort(key=how_soon)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give files to workers, as `make test` asks for; the guests of one company all to one."""
    return GuestsTogether(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage: it stays to the end."""
    gc.collect()
    gc.freeze()
