"""Lists for people: a table where the screen is wide enough, else a few lines for each row.

Nothing is cut off on a narrow screen: half an id cannot be copied, and a reason that is not there is no answer.
"""

from collections.abc import Collection
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

# A column of prose is worth reading from this width on; in a pipe it gets no less than the other.
READABLE, ROOMY = 24, 40
BETWEEN = 2
# A table in a pipe or a file is at least so wide.
OF_A_PIPE = 160


class Listing(Table):
    """A list with titles. Columns of `prose` are broken into lines, the others never.

    >>> listing = Listing("id", "state", "reason", prose=["reason"])
    >>> listing.row("107f20dc726b018a", "skipped", "the sequence is paused until Monday")
    >>> listing.natural_width()
    62
    """

    def __init__(self, *titles: str, prose: Collection[str] = (), header_style: str = "bold") -> None:
        super().__init__(box=None, pad_edge=False, show_edge=False, header_style=header_style)
        self._titles, self._prose = titles, prose
        self._kept: list[list[str]] = []
        for title in titles:
            self.add_column(title, no_wrap=title not in prose)

    def row(self, *values: object) -> None:
        """Add a row; None is an empty cell."""
        cells = ["" if value is None else str(value) for value in values]
        self._kept.append(cells)
        self.add_row(*map(Text, cells))  # brackets in a person's words are no markup

    def natural_width(self, prose_at_most: int = ROOMY) -> int:
        """Return how wide a screen must be for this as a table, with columns of prose no wider than that."""
        return sum(self._widths(prose_at_most)) + BETWEEN * (len(self._titles) - 1)

    def _widths(self, prose_at_most: int) -> list[int]:
        columns = zip(self._titles, *self._kept, strict=True)
        widest = [max(Text(cell).cell_len for cell in cells) for cells in columns]
        return [
            min(width, prose_at_most) if title in self._prose else width
            for title, width in zip(self._titles, widest, strict=True)
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.natural_width(READABLE) <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        for number, cells in enumerate([list(self._titles), *self._kept]):
            named = list(zip(self._titles, cells, strict=True))
            first = "  ".join(cell for title, cell in named if cell and title not in self._prose)
            yield Text(first, style=self.header_style if number == 0 else "")
            for title, cell in named:
                if cell and title in self._prose:
                    yield Padding(Text(cell, style=self.header_style if number == 0 else ""), (0, 0, 0, 4))


def minute(at: datetime | None) -> str:
    """Return a moment to the minute, in UTC; nothing for None."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
