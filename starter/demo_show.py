"""How the demo speaks: chapters, what was seen, letters and tables; as pleasant in a pipe as on a screen."""

import sys
from collections.abc import Iterable
from typing import IO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from starter.demo_world import Letter, Unseen

WIDTH = 132  # where there is no screen to ask
LINES_OF_A_LETTER = 7


class Stage:
    """Where the demo is told, and where what it saw is counted."""

    def __init__(self, out: IO[str] | None = None) -> None:
        stream = out or sys.stdout
        on_screen = stream.isatty()
        self.console = Console(file=stream, width=None if on_screen else WIDTH, highlight=False)
        self.seen_so_far = 0

    def chapter(self, title: str) -> None:
        """Begin another part."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left", style="cyan"))

    def say(self, line: str, style: str = "") -> None:
        """Say a sentence."""
        self.console.print(Text(f"  {line}", style=style), soft_wrap=not self.console.is_terminal)

    def seen(self, line: str) -> None:
        """Say something that was asserted, and was so."""
        self.seen_so_far += 1
        mark = Text.assemble(("  ✓ ", "bold green"), line)
        self.console.print(mark, soft_wrap=not self.console.is_terminal)

    def see(self, true: bool, line: str, otherwise: str) -> None:
        """Assert: say `line`, or raise `Unseen` with `otherwise`."""
        if not true:
            raise Unseen(otherwise)
        self.seen(line)

    def missed(self, line: str) -> None:
        """Say what was not seen."""
        self.console.print(Text.assemble(("  ✗ ", "bold red"), line), soft_wrap=True)

    def letter(self, letter: Letter) -> None:
        """Show a message: who, what about, its first lines."""
        header = letter.headers
        lines = [line for line in letter.text.splitlines() if line.strip()][:LINES_OF_A_LETTER]
        way_out = header.get("List-Unsubscribe", "none: it answers what was asked for, so it is no mailing")
        head = Text.assemble(
            *(
                part
                for name in ("From", "To", "Subject")
                for part in ((f"{name}: ", "dim"), (f"{header.get(name, '')}\n", "bold" if name == "Subject" else ""))
            ),
            ("List-Unsubscribe: ", "dim"),
            f"{way_out}\n\n",
            "\n".join(lines),
            ("\n…", "dim"),
        )
        self.console.print(Panel(head, border_style="dim", padding=(0, 1), width=min(self.console.width, WIDTH) - 2))

    def table(self, titles: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Show rows; the last column wraps."""
        table = Table(box=None, pad_edge=True, show_edge=False, header_style="dim")
        names = list(titles)
        for name in names[:-1]:
            table.add_column(name, no_wrap=True)
        table.add_column(names[-1], style="dim")
        for row in rows:
            table.add_row(*map(Text, row))
        self.console.print(table)

    def show(self, things: Iterable[RenderableType]) -> None:
        """Show what a command of `rapport` shows."""
        for each in things:
            in_words = isinstance(each, str)
            thing = Text(f"  {each}".rstrip()) if isinstance(each, str) else Padding(each, (0, 0, 0, 1))
            self.console.print(thing, soft_wrap=in_words and not self.console.is_terminal)
