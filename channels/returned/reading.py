"""What a mail is that came back: a bounce, a complaint, an automatic answer, a person. No mail makes this raise.

The order of the questions decides: a report of a server is never an answer, a vacation note never a person.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from email.message import Message

from channels.providers.base import TOKEN_HEADER
from channels.returned.automatic import is_automatic
from channels.returned.oldstyle import is_from_a_system, worded_report
from channels.returned.opened import Part, addresses, header, headers, kind_of, message_ids, opened, parts, text_of
from channels.returned.reports import Report, delivery_report, feedback_report, is_receipt
from channels.returned.words import body_of, unquoted
from domain.coming_back import CameBack, Clues, Kind
from domain.return_dates import return_date
from domain.return_words import is_absence

_SENT_TO = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to", "to", "cc")
_RETURNED_IN = ("return-path", "x-envelope-from", "sender", "list-unsubscribe", "reply-to", "errors-to", "x-mailfrom")
_OURS = re.compile(r"[bur]\+[a-z2-7]{34}@[a-z0-9.-]{1,253}", re.IGNORECASE)
_LONGEST_REASON = 500
MOST_CLUES = 40


def read_mail(raw: bytes, sender: str | None, recipients: Sequence[str], today: date) -> CameBack:
    """Return what a mail says, that came to these `recipients`.

    `sender` is the envelope's: '' if it had none, as reports and many automatic answers have; None if nobody knows.
    `today` is the day it came, from which a return date is counted.
    """
    mail = opened(raw)
    inside = _message_inside(mail)
    report = delivery_report(mail) or feedback_report(mail)
    if report is None and not is_receipt(mail) and is_from_a_system(mail, sender) and not _says_who_it_is(mail):
        report = worded_report(mail, raw)
    clues = _clues(mail, inside, recipients, report)
    told = CameBack(_kind(mail, sender, report), clues, subject=header(mail, "subject")[:300])
    told = replace(told, message_id=next(iter(message_ids(header(mail, "message-id"))), ""))
    if report is not None:
        return replace(told, permanent=report.permanent, code=report.code[:40], reason=report.reason[:_LONGEST_REASON])
    text = unquoted(body_of(mail))
    if told.kind != "auto_replied":
        return replace(told, text=text)
    said = f"{told.subject}\n\n{text}"
    until = return_date(said, today)
    return replace(told, text=text, until=until, away=until is not None or is_absence(said))


def _says_who_it_is(mail: Part) -> bool:
    """An automatic answer says so, and comes without an envelope sender as a bounce does (RFC 3834)."""
    return header(mail, "auto-submitted").lower().startswith("auto-replied")


def _kind(mail: Part, sender: str | None, report: Report | None) -> Kind:
    if report is not None:
        return report.kind
    if is_receipt(mail):
        return "receipt"
    if header(mail, TOKEN_HEADER):
        return "ours"  # an answer to it quotes its words, never its headers as its own
    if is_automatic(mail) or is_from_a_system(mail, sender):
        return "auto_replied"
    return "replied"


def _clues(mail: Part, inside: Part | None, recipients: Sequence[str], report: Report | None) -> Clues:
    sent_to = [*recipients, *_named(mail, _SENT_TO)]
    about = report is not None
    returned = _tokens_in(inside) if about else []
    signed = headers(inside, TOKEN_HEADER) if inside is not None and about else []
    ids = (message_ids(header(inside, "message-id")) if inside is not None else []) if about else []
    more = [one for part in _texts_of_report(mail) for one in message_ids(_line(part, "message-id"))] if about else []
    references = [one for name in ("references",) for value in headers(mail, name) for one in message_ids(value)]
    answered = [*message_ids(header(mail, "in-reply-to")), *reversed(references)]
    return Clues(
        addresses=_first([*sent_to, *returned]),
        envelope_ids=_first([*([report.envelope_id] if report is not None else []), *signed]),
        returned=_first([*ids, *more]),
        answered=_first(answered),
        sender=next(iter(addresses(header(mail, "from"))), ""),
        recipient=report.recipient if report is not None else "",
    )


def _named(mail: Part, names: Iterable[str]) -> list[str]:
    return [address for name in names for value in headers(mail, name) for address in addresses(value)]


def _tokens_in(inside: Part | None) -> list[str]:
    """Return the addresses of ours in the headers of a message that came back."""
    if inside is None:
        return []
    return [found for name in _RETURNED_IN for value in headers(inside, name) for found in _OURS.findall(value)]


def _message_inside(mail: Part) -> Part | None:
    """Return the message, or its headers, that came back inside of a mail."""
    for part in parts(mail):
        kind = kind_of(part)
        if kind in ("message/rfc822", "message/global"):
            inside = part.get_payload()
            return inside[0] if isinstance(inside, list) and inside and isinstance(inside[0], Message) else None
        if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return opened(text_of(part).strip().encode("utf-8", "replace") + b"\n\n")
    return None


def _texts_of_report(mail: Part) -> list[str]:
    """Return the texts of a report: servers without a form paste the headers of what came back below their words."""
    return [text_of(part) for part in parts(mail) if kind_of(part) == "text/plain"][:3]


def _line(text: str, name: str) -> str:
    found = re.search(rf"(?im)^[> \t]*{name}:[ \t]*(.*(?:\n[ \t]+<.*)?)", text)
    return found[1] if found else ""


def _first(found: Iterable[str]) -> tuple[str, ...]:
    """Return each once, in their order, at most so many."""
    return tuple(list(dict.fromkeys(each for each in found if each))[:MOST_CLUES])
