"""The links of a message to a contact led over our own address, and what has to be remembered for that.

The same message has the same links, however often it is written: they are made of its id and of where they lead.
"""

from dataclasses import dataclass, field, replace

from activities.post import Bundle, MailSettings
from domain.facts import Facts
from domain.keys import TRAP, link_id, link_token, open_token
from domain.letters import Plan, Written
from domain.tracking import LinkPolicy
from rendering.links import Page, replace_in_text

Kept = tuple[str, str, str]
"""A link to remember: its id, its address as the author wrote it, and where a browser is sent."""


@dataclass(frozen=True)
class Linked:
    """A message with its links, and those to remember before it leaves."""

    written: Written
    links: tuple[Kept, ...] = ()


def linked(
    written: Written, plan: Plan, step: str, facts: Facts, bundle: Bundle, settings: MailSettings, message: str
) -> Linked:
    """Return the message with links and picture as its class and the policies ask for; `message` is its ledger id.

    What goes to staff, or over another channel, stays as it is.
    """
    if plan.team is not None or plan.need.channel != "email":
        return Linked(written)
    names = {
        "sequence": facts.program.sequence,
        "step": step,
        "template": plan.need.template,
        "topic": plan.topic or "",
    }
    policy = LinkPolicy(facts.policies.messaging.tracking, bundle.hosts, settings.public_url, names)
    return _Linking(policy, settings, message).link(written, plan.class_)


@dataclass
class _Linking:
    policy: LinkPolicy
    settings: MailSettings
    message: str
    kept: dict[str, Kept] = field(default_factory=dict)

    def link(self, written: Written, class_: str) -> Linked:
        counts = self.policy.tracking.counts_clicks(class_)
        pictured = self.policy.tracking.counts_opens(class_)
        html, text = written.html, written.text
        if html.strip() and (counts or pictured):
            page = Page(html)
            trapped = counts and class_ == "marketing" and self.policy.tracking.trap
            trap = self._way(TRAP) if trapped else None
            html = page.rewritten(self._led if counts else _stays, trap, self._picture() if pictured else None)
            left = page.untracked
            text = replace_in_text(text, lambda url: None if url in left else self._led(url)) if counts else text
        elif counts:
            text = replace_in_text(text, self._led)
        return Linked(replace(written, html=html, text=text), tuple(self.kept.values()))

    def _led(self, url: str) -> str | None:
        """Return the address on our side that leads to where a link leads; None for a link that stays as it is."""
        target = self.policy.target(url)
        if target is None:
            return None
        id = link_id(target.url, target.address)
        self.kept[id] = (id, target.url, target.address)
        return self._way(id)

    def _way(self, id: str) -> str:
        return f"{self.settings.public_url}/l/{link_token(self.message, id, self.settings.secret)}"

    def _picture(self) -> str:
        return f"{self.settings.public_url}/o/{open_token(self.message, self.settings.secret)}.gif"


def _stays(_: str) -> None:
    return None
