"""What is wrong with the templates of a home: alone, and beside the policies that lie in the same folder."""

from collections.abc import Iterator, Mapping

from domain.attachments import is_file
from domain.definition import nearest
from domain.policies import Policies
from domain.tree import Problem
from rendering.known import ANY, STANDARD
from rendering.source import line_of_key
from rendering.template import Known, Library, TemplateProblem, parse_template
from starter.home_files import TEMPLATES, file_problems


def template_problems(sources: Mapping[str, str], policies: Policies, doubtful: frozenset[str]) -> Iterator[Problem]:
    """Yield what is wrong with templates (by path below `templates/`); of `doubtful` policies nothing is missed."""
    known = Known({**STANDARD, "contact": ANY}) if "contact" in doubtful else Known.of(policies.contact.fields)
    for found in Library(sources).problems(known):
        yield Problem(f"{TEMPLATES}{found.path}", found.line, found.what)
    if "messaging" in doubtful:
        return
    for path, text in sources.items():
        if not is_file(path):
            yield from _front_problems(path, text, policies)
    yield from file_problems(sources, policies.messaging.attachments)


def _front_problems(path: str, text: str, policies: Policies) -> Iterator[Problem]:
    """Yield what a template's front matter names and policies/messaging.yaml does not know."""
    try:
        front = parse_template(path, text).front
    except TemplateProblem:
        return  # said by the library
    if front is None:
        return
    senders = frozenset(policies.messaging.senders)
    named = (
        ("topic", front.topic, frozenset(policies.messaging.topics)),
        ("sender", front.sender, senders),
        ("organiser", front.invitation.organiser if front.invitation else None, senders),
    )
    for key, name, known in named:
        if name is not None and name not in known:
            what = f"{key} '{name}' is not in policies/messaging.yaml{nearest(name, known)}"
            yield Problem(f"{TEMPLATES}{path}", line_of_key(text, key), what)
