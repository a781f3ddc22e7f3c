"""What is wrong in an author's file: the place, what is wrong there, and the way out.

The one thing to know: a problem is one line on a terminal, whatever the file holds. What it quotes is cut where it is
long, and characters that no terminal shows are written out.
"""

import re
from dataclasses import dataclass

MOST_QUOTED = 120
_LONG = re.compile(rf"'[^']{{{MOST_QUOTED},}}'|\S{{{MOST_QUOTED},}}")


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a file: where, what, and the way out (`what` reads "what is wrong; what to do").

    >>> print(Problem("sequences/a.yaml", 3, "there is no step 'a\\x1b'; write one"))
    sequences/a.yaml:3: there is no step 'a\\x1b'; write one
    """

    path: str
    line: int
    what: str
    warning: bool = False

    def __post_init__(self) -> None:
        if len(self.what) > MOST_QUOTED or not self.what.isprintable():
            object.__setattr__(self, "what", _LONG.sub(_cut, _printable(self.what)))

    def __str__(self) -> str:
        note = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {note}{self.what}"


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _cut(found: re.Match[str]) -> str:
    end = found[0][-1] if found[0][-1] in "';" else ""
    return f"{found[0][: MOST_QUOTED - 2]}…{end}"
