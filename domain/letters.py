"""What a message says before it is rendered: its class, topic and sender, and the names its template may use.

Step over template over sequence decides (sequence-language.md section 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from typing import Any, Protocol

from domain.answering import Answer, Row, propose
from domain.attachments import Enclosed
from domain.consent import Proposed, expiry
from domain.endpoints import Aim, aimed
from domain.facts import Facts
from domain.meetings import Meeting
from domain.needs import OWNER, Deliver, Later, Notify
from domain.policies import MessageClass, Sender
from domain.references import TemplatesKnown
from domain.spans import Span
from domain.standing import WEBHOOK
from domain.survey_words import ends, language_of, question
from domain.surveys import SURVEY_URL, link_to

# How often a message that lacks a value is looked at again. A changed record wakes it sooner.
HELD_AGAIN = timedelta(hours=1)


# What our own people get about a contact is no advertisement, and must arrive.
STAFF_CLASS: MessageClass = "transactional"
TRIAL_CLASS: MessageClass = "transactional"
# So many of the last things that happened are told to staff.
LAST_EVENTS = 10


@dataclass(frozen=True)
class Plan:
    """A message as decided, not yet rendered.

    `team` is whom it is for where it is for our own people, `aim` where it goes where it is for another system,
    `survey` what it asks to answer, and `waits` how long that may wait for its turn.
    """

    need: Deliver
    class_: MessageClass
    topic: str | None
    sender: Sender
    team: str | None = None
    aim: Aim | None = None
    survey: str | None = None
    waits: Span | None = None

    def proposed(self, arrived_at: datetime, facts: Facts) -> Proposed:
        """Return it as the gate is asked about it; a test for one of us asks nobody to answer a survey."""
        survey = None if facts.program.trial else self.survey
        return propose(self.need, self.class_, self.topic, arrived_at, self.lasts, survey)

    @property
    def lasts(self) -> Span | None:
        """How long it is of use where its step does not say; None: as long as its class."""
        return self.aim.endpoint.expires if self.aim is not None else self.waits


@dataclass(frozen=True)
class Addressed:
    """Whom a message is for, and who gets the answer."""

    to: str
    to_name: str = ""
    reply_to: str | None = None


@dataclass(frozen=True)
class Written:
    """A rendered message: `pictures` are the files its html shows, `files` travel beside it."""

    subject: str
    html: str
    text: str
    pictures: tuple[Enclosed, ...] = ()
    files: tuple[Enclosed, ...] = ()
    meeting: Meeting | None = None


@dataclass(frozen=True)
class Lacks:
    """A message that cannot be rendered for this contact; `what` says which value is missing, or what is wrong."""

    what: str


class Compose(Protocol):
    """Renders a planned message."""

    def __call__(self, plan: Plan, facts: Facts) -> Written | Lacks: ...


def plan(need: Deliver, facts: Facts, templates: TemplatesKnown) -> Plan:
    """Decide class, topic, sender and aim. Raises KeyError when the template, sender or endpoint is not published."""
    # A test for one of us needs nobody's consent and counts under no cap.
    class_ = TRIAL_CLASS if facts.program.trial else templates.class_of(need.channel, need.template)
    topic = need.topic or templates.topic_of(need.channel, need.template) or facts.program.topic
    if topic is None and class_ != "marketing":
        topic = _asked_about(facts)
    sender = _sender(need.sender or templates.sender_of(need.channel, need.template), facts)
    aim = _aim(need, facts, templates) if need.channel == WEBHOOK else None
    name = templates.survey_of(need.channel, need.template)
    survey = facts.policies.surveys.named(name) if name is not None else None
    waits = survey.waits if survey is not None else None
    return Plan(need=need, class_=class_, topic=topic, sender=sender, aim=aim, survey=name, waits=waits)  # type: ignore[arg-type]  # Front keeps to the three


def _aim(need: Deliver, facts: Facts, templates: TemplatesKnown) -> Aim:
    endpoint, event = templates.aim_of(need.channel, need.template)
    return aimed(facts.policies.messaging.webhooks, endpoint, need.template, event)


def _asked_about(facts: Facts) -> str | None:
    """Return the topic a contact is asked to confirm, in a run that began with their request."""
    topic = facts.run_event.get("topic")
    return topic if isinstance(topic, str) and topic in facts.policies.messaging.topics else None


def plan_for_staff(need: Notify, facts: Facts) -> Plan:
    """Decide who writes to a team. Raises KeyError where there is no default sender."""
    wanted = Deliver(template=need.template, channel=need.channel, window=need.window)
    return Plan(need=wanted, class_=STAFF_CLASS, topic=None, sender=facts.policies.sender(None), team=need.team)


def addressed(plan: Plan, facts: Facts) -> Addressed:
    """Return whom a message goes to; staff who answer one write to the contact. Raises KeyError for an unknown team."""
    address = str(facts.contact.get("email") or "")
    if plan.team is None:
        names = (facts.contact.get("first_name"), facts.contact.get("last_name"))
        return Addressed(address, " ".join(str(name) for name in names if name), plan.sender.reply_to)
    team = facts.policies.teams.teams[plan.team]
    return Addressed(parseaddr(team.email)[1], team.label or "", address or None)


def _sender(name: str | None, facts: Facts) -> Sender:
    """Return who writes. `owner` is whoever looks after the contact; where nobody does, the default sender."""
    if name != OWNER:
        return facts.policies.sender(name)
    owner, senders = str(facts.contact.get("owner") or ""), facts.policies.messaging.senders
    display, address = parseaddr(owner)
    if owner in senders or "@" not in address:
        return facts.policies.sender(owner if owner in senders else None)
    named = next((each for each in senders.values() if parseaddr(each.from_)[1] == address), None)
    display = display or facts.policies.messaging.organisation.name
    return named or Sender.model_validate({"from": formataddr((display, address))})


def context(plan: Plan, facts: Facts, links: Mapping[str, str], language: str | None = None) -> dict[str, Any]:
    """Return the names a template may use, as plain data: never a record, so that nothing can be called.

    `links` gives `unsubscribe_url`, `preferences_url`, `confirm_url` and `survey_url`; `language` is the template's, in
    which a survey is asked. `contact.time_zone` is the zone found for the
    contact, by whatever rung, so that dates are on the clock everything else was decided on.
    """
    if plan.team is not None:
        return _about(facts) | {"team": _team(plan.team, facts), "timeline": _last_events(facts)}
    name, address = parseaddr(plan.sender.from_)
    return {
        **_about(facts),
        "sender": {"name": name, "email": address},
        "topic": {"name": plan.topic or "", "label": _label(plan, facts)},
        **_surveyed(plan, facts, links, language),
        **{name: url for name, url in links.items() if name != SURVEY_URL or plan.survey is not None},
    }


def _surveyed(plan: Plan, facts: Facts, links: Mapping[str, str], language: str | None) -> dict[str, Any]:
    """Return the survey that a message asks to answer: its words, and for each score the page with it chosen."""
    survey = facts.policies.surveys.named(plan.survey or "")
    if survey is None or SURVEY_URL not in links:
        return {}
    lang = language_of(language)
    lowest, highest = ends(survey, lang)
    scores = [{"score": each, "url": link_to(links[SURVEY_URL], each)} for each in survey.scores]
    said = {"question": question(survey, lang), "lowest": lowest, "highest": highest, "scores": scores}
    return {"survey": {"name": plan.survey, "kind": survey.kind} | said}


def _about(facts: Facts) -> dict[str, Any]:
    """Return the names of every message: what is about the contact, the run and us, as plain data."""
    organisation = facts.policies.messaging.organisation
    contact = {key: value for key, value in facts.contact.items() if value is not None}
    round_ = {} if facts.round is None else {"round": facts.round}
    names = {
        "contact": contact | {"time_zone": facts.zone.name},
        "run": {"event": dict(facts.run_event), "entered_at": facts.entered_at, **round_},
        "calls": dict(facts.calls),
        "organisation": organisation.model_dump(include={"name", "address", "time_zone", "locale"}),
        "now": facts.now.astimezone(facts.zone.zone),
    }
    for name in ("matched", "outcome"):
        value = facts.read(name)
        if value is not None:
            names[name] = value
    return names


def _team(name: str, facts: Facts) -> dict[str, str]:
    team = facts.policies.teams.teams[name]
    return {"name": name, "label": team.label or name}


def _last_events(facts: Facts) -> list[dict[str, Any]]:
    """Return what happened last with the contact, the newest first, on their clock."""
    last = sorted(facts.events, key=lambda event: event.id)[-LAST_EVENTS:]
    zone = facts.zone.zone
    return [{"at": each.at.astimezone(zone), "name": each.name, "step": each.step or ""} for each in reversed(last)]


def _label(plan: Plan, facts: Facts) -> str:
    topic = facts.policies.messaging.topics.get(plan.topic or "")
    return topic.label if topic else ""


def hold(proposed: Proposed, facts: Facts, lacks: Lacks) -> Answer:
    """A message never goes out with a hole in it: it waits for the value, at most until it expires."""
    # On a grid from the arrival, so that whoever asks a little late does not drift.
    rounds = (facts.now - proposed.asked_at) // HELD_AGAIN + 1
    until = min(proposed.asked_at + rounds * HELD_AGAIN, expiry(proposed, facts))
    row = Row("held", why=[lacks.what], more={"template": proposed.need.template, "until": until}, final=False)
    return Answer(Later(until, f"held: {lacks.what}"), row)
