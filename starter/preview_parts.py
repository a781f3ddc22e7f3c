"""What there is to see of one message before it goes out: its lines, links, files and sizes, and what to mend."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from domain.attachments import Enclosed, spelled_size
from domain.letters import Plan, Written
from domain.story import spelled
from rendering.pictures import as_one_page
from rendering.process import Rendered

LONGEST_SUBJECT = 50
"""So many characters of a subject does a telephone show, more or less."""
CLIPPED = 102_400
"""Gmail hides what stands behind so many bytes of HTML."""
LARGE = 100_000
"""From here on it is time to shorten."""


@dataclass(frozen=True)
class Link:
    """Where a link leads, and what its reader sees of it."""

    text: str
    target: str


@dataclass(frozen=True)
class Shown:
    """One variant of a message, as one contact would get it."""

    planned: Plan
    rendered: Rendered
    written: Written
    mail: bytes

    @property
    def locale(self) -> str:
        """The variant's language, `default` for the one without."""
        return self.rendered.locale or "default"

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers of the message as its reader's program decodes them."""
        return {
            key: str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", value))))
            for key, value in message_from_bytes(self.mail).items()
        }

    @cached_property
    def page(self) -> str:
        """The HTML part with its pictures in itself."""
        return as_one_page(self.written.html, self.written.pictures)

    @cached_property
    def links(self) -> list[Link]:
        """Every link of the HTML part, in its order."""
        return links_of(self.written.html)

    def hints(self) -> Iterator[str]:
        """Yield what is worth mending."""
        size = len(self.written.html.encode())
        if size > LARGE:
            yield f"the HTML part is {spelled_size(size)}, and Gmail hides what stands behind 102 kB; make it shorter"
        if len(self.rendered.subject) > LONGEST_SUBJECT:
            shown = self.rendered.subject[:LONGEST_SUBJECT]
            yield f"the subject has {len(self.rendered.subject)} characters; a telephone shows about '{shown}…'"
        if not self.rendered.preheader:
            yield "there is no preheader; mail programs show the first words of the message beside the subject"

    def sizes(self) -> dict[str, int]:
        """Return how many bytes the whole message and its HTML part have."""
        return {"message": len(self.mail), "html": len(self.written.html.encode())}

    def document(self) -> dict[str, Any]:
        """Return what programs read of it."""
        return {
            "class": self.planned.class_,
            "topic": self.planned.topic if self.planned.class_ == "marketing" else None,
            "locale": self.rendered.locale,
            "headers": self.headers,
            "subject": self.rendered.subject,
            "preheader": self.rendered.preheader,
            "html": self.rendered.html,
            "text": self.rendered.text,
            "links": [{"text": link.text, "target": link.target} for link in self.links],
            "pictures": [_file(each) for each in self.written.pictures],
            "files": [_file(each) for each in self.written.files],
            "invitation": self._meeting(),
            "bytes": self.sizes(),
            "hints": list(self.hints()),
            "eml": self.mail.decode("ascii"),
        }

    def _meeting(self) -> dict[str, Any] | None:
        meeting = self.written.meeting
        if meeting is None:
            return None
        start = spelled(meeting.start) if meeting.start else None
        return {
            "title": meeting.title,
            "place": meeting.place,
            "start": start,
            "minutes": meeting.minutes,
            "cancelled": meeting.cancelled,
        }

    def lines(self) -> list[str]:
        """Return it as a person reads it."""
        shown = [f"{key}: {value}" for key, value in self.headers.items()]
        if self.rendered.preheader:
            shown += ["", f"(preview line) {self.rendered.preheader}"]
        return [*shown, "", self.rendered.text, "", *self.enclosed(), *self._targets(), self.weight()]

    def enclosed(self) -> list[str]:
        """Return a line for each thing that travels in the message."""
        kinds = (("picture", self.written.pictures), ("file", self.written.files))
        found = [f"{kind}: {each.place}, {spelled_size(len(each.data))}" for kind, files in kinds for each in files]
        meeting = self._meeting()
        if meeting:
            deed = "takes out of the calendar" if meeting["cancelled"] else "puts into the calendar"
            when = f", {meeting['start']}, {meeting['minutes']} minutes" if meeting["start"] else ""
            found.append(f"invitation: {deed}: {meeting['title']}{when}")
        return found

    def _targets(self) -> list[str]:
        return [f"link: {link.text or '(a picture)'} → {link.target}" for link in self.links]

    def weight(self) -> str:
        """Return the sizes in words."""
        sizes = self.sizes()
        return f"size: {spelled_size(sizes['message'])}, its HTML part {spelled_size(sizes['html'])}"


def _file(file: Enclosed) -> dict[str, Any]:
    return {"path": file.place, "type": file.media_type, "bytes": len(file.data)}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Link] = []
        self._target: str | None = None
        self._said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self._target, self._said = given["href"], []
        elif tag == "img" and self._target:
            self._said.append(given.get("alt") or "")

    def handle_data(self, data: str) -> None:
        self._said.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target:
            self.found.append(Link(" ".join("".join(self._said).split()), self._target))
            self._target = None


def links_of(html: str) -> list[Link]:
    """Return every link of a page.

    >>> links_of('<p><a href="https://a.example/x?a=1&amp;b=2">the <b>tips</b></a></p>')
    [Link(text='the tips', target='https://a.example/x?a=1&b=2')]
    """
    reader = _Links()
    reader.feed(html)
    reader.close()
    return reader.found
