"""What is wrong with the template of a webhook, without rendering it."""

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from domain.standing import WEBHOOK
from rendering.bundle import JSON, TemplateProblem
from rendering.front import Front
from rendering.hook_source import leaves, read_tree
from rendering.sandbox import Sandbox
from rendering.source import Template, line_of_key

# What belongs to a whole message: a text of a webhook stands for itself.
_WHOLE = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport, nodes.Block, nodes.Macro, nodes.CallBlock)
# They let whoever holds them speak for the contact.
_PERSONAL = re.compile(r"\b(unsubscribe_url|preferences_url|confirm_url|survey_url)\b")


def tree_of(sandbox: Sandbox, path: str, text: str) -> nodes.Template:
    """Return one syntax tree of all texts of a webhook, each on its line. Raises `TemplateProblem`."""
    found: list[nodes.Node] = []
    for leaf in leaves(read_tree(text)):
        try:
            tree = sandbox.parse(leaf.source, path, path)
        except TemplateSyntaxError as error:
            said = (error.message or "the syntax is wrong").rstrip(".")
            raise TemplateProblem(leaf.line, f"{said}; correct the template") from error
        for node in tree.body:
            node.set_lineno(leaf.line, override=True)
        found += tree.body
    return nodes.Template(found, lineno=1)


def hook_problems(
    tree: nodes.Template | None, template: Template, text: str, front: Front
) -> Iterator[tuple[int, str]]:
    """Yield line and text of each problem of one template, of which `text` is the whole file and `front` what is said
    of it, there or in the default variant. `tree` is None where it cannot be read."""
    if template.channel != WEBHOOK:
        yield from _of_a_message(template, text)
    elif template.place.kind != JSON:
        yield 1, f"a webhook is JSON; name the file {template.name}.json"
    else:
        yield from _of_a_webhook(template, front)
        if tree is not None:
            yield from _not_of_a_text(tree)


def _of_a_message(template: Template, text: str) -> Iterator[tuple[int, str]]:
    if template.place.kind == JSON:
        yield 1, f"only a webhook is JSON; move it to templates/webhook/, or name the file {template.name}.html"
    for key in ("endpoint", "event"):
        if template.front is not None and getattr(template.front, key) is not None:
            yield line_of_key(text, key), f"only a webhook has '{key}'; take it out"


def _of_a_webhook(template: Template, front: Front) -> Iterator[tuple[int, str]]:
    if template.locale is not None:
        yield 1, "a system reads no language; leave the file without one"
    if front.endpoint is None:
        yield 1, "it does not say where it goes; write `endpoint:` with a name of `webhooks` in policies/messaging.yaml"
    if front.attach or front.invitation is not None or front.sender is not None:
        yield 1, "a webhook has no sender, carries no files and no invitation; take them out"


def _not_of_a_text(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(_WHOLE):
        yield node.lineno, "a text of a webhook stands for itself, without blocks, macros or other files; write it out"
    for name in tree.find_all(nodes.Name):
        if _PERSONAL.fullmatch(name.name):
            yield name.lineno, f"'{name.name}' lets whoever has it speak for the contact; take it out"
