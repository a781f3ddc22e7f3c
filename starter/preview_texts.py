"""What there is to see of one text message (SMS) before it goes out: its words, and what they cost."""

from dataclasses import dataclass
from typing import Any

from domain.letters import Plan
from domain.texts import segments
from rendering.process import Rendered
from rendering.text_message import TextMessage
from starter.cli_result import Result


@dataclass(frozen=True)
class ShownText:
    """One text in one language."""

    planned: Plan
    rendered: Rendered
    message: TextMessage

    @property
    def locale(self) -> str:
        """The variant's language, `default` for the one without."""
        return self.rendered.locale or "default"

    def hint(self) -> str | None:
        """Return what is worth mending, None if nothing is."""
        length = segments(self.message.text)
        if length.alphabet == "GSM-7" or length.count == 1:
            return None
        wide = sorted({each for each in self.message.text if segments(each).alphabet != "GSM-7"})
        return f"{', '.join(wide[:8])} makes every letter wider ({length}); without it the text is shorter"

    def document(self) -> dict[str, Any]:
        """Return what programs read of it."""
        length = segments(self.message.text)
        return {
            "channel": "sms",
            "class": self.planned.class_,
            "topic": self.planned.topic if self.planned.class_ == "marketing" else None,
            "locale": self.rendered.locale,
            "from": self.message.sender,
            "to": self.message.to,
            "text": self.message.text,
            "segments": length.count,
            "alphabet": length.alphabet,
            "hints": [hint] if (hint := self.hint()) else [],
        }


def texts_shown(name: str, variants: list[ShownText], notes: list[str]) -> Result:
    """Return the texts of one template, as people and programs read them."""
    first, *others = variants
    document = {"template": name, **first.document()}
    lines = first.message.shown().splitlines()
    if others:
        document["variants"] = [each.document() for each in variants]
        lines = [line for each in variants for line in (f"=== {each.locale}", *each.message.shown().splitlines(), "")]
    hints = [f"{each.locale}: {hint}" if others else hint for each in variants if (hint := each.hint())]
    return Result(document, lines, [*notes, *hints])
