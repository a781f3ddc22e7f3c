"""Messages for simulations and previews: rendered as for a real contact, sent to nobody.

Rendering belongs to an event loop and its own process; the rules that simulate know neither. So a loop runs in a
thread here, and a composer asks it and waits.
"""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from domain.facts import Facts
from domain.keys import content_hash
from domain.letters import Lacks, Plan, Written
from domain.threads import thread
from rendering.email import build_email
from rendering.letters import Posted, letter_of
from rendering.order import made_whole, ordered
from rendering.process import MissingVariable, Rendered, Renderer, RenderJob, TemplateFault
from starter.home import LoadedHome

Result = TypeVar("Result")

PREVIEW_LINK = "https://example.invalid/u/preview"
"""Where the links of a message lead that nobody gets: nowhere, by RFC 2606."""
PREVIEW_HOST = "example.invalid"
LINKS = {
    "unsubscribe_url": PREVIEW_LINK,
    "preferences_url": "https://example.invalid/p/preview",
    "confirm_url": "https://example.invalid/c/preview",
    "survey_url": "https://example.invalid/q/preview",
}


class Composer:
    """A `domain.letters.Compose` over the templates of a home. Close it, or use it as a context.

    The rendering process starts with the first message; raises `RendererDown` if it cannot.
    """

    def __init__(self, home: LoadedHome) -> None:
        self._sources = home.sources
        self._bundle = content_hash(*(part for item in sorted(self._sources.items()) for part in item))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._renderer: Renderer | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def __call__(self, plan: Plan, facts: Facts) -> Written | Lacks:
        try:
            return self.write(plan, facts)[1]
        except (MissingVariable, TemplateFault) as error:
            return Lacks(str(error))

    def write(self, plan: Plan, facts: Facts, locale: str | None = None) -> tuple[Rendered, Written]:
        """Write a message; `locale` instead of the contact's own. Raises `MissingVariable`, `TemplateFault`."""
        job = ordered(plan, facts, self._bundle, self._sources, LINKS, locale)
        rendered = self._wait_for(self._render(job))
        return rendered, made_whole(rendered, job, plan, facts)

    async def _render(self, job: RenderJob) -> Rendered:
        if self._renderer is None:
            self._renderer = await Renderer().__aenter__()
        return await self._renderer.render(job)

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._closed:
            work.close()
            raise RuntimeError("this composer is closed; make another")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="composer", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the rendering process and the loop; doing it twice is fine."""
        if self._loop is not None and self._thread is not None and not self._closed:
            if self._renderer is not None:
                self._wait_for(self._renderer.__aexit__(None, None, None))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def make_composer(home: LoadedHome) -> Composer:
    """Return what renders the messages of a simulation; close it afterwards."""
    return Composer(home)


def preview_id(key: str) -> str:
    """Return the Message-ID of a message that nobody gets."""
    return f"<{content_hash(key)[7:33]}@{PREVIEW_HOST}>"


def as_mail(plan: Plan, written: Written, facts: Facts, key: str, answers: str | None = None) -> bytes:
    """Return a message as it would go out, with every header; `key` makes its Message-ID. Raises `BadLetter`.

    `answers` is the Message-ID of the message it is a reply to.
    """
    posted = Posted(preview_id(key), facts.now, PREVIEW_HOST, PREVIEW_LINK, thread([answers] if answers else []))
    return build_email(letter_of(plan, written, facts, posted))
