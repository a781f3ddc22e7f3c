"""Bounces in words: servers that report in a text of their own, as qmail and old Exchange do.

Mailman's library knows their forms and finds the address; why the mail came back is read from the lines beside it. Only
mail that a mail system has written is looked at: a person may quote a bounce.
"""

import logging
import re

from flufl.bounce import all_failures

from channels.returned.opened import Part, addresses, header, opened
from channels.returned.reports import Report, judged
from channels.returned.words import body_of

# Its log repeats what it reads.
logging.getLogger("flufl.bounce").disabled = True

MOST_READ = 1 << 16
_FROM_A_SYSTEM = re.compile(r"^(?:mailer-?daemon|post-?master|mail-?daemon|mdaemon|bounces?|mmdf)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"undeliver|deliver(?:y|ed|ing)?[\w ]{0,20}(?:fail|status|problem|report|delay|error)"
    r"|fail(?:ure|ed)[\w ]{0,20}(?:notice|deliver|mail)|returned (?:mail|to sender)|mail delivery"
    r"|could not be delivered|not delivered|unzustellbar|non remis|no entregado"
    r"|warning: (?:message|could not send)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"(?im)^.*(?:\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}|#[45]\.\d{1,3}\.\d{1,3}|\b5[0-5]\d\b[ -]"
    r"|unknown|not exist|no such|not found|no mailbox|quota|is full|disabled|inactive|rejected).*$"
)


def is_from_a_system(mail: Part, envelope_sender: str | None) -> bool:
    """Return whether a mail system wrote it: no sender on the envelope (RFC 5321), or a name only such a one has."""
    return envelope_sender == "" or any(_FROM_A_SYSTEM.match(each) for each in addresses(header(mail, "from")))


def worded_report(mail: Part, raw: bytes) -> Report | None:
    """Return what a mail system says in words of its own; None where it says of nobody that they did not get it."""
    temporary, permanent = _failures(raw)
    text = body_of(mail)
    reason = _REASON.search(text)
    if not temporary and not permanent and not (reason and _SUBJECT.search(header(mail, "subject"))):
        return None
    is_bad, code, words = judged(reason[0].strip(" >*\t") if reason else "")
    found = sorted(permanent or temporary)
    recipient = next(iter(addresses(found[0] if found else "")), "")
    if temporary and not permanent:
        return Report("deferred", False, code, words, recipient)
    return Report("bounced", is_bad, code, words, recipient)


def _failures(raw: bytes) -> tuple[list[str], list[str]]:
    try:
        temporary, permanent = all_failures(opened(raw[:MOST_READ]))
    except Exception:  # it was written for bounces, and this may be anything
        return [], []
    return [_said(each) for each in temporary], [_said(each) for each in permanent]


def _said(address: object) -> str:
    return address.decode("utf-8", "replace") if isinstance(address, bytes) else str(address)
