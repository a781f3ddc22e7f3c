"""Text messages (SMS): how long one is, and what a short answer to one means.

A text is paid for by the segment. One letter outside of the GSM alphabet, such as an emoji or a curly quote, makes
every letter of the message wider: 70 instead of 160 fit into the first segment.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

MOST_SEGMENTS = 10
"""Longer texts are refused: many networks drop them, and nobody meant to pay for them."""

# 3GPP TS 23.038, 6.2.1: the default alphabet, and what it has behind an escape, at the price of two.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 _-]{1,11}")

# What people send to get no more texts; carriers in the USA ask for the English ones.
STOP_WORDS = frozenset(
    [
        *("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"),
        *("STOPP", "ABMELDEN", "ARRET", "ARRÊT", "ALTO", "BAJA", "PARAR", "SAIR"),
    ]
)
START_WORDS = frozenset(["START", "UNSTOP"])
# Of these the ones that can only be meant so in a text of ours, where they stand in capitals.
_OFFERED = STOP_WORDS - {"CANCEL", "END", "QUIT", "REVOKE", "UNSUBSCRIBE"}


@dataclass(frozen=True)
class Segments:
    """How many segments a text takes, in which alphabet, and how many of its `room` letters are `used`."""

    alphabet: Literal["GSM-7", "UCS-2"]
    count: int
    used: int
    room: int

    def __str__(self) -> str:
        return f"{self.count} segment{'s' if self.count != 1 else ''} ({self.alphabet}, {self.used} of {self.room})"


def segments(text: str) -> Segments:
    """Return what a text costs.

    >>> str(segments("Your table is ready."))
    '1 segment (GSM-7, 20 of 160)'
    >>> str(segments("Your table is ready \U0001f37d" * 4))
    '2 segments (UCS-2, 88 of 134)'
    """
    if set(text) <= _GSM | _ESCAPED:
        return _counted("GSM-7", [2 if each in _ESCAPED else 1 for each in text], 160, 153)
    return _counted("UCS-2", [2 if ord(each) > 0xFFFF else 1 for each in text], 70, 67)


def _counted(alphabet: Literal["GSM-7", "UCS-2"], widths: list[int], alone: int, joined: int) -> Segments:
    used = sum(widths)
    if used <= alone:
        return Segments(alphabet, 1, used, alone)
    count, left = 1, joined
    for width in widths:  # no letter is split between two segments
        if width > left:
            count, left = count + 1, joined
        left -= width
    return Segments(alphabet, count, used, count * joined)


def is_number(text: str) -> bool:
    """Whether this is a telephone number as the world dials it (E.164).

    >>> is_number("+491715550123"), is_number("0171 5550123")
    (True, False)
    """
    return _E164.fullmatch(text) is not None


def checked_sender(value: str) -> str:
    """Return what stands as the sender of texts. Raises ValueError where no network would show it.

    >>> checked_sender("Acme Flow"), checked_sender("72345")
    ('Acme Flow', '72345')
    """
    if not _SENDER.fullmatch(value):
        raise ValueError(
            f"'{value[:40]}' cannot be the sender of a text; write a number like +491715550123, a short code, "
            "or a name of at most 11 letters and digits"
        )
    return value


def meant(text: str) -> Literal["stop", "start"] | None:
    """Return what a short answer asks for; None for anything else, which somebody has to read.

    Only a message that says nothing else: "Please stop by at nine" is an answer.

    >>> meant(" Stop. "), meant("arrêt"), meant("START"), meant("Please stop by at nine")
    ('stop', 'stop', 'start', None)
    """
    word = re.sub(r"[^\w]+", "", unicodedata.normalize("NFC", text)).upper()
    return "stop" if word in STOP_WORDS else "start" if word in START_WORDS else None


def tells_how_to_leave(text: str) -> bool:
    """Whether a text names, in capitals, a word that stops them.

    >>> tells_how_to_leave("20 % off today. Reply STOP to opt out"), tells_how_to_leave("20 % off today")
    (True, False)
    """
    return not _OFFERED.isdisjoint(re.findall(r"\w+", text))
