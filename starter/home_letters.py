"""What is wrong with the letters of cases in a home: whether they are there, and may be sent to whom they are for."""

from collections.abc import Iterator, Mapping

from domain.case_letters import SERVICE, TEMPLATES_OF_LETTERS, letter_in
from domain.loader import SEQUENCES
from domain.policies import Policies
from domain.policy_files import stem
from domain.standing import EMAIL
from domain.tree import Problem
from rendering.catalogue import Catalogue
from rendering.template import Library, TemplateProblem
from starter.home_files import TEMPLATES

RECOVERY = "policies/recovery.yaml"


def letter_problems(sources: Mapping[str, str], policies: Policies) -> Iterator[Problem]:
    """Yield what keeps cases from writing to their customers; nothing where there are no cases of ours.

    A letter that is missing is a warning: whoever has the case is told what could not be written, and writes it.
    """
    if policies.recovery is None:
        return
    templates = Catalogue(sources)
    missing = sorted(TEMPLATES_OF_LETTERS.keys() - templates.names(EMAIL))
    if missing:
        names = ", ".join(name.rpartition("/")[2] for name in missing)
        what = f"templates/email/service/ lacks {names}, so cases cannot write that; copy them from the example home"
        yield Problem(RECOVERY, 1, what, warning=True)
    for name in sorted(TEMPLATES_OF_LETTERS.keys() & templates.names(EMAIL)):
        if templates.class_of(EMAIL, name) == "marketing":
            what = f"a letter of a case is no advertisement, and would wait for the case itself; set `class: {SERVICE}`"
            yield Problem(_path(sources, name), 1, what)


def name_problems(files: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the sequences among `files` that are called as a letter of cases is."""
    for path in sorted(files):
        if path.startswith(SEQUENCES) and letter_in(stem(path)) is not None:
            yield Problem(path, 1, f"'{stem(path)}' is what cases call a letter of theirs; choose another name")


def _path(sources: Mapping[str, str], name: str) -> str:
    try:
        return f"{TEMPLATES}{Library(sources).find(EMAIL, name).place.path}"
    except (LookupError, TemplateProblem):
        return f"{TEMPLATES}{EMAIL}/{name}.html"
