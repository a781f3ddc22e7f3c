"""What is wrong with the templates of a home: alone, and beside the policies that lie in the same folder."""

import re
from collections.abc import Iterator, Mapping

from domain.definition import nearest
from domain.policies import Policies
from domain.tree import Problem
from rendering.known import ANY, STANDARD
from rendering.template import Known, Library, TemplateProblem, parse_template

TEMPLATES = "templates/"


def template_problems(sources: Mapping[str, str], policies: Policies, doubtful: frozenset[str]) -> Iterator[Problem]:
    """Yield what is wrong with templates (by path below `templates/`); of `doubtful` policies nothing is missed."""
    known = Known({**STANDARD, "contact": ANY}) if "contact" in doubtful else Known.of(policies.contact.fields)
    for found in Library(sources).problems(known):
        yield Problem(f"{TEMPLATES}{found.path}", found.line, found.what)
    for path, text in sources.items() if "messaging" not in doubtful else ():
        yield from _front_problems(path, text, policies)


def _front_problems(path: str, text: str, policies: Policies) -> Iterator[Problem]:
    """Yield what a template's front matter names and policies/messaging.yaml does not know."""
    try:
        front = parse_template(path, text).front
    except TemplateProblem:
        return  # said by the library
    if front is None:
        return
    named = (
        ("topic", front.topic, frozenset(policies.messaging.topics)),
        ("sender", front.sender, frozenset(policies.messaging.senders)),
    )
    for key, name, known in named:
        if name is not None and name not in known:
            what = f"{key} '{name}' is not in policies/messaging.yaml{nearest(name, known)}"
            yield Problem(f"{TEMPLATES}{path}", _line_of_key(text, key), what)


def _line_of_key(text: str, key: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*['\"]?{key}\b", line)), 1)
