"""Whether a message that leads to a survey says which."""

from collections.abc import Iterator

from domain.standing import WEBHOOK
from rendering.bundle import NOT_SENT, STAFF
from rendering.checks import Trees, shows
from rendering.front import Front
from rendering.source import Template, line_of_key


def survey_problems(trees: Trees, template: Template, text: str, front: Front) -> Iterator[tuple[int, str]]:
    """Yield line and text of each problem of one template, `front` being what is said of it."""
    if template.channel in (STAFF, WEBHOOK):
        if template.front is not None and template.front.survey is not None:
            yield line_of_key(text, "survey"), "only a message to a contact has 'survey'; take it out"
        return
    if template.name.startswith(NOT_SENT):
        return
    shown = [name for name in ("survey_url", "survey") if shows(trees, template.place.path, name)]
    if shown and front.survey is None:
        yield 1, f"it shows {shown[0]} and does not say of which survey; add 'survey:' to the front matter"
