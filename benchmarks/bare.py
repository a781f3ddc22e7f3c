"""The reference: what somebody would write by hand for one contact, two messages and a pause.

It has the timers and the activities of the measured sequence and nothing else: no ledger, no consent, no way to
change it while it runs.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from benchmarks.letters import SENDER, written
    from channels.base import Channel, Envelope
    from rendering.process import Renderer

TEMPLATES = ("welcome/hello", "welcome/answer")
PAUSE = timedelta(seconds=1)
SENDING = timedelta(seconds=60)


@dataclass
class Wanted:
    """A message: which, and to whom."""

    template: str
    email: str


@workflow.defn(name="Bare")
class BareWorkflow:
    """Send, wait, send."""

    @workflow.run
    async def run(self, email: str) -> None:
        """Carry one contact to the end."""
        first, second = (Wanted(template, email) for template in TEMPLATES)
        await workflow.execute_activity("bare_send", first, start_to_close_timeout=SENDING)
        await workflow.sleep(PAUSE)
        await workflow.execute_activity("bare_send", second, start_to_close_timeout=SENDING)


@activity.defn(name="bare_send")
async def send_nothing(wanted: Wanted) -> None:
    """Do nothing, at once."""


@dataclass
class BareLetters:
    """Renders, builds and sends, and remembers nothing."""

    renderer: Renderer
    channel: Channel

    @activity.defn(name="bare_send")
    async def send(self, wanted: Wanted) -> None:
        """Send one message by SMTP."""
        body = await written(self.renderer, wanted.template, wanted.email)
        await self.channel.send(Envelope(SENDER, wanted.email, body), _nothing_to_note)


async def _nothing_to_note() -> None:
    return
