"""Where the steps of a sequence stand in its file: by id, as the loader names them."""

from domain.reading import Reading
from domain.tree import Keys, line_of, read_tree


def step_lines(path: str, text: str) -> dict[str, int]:
    """Return the line on which each step begins; what cannot be read is left out.

    >>> step_lines("sequences/a.yaml", "steps:\\n  - send: welcome/hello\\n  - wait: 2 days\\n")
    {'hello': 2, 'wait-2': 3}
    >>> step_lines("sequences/a.yaml", "no sequence")
    {}
    """
    tree, _ = read_tree(path, text)
    if not isinstance(tree, Keys):
        return {}
    reading = Reading(path, [])
    reading.name_steps(reading.steps(tree).steps, "")
    return {step: line_of(written) for step, written in reading.lines.items()}
