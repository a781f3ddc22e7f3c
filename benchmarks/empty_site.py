"""The reference of intake: the same web stack with a handler that reads the body and answers.

`python -m benchmarks.empty_site PORT` prints `empty site ready` when it listens.
"""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from settings import LOOPBACK

app = FastAPI(docs_url=None, redoc_url=None)


@app.post("/forms/{source}/{form}", status_code=202)
async def take(source: str, form: str, request: Request) -> Response:
    """Forget what was sent."""
    await request.body()
    return JSONResponse({"status": "accepted"}, 202)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write("empty site ready\n")
        sys.stdout.flush()


if __name__ == "__main__":
    config = uvicorn.Config(
        app, host=LOOPBACK, port=int(sys.argv[1]), access_log=False, log_level="warning", server_header=False
    )
    asyncio.run(_Server(config).serve())
