"""Double opt-in: who may ask for a confirmation, and what the link that confirms says.

A form that asks needs a sequence that sends the link. The link carries who, what, by which message and since when; it
is of use for 72 hours, as long as an entry waits for it (`domain.admission.WAITS`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.admission import WAITS
from domain.events import CONSENT_REQUESTED
from domain.needs import Deliver
from domain.policies import Policies
from domain.policy_files import FORMS
from domain.program import Program
from domain.references import TemplatesKnown
from domain.tree import Problem, locate, read_tree

CONFIRM_URL = "confirm_url"
"""The name under which a template shows the link that confirms."""


@dataclass(frozen=True)
class Link:
    """What a link that confirms says: who agrees to what, on which channel, asked by a message made at an instant."""

    contact: str
    topic: str
    channel: str
    message: str
    made_at: datetime

    def parts(self) -> list[str]:
        """Return it as the parts of a token."""
        return [self.contact, self.topic, self.channel, self.message, self.made_at.isoformat(timespec="seconds")]

    @classmethod
    def read(cls, parts: Sequence[str] | None) -> "Link | None":
        """Return what the parts of a token say, None if it is none of ours.

        >>> from datetime import UTC
        >>> link = Link("c1", "product-news", "email", "m1", datetime(2026, 3, 27, 9, tzinfo=UTC))
        >>> Link.read(link.parts()) == link, Link.read(["c1", "product-news"]) is None
        (True, True)
        """
        if parts is None or len(parts) != 5:
            return None
        contact, topic, channel, message, made_at = parts
        return cls(contact, topic, channel, message, datetime.fromisoformat(made_at))

    def is_of_use(self, now: datetime) -> bool:
        """Whether it still confirms."""
        return now < self.made_at + WAITS["consent"]


def unconfirmed(
    files: Mapping[str, str], policies: Policies, programs: Mapping[str, Program], templates: TemplatesKnown
) -> Iterator[Problem]:
    """Yield every `confirm: true` of a form to which no confirmation would ever be sent.

    Nothing is said while a sequence that may do so cannot be read.
    """
    if any(asks_to_confirm(program, templates) for program in programs.values()):
        return
    named = (path for path, text in files.items() if path.startswith("sequences/") and CONSENT_REQUESTED in text)
    if any(path.rpartition("/")[2].rpartition(".")[0] not in programs for path in named):
        return
    for form, mapping in policies.forms.items():
        path = f"{FORMS}{form}.yaml"
        tree, _ = read_tree(path, files[path])
        for number, asked in enumerate(mapping.consent):
            if asked.confirm:
                what = f"no sequence enters on '{CONSENT_REQUESTED}' and sends a template with {{{{ {CONFIRM_URL} }}}}"
                place = locate(tree, ("consent", number, "confirm"))
                yield Problem(path, place, f"{what}; copy sequences/confirm-newsletter.yaml, or delete 'confirm'")


def asks_to_confirm(program: Program, templates: TemplatesKnown) -> bool:
    """Whether a sequence begins when a consent has to be confirmed, and sends the link."""
    if program.status != "live" or not any(trigger.name == CONSENT_REQUESTED for trigger in program.enter):
        return False
    needs = (step.need() for step in program.steps.values())
    sends = [need for need in needs if isinstance(need, Deliver)]
    return any(templates.shows(need.channel, need.template, CONFIRM_URL) for need in sends)
