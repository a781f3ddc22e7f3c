"""A certificate for localhost, signed by nobody but itself."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest


@cache
def certificate() -> Path:
    """Return a file with the certificate and its key; skip the test where `openssl` is not installed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = Path(mkdtemp(prefix="rapport-tls-"))
    what = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", *what.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both
