"""The compiled part of CEL's library, and nothing else of its package."""

import subprocess
import sys

ASKS = """
import sys
from domain.conditions import judge
assert judge("contact.score >= 6", {"contact": {"score": 7}}, {}).true
print(*sorted({"cel.cli", "typer", "rich", "prompt_toolkit"} & set(sys.modules)))
import cel
from domain.cel_library import cel as ours
assert (cel.compile, cel.Program) == (ours.compile, ours.Program)
"""


def test_conditions_start_without_the_command_line_of_their_library() -> None:
    asked = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=False, timeout=60)

    assert (asked.returncode, asked.stdout) == (0, "\n"), asked.stderr
