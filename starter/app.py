"""The web application: its endpoints, how it says no, and whether it is well.

It is made from its parts, so tests make it without the environment; `starter/web.py` makes it for real.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.exceptions import HTTPException

from domain.forms import FormMapping
from records.session import Database
from starter import (
    cases_api,
    confirming,
    contact_log,
    enrolments,
    events,
    following,
    meetings,
    preferences,
    provider_events,
    staff_link,
    submissions,
    surveying,
    tasks_api,
    texting,
    unsubscribing,
)
from starter.pages import page, reference
from starter.safety import Safety
from starter.site import RETRY_AFTER, Acts, Declined, Site, WebConfig, wall_clock
from starter.sns import Fetch, fetch
from starter.waker import Waker

FOR_PEOPLE = ("/f/", "/u/", "/p/", "/c/", "/l/", "/s/", "/q/")


def make_app(
    config: WebConfig,
    inbox: Database,
    waker: Waker,
    mappings: Callable[[], Mapping[str, FormMapping]],
    main: Database | None = None,
    clock: Callable[[], datetime] = wall_clock,
    fetch: Fetch = fetch,
    desk: Acts | None = None,
) -> FastAPI:
    """Return the application. It closes `waker` at its end; the databases are its maker's to close."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await waker.aclose()

    app = FastAPI(
        title="Rapport",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to the Host they name; and one click is answered without a redirect
        lifespan=lifespan,
        separate_input_output_schemas=False,
        servers=[{"url": config.public_url}],
    )
    site = Site(config, inbox, waker, mappings, main, clock, desk=desk)
    for room in (submissions, events, texting, meetings, enrolments, contact_log, tasks_api, cases_api):
        app.include_router(room.routes(site))
    for links in (unsubscribing, confirming, preferences, surveying, following, staff_link):
        app.include_router(links.routes(site))
    app.include_router(provider_events.routes(site, fetch))
    _add_health(app, site)
    app.add_exception_handler(Declined, _declined)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_middleware(Safety)
    return app


def _add_health(app: FastAPI, site: Site) -> None:
    @app.get("/healthz", tags=["operation"], responses={200: {"description": "the process lives"}})
    async def lives() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", tags=["operation"], responses={503: {"description": "the inbox cannot be written"}})
    async def can_take_submissions() -> Response:
        try:
            async with asyncio.timeout(site.config.keep_seconds):
                await site.inbox.write(_try_the_inbox)
        except (SQLAlchemyError, OSError, RuntimeError, TimeoutError) as error:
            problem = f"the inbox cannot be written ({type(error).__name__}); see RAPPORT_INBOX_URL, disk and rights"
            return JSONResponse({"error": problem}, 503, RETRY_AFTER)
        return JSONResponse({"status": "ready"})

    @app.get("/docs", include_in_schema=False)
    async def interface() -> Response:
        return reference(app.openapi())


def _try_the_inbox(session: Session) -> None:
    # A write transaction takes the lock a submission takes; the question fails where the table is missing.
    session.execute(text("select 1 from inbox limit 1"))


async def _declined(request: Request, error: Exception) -> Response:
    assert isinstance(error, Declined)
    if request.url.path.startswith(FOR_PEOPLE):
        answer: Response = page("problem" if error.status >= 500 else "refused", error.status, what=error.what)
    else:
        answer = JSONResponse({"error": error.what}, error.status)
    answer.headers.update(error.headers)
    return answer


async def _no_such_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = f"{str(error.detail).lower()}; see /docs for what can be asked here"
    return JSONResponse({"error": what}, error.status_code, error.headers)
