"""YAML's nodes from text: the library's composer, with the questions it asks a million times a home answered at once.

The one thing to know: what is read, and every error, is the library's own, but for directives, which are refused
(`tests/domain/test_yaml_nodes.py` compares the two on good and broken texts). Only the way there is shorter: it takes
half the time.
"""

import re
from typing import Any, NoReturn

from ruamel.yaml.loader import SafeLoader
from ruamel.yaml.scanner import ScannerError
from ruamel.yaml.tokens import ScalarToken

MOST_LEVELS = 120
"""Deeper nesting is refused while it is read: the composer calls itself for each level."""
DIRECTIVE = "a directive"
"""The problem of a line that begins with '%'. The library would read it; here it is refused."""

_BREAKS = "\n\r\x85\u2028\u2029"
_WORD_IN_BLOCK = re.compile(rf"(?:[^\0 \t{_BREAKS}:]|:(?![\0 \t{_BREAKS}]))*")
_WORD_IN_FLOW = re.compile(rf"(?:[^\0 \t{_BREAKS}:,\[\]{{}}]|:(?![\0 \t{_BREAKS}]))*")
_BLANKS = re.compile(" *")
_REST_OF_LINE = re.compile(rf"[^\0{_BREAKS}]*")


class Composer(SafeLoader):
    """Reads one text into nodes. The library's own door, `YAML()`, looks for plug-ins on the disk at each call."""

    # In the library these are properties, which search at each of a million uses for what is always this object.
    reader: Any = None
    parser: Any = None
    scanner: Any = None

    max_depth = MOST_LEVELS

    def __init__(self, text: str) -> None:
        self.reader = self.parser = self.scanner = self
        super().__init__(text)
        self.warn_double_anchors = False  # an anchor may be set anew; a warning of Python's is no answer to an author

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a text: what a scalar is, our types say, so YAML's patterns are not tried on it."""
        return super().resolve(kind, None, (False, False))

    def scan_directive(self) -> NoReturn:
        # `%YAML 1.1` would change what the words below mean, and the library needs its own door for it.
        raise ScannerError(None, None, DIRECTIVE, self.get_mark())

    def check_token(self, *choices: Any) -> bool:
        while self.need_more_tokens():
            self.fetch_more_tokens()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def check_event(self, *choices: Any) -> bool:
        if self.current_event is None and self.state:
            self.current_event = self.state()
        return self.current_event is not None and (not choices or isinstance(self.current_event, choices))

    def need_more_tokens(self) -> bool:
        if self.done:
            return False
        if not self.tokens:
            return True
        if not self.possible_simple_keys:
            return False
        self.stale_possible_simple_keys()
        return bool(self.next_possible_simple_key() == self.tokens_taken)

    def stale_possible_simple_keys(self) -> None:
        if self.possible_simple_keys:
            super().stale_possible_simple_keys()

    def forward(self, length: int = 1) -> None:
        passed = self.buffer[self.pointer : self.pointer + length]
        if len(passed) < length or "\n" in passed or "\r" in passed or "\ufeff" in passed:
            super().forward(length)
            return
        self.pointer += length
        self.index += length
        self.column += length

    def length_of(self, pattern: re.Pattern[str]) -> int:
        """Return how far a pattern reaches from here: 0 where it does not fit."""
        found = pattern.match(self.buffer, self.pointer)
        return found.end() - self.pointer if found else 0

    def scan_to_next_token(self) -> None:
        # The blanks and comments of a line are passed over as one, not sign by sign.
        while True:
            self.forward(self.length_of(_BLANKS))
            if self.buffer[self.pointer] == "#":
                self.forward(self.length_of(_REST_OF_LINE))
            if self.buffer[self.pointer] not in _BREAKS:
                break
            super().scan_line_break()
            if not self.flow_context:
                self.allow_simple_key = True
        if self.buffer[self.pointer] in "\t\ufeff":
            super().scan_to_next_token()

    def scan_plain(self) -> Any:
        # As the library's, but a word at a time.
        word = _WORD_IN_FLOW if self.flow_context else _WORD_IN_BLOCK
        start = end = self.get_mark()
        indent, chunks, spaces = self.indent + 1, list[str](), list[str]()
        while self.buffer[self.pointer] != "#" and (length := self.length_of(word)):
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start)
            if not spaces or (not self.flow_context and self.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)
