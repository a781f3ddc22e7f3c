"""The forms of a case's page: what each asks for, and what was posted read as what they want done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from domain.answers import clean_line, clean_text
from domain.recovery_actions import CaseAction
from starter.asked_actions import read_case_action
from starter.staff_form import LONGEST_NOTE, Incomplete

LONGEST_LINE = 400


@dataclass(frozen=True)
class Entry:
    """One thing that is filled in. `said` names its words on the page (`starter/case_page_words.py`)."""

    name: str
    kind: Literal["lines", "line", "one_of", "tick"]
    said: str
    needed: bool = False


_NOTE = Entry("note", "lines", "note")
_WHY = Entry("note", "lines", "why_so", needed=True)

ENTRIES: Mapping[str, tuple[Entry, ...]] = {
    "approve": (_NOTE,),
    "decline": (_WHY, Entry("alternative", "line", "alternative")),
    "contacted": (Entry("channel", "one_of", "channel", needed=True), _NOTE),
    "update": (Entry("text", "lines", "update_text"),),
    "ask": (Entry("text", "lines", "question", needed=True),),
    "answered": (_NOTE,),
    "diagnose": (Entry("cause", "one_of", "cause", needed=True), _NOTE),
    "severity": (Entry("severity", "one_of", "severity", needed=True), _NOTE),
    "propose": (Entry("kind", "one_of", "remedy", needed=True), Entry("amount", "line", "amount"), _NOTE),
    "withdraw": (_NOTE,),
    "delivered": (_NOTE,),
    "not_delivered": (_WHY,),
    "resolve": (Entry("how", "one_of", "how", needed=True), Entry("text", "lines", "resolve_text")),
    "reopen": (_WHY,),
    "close": (Entry("outcome", "line", "close_outcome", needed=True), _NOTE, Entry("silent", "tick", "silent")),
    "release": (_WHY,),
    "comment": (Entry("note", "lines", "comment_text", needed=True),),
}
CHANNELS = ("phone", "email", "chat", "in_person")


def read_case_form(verb: str, typed: Mapping[str, str], by: str) -> CaseAction:
    """Return what was posted. Raises `Incomplete`, and ValueError with a sentence for what is nothing of ours."""
    said: dict[str, Any] = {"by": by}
    for entry in ENTRIES[verb]:
        text = _cleaned(entry, typed.get(entry.name, ""))
        if entry.needed and not text:
            raise Incomplete("fill_in", what=entry.said)
        if text:
            said[entry.name] = True if entry.kind == "tick" else text
    if "amount" in said:
        said["amount"] = said["amount"].replace(",", ".")
    if typed.get("remedy"):
        said["remedy"] = clean_line(typed["remedy"], 36)
    return read_case_action(verb, said)


def _cleaned(entry: Entry, text: str) -> str:
    most = LONGEST_NOTE if entry.kind == "lines" else LONGEST_LINE
    cleaned = clean_text(text, 4 * most) if entry.kind == "lines" else clean_line(text, 4 * most)
    if len(cleaned) > most:
        raise Incomplete("too_long", length=len(cleaned), most=most)
    return cleaned
