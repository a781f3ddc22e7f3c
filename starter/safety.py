"""The outermost layer: headers on every answer, and no stack trace for anybody.

What nobody foresaw is our fault, so the sender is told to try again (503), not that the request was wrong.
"""

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Safety:
    """Middleware for a whole ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answering = False

        async def send_safely(message: Message) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except Exception as error:
            _note(error)
            if not answering:
                await _try_again()(scope, receive, send_safely)


def _try_again() -> JSONResponse:
    problem = {"error": "something went wrong on our side; send it again in a moment"}
    return JSONResponse(problem, status_code=503, headers={"Retry-After": "5"})


def _note(error: Exception) -> None:
    if isinstance(error, ClientDisconnect):
        return  # whoever asked has left; nobody is there to be answered
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    # The text of an error may quote what somebody sent, so only its kind and place are kept.
    logger.error("web: %s at %s", type(error).__name__, place)
