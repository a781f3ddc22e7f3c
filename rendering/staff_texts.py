"""What our people are told where a company has written no words of its own: the templates in `for_staff/`.

The one thing to know: a file of the company's takes the place of ours of the same name, in every language of it. So
nobody who wrote an English text of their own gets a German one of ours.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from domain.keys import content_hash
from rendering.bundle import STAFF, Place

FOLDER = Path(__file__).parent / "for_staff"


@cache
def built_in() -> Mapping[str, str]:
    """Return our templates as a bundle holds them, `staff/task/assigned.html` among them."""
    files = sorted(FOLDER.rglob("*.html"))
    return {f"{STAFF}/{file.relative_to(FOLDER).as_posix()}": file.read_text(encoding="utf-8") for file in files}


def with_built_in(sources: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the hash and the texts our people are written to with: the company's, and ours where it has none.

    >>> own = {"staff/task/assigned.html": "…", "email/welcome/hello.html": "…"}
    >>> _, found = with_built_in(own)
    >>> "staff/task/assigned.de.html" in found, "staff/task/ended.de.html" in found, "email/welcome/hello.html" in found
    (False, True, False)
    """
    theirs = {_name(path) for path in sources} - {None}
    kept = {path: text for path, text in built_in().items() if _name(path) not in theirs}
    kept |= {path: text for path, text in sources.items() if path.startswith((f"{STAFF}/", "files/"))}
    return content_hash(*(part for path in sorted(kept) for part in (path, kept[path]))), kept


def _name(path: str) -> str | None:
    place = Place.parse(path)
    return place.name if place is not None and place.channel == STAFF else None
