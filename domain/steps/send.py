"""`send`: one message through the gate."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from domain.caps import OVER_CAP, OnCap
from domain.needs import OWNER, Deliver, Outcome, Sent
from domain.spans import Expiry
from domain.steps.base import Destination, Ends, Refers, Step, of_time

_SORTS: Mapping[str, Literal["template", "text template", "webhook template"]] = {
    "email": "template",
    "sms": "text template",
    "webhook": "webhook template",
}


class Send(Step):
    """One message; the contact goes on when its fate is known."""

    kind: ClassVar[str] = "send"

    send: str
    """The template: FOLDER/NAME is templates/email/FOLDER/NAME.html, for a text templates/sms/FOLDER/NAME.txt."""
    channel: Literal["email", "sms", "webhook"] = "email"
    """How the message goes: email, sms to the contact's phone, or webhook to another system about the contact."""
    topic: str | None = None
    """What the message is about, instead of the template's and the sequence's topic."""
    sender: str | None = None
    """A sender of policies/messaging.yaml, or owner: whoever looks after the contact."""
    window: str | None = None
    """A calendar instead of the sequence's; none: at any time."""
    expires: Expiry | None = None
    """Until when the message is of use: a span or a moment. What could not go by then is skipped."""
    thread: str | None = None
    """A send before this; the message is a reply to that one."""
    on_cap: OnCap | None = None
    """What becomes of a message over the frequency cap."""
    on_error: Literal["continue", "exit"] = "continue"
    """What if the address is refused for good."""

    def need(self) -> Deliver:
        return Deliver(
            template=self.send,
            channel=self.channel,
            topic=self.topic,
            sender=self.sender,
            window=self.window,
            expires=self.expires,
            thread=self.thread,
            on_cap=self.on_cap.words if self.on_cap else None,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        if isinstance(outcome, Sent) and outcome.fate == "refused" and self.on_error == "exit":
            return Ends("exited:send refused")
        if isinstance(outcome, Sent) and outcome.reason == OVER_CAP and self.on_cap and self.on_cap.then == "exit":
            return Ends("exited:over the cap")
        return self.next

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "", self.next
        if self.on_error == "exit":
            yield "refused", Ends("exited:send refused")

    def refers(self) -> Iterator[Refers]:
        yield Refers("send", _SORTS[self.channel], self.send)
        if self.topic is not None:
            yield Refers("topic", "topic", self.topic)
        if self.sender not in (None, OWNER):
            yield Refers("sender", "sender", str(self.sender))
        if self.window not in (None, "none"):
            yield Refers("window", "calendar", str(self.window))
        if self.thread is not None:
            yield Refers("thread", "send", self.thread)
        if self.on_cap is not None:
            yield from of_time("on_cap", self.on_cap.after)
        yield from of_time("expires", self.expires)

    def name(self) -> str:
        return self.send.rpartition("/")[2]
