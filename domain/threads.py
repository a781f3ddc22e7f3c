"""A conversation by mail: what a message answers, and what it is called, so that mail programs show it as one.

The one thing to know: programs go by References, and Gmail by the subject, too. So a message that answers another one
carries its subject, and nothing is called "Re: Re:".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# So many ids are named: the first, and the last of the others. RFC 5322 asks for all; a header has to end somewhere.
MOST = 10
# An id as it can stand in a header of ours (RFC 5322 3.6.4); what others write may be anything.
MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
_ANSWERS = re.compile(r"(?i)(re|aw|sv|wg|fwd?)\s*:\s*")


@dataclass(frozen=True)
class Thread:
    """What a message answers: Message-IDs, the oldest first, and the subject of the first that has one of ours."""

    references: tuple[str, ...] = ()
    subject: str | None = None

    @property
    def answers(self) -> str | None:
        """What it is an answer to: the newest; None for a message that begins a conversation."""
        return self.references[-1] if self.references else None

    def called(self, subject: str) -> str:
        """Return how a message is called in this conversation; `subject` is its own.

        >>> Thread(("<a@x>",), "Your case 1042").called("Settled"), Thread().called("Settled")
        ('Re: Your case 1042', 'Settled')
        """
        return subject if self.subject is None else f"Re: {_ANSWERS.sub('', self.subject)}"


# A message that answers nothing.
ALONE = Thread()


def thread(ids: Sequence[str], subject: str | None = None) -> Thread:
    """Return the conversation of these Message-IDs, the oldest first; what cannot stand in a header is left out.

    >>> thread(["<a@x.example>", "no id", "<b@x.example>", "<a@x.example>"]).references
    ('<a@x.example>', '<b@x.example>')
    """
    known = [each for each in dict.fromkeys(ids) if MESSAGE_ID.fullmatch(each)]
    return Thread(tuple(known if len(known) <= MOST else [known[0], *known[1 - MOST :]]), subject)
