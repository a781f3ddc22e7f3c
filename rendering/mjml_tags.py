"""What may stand in MJML, and what inside what: the compiler lets an unknown tag pass without a word."""

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HTML: Final = None
"""Inside this element stands HTML."""

_PIECES = _words(
    """mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer mj-table mj-text"""
)
_ROWS = _words("mj-hero mj-raw mj-section")

INSIDE: Mapping[str, frozenset[str] | None] = {
    "mjml": _words("mj-head mj-body"),
    "mj-head": _words("mj-attributes mj-breakpoint mj-html-attributes mj-preview mj-raw mj-style mj-title"),
    "mj-attributes": HTML,  # named after any element; what stands here is looked at on its own
    "mj-html-attributes": HTML,
    "mj-breakpoint": frozenset(),
    "mj-preview": HTML,
    "mj-style": HTML,
    "mj-title": HTML,
    "mj-body": _ROWS | {"mj-wrapper"},
    "mj-wrapper": _ROWS,
    "mj-section": _words("mj-column mj-group mj-raw"),
    "mj-group": _words("mj-column mj-raw"),
    "mj-column": _PIECES,
    "mj-hero": _PIECES,
    "mj-raw": HTML,
    "mj-text": HTML,
    "mj-button": HTML,
    "mj-table": HTML,
    "mj-image": frozenset(),
    "mj-divider": frozenset(),
    "mj-spacer": frozenset(),
    "mj-navbar": _words("mj-navbar-link mj-raw"),
    "mj-navbar-link": HTML,
    "mj-social": _words("mj-social-element mj-raw"),
    "mj-social-element": HTML,
    "mj-accordion": _words("mj-accordion-element mj-raw"),
    "mj-accordion-element": _words("mj-accordion-title mj-accordion-text mj-raw"),
    "mj-accordion-title": HTML,
    "mj-accordion-text": HTML,
    "mj-carousel": _words("mj-carousel-image"),
    "mj-carousel-image": frozenset(),
}
"""Each tag there is, and the tags that may stand inside it."""

IN_ATTRIBUTES: Final = _words("mj-all mj-class")
"""What `mj-attributes` holds besides the tags whose defaults it sets."""

REFUSED: Mapping[str, str] = {
    "mj-include": 'nothing is read from elsewhere; write {% include "parts/NAME" %}',
    "mj-font": "nothing is loaded from elsewhere; name a font that readers have, such as Arial",
}
"""Tags of MJML that are not for us, and what to do instead."""

VOID: Final = _words("area base br col embed hr img input link meta source track wbr")
"""HTML's tags that have no end."""
