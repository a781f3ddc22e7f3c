"""One message ordered from the rendering process, and what comes back made whole: its files, pictures, its meeting.

What is sent, what a simulation keeps and what a preview shows are ordered here.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.attachments import Enclosed, enclosed, spelled_size
from domain.dues import MissingMoment, resolve
from domain.facts import Facts
from domain.letters import Plan, Written, context
from domain.meetings import Meeting, meeting_id
from rendering.bundle import Place, TemplateProblem, choose
from rendering.front import Front, Invitation
from rendering.process import MissingVariable, Rendered, RenderJob, TemplateFault
from rendering.template import front_of


def ordered(
    plan: Plan,
    facts: Facts,
    bundle: str,
    sources: Mapping[str, str],
    links: Mapping[str, str],
    locale: str | None = None,
) -> RenderJob:
    """Return the order of a message in the contact's language, or in `locale`. Raises `TemplateFault`."""
    own = facts.contact.get("language") if plan.team is None else None
    language = locale or own or facts.policies.messaging.organisation.locale
    tag = str(language) if language else None
    channel, name = plan.need.channel, plan.need.template
    place = choose(sources, channel, name, tag)
    invitation = _front(sources, place).invitation
    spoken = (place.locale if place is not None else None) or facts.policies.messaging.organisation.locale
    return RenderJob(
        bundle=bundle,
        sources=sources,
        channel=channel,
        name=name,
        locale=tag,
        context=context(plan, facts, links, spoken),
        phrases=invitation.phrases() if invitation else {},
    )


def made_whole(rendered: Rendered, job: RenderJob, plan: Plan, facts: Facts) -> Written:
    """Return the message with everything that travels in it. Raises `MissingVariable`, `TemplateFault`."""
    place = choose(job.sources, job.channel, job.name, job.locale)
    front = _front(job.sources, place)
    pictures = _files(job, rendered.pictures)
    files = _files(job, front.attach)
    weight, policy = sum(len(each.data) for each in (*pictures, *files)), facts.policies.messaging.attachments
    if weight > policy.most_bytes:
        raise TemplateFault(
            f"{_named(job)}: its files weigh {spelled_size(weight)} together, and {policy.most} is allowed; "
            "make them smaller, or link to them"
        )
    meeting = _meeting(front.invitation, rendered, job, plan, facts) if front.invitation else None
    return Written(rendered.subject, rendered.html, rendered.text, pictures, files, meeting)


def _front(sources: Mapping[str, str], place: Place | None) -> Front:
    """Return what the template says of itself; one that is not there is missed when it is rendered."""
    try:
        return front_of(sources, place) if place else Front()
    except TemplateProblem as problem:
        assert place is not None, "it was read"
        raise TemplateFault(f"{place.path}:{problem.line}: {problem.what}") from None


def _files(job: RenderJob, paths: tuple[str, ...]) -> tuple[Enclosed, ...]:
    missing = [path for path in paths if path not in job.sources]
    if missing:
        raise TemplateFault(f"{_named(job)}: there is no file templates/{missing[0]}; publish it, or take it out")
    try:
        return tuple(enclosed(path, job.sources[path]) for path in paths)
    except ValueError as error:
        raise TemplateFault(f"{_named(job)}: {error}") from None


def _meeting(invitation: Invitation, rendered: Rendered, job: RenderJob, plan: Plan, facts: Facts) -> Meeting:
    organiser = plan.sender if invitation.organiser is None else facts.policies.sender(invitation.organiser)
    return Meeting(
        id=meeting_id(str(facts.contact.get("id") or facts.contact.get("email")), _which(invitation, job, facts)),
        start=_start(invitation, job, facts),
        minutes=invitation.minutes,
        title=rendered.phrases.get("title", rendered.subject),
        organiser=organiser.from_,
        place=rendered.phrases.get("place", ""),
        cancelled=invitation.cancel,
    )


def _start(invitation: Invitation, job: RenderJob, facts: Facts) -> datetime | None:
    if invitation.start is None:
        return None
    try:
        start = resolve(invitation.start, facts.now, facts.sight())
    except MissingMoment as error:
        raise MissingVariable(error.source, _named(job)) from None
    except ValueError as error:
        raise TemplateFault(f"{_named(job)}: the invitation's start: {error}; correct it") from None
    return start.at if start is not None else None


def _which(invitation: Invitation, job: RenderJob, facts: Facts) -> str:
    """Return what makes it the same meeting: what the template names, else this run through the sequence."""
    if invitation.meeting is None:
        return facts.enrolment
    value = facts.read(invitation.meeting)
    if value is None or not str(value).strip():
        raise MissingVariable(invitation.meeting, _named(job))
    return str(value)


def _named(job: RenderJob) -> str:
    return f"{job.channel}/{job.name}"
