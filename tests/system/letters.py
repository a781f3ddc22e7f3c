"""What a mail server got."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True)
class Letter:
    """One letter that came in whole. `accepted` says whether the server said that it has it."""

    recipient: str
    message_id: str
    raw: bytes
    accepted: bool = True

    @property
    def subject(self) -> str:
        """What it is about."""
        return str(message_from_bytes(self.raw, policy=policy.default)["subject"])

    @property
    def answered_at(self) -> list[str]:
        """The addresses that an answer goes to."""
        found = message_from_bytes(self.raw, policy=policy.default)["reply-to"]
        return [] if found is None else [each.addr_spec for each in found.addresses]

    @property
    def text(self) -> str:
        """Its plain words."""
        body = message_from_bytes(self.raw, policy=policy.default).get_body(("plain",))
        assert isinstance(body, EmailMessage), "every letter has plain words"
        return str(body.get_content())

    @property
    def one_click(self) -> str:
        """The address that a mail program posts to."""
        found = re.search(rb"^List-Unsubscribe:\s*<(https?:[^>]+)>", self.raw, re.MULTILINE | re.IGNORECASE)
        assert found, "a marketing letter can be unsubscribed from"
        return found[1].decode()
