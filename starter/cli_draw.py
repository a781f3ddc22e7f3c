"""`draw`: a sequence as a picture, from files alone."""

from pathlib import Path

from domain.drawing import drawn
from domain.drawing_mermaid import mermaid
from domain.drawing_svg import svg
from starter.cli_home import problems_found, program_of
from starter.cli_result import ProblemsFound, Result
from starter.home import load_home, read_home

WRITERS = {"mermaid": mermaid, "svg": svg}
BY_SUFFIX = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


def draw_sequence(home: Path, sequence: str, form: str | None, out: Path | None) -> Result:
    """Draw a sequence in this form (by default that of `out`'s name, else Mermaid). Raises `ProblemsFound`."""
    form = form or _form_of(out)
    program, problems = program_of(home, load_home(read_home(home)), sequence)
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    text = WRITERS[form](drawn(program))
    notes = [str(problem) for problem in sorted(set(problems))]
    if out is None:
        return Result({"sequence": program.sequence, "format": form, "drawing": text}, [text.rstrip()], notes)
    _write(out, text)
    return Result({"sequence": program.sequence, "format": form, "out": str(out)}, [], [*notes, f"written: {out}"])


def _form_of(out: Path | None) -> str:
    if out is None:
        return "mermaid"
    form = BY_SUFFIX.get(out.suffix.lower())
    if form is None:
        raise ProblemsFound([f"{out}: the name does not say what to draw; end it in .svg or .mmd, or give --format"])
    return form


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProblemsFound([f"{out}: cannot be written ({error.strerror}); give another name"]) from None
