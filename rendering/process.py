"""Render messages where a bad template can hurt nobody: in processes that are killed when they take too long.

A killed process fails the one job it was on; the jobs behind it are given to its successor.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rendering.handle import Died, Handle, Limits, RendererDown
from rendering.wire import pack

__all__ = ["Limits", "MissingVariable", "RenderJob", "Rendered", "Renderer", "RendererDown", "TemplateFault"]

AHEAD = 32
"""How many jobs are handed to a process before the first is answered."""


class MissingVariable(Exception):
    """The context lacks what the template shows. Hold the message, tell the owner."""

    def __init__(self, path: str, place: str = "") -> None:
        self.path = path
        self.place = place
        remedy = f"fill it in, or write {{{{ {path}|fallback('…') }}}}"
        super().__init__(f"{place}: {path} is missing; {remedy}" if place else f"{path} is missing; {remedy}")


class TemplateFault(Exception):
    """The template cannot be rendered for anybody, or not for this contact: its author must act."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One message to render. `bundle` is the hash of `sources`; `context` is a tree of plain data."""

    bundle: str
    sources: Mapping[str, str] = field(repr=False)
    channel: str
    name: str
    locale: str | None
    context: Mapping[str, Any] = field(repr=False)
    phrases: Mapping[str, str] = field(default_factory=dict)
    """Lines of the front matter with names in them, to be read for this contact."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The parts of one message; `html` is empty for a plain-text template, `locale` None for the default variant."""

    subject: str
    preheader: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    locale: str | None
    pictures: tuple[str, ...] = ()
    """The files that `html` shows as `src="files/…"`."""
    phrases: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class _Ticket:
    job: RenderJob
    frame: bytes
    answer: asyncio.Future[Rendered]


class Renderer:
    """Owns the rendering processes; `async with Renderer() as renderer: await renderer.render(job)`.

    Raises `RendererDown` on entry if no process can be started. Belongs to the loop it was entered in.
    """

    def __init__(self, processes: int = 1, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._children = [Handle(self._limits) for _ in range(processes)]
        self._waiting: asyncio.Queue[_Ticket] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Renderer":
        try:
            for child in self._children:
                await child.start()
        except BaseException:
            await self._end_children()
            raise
        self._tasks = [asyncio.create_task(self._serve(child)) for child in self._children]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._end_children()
        while not self._waiting.empty():
            _fail(self._waiting.get_nowait(), RendererDown("rendering has ended; try again"))

    async def _end_children(self) -> None:
        await asyncio.gather(*(child.end() for child in self._children))

    @property
    def pids(self) -> list[int]:
        """The rendering processes that live now."""
        return [child.pid for child in self._children if child.pid is not None]

    async def render(self, job: RenderJob) -> Rendered:
        """Render one message; any number may be asked for at once.

        Raises `MissingVariable`, `TemplateFault`, `RendererDown`; TypeError if the context is not plain data.
        """
        if not self._tasks:
            raise RendererDown("rendering has not begun or has ended; use `async with Renderer()`")
        order = {"render": job.bundle, "channel": job.channel, "name": job.name, "locale": job.locale}
        said = {"context": job.context, "phrases": dict(job.phrases)}
        ticket = _Ticket(job, pack(order | said), asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(ticket)
        return await ticket.answer

    async def _serve(self, child: Handle) -> None:
        batch: deque[_Ticket] = deque()
        try:
            while True:
                if not batch:
                    batch.append(await self._waiting.get())
                fair = self._waiting.qsize() // len(self._children) + 1
                while len(batch) < min(AHEAD, fair) and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                await _work_off(child, batch)
        finally:
            for ticket in batch:
                _fail(ticket, RendererDown("rendering has ended; try again"))


async def _work_off(child: Handle, batch: deque[_Ticket]) -> None:
    """Answer the tickets in order; return early, with the rest still in `batch`, when the process dies on one."""
    try:
        await child.start()
    except RendererDown as error:
        while batch:
            _fail(batch.popleft(), error)
        return
    for ticket in batch:
        child.tell(ticket.job.bundle, ticket.job.sources, ticket.frame)
    while batch:
        try:
            answer = await child.hear()
        except Died as death:
            job = batch[0].job
            _fail(batch.popleft(), TemplateFault(f"{job.channel}/{job.name}: {death}"))
            return
        _settle(batch.popleft(), answer)


def _settle(ticket: _Ticket, answer: dict[str, Any]) -> None:
    if ticket.answer.done():  # whoever asked has gone
        return
    match answer:
        case {"rendered": dict(parts)}:
            ticket.answer.set_result(Rendered(**parts | {"pictures": tuple(parts["pictures"])}))
        case {"missing": str(path), "place": str(place)}:
            ticket.answer.set_exception(MissingVariable(path, place))
        case {"fault": str(what)}:
            ticket.answer.set_exception(TemplateFault(what))


def _fail(ticket: _Ticket, error: Exception) -> None:
    if not ticket.answer.done():
        ticket.answer.set_exception(error)
