import socket
from pathlib import Path

import pytest

from starter.publish import publish_home
from tests.starter.leads import RECEIPT, SEGMENTS
from tests.starter.small_home import SmallHome, make_home


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """A home with files only; Temporal is out of reach, whoever listens on this machine."""
    for name in ("RAPPORT_HOME", "RAPPORT_STATE", "TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("RAPPORT_TEMPORAL_PORT", str(closed.getsockname()[1]))
    return make_home(tmp_path, capsys)


@pytest.fixture
def records(home: SmallHome) -> SmallHome:
    """The home, published into databases of its own."""
    return home.with_records()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be, so there is nothing to wait for."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


@pytest.fixture
def leads(records: SmallHome, impatient: None) -> SmallHome:
    """Three leads, two of whom said yes."""
    records.write("policies/segments.yaml", SEGMENTS)
    records.write("templates/email/shop/receipt.html", RECEIPT)
    publish_home(records.settings)
    for name in ("ann", "bob"):
        records.type("contact", "add", "--email", f"{name}@acme.example", "--consent", "product-news")
    records.type("contact", "add", "--email", "eve@acme.example")
    return records
