"""The templates of one published bundle: what there is, which variant speaks to whom, what is wrong with them.

Nothing is rendered here; that is done in a process of its own (`process.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from jinja2 import nodes

from domain.attachments import is_file
from rendering.bundle import NOT_SENT, PAGES, Place, TemplateProblem, choose, page_beside
from rendering.checks import Problem, Trees, template_problems
from rendering.hook_checks import hook_problems
from rendering.known import Known
from rendering.page_checks import page_problems
from rendering.source import Front, Template, parse_template
from rendering.survey_checks import survey_problems
from rendering.text_checks import text_problems

__all__ = ["Front", "Known", "Library", "NoTemplate", "Problem", "Template", "TemplateProblem", "parse_template"]


class NoTemplate(LookupError):
    """There is no such template. `nearest` has the names that come closest, best first."""

    def __init__(self, channel: str, name: str, there: list[str]) -> None:
        self.name = name
        self.nearest = get_close_matches(name, there, n=3)
        folder = name.rpartition("/")[0]
        beside = [one.rpartition("/")[2] for one in there if one.rpartition("/")[0] == folder]
        if beside:
            remedy = f"templates/{channel}/{folder}/ has {', '.join(beside)}"
        else:
            remedy = f"did you mean '{self.nearest[0]}'?" if self.nearest else f"write templates/{channel}/{name}.html"
        super().__init__(f"template '{name}' does not exist; {remedy}")


class Library:
    """All templates of one bundle: a mapping of path (relative to templates/) to text."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {path: text for path, text in sources.items() if not is_file(path)}
        self._files = frozenset(sources.keys() - self._sources.keys())
        self._places = [place for place in map(Place.parse, sorted(self._sources)) if place]

    def names(self, channel: str) -> list[str]:
        """Return the names that can be sent over a channel, sorted; layouts and parts are not among them."""
        there = {place.name for place in self._places if place.channel == channel}
        return sorted(name for name in there if not name.startswith(NOT_SENT))

    def channels(self) -> list[str]:
        """Return the channels that have templates, sorted."""
        return sorted({place.channel for place in self._places})

    def find(self, channel: str, name: str, locale: str | None = None) -> Template:
        """Return the variant for somebody who reads `locale`: de-AT, else de, else the default.

        Its `front` is never None: a variant without one has the default variant's. Raises `NoTemplate`, and
        `TemplateProblem` for a file whose front matter cannot be read.
        """
        place = choose(self._sources, channel, name, locale)
        if place is None:
            raise NoTemplate(channel, name, self.names(channel))
        template = parse_template(place.path, self._sources[place.path])
        return replace(template, front=template.front or _default_front(self._sources, place))

    def problems(self, known: Known | None = None) -> list[Problem]:
        """Return every problem of every template that can be found without rendering, sorted by place."""
        trees = Trees(self._sources)
        found = (Problem(path, *one) for path in self._sources for one in self._of(path, trees, known or Known()))
        return sorted(set(found))

    def _of(self, path: str, trees: Trees, known: Known) -> list[tuple[int, str]]:
        try:
            template = parse_template(path, self._sources[path])
            return [*self._family(template), *self._own(template, trees, known)]
        except TemplateProblem as problem:
            return [(problem.line, problem.what)]
        except RecursionError:
            return [(1, "an expression is nested too deeply; write it flatter")]

    def _own(self, template: Template, trees: Trees, known: Known) -> Iterator[tuple[int, str]]:
        front = template.front or self._ruling(template.place) or Front()
        beside = page_beside(self._sources, template.place) is not None
        yield from template_problems(trees, template.place, front.class_, known, beside=beside)
        yield from page_problems(template, self._sources[template.place.path], self._files, known)
        yield from text_problems(trees, template.place, front)
        yield from survey_problems(trees, template, self._sources[template.place.path], front)
        yield from hook_problems(_tree(trees, template.place), template, self._sources[template.place.path], front)

    def _family(self, template: Template) -> Iterator[tuple[int, str]]:
        """Yield what is wrong between a file and the others of its name."""
        place = template.place
        default = choose(self._sources, place.channel, place.name, None)
        page = page_beside(self._sources, place)
        if page is not None:
            if template.front:
                yield (
                    1,
                    f"the text part of an .{page.kind} template has front matter; put it into the .{page.kind} file",
                )
            return
        twin = replace(place, kind="html").path
        if place.kind == "mjml" and twin in self._sources and not place.name.startswith(NOT_SENT):
            yield 1, "this message stands here as .html, too; leave one of the two"
        if default is None:
            plain = replace(place, locale=None)
            yield 1, f"there is no variant for all other languages; write templates/{plain.path}"
        elif place.kind == "txt" and default.kind in PAGES:
            yield 1, f"a text part without its message; write templates/{replace(place, kind=default.kind).path}"
        ruling = self._ruling(place)
        if template.front and ruling and template.front.class_ != ruling.class_:
            said = f"this variant is {template.front.class_}, the default variant {ruling.class_}"
            yield 2, f"{said}; give both the same class, or this one no front matter"

    def _ruling(self, place: Place) -> Front | None:
        """Return the default variant's front matter, if it can be read; what is wrong with it is said of that file."""
        try:
            return _default_front(self._sources, place)
        except TemplateProblem:
            return None


def _tree(trees: Trees, place: Place) -> nodes.Template | None:
    """Return a template's syntax tree, None where it cannot be read, which is said elsewhere."""
    try:
        return trees.tree(place.path)
    except TemplateProblem:
        return None


def front_of(sources: Mapping[str, str], place: Place) -> Front:
    """Return what a template says of itself; a variant that says nothing has the default variant's words.

    Raises `TemplateProblem`.
    """
    return parse_template(place.path, sources[place.path]).front or _default_front(sources, place)


def _default_front(sources: Mapping[str, str], place: Place) -> Front:
    default = choose(sources, place.channel, place.name, None)
    if default is None:
        return Front()
    return parse_template(default.path, sources[default.path]).front or Front()
