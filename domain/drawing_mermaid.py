"""A drawing as a Mermaid flowchart, valid whatever its names hold."""

from domain.drawing import Drawing

SHAPES = {"start": ("([", "])"), "end": ("([", "])"), "again": ("((", "))"), "decide": ("{{", "}}")}
BLANK = "#160;"
"""What stands in a box that says nothing: without a sign in it the chart would not be valid."""


def mermaid(drawing: Drawing) -> str:
    """Return a drawing as a Mermaid flowchart, whatever its names hold.

    >>> from domain.drawing import Arrow, Box
    >>> print(mermaid(Drawing("a", "", (), (Box("x", "step", 'say "hi" [now]'), Box("y", "end", "over")),
    ...     (Arrow("x", "y", "a|b"),))), end="")
    flowchart TD
      b0["say #quot;hi#quot; #91;now#93;"]
      b1(["over"])
      b0 -->|"a#124;b"| b1
    """
    names = {box.id: f"b{number}" for number, box in enumerate(drawing.boxes)}
    lines = ["flowchart TD"]
    for box in drawing.boxes:
        before, behind = SHAPES.get(box.sort, ("[", "]"))
        words = "<br/>".join(_escaped(each) for each in (box.says, box.note) if each)
        lines.append(f'  {names[box.id]}{before}"{words or BLANK}"{behind}')
    for arrow in drawing.arrows:
        line, said = "-.->" if arrow.aside else "-->", _escaped(arrow.label)
        label = f'|"{said}"|' if said else ""
        lines.append(f"  {names[arrow.source]} {line}{label} {names[arrow.target]}")
    if drawing.any_time:
        words = "<br/>".join(_escaped(each) for each in ("ends it at any time", *drawing.any_time))
        lines.append(f'  any_time>"{words}"]')
    return "\n".join(lines) + "\n"


def _escaped(words: str) -> str:
    """Return words as Mermaid shows them: everything but letters, digits and harmless signs by its number."""
    line = " ".join(words.split())
    return "".join(each if each.isalnum() or each in " ,.:/+-=_?!'" else _numbered(each) for each in line)


def _numbered(sign: str) -> str:
    return "#quot;" if sign == '"' else f"#{ord(sign)};"
