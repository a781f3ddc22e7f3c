"""What is wrong with the templates of a home: alone, and beside the policies that lie in the same folder."""

from collections.abc import Iterator, Mapping

from domain.attachments import is_file
from domain.definition import nearest
from domain.policies import Policies
from domain.tree import Problem
from rendering.checks import Trees, reads
from rendering.known import ANY, STANDARD
from rendering.source import line_of_key
from rendering.template import Front, Known, Library, TemplateProblem, parse_template
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
    yield from _address_problems(sources, policies)


def _address_problems(sources: Mapping[str, str], policies: Policies) -> Iterator[Problem]:
    """Yield what keeps our postal address out of messages that advertise, in which most laws want it."""
    advertising = list(_advertising(sources))
    if advertising and not policies.messaging.organisation.address.strip():
        what = f"organisation.address is empty, and {advertising[0]} advertises; write your postal address"
        yield Problem("policies/messaging.yaml", 1, what)
        return
    trees = Trees(sources)
    for path in advertising:
        if path in trees.reach(path) and not reads(trees, path, "organisation", "address"):
            what = "no postal address is shown; put {{ organisation.address }} into it or its layout"
            yield Problem(f"{TEMPLATES}{path}", 1, what, warning=True)


def _advertising(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the path of each mail that is marketing, in its HTML where it has one."""
    library = Library(sources)
    for name in library.names("email"):
        try:
            found = library.find("email", name)
        except (LookupError, TemplateProblem):
            continue  # said by the library
        if (found.front or Front()).class_ == "marketing":
            yield found.place.path


def _front_problems(path: str, text: str, policies: Policies) -> Iterator[Problem]:
    """Yield what a template's front matter names and policies do not know."""
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
        ("endpoint", front.endpoint, frozenset(policies.messaging.webhooks)),
        ("survey", front.survey, policies.surveys.names()),
        ("organiser", front.invitation.organiser if front.invitation else None, senders),
    )
    for key, name, known in named:
        file = "surveys" if key == "survey" else "messaging"
        if name is not None and name not in known:
            what = f"{key} '{name}' is not in policies/{file}.yaml{nearest(name, known)}"
            yield Problem(f"{TEMPLATES}{path}", line_of_key(text, key), what)
