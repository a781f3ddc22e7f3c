"""Another system on the wire: it remembers who asked, and says nothing before it is awake."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from settings import LOOPBACK


@dataclass
class OtherSystem:
    """Who asked, headers in small letters and body; `answers` are statuses given in turn, then 200."""

    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    awake: threading.Event = field(default_factory=threading.Event)
    answers: deque[int] = field(default_factory=deque)
    port: int = 0


@contextmanager
def listening(longest: float) -> Iterator[OtherSystem]:
    """Yield a system that listens; it sleeps for at most so many seconds."""
    system = OtherSystem()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            system.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            system.awake.wait(longest)
            try:
                said = json.dumps({"points": 5}).encode()
                self.send_response(system.answers.popleft() if system.answers else 200)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
            except ConnectionError:
                pass  # whoever asked is dead

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Hook)
    server.daemon_threads = True
    system.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield system
    finally:
        system.awake.set()
        server.shutdown()
        server.server_close()
        thread.join()
