"""The short way to YAML's nodes leads where the library's own leads."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.loader import SafeLoader
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.scanner import ScannerError

from domain.yaml_nodes import DIRECTIVE, MOST_LEVELS, Composer
from tests.domain.kit import GOOD, POLICIES
from tests.home import shipped


class ByTheLibrary(SafeLoader):
    max_depth = MOST_LEVELS

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.warn_double_anchors = False

    def scan_directive(self) -> Any:
        raise ScannerError(None, None, DIRECTIVE, self.get_mark())


def shape(node: Any) -> Any:
    """Return what we read of a node: texts, styles, anchors, tags of the author's own, and places."""
    if not isinstance(node, Node):
        return node
    own = str(node.tag) if str(node.tag).startswith("!") else None
    here = (node.start_mark.line, node.start_mark.column, own, node.anchor)
    if isinstance(node, ScalarNode):
        return (*here, node.value, node.style)
    if isinstance(node, MappingNode):
        return (*here, [(shape(key), shape(value)) for key, value in node.value])
    return (*here, [shape(each) for each in node.value])


def read(loader: Any, text: str) -> Any:
    try:
        return shape(loader(text).get_single_node())
    except MarkedYAMLError as error:
        marks = [mark and (mark.line, mark.column) for mark in (error.context_mark, error.problem_mark)]
        return type(error), error.context, error.problem, marks
    except (YAMLError, ValueError, IndexError, AttributeError, RecursionError) as error:
        return type(error), str(error).replace(loader.__name__, "")


@pytest.mark.parametrize("path", [*POLICIES, *shipped().files])
def test_files_of_a_home_are_read_as_the_library_reads_them(path: str) -> None:
    text = {**POLICIES, **shipped().files}[path]

    assert read(Composer, text) == read(ByTheLibrary, text)


SIGNS = list("#\n\r\t\x85\u2028\ufeff{}[],'\"|>!@`é\0~?:%")
PIECES = [
    *SIGNS,
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    " #",
    "\n  ",
    "\r\n",
    "!x ",
    "&a ",
    "*a",
    "\n%YAML 1.1\n",
    "---",
    "...",
    "x y",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("%YAML 1.1\n---\n{a?b: c, d?: e}")
@example("{a?b: c, d?: e}")
@example("[a:b, c :d, e: , f#g, h #i\n]")
@example("a:\n\tb")
@example("a: b\n  c\n\n  d # e\n f: g")
@example("[" * (MOST_LEVELS + 1))
def test_any_text_is_read_or_refused_as_by_the_library(text: str) -> None:
    assert read(Composer, text) == read(ByTheLibrary, text)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.sampled_from(PIECES)), min_size=1, max_size=3))
def test_an_accident_to_a_good_file_is_told_as_by_the_library(accidents: list[tuple[int, str]]) -> None:
    text = GOOD
    for at, piece in accidents:
        text = text[:at] + piece + text[at + 1 :]

    assert read(Composer, text) == read(ByTheLibrary, text)
