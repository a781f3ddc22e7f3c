"""Waits and conditions for a click or an opening that can never be known: they would always time out, or be false."""

import re
from collections.abc import Iterator

from domain.conditions import functions_used
from domain.counting import CLICKED, OPENED, uncounted
from domain.needs import Deliver, Listen
from domain.references import Declared
from domain.standing import EMAIL
from domain.steps.base import Step

# The message is named by a text, as conditions are written: clicked('tips').
_ASKED = re.compile(rf"\b({CLICKED}|{OPENED})\s*\(\s*(['\"])(.*?)\2")


def never_known(step: Step, declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield the key in a step and what is wrong: it asks for what nobody is told."""
    if "messaging" in declared.doubtful:
        return
    need = step.need()
    if isinstance(need, Listen) and need.of:
        whys = [why for event in need.events for name in need.of if (why := _why_not(event, name, declared))]
        if len(whys) == len(need.events) * len(need.of):
            event = need.events[0]
            yield "wait_for", f"'{event}' of '{need.of[0]}' never comes: {whys[0]}"
    for key, source, _ in step.conditions():
        asked = {(event, name) for event, _, name in _ASKED.findall(source)}
        for event, name in sorted(asked):
            if (why := _why_not(event, name, declared)) is not None:
                yield key, f"{event}('{name}') is never true: {why}"
        if OPENED in functions_used(source) and not any(event == OPENED for event, _ in _hopeless(asked, declared)):
            yield key, "this hangs on 'opened', which machines do too; prefer 'clicked'"


def _hopeless(asked: set[tuple[str, str]], declared: Declared) -> Iterator[tuple[str, str]]:
    return (each for each in asked if _why_not(*each, declared) is not None)


def _why_not(event: str, name: str, declared: Declared) -> str | None:
    """Return why an event of the message of a step is never known; None where it may be, or nobody can say."""
    sent = declared.flat.get(name)
    need = sent.need() if sent is not None else None
    class_ = declared.class_of(need) if isinstance(need, Deliver) else None
    if class_ is None or not isinstance(need, Deliver):
        return None
    why = uncounted(event, need.channel, class_, declared.policies.messaging.tracking)
    if why is not None:
        return why if ";" in why else f"{why}; ask for another event, such as 'replied'"
    if event == CLICKED and not declared.templates.leads(EMAIL, need.template):
        return f"there is no link in '{need.template}'; add one, or ask for another event"
    return None
