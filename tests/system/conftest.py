"""Two companies for all these tests: one with the local mail server, one whose mail server has moods.

Each test uses addresses of its own, and leaves every part running. What it did stays: the audits look at everything.
They close when the last test of this folder has run: ten processes that nobody needs take their share of the machine.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.company import Company, founded
from tests.system.moody_smtp import MoodySmtp

# Parts start, die and are missed here: on a machine that does ten other things at once that takes its time.
LONGEST = 600  # seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder that long, unless it says otherwise."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST))


@dataclass(frozen=True)
class Moody:
    """A company and its mail server."""

    company: Company
    mail: MoodySmtp


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with founded(tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture(scope="package")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moody]:
    with (
        MoodySmtp() as mail,
        founded(tmp_path_factory.mktemp("moody"), mail.letters, mail.port) as company,
    ):
        yield Moody(company, mail)


@pytest.fixture
def address() -> Callable[[str], str]:
    """Return a maker of addresses that no other test uses."""
    test = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{test}@customer.example"
