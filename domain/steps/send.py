"""`send`: one message through the gate."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from domain.needs import Deliver, Outcome, Sent
from domain.spans import Expiry
from domain.steps.base import Destination, Ends, Refers, Step, of_time


class Send(Step):
    """One message; the contact goes on when its fate is known."""

    kind: ClassVar[str] = "send"

    send: str
    channel: Literal["email"] = "email"
    topic: str | None = None
    sender: str | None = None
    window: str | None = None
    expires: Expiry | None = None
    on_error: Literal["continue", "exit"] = "continue"

    def need(self) -> Deliver:
        return Deliver(
            template=self.send,
            channel=self.channel,
            topic=self.topic,
            sender=self.sender,
            window=self.window,
            expires=self.expires,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        refused = isinstance(outcome, Sent) and outcome.fate == "refused"
        return Ends("exited:send refused") if refused and self.on_error == "exit" else self.next

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "", self.next
        if self.on_error == "exit":
            yield "refused", Ends("exited:send refused")

    def refers(self) -> Iterator[Refers]:
        yield Refers("send", "template", self.send)
        if self.topic is not None:
            yield Refers("topic", "topic", self.topic)
        if self.sender is not None:
            yield Refers("sender", "sender", self.sender)
        if self.window not in (None, "none"):
            yield Refers("window", "calendar", str(self.window))
        yield from of_time("expires", self.expires)

    def name(self) -> str:
        return self.send.rpartition("/")[2]
