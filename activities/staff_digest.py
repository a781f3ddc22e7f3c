"""A list of the day written as a letter: plain words of ours, addressed to whoever it is for and nobody else.

The links in it are signed for that person. So whoever cannot be reached is not told by way of their team.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from sqlmodel import Session

from activities.post import MailSettings
from channels.providers.base import About
from domain.digest import Digest
from domain.digest_lines import digest_lines, digest_subject
from domain.keys import mail_token, message_id
from domain.letters import STAFF_CLASS
from domain.policies import Policies
from domain.staff_notes import FOLDER, task_url
from records.digests import DIGEST, read_digest, why_not_told
from records.follow_up_models import StaffNote
from rendering.email import Letter
from rendering.letters import UNANSWERED


@dataclass(frozen=True)
class ListOfTheDay:
    """What somebody is told of their day, as it is when the letter is written."""

    note: str
    digest: Digest
    policies: Policies
    now: datetime


def list_of(session: Session, policies: Policies, note: StaffNote, now: datetime) -> ListOfTheDay | str:
    """Return what a note of this kind tells, or why it tells nothing any more."""
    person = note.person or ""
    why_not = why_not_told(session, policies, note, now)
    if why_not is not None:
        return why_not
    return ListOfTheDay(note.id, read_digest(session, policies, person, now), policies, now)


def letter_of(told: ListOfTheDay, key: str, settings: MailSettings) -> Letter:
    """Return the letter. Raises KeyError without a default sender."""
    person = told.policies.teams.people[told.digest.person]

    def address(follow_up: str) -> str:
        return task_url(settings.public_url, settings.tokens, follow_up, told.digest.person, told.note)

    about = About(told.note, mail_token(told.note, settings.secret), FOLDER, DIGEST, STAFF_CLASS)
    return Letter(
        from_=told.policies.sender(None).from_,
        to=parseaddr(person.email)[1],
        to_name=person.name,
        subject=digest_subject(told.digest),
        text="\n".join([*digest_lines(told.digest, address), ""]),
        message_id=message_id(key, settings.secret, settings.message_host),
        date=told.now,
        refers_to_itself=not settings.provider.keeps_ids,
        extra_headers={**UNANSWERED, **settings.provider.headers(about)},
    )
