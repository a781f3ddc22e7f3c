"""An office whose worker tells a system of ours: a real HTTP server that answers as told."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from channels.endpoints import Endpoints
from channels.webhooks import Line
from records import channel_states
from records.models import Message
from records.sending_models import ChannelState
from records.session import Database
from records.waiting_models import WaitingMessage
from rendering.process import Rendered
from tests.databases import lay_down
from tests.records.dispatch import Dispatch, home
from tests.scripted_http import ScriptedHttp

SECRET, OTHER = "whsec_" + "A" * 24, "whsec_" + "B" * 24
STEP = "steps: [{send: crm/lead, channel: webhook}]"
EXPIRES = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
"""Three days after `NOW` on London's clock, which goes forward in between."""
SAYS = '{"name": "Ann", "score": 12}'


def files(url: str, more: str = "", second: str = "https://shop.acme.example/hooks") -> dict[str, str]:
    found = home(
        more=f"webhooks:\n  crm: {{url: '{url}'}}\n  shop: {{url: '{second}'}}\n{more}",
        lead=STEP,
        gift=f"topic: news\n{STEP.replace('lead', 'gift')}",
        order=STEP.replace("crm/lead", "shop/order"),
    )
    return found | {
        "templates/webhook/crm/lead.json": f"---\nclass: service\nendpoint: crm\nevent: lead.created\n---\n{SAYS}",
        "templates/webhook/crm/gift.json": f"---\nendpoint: crm\n---\n{SAYS}",
        "templates/webhook/shop/order.json": f"---\nclass: service\nendpoint: shop\n---\n{SAYS}",
    }


class Pen:
    """Writes the same of everybody."""

    async def render(self, job: Any) -> Rendered:
        return Rendered("", "", "", SAYS, None)


class Office:
    """An office with one worker that tells a system of ours."""

    def __init__(self, database: Database, system: ScriptedHttp, stack: AsyncExitStack, given: dict[str, str]) -> None:
        self.system, self.stack = system, stack
        self.dispatch = Dispatch([database], given, pen=Pen())

    @property
    def database(self) -> Database:
        return self.dispatch.workers[0]

    async def send(self, sequence: str = "lead", who: str = "ann@acme.example") -> str:
        """Let somebody enter, and ask once; return the run."""
        [run] = self.dispatch.enrol(sequence, [who])
        await self.dispatch.ask([run])
        return run

    def row(self, run: str) -> Message:
        return self.dispatch.messages()[run]

    async def through(self, within: float = 5.0, *, private: bool = True, **secrets: list[str]) -> None:
        line = await self.stack.enter_async_context(Line(private=private))
        channel = Endpoints(line, secrets, [SECRET], lambda: datetime.now(UTC), within)
        self.dispatch.channels = {"webhook": channel}

    def says(self, answers: Iterable[bytes]) -> None:
        self.system.answers.extend(answers)

    def state(self, name: str = "crm") -> ChannelState | None:
        found = [each for each in self.dispatch.read(ChannelState) if each.channel == f"webhook/{name}"]
        return found[0] if found and found[0].stopped_at is not None else None

    def enable(self, name: str = "crm") -> None:
        def write(session: Session) -> None:
            channel_states.try_again(session, f"webhook/{name}", self.dispatch.now, "Ben")

        self.database.write_now(write)
        waiting = self.database.read_now(
            lambda session: session.exec(
                select(WaitingMessage.enrolment_id).where(col(WaitingMessage.queue).is_not(None))
            ).all()
        )
        self.dispatch.due |= dict.fromkeys(waiting, self.dispatch.now)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Office]:
    """Yield an office with a database of its own."""
    url = f"sqlite:///{folder}/records.db"
    lay_down("main", url)
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(ScriptedHttp.saying([]))
        database = await stack.enter_async_context(Database(url))
        made = Office(database, system, stack, files(system.address))
        await made.through()
        yield made
