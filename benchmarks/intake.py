"""How many submissions a second the web process takes, beside a handler that does nothing on the same web stack.

Each is signed, checked against its form, and on disk before it is answered. No Temporal runs: what comes in waits.
"""

import asyncio
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from hmac import new as hmac
from uuid import uuid4

from sqlmodel import Session, func, select

from benchmarks.ground import settings_in, unsaid
from benchmarks.measures import Report, Sample, Scale
from benchmarks.posts import post_for
from records.models import Inbox
from records.session import Database
from settings import Settings
from starter.parts import Part, web_part
from starter.ports import free_ports
from starter.up import Stack, prepare

SECONDS = {"full": 3.0, "quick": 0.5, "tiny": 0.3}
MOST_SECONDS = 40
CLIENTS = (1, 16, 64)
SECRET = "a-secret-of-the-form"
LIMITS = "the web process's one Python thread: the web stack, then the insert; the disk's sync is shared by a burst"


async def measure(scale: Scale) -> Report:
    """Return POSTs a second and the time of 99 of 100, by the number of clients."""
    compared = {_ours(clients): _empty(clients) for clients in CLIENTS}
    report = Report("submissions accepted over HTTP", LIMITS, compared)
    seconds = SECONDS[scale.size]
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        settings = settings_in(folder).but(form_secrets={"json": [SECRET]})
        await asyncio.to_thread(prepare, settings)
        [port] = free_ports(1)
        empty = Part(
            name="empty", command=(sys.executable, "-m", "benchmarks.empty_site", str(port)), ready="^empty site ready"
        )
        with Stack(settings, parts=[web_part(settings), empty], say=unsaid):
            for _ in scale.rounds(MOST_SECONDS):
                for clients in CLIENTS:
                    report.add(_empty(clients), await _posts(port, seconds, clients))
                    report.add(_ours(clients), await _kept_posts(settings, seconds, clients))
    return report


def _ours(clients: int) -> str:
    return f"accepted, {clients} at once"


def _empty(clients: int) -> str:
    return f"empty handler, {clients} at once"


async def _posts(port: int, seconds: float, clients: int) -> Sample:
    posts = await post_for(seconds, port, requests(), clients)
    return {"POST/s": posts.rate, "p99 ms": posts.p99, "answered": float(len(posts.took))}


async def _kept_posts(settings: Settings, seconds: float, clients: int) -> Sample:
    async with Database(settings.inbox_url) as inbox:
        before = await inbox.read(_rows)
        sample = await _posts(settings.web_port, seconds, clients)
        assert await inbox.read(_rows) - before == sample["answered"], "what was accepted is on disk, once"
    return sample


def _rows(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Inbox)).one()


def requests() -> Iterator[bytes]:
    """Yield submissions as they stand on the wire, each of somebody else."""
    prefix = uuid4().hex
    for number in itertools.count():
        name = f"{prefix}-{number}"
        answers = {
            "email": f"{name}@contacts.example",
            "first_name": "Anna",
            "company": "Fjällmat AB",
            "country": "SE",
            "news": "yes",
            "plan": "team",
        }
        body = json.dumps({"id": name, "submitted_at": "2026-03-27T09:00:00Z", "answers": answers}).encode()
        signature = hmac(SECRET.encode(), body, sha256).hexdigest()
        head = (
            "POST /forms/json/demo-request HTTP/1.1\r\nHost: forms.example\r\nContent-Type: application/json\r\n"
            f"X-Rapport-Signature: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
