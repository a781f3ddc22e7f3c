"""What a mail server got."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """One letter that came in whole. `accepted` says whether the server said that it has it."""

    recipient: str
    message_id: str
    raw: bytes
    accepted: bool = True

    @property
    def one_click(self) -> str:
        """The address that a mail program posts to."""
        found = re.search(rb"^List-Unsubscribe:\s*<(https?:[^>]+)>", self.raw, re.MULTILINE | re.IGNORECASE)
        assert found, "a marketing letter can be unsubscribed from"
        return found[1].decode()
