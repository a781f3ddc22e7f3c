"""What the rules ask of the templates: which there are, and the class, topic and sender each declares.

It reads front matter only and renders nothing. Of a file that cannot be read it answers as of one that declares
nothing (marketing, the strictest rules); what is wrong with that file is said by `Library.problems`.
"""

from collections.abc import Mapping
from typing import Literal

from domain.standing import SMS
from domain.texts import Segments
from rendering.bundle import OF_TASKS, STAFF, Place
from rendering.checks import Trees, shows
from rendering.leads import leads
from rendering.template import Front, Library, TemplateProblem
from rendering.text_checks import own_length


class Catalogue:
    """The templates of one bundle (a mapping of path relative to templates/ to text), as `domain.checks` knows them.

    >>> shop = Catalogue({"email/shop/receipt.html": "---\\nclass: transactional\\n---\\n<p>Thank you"})
    >>> shop.names("email"), shop.class_of("email", "shop/receipt")
    (frozenset({'shop/receipt'}), 'transactional')
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        library = Library(sources)
        self._trees = Trees(sources)
        self._fronts: dict[str, dict[str, Front]] = {channel: {} for channel in library.channels()}
        for channel, fronts in self._fronts.items():
            fronts.update(
                (name, _front(library, channel, name)) for name in library.names(channel) if _goes(channel, name)
            )

    def names(self, channel: str) -> frozenset[str]:
        """Return the names that can be sent over `channel`."""
        return frozenset(self._fronts.get(channel, {}))

    def class_of(self, channel: str, name: str) -> Literal["marketing", "service", "transactional"]:
        """Return the class of a template. Raises KeyError for one that is not there, as those below do."""
        return self._fronts[channel][name].class_

    def topic_of(self, channel: str, name: str) -> str | None:
        """Return the topic the template declares."""
        return self._fronts[channel][name].topic

    def stays_as_at_entry(self, channel: str, name: str) -> bool:
        """Whether the template says `pin: entry`: who entered before a new text still gets the old one."""
        return self._fronts[channel][name].pin == "entry"

    def sender_of(self, channel: str, name: str) -> str | None:
        """Return the sender the template declares."""
        return self._fronts[channel][name].sender

    def survey_of(self, channel: str, name: str) -> str | None:
        """Return the survey that the template asks to answer."""
        return self._fronts[channel][name].survey

    def leads(self, channel: str, name: str) -> bool:
        """Whether any variant of a template has a link that is counted; in doubt it has."""
        found = [place for place in self._places() if (place.channel, place.name) == (channel, name)]
        return any(leads(self._trees, place.path) for place in found)

    def _places(self) -> list[Place]:
        return [place for place in map(Place.parse, self._trees.sources) if place is not None]

    def length_of(self, name: str) -> Segments:
        """Return what the author's own words of a text message take. Raises KeyError for one that is not there."""
        self._fronts[SMS][name]
        return own_length(self._trees, Place(SMS, name, None, "txt").path)

    def aim_of(self, channel: str, name: str) -> tuple[str | None, str | None]:
        """Return the endpoint a webhook goes to, and what it says it is where it does not go by its name."""
        front = self._fronts[channel][name]
        return front.endpoint, front.event

    def shows(self, channel: str, name: str, value: str) -> bool:
        """Whether every variant of a template (itself, its layout or its parts) shows this value."""
        found = [place for place in self._places() if (place.channel, place.name) == (channel, name)]
        whole = [place for place in found if place.kind == "html"] or found
        return bool(whole) and all(shows(self._trees, place.path, value) for place in whole)


def _goes(channel: str, name: str) -> bool:
    """Whether a sequence may send it: what tells our people of their tasks goes by itself."""
    return channel != STAFF or not name.startswith(OF_TASKS)


def _front(library: Library, channel: str, name: str) -> Front:
    try:
        return library.find(channel, name).front or Front()
    except (LookupError, TemplateProblem):
        return Front()
