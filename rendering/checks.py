"""What can be said of one template without rendering it.

Nothing is compiled here: Jinja's compiler runs the author's arithmetic, and `9**(9**9)` would hold the process that
asks. The syntax tree tells all we need.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from rendering.bundle import (
    JSON,
    NOT_SENT,
    OF_TASKS,
    PAGES,
    STAFF,
    Place,
    TemplateProblem,
    compiled_text,
    sibling,
    target,
)
from rendering.hook_checks import tree_of
from rendering.known import Known, way_out
from rendering.sandbox import Sandbox

_CALLABLE = frozenset({"super", "caller", "self", "loop"})
_ALWAYS = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs"})
_BLOCKS = frozenset({"subject", "preheader", "html", "text"})
_LINKING = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """`path` is relative to templates/, `line` counts from 1, `what` is what is wrong and what to do."""

    path: str
    line: int
    what: str


class Trees:
    """The syntax trees of a bundle's templates, each parsed once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.sandbox = Sandbox(sources, html=True)
        self._parsed: dict[str, nodes.Template] = {}

    def tree(self, path: str) -> nodes.Template:
        """Return a template's tree; raise `TemplateProblem` if it cannot be parsed."""
        if path not in self._parsed:
            try:
                self._parsed[path] = self._read(path)
            except TemplateSyntaxError as error:
                raise TemplateProblem(error.lineno, f"{_said(error)}; correct the template") from error
            except ValueError as error:
                raise TemplateProblem(1, "a number is too long to be read; shorten it") from error
        return self._parsed[path]

    def _read(self, path: str) -> nodes.Template:
        if path.endswith(f".{JSON}"):
            return tree_of(self.sandbox, path, self.sources[path])
        return self.sandbox.parse(compiled_text(self.sources[path]), path, path)

    def reach(self, path: str) -> dict[str, nodes.Template]:
        """Return the trees of a template and of all it extends, includes and imports, as far as they can be parsed."""
        reached: dict[str, nodes.Template] = {}
        waiting = [path]
        while waiting:
            path = waiting.pop()
            place = Place.parse(path)
            if path in reached or place is None:
                continue
            try:
                reached[path] = self.tree(path)
            except TemplateProblem:
                continue
            found = (target(self.sources, place, name) for _, name in _links(reached[path]) if name)
            waiting += [one for one in found if one]
        return reached


def _said(error: TemplateSyntaxError) -> str:
    return (error.message or "the syntax is wrong").rstrip(".")


