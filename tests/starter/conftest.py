import socket
from pathlib import Path

import pytest

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
