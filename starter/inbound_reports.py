"""What a report in mail forbids from now on: somebody complained, or an address is bad; proven by a token of ours.

Everything else in mail is read when it is drained. A report that is not understood here is not lost: it is only not
counted before that.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from channels.returned.reading import read_mail
from domain.coming_back import CameBack
from domain.events import SAYS_WHETHER_TO_WRITE
from domain.keys import read_mail_token
from starter.inbound_smtp import Doors

logger = logging.getLogger("inbound")

MOST_BYTES = 1 << 18
"""So much of a report is looked at: what it says, and the headers of what came back, stand at its beginning."""


def forbids(doors: Doors, raw: bytes, sender: str | None, to: Sequence[str]) -> list[dict[str, str]]:
    """Return `event` and `message` of what a report says of messages of ours. Never raises, and reads no database."""
    if sender != "" and b"feedback-report" not in raw[:65_536].lower():
        return []
    try:
        mail = read_mail(raw[:MOST_BYTES], sender, list(to), datetime.now(UTC).date())
        event = _event(mail)
        return [{"event": event, "message": each} for each in dict.fromkeys(_proven(doors, mail))] if event else []
    except Exception as error:
        # Its text would repeat the mail.
        logger.warning("a report is not understood (%s); it counts when it is drained", type(error).__name__)
        return []


def _event(mail: CameBack) -> str:
    stops = mail.kind in SAYS_WHETHER_TO_WRITE or (mail.kind == "bounced" and mail.permanent)
    return mail.kind if stops else ""


def _proven(doors: Doors, mail: CameBack) -> Iterator[str]:
    for address in mail.clues.addresses:
        returned = doors.read(address)
        if returned is not None:
            yield returned.message
    for words in mail.clues.envelope_ids:
        message = read_mail_token(words.strip().lower(), doors.secrets)
        if message is not None:
            yield message