def template_problems(
    trees: Trees, place: Place, class_: str, known: Known, *, beside: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield line and text of each problem of one template; `beside`: it is the text part of an .html template."""
    try:
        tree = trees.tree(place.path)
    except TemplateProblem as problem:
        yield problem.line, problem.what
        return
    yield from _filters(tree, trees.sandbox)
    yield from _targets(tree, trees, place)
    of_a_task = place.name.startswith(OF_TASKS)
    yield from _names(tree, known.for_staff(of_a_task=of_a_task) if place.channel == STAFF else known)
    yield from _twice(tree)
    if not place.name.startswith(NOT_SENT) and not beside:
        yield from _parts(trees, place)
        if class_ == "marketing" and place.channel == "email":
            yield from _way_out(trees, place)
            if shows(trees, place.path, "confirm_url"):
                yield 1, "a message with a link to confirm must not advertise; set `class: transactional`"


def phrase_problems(phrase: str, known: Known) -> Iterator[str]:
    """Yield what is wrong with a line of front matter that has names in it."""
    sandbox = Sandbox({}, html=False)
    try:
        tree = sandbox.parse(phrase)
    except TemplateSyntaxError as error:
        yield f"{_said(error)}; correct the line"
        return
    for _, what in (*_filters(tree, sandbox), *_names(tree, known)):
        yield what


def _filters(tree: nodes.Template, sandbox: Sandbox) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(nodes.Filter):
        if node.name not in sandbox.filters:
            yield node.lineno, f"there is no filter '{node.name}'; {way_out(node.name, sandbox.filters)}"
    for test in tree.find_all(nodes.Test):
        if test.name not in sandbox.tests:
            yield test.lineno, f"there is no test '{test.name}'; {way_out(test.name, sandbox.tests)}"


def _links(tree: nodes.Template) -> Iterator[tuple[int, str | None]]:
    """Yield line and name of each template that is linked to; None where the name is not written out."""
    for node in tree.find_all(_LINKING):
        named = getattr(node, "template", None)
        written = named.value if isinstance(named, nodes.Const) and isinstance(named.value, str) else None
        yield node.lineno, written


def _targets(tree: nodes.Template, trees: Trees, place: Place) -> Iterator[tuple[int, str]]:
    for line, name in _links(tree):
        if name is None:
            yield line, "the name of another template is computed; write it out in quotes"
        elif target(trees.sources, place, name) is None:
            layouts = _linkable(trees, place)
            there = way_out(name, layouts) if layouts else f"write templates/{place.channel}/{name}.{place.kind}"
            yield line, f"template '{name}' does not exist; {there}"


def _linkable(trees: Trees, place: Place) -> set[str]:
    places = (Place.parse(path) for path in trees.sources)
    return {one.name for one in places if one and one.channel == place.channel and one.name.startswith(NOT_SENT)}


def _names(tree: nodes.Template, known: Known) -> Iterator[tuple[int, str]]:
    own = _assigned(tree)
    for line, path, called in _paths(tree):
        if called and path[0] not in own | _CALLABLE:
            yield line, f"{'.'.join(path)}() cannot be called; use a filter, or a macro of your own"
        elif not called and path[0] not in own | _ALWAYS:
            wrong = known.wrong(path)
            if wrong:
                yield line, wrong


def _assigned(tree: nodes.Template) -> set[str]:
    """Return every name the template itself gives a value; where it does so is left to the rendering."""
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    own |= {node.name for node in tree.find_all(nodes.Macro)}
    own |= {node.target for node in tree.find_all(nodes.Import)}
    for node in tree.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in node.names}
    return own


def _paths(node: nodes.Node) -> Iterator[tuple[int, tuple[str, ...], bool]]:
    """Yield line, dotted path and whether it is called, of each value the tree reads."""
    if isinstance(node, nodes.Call):
        path = _path(node.node)
        if path:
            yield node.lineno, path, True
        for child in node.iter_child_nodes(exclude=["node"] if path else None):
            yield from _paths(child)
        return
    path = _path(node)
    if path:
        yield node.lineno, path, False
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    match node:
        case nodes.Name(name=str(name), ctx="load"):
            return (name,)
        case (
            nodes.Getattr(node=inner, attr=str(attribute)) | nodes.Getitem(node=inner, arg=nodes.Const(value=attribute))
        ):
            before = _path(inner)
            return (*before, str(attribute)) if before else None
    return None


def _twice(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for block in tree.find_all(nodes.Block):
        if block.name in seen:
            yield block.lineno, f"block '{block.name}' stands here twice; leave one"
        seen.add(block.name)


def _parts(trees: Trees, place: Place) -> Iterator[tuple[int, str]]:
    if place.channel not in ("email", STAFF):
        return
    blocks = {block.name for tree in trees.reach(place.path).values() for block in tree.find_all(nodes.Block)}
    wanted = ("subject", "html") if place.kind in PAGES else ("subject",)
    own = {block.name: block.lineno for block in trees.tree(place.path).find_all(nodes.Block)}
    for name in wanted:
        near = get_close_matches(name, sorted(own.keys() - _BLOCKS), n=1)
        if name not in blocks and near:
            yield own[near[0]], f"there is no block '{near[0]}', and '{name}' is missing; did you mean '{name}'?"
        elif name not in blocks:
            yield 1, f"the block '{name}' is missing; write {{% block {name} %}}…{{% endblock %}}"


def _way_out(trees: Trees, place: Place) -> Iterator[tuple[int, str]]:
    """Look for the unsubscribe link in the whole message, and in the text part where the author wrote one."""
    remedy = "put {{ unsubscribe_url }} into it or its layout, or set `class: service` if it does not advertise"
    if not shows(trees, place.path, "unsubscribe_url"):
        yield 1, f"a marketing message without an unsubscribe link; {remedy}"
        return
    beside = sibling(trees.sources, place)
    if beside and not shows(trees, beside.path, "unsubscribe_url"):
        yield 1, f"the text part {beside.path} has no unsubscribe link; put {{{{ unsubscribe_url }}}} into it"
    for block in trees.tree(place.path).find_all(nodes.Block):
        inherits = any(
            isinstance(call.node, nodes.Name) and call.node.name == "super" for call in block.find_all(nodes.Call)
        )
        if block.name == "text" and place.kind in PAGES and not inherits and not _shows(block, "unsubscribe_url"):
            yield block.lineno, "the block 'text' has no unsubscribe link; put {{ unsubscribe_url }} into it"


def shows(trees: Trees, path: str, name: str) -> bool:
    """Return whether a template, or what it extends and includes, shows this name."""
    return any(_shows(tree, name) for tree in trees.reach(path).values())


def reads(trees: Trees, path: str, *value: str) -> bool:
    """Return whether a template, or what it extends and includes, reads a dotted value, said name by name."""
    return any(each[: len(value)] == value for tree in trees.reach(path).values() for _, each, _ in _paths(tree))


def _shows(tree: nodes.Node, name: str) -> bool:
    return any(node.name == name for node in tree.find_all(nodes.Name))
