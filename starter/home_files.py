"""What is wrong with the files that messages carry or show: alone, and together in one message."""

from collections.abc import Iterator, Mapping

from domain.attachment_policy import Attachments
from domain.attachments import ALL_FILES_BYTES, FILES, is_file, spelled_size, unpacked, well_named
from domain.tree import Problem
from rendering.bundle import Place
from rendering.checks import Trees
from rendering.page_checks import pictures_of
from rendering.source import line_of_key
from rendering.template import TemplateProblem, front_of

TEMPLATES = "templates/"


def file_problems(sources: Mapping[str, str], policy: Attachments) -> Iterator[Problem]:
    """Yield what is wrong with the files among `sources` (templates and files, by path below `templates/`)."""
    sizes: dict[str, int] = {}
    for path, text in sources.items():
        if is_file(path):
            try:
                data = unpacked(text)
            except ValueError as error:
                yield Problem(f"{TEMPLATES}{path}", 1, str(error))
                continue
            sizes[path] = len(data)
            wrong = _unnameable(path) or policy.unfit(path, data)
            if wrong:
                yield Problem(f"{TEMPLATES}{path}", 1, wrong)
    if sum(sizes.values()) > ALL_FILES_BYTES:
        said = f"all files here are {spelled_size(sum(sizes.values()))} together, and every publication keeps them"
        yield Problem(f"{TEMPLATES}{FILES}", 1, f"{said}; keep them below {spelled_size(ALL_FILES_BYTES)}")
    yield from _too_heavy(sources, sizes, policy)


def _unnameable(path: str) -> str | None:
    if well_named(path):
        return None
    return "cannot be named in a template; use letters, digits, - and _ in its name"


def _too_heavy(sources: Mapping[str, str], sizes: Mapping[str, int], policy: Attachments) -> Iterator[Problem]:
    """Yield each message whose files and pictures weigh more than one message may carry."""
    trees = Trees(sources)
    for place in map(Place.parse, sources) if sizes else ():
        if place is None:
            continue
        files = files_of(sources, trees, place)
        weight = sum(sizes.get(path, 0) for path in files)
        if weight > policy.most_bytes:
            what = f"its files weigh {spelled_size(weight)} together, and {policy.most} is allowed"
            line = line_of_key(sources[place.path], "attach")
            yield Problem(f"{TEMPLATES}{place.path}", line, f"{what}; make them smaller, or link to them")


def files_of(sources: Mapping[str, str], trees: Trees, place: Place) -> set[str]:
    """Return the files that a template attaches, and those that it and its layouts show by a name written out."""
    try:
        files = set(front_of(sources, place).attach)
    except TemplateProblem:
        files = set()  # said by the library
    for path in trees.reach(place.path):
        files |= {picture for _, picture in pictures_of(sources[path])}
    return files
