"""What a mail server's reply means for us: one table, by enhanced code first, then by basic code.

The basic code's first digit always has the last word (RFC 5321, 4.2.1): a 4yz reply is temporary whatever its
enhanced code says. Enhanced codes: RFC 3463, 5248, 7372, 7504, and what the large receivers document.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from channels.base import Away, ChannelError, Refused, SenderFault, Unavailable

Value = TypeVar("Value")

LONGEST_REASON = 500
LONGEST_DELAY = timedelta(days=1)


class Stage(Enum):
    """What the server was answering to: the same code means another thing at another place."""

    CONNECTION = "connection"  # greeting, EHLO, STARTTLS, AUTH
    SENDER = "sender"  # MAIL
    RECIPIENT = "recipient"  # RCPT
    MESSAGE = "message"  # DATA and the final dot


@dataclass(frozen=True, slots=True)
class Reply:
    """A parsed reply: `code` 200 to 599, `text` without the code, lines joined by newlines."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """Return the enhanced code, its class made to agree with the basic code.

        >>> Reply(550, "5.1.1 user unknown").enhanced
        '5.1.1'
        >>> Reply(450, "5.2.2 mailbox full").enhanced
        '4.2.2'
        >>> Reply(511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)").enhanced
        '5.1.1'
        >>> Reply(550, "no").enhanced is None
        True
        """
        found = _ENHANCED_FIRST.match(self.text) or _ENHANCED_QMAIL.search(self.text)
        return f"{self.code // 100}.{found[1]}" if found else None

    @property
    def codes(self) -> str:
        """Return both codes as one word for the ledger.

        >>> Reply(550, "5.1.1 user unknown").codes, Reply(421, "bye").codes
        ('550 5.1.1', '421')
        """
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)

    @property
    def words(self) -> str:
        """Return the text on one line, fit for a log and a database: no control characters, at most 500 characters."""
        readable = self.text.encode("utf-8", "replace").decode()
        return " ".join("".join(c if c.isprintable() else " " for c in readable).split())[:LONGEST_REASON]


class Act(Enum):
    """What to do about a permanent reply."""

    SUPPRESS = "the address is bad"
    REFUSE = "this message will not be taken there"
    SENDER = "we are at fault"
    LATER = "permanent for the server, but worth another try"


_ENHANCED_FIRST = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})(?!\d)")
_ENHANCED_QMAIL = re.compile(r"\(#[245]\.(\d{1,3}\.\d{1,3})(?!\d)")

PERMANENT_BY_ENHANCED: Mapping[str, Act] = MappingProxyType(
    {
        "5.1.1": Act.SUPPRESS,  # no such mailbox
        "5.1.2": Act.SUPPRESS,  # no such domain
        "5.1.3": Act.SUPPRESS,  # not an address
        "5.1.6": Act.SUPPRESS,  # moved, left no address
        "5.1.7": Act.SENDER,  # bad sender address
        "5.1.8": Act.SENDER,  # bad sender domain
        "5.1.10": Act.SUPPRESS,  # the domain says it takes no mail (null MX)
        "5.2.1": Act.SUPPRESS,  # mailbox disabled
        "5.2.2": Act.LATER,  # mailbox full: people tidy up
        "5.3.1": Act.LATER,  # the mail system is full
        "5.3.5": Act.SENDER,  # our relay is configured wrongly
        "5.6": Act.SENDER,  # the content
        "5.6.7": Act.REFUSE,  # the address needs SMTPUTF8 further on
        "5.7": Act.SENDER,  # policy, spam, authentication, SPF, DKIM, DMARC, PTR
        "5.7.2": Act.REFUSE,  # a list we may not write to
        "5.7.17": Act.SUPPRESS,  # the mailbox has another owner now
        "5.7.18": Act.SUPPRESS,  # the domain has another owner now
        "5.7.124": Act.REFUSE,  # Microsoft: a group or mailbox that takes mail from some senders only
        "5.7.133": Act.REFUSE,
        "5.7.134": Act.REFUSE,
        "5.7.135": Act.REFUSE,
        "5.7.136": Act.REFUSE,
        "5": Act.REFUSE,
    }
)

PERMANENT_BY_BASIC: Mapping[int, Act] = MappingProxyType(
    {
        521: Act.SUPPRESS,  # RFC 7504: the host takes no mail
        530: Act.SENDER,
        534: Act.SENDER,
        535: Act.SENDER,
        538: Act.SENDER,
        541: Act.SENDER,  # some filters: rejected as spam
        554: Act.SENDER,  # blocklists
        555: Act.SENDER,  # our MAIL or RCPT parameters
        556: Act.SUPPRESS,  # RFC 7504: the domain takes no mail
    }
)

TEMPORARY_BY_ENHANCED: Mapping[str, timedelta] = MappingProxyType(
    {
        "4.2": timedelta(hours=1),  # the mailbox: full, switched off for now
        "4.3": timedelta(minutes=15),  # the mail system
        "4.4": timedelta(minutes=5),  # the network
        "4.5.3": timedelta(minutes=1),  # too much on one connection
        "4.7": timedelta(minutes=15),  # greylisting, reputation
        "4.7.28": timedelta(minutes=30),  # too fast for the receiver
        "4": timedelta(minutes=10),
    }
)

TEMPORARY_BY_BASIC: Mapping[int, timedelta] = MappingProxyType(
    {421: timedelta(minutes=5), 450: timedelta(minutes=15), 451: timedelta(minutes=10), 452: timedelta(minutes=15)}
)

# Where a server says it in words only. The order matters: a daily quota is a rate, too.
_DELAY_BY_WORDS = (
    (re.compile(r"daily.{0,30}(quota|limit)|(quota|limit).{0,20}(per|a) day", re.IGNORECASE), timedelta(hours=4)),
    (re.compile(r"maximum sending rate|sending rate exceeded", re.IGNORECASE), timedelta(seconds=5)),
    (re.compile(r"gr[ea]y-?list", re.IGNORECASE), timedelta(minutes=10)),
)
_TRY_AGAIN_IN = re.compile(r"\bin (\d{1,6}) ?(s|sec|seconds?|m|min|minutes?|h|hours?)\b", re.IGNORECASE)
_UNIT = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_MAILBOX_FULL = re.compile(r"(mailbox|quota|storage).{0,40}(full|exceeded|over)|over ?quota", re.IGNORECASE)
_USER_UNKNOWN = re.compile(
    r"(user|recipient|mailbox|address|account)s? (is |was )?(unknown|not found|invalid|disabled|deactivated|inactive)"
    r"|(user|recipient|mailbox|address|account).{0,60}(does ?n[o'’]t exist|does not exist|not exist)"
    r"|(unknown|invalid|no such) (local )?(user|recipient|mailbox|address|account|person)"
    r"|does ?n[o'’]t have an? .{0,40}account|no mailbox (here )?by that name",
    re.IGNORECASE,
)


def decision(reply: Reply, stage: Stage) -> ChannelError:
    """Return, for a negative reply, the error that says what to do about it.

    >>> decision(Reply(550, "5.1.1 no such user"), Stage.RECIPIENT)
    Refused('5.1.1 no such user', '550 5.1.1', True)
    >>> decision(Reply(451, "Greylisted, try again in 300 seconds"), Stage.RECIPIENT).retry_after
    datetime.timedelta(seconds=300)

    A recipient's code about our own address is our own fault:

    >>> decision(Reply(550, "5.1.1 no such user"), Stage.SENDER)
    SenderFault('5.1.1 no such user', '550 5.1.1')
    """
    if reply.code // 100 not in (4, 5):
        raise ValueError(f"reply {reply.code}: is not a refusal; decide about 4yz and 5yz only")
    if reply.code // 100 == 4:
        # Before a contact was named, it is said to everybody.
        to_all = stage in (Stage.CONNECTION, Stage.SENDER)
        return (Away if to_all else Unavailable)(reply.words, reply.codes, _delay(reply))
    act = _act(reply, stage)
    if act is Act.LATER:
        return Unavailable(reply.words, reply.codes, timedelta(hours=6))
    if act is Act.SENDER:
        return SenderFault(reply.words, reply.codes)
    return Refused(reply.words, reply.codes, suppress=act is Act.SUPPRESS)


def provider_id(text: str) -> str | None:
    """Return the name the server gave the message it accepted, or None where it gave none.

    >>> provider_id("2.0.0 Ok: queued as 4FQ1xk2Tz9")
    '4FQ1xk2Tz9'
    >>> provider_id("OK id=1rX2aB-0004Xy-2d")
    '1rX2aB-0004Xy-2d'
    >>> provider_id("Ok 010201863a9f4c1e-5d0e0b2a-000000")
    '010201863a9f4c1e-5d0e0b2a-000000'
    >>> provider_id("2.0.0 OK") is None
    True
    """
    for form in _PROVIDER_ID:
        if found := form.search(text):
            return found[1]
    return None


_PROVIDER_ID = (
    re.compile(r"([\w.@+-]+) - gsmtp$", re.IGNORECASE),
    re.compile(r"\bqueued as <?([\w.@+-]+)", re.IGNORECASE),
    re.compile(r"\bid=<?([\w.@+-]+)", re.IGNORECASE),
    re.compile(r"^(?:2\.\d{1,3}\.\d{1,3} )?ok:?\s+<?([\w.@+-]{8,})", re.IGNORECASE),
)


def _act(reply: Reply, stage: Stage) -> Act:
    act = _nearest(reply.enhanced, PERMANENT_BY_ENHANCED) if reply.enhanced else _basic_act(reply)
    if stage is Stage.CONNECTION:
        return Act.SENDER  # no contact has been named yet
    if stage is Stage.SENDER:
        return Act.REFUSE if _too_big(reply) else Act.SENDER
    if act is Act.REFUSE and _USER_UNKNOWN.search(reply.words):
        return Act.SUPPRESS
    return act


def _basic_act(reply: Reply) -> Act:
    if _USER_UNKNOWN.search(reply.words):
        return Act.SUPPRESS
    if reply.code == 552 and _MAILBOX_FULL.search(reply.words):
        return Act.LATER
    # 50x is a syntax error in the eye of the server. It must not stop the channel: one odd address or one long line
    # in one letter is enough to get it.
    return PERMANENT_BY_BASIC.get(reply.code, Act.REFUSE)


def _too_big(reply: Reply) -> bool:
    return reply.enhanced in ("5.3.4", "5.2.3") or (reply.code == 552 and reply.enhanced is None)


def _delay(reply: Reply) -> timedelta:
    if found := _TRY_AGAIN_IN.search(reply.words):
        return min(max(int(found[1]), 1) * _UNIT[found[2][0].lower()], LONGEST_DELAY)
    for words, delay in _DELAY_BY_WORDS:
        if words.search(reply.words):
            return delay
    if reply.enhanced:
        return _nearest(reply.enhanced, TEMPORARY_BY_ENHANCED)
    return TEMPORARY_BY_BASIC.get(reply.code, TEMPORARY_BY_ENHANCED["4"])


def _nearest(code: str, table: Mapping[str, Value]) -> Value:
    """Return the entry for `5.7.26`, else for `5.7`, else for `5`."""
    while code not in table:
        code = code.rpartition(".")[0]
    return table[code]
