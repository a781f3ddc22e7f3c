"""Reports of servers: what became of a message (RFC 3464), and that somebody called it spam (RFC 5965).

What a diagnostic says is read with the table that is used for a mail server's own replies (`channels/replies.py`), so
a mailbox that does not exist means the same, whenever we are told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from channels.base import Refused, SenderFault
from channels.replies import Reply, Stage, decision
from channels.returned.opened import Part, addresses, header, kind_of, parameter, parts, text_of
from domain.coming_back import Kind

STATUS = ("message/delivery-status", "message/global-delivery-status")
RECEIPT = ("message/disposition-notification", "message/global-disposition-notification")
FEEDBACK = "message/feedback-report"
ACTIONS: dict[str, Kind] = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_WORST: tuple[Kind, ...] = ("bounced", "deferred", "delivered")
# Not everything told through a feedback loop is a complaint.
NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "dmarc", "dkim", "miscategorized"})
LEAVES = frozenset({"opt-out", "opt-out-list"})

_STATUS_CODE = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_SAID = re.compile(r"(?<!\d)([45]\d\d)[ -]((?:[45]\.\d{1,3}\.\d{1,3})?.*)", re.DOTALL)


@dataclass(frozen=True)
class Report:
    """What a server says of one message: `permanent` if the address is bad, `code` as in `550 5.1.1`."""

    kind: Kind
    permanent: bool = False
    code: str = ""
    reason: str = ""
    recipient: str = ""
    envelope_id: str = ""


def delivery_report(mail: Part) -> Report | None:
    """Return what a delivery report says, of several recipients the worst; None if the mail is none."""
    blocks = [block for part in parts(mail) if kind_of(part) in STATUS for block in _blocks(part)]
    if not blocks:
        return None
    envelope = next((found for block in blocks if (found := header(block, "original-envelope-id"))), "")
    told = [report for block in blocks if (report := _of_recipient(block, envelope)) is not None]
    return min(told, key=lambda report: (_WORST.index(report.kind), not report.permanent), default=None)


def _blocks(part: Part) -> Iterator[Part]:
    """Yield the groups of fields of a report, also of one whose parts the library did not take apart."""
    inside = part.get_payload()
    if isinstance(inside, list):
        yield from (each for each in inside[:50] if isinstance(each, Message))
        return
    for group in re.split(r"\n\s*\n", text_of(part))[:50]:
        block = Message()
        for name, value in re.findall(r"(?m)^([A-Za-z-]{3,40}):[ \t]*(.*(?:\n[ \t].*)*)", group):
            block[name] = " ".join(value.split())
        yield block


def _of_recipient(block: Part, envelope: str) -> Report | None:
    kind = ACTIONS.get((header(block, "action").lower().split() or [""])[0].strip(";,."))
    status = header(block, "status")
    if kind is None and (found := _STATUS_CODE.search(status)):
        kind = {"5": "bounced", "4": "deferred", "2": "delivered"}[found[1]]  # type: ignore[assignment]
    if kind is None:
        return None
    asked = header(block, "original-recipient") or header(block, "final-recipient")
    recipient = next(iter(addresses(asked.rpartition(";")[2])), "")
    words = header(block, "diagnostic-code").partition(";")[2].strip() or header(block, "diagnostic-code")
    if kind == "delivered":
        return Report(kind, recipient=recipient, envelope_id=envelope)
    permanent, code, reason = judged(words, status)
    return Report(kind, permanent and kind == "bounced", code, reason, recipient, envelope)


def judged(words: str, status: str = "") -> tuple[bool, str, str]:
    """Return whether the address is bad, the code, and the reason on one line; the diagnostic before the status.

    >>> judged("550 5.1.1 <ann@acme.example>: no such user", "5.0.0")
    (True, '550 5.1.1', '5.1.1 <ann@acme.example>: no such user')
    >>> judged("", "5.2.2"), judged("550 5.7.1 blocked by our list")[0]
    ((False, '5.2.2', '5.2.2'), False)
    """
    said, known = _SAID.search(words), _STATUS_CODE.search(status)
    if said is not None:
        reply = Reply(int(said[1]), said[2].strip())
        code = reply.codes if reply.enhanced or known is None or known[1] != said[1][0] else f"{said[1]} {known[0]}"
        if known is not None and not reply.enhanced and known[1] == said[1][0]:
            reply = Reply(reply.code, f"{known[0]} {reply.text}")
        return _is_bad(reply), code, reply.words
    found = known or _STATUS_CODE.search(words)
    if found is None or found[1] == "2":
        reply = Reply(550, words or "no reason given")
        return _is_bad(reply), "", reply.words
    reply = Reply(int(found[1]) * 100 + 50, f"{found[0]} {words}".strip())
    return _is_bad(reply), found[0], reply.words


def _is_bad(reply: Reply) -> bool:
    error = decision(reply, Stage.RECIPIENT)
    return isinstance(error, Refused) and error.suppress


def is_our_fault(code: str, reason: str) -> bool:
    """Return whether a bounce of this code is about us, not about whom we wrote to: our name, our policy, our records.

    >>> is_our_fault("550 5.7.26", "unauthenticated mail"), is_our_fault("5.1.1", "no such user"), is_our_fault("", "")
    (True, False, False)
    """
    basic, _, enhanced = code.rpartition(" ")
    if not enhanced.startswith("5"):
        return False
    found = Reply(int(basic), f"{enhanced} {reason}") if basic.isdigit() else Reply(550, f"{enhanced} {reason}")
    return isinstance(decision(found, Stage.RECIPIENT), SenderFault)


def feedback_report(mail: Part) -> Report | None:
    """Return what somebody who got a message reported of it; None if the mail is no such report."""
    told = next((part for part in parts(mail) if kind_of(part) == FEEDBACK), None)
    if told is None:
        return _hotmail(mail) if parameter(mail, "report-type").lower() != "feedback-report" else Report("complained")
    fields = next(_blocks(told), told)
    sort = (header(fields, "feedback-type") or "abuse").lower()
    recipient = next(iter(addresses(header(fields, "original-rcpt-to"))), "")
    kind: Kind = "unknown" if sort in NO_COMPLAINT else "unsubscribed" if sort in LEAVES else "complained"
    return Report(kind, reason=sort[:40], recipient=recipient, envelope_id=header(fields, "original-envelope-id"))


def _hotmail(mail: Part) -> Report | None:
    """A complaint from before there was a form for it: the message itself, attached, with the recipient in it."""
    for part in parts(mail):
        if recipient := header(part, "x-hmxmroriginalrecipient"):
            return Report("complained", reason="abuse", recipient=next(iter(addresses(recipient)), ""))
    return None


def is_receipt(mail: Part) -> bool:
    """Return whether it only says that a message was shown, or deleted (RFC 8098)."""
    return any(kind_of(part) in RECEIPT for part in parts(mail))
