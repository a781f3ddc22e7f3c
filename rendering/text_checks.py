"""What is wrong with a template of a text message (SMS), without rendering it.

Only the words that the author wrote can be counted here; what names bring is counted when the message is written.
"""

from collections.abc import Iterator

from jinja2 import nodes

from domain.standing import SMS
from domain.texts import MOST_SEGMENTS, Segments, segments, tells_how_to_leave
from rendering.bundle import NOT_SENT, Place
from rendering.checks import Trees
from rendering.front import Front


def text_problems(trees: Trees, place: Place, front: Front) -> Iterator[tuple[int, str]]:
    """Yield line and text of each problem of one template below templates/sms/."""
    if place.channel != SMS:
        return
    if place.kind != "txt":
        yield 1, f"a text message is plain text; name the file {place.name}.txt"
        return
    if front.attach or front.invitation is not None:
        yield 1, "a text message carries no files and no invitation; take them out, or send it by e-mail"
    if place.name.startswith(NOT_SENT):
        return
    words = _own_words(trees, place.path)
    length = own_length(trees, place.path)
    if length.count > MOST_SEGMENTS:
        yield 1, f"its own words alone take {length}, and {MOST_SEGMENTS} is most; shorten it"
    if front.class_ == "marketing" and not tells_how_to_leave(words):
        yield (
            1,
            "a marketing text does not say how to get no more; write 'Reply STOP to opt out' into it, or set "
            "`class: service` if it does not advertise",
        )


def own_length(trees: Trees, path: str) -> Segments:
    """Return what the words that the author wrote into a text take, without what is filled in."""
    return segments(_own_words(trees, path).strip())


def _own_words(trees: Trees, path: str) -> str:
    return "".join(_words(tree) for tree in trees.reach(path).values())


def _words(tree: nodes.Template) -> str:
    return "".join(data.data for data in tree.find_all(nodes.TemplateData))
