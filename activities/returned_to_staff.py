"""What a mail becomes that answers a note to one of our people, or is its bounce.

The one thing to know: who wrote it is what it says, and anybody can say that. So what one of us writes is kept on the
contact's timeline and moves nothing; an answer of the contact, whose own address it says, counts as any answer does.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session

from domain.coming_back import CameBack
from domain.events import MAIL_LOGGED
from domain.teams import TeamsPolicy
from records.contacts import find
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_rows import tell_the_team
from records.happening import Happening
from records.matching import Match, MatchedNote
from records.models import Contact, Inbox
from records.notices import note as notice
from records.published import Published
from records.timeline import record

UNDELIVERABLE = "undeliverable"
OTHERS = "matched nobody"
NOTHING = "nothing follows"


@dataclass(frozen=True)
class Became:
    """What was made of a mail, in words for the inbox, and whose timeline it is about."""

    did: str
    contact: str | None = None


def take(
    session: Session, published: Published, row: Inbox, mail: CameBack, found: MatchedNote, now: datetime
) -> Match | Became:
    """Write down what follows from a mail about a note; the match to go on with where the contact wrote it."""
    contact = session.get(Contact, found.note.contact_id) if found.note.contact_id is not None else None
    if mail.kind == "bounced":
        return _bounced(session, published, mail, found, now)
    if mail.kind not in ("replied", "auto_replied"):
        return Became(NOTHING)
    if contact is None or contact.erased_at is not None:
        return Became("of somebody who is erased" if contact is not None else OTHERS)
    teams = published.policies(session).teams
    person, ours = _writer(teams, row, mail)
    if not ours and _is_theirs(session, contact, mail.clues.sender):
        return Match(contact, None, found.by)
    if mail.kind == "auto_replied":
        return Became(NOTHING, contact.id)  # one of us is away: nothing that the contact did
    happening = _logged(session, teams, row, mail, found, contact, person if ours else None, ours=ours)
    record(session, published, contact, happening, now, changed=False)
    return Became(f"kept on the timeline by {found.by}", contact.id)


def _writer(teams: TeamsPolicy, row: Inbox, mail: CameBack) -> tuple[str | None, bool]:
    """Return the key of who of us wrote a mail, and whether it was one of us: a team's address is nobody's own.

    Who writes under another name has their own address on the envelope.
    """
    said = [mail.clues.sender, str(row.body.get("from") or "")]
    for address in (each for each in said if "@" in each):
        person = teams.key_of(address)
        if person is not None or teams.team_at(address) is not None:
            return person, True
    return None, False


def _is_theirs(session: Session, contact: Contact, sender: str) -> bool:
    known = find(session, sender) if "@" in sender else None
    return known is not None and known.id == contact.id


def _logged(
    session: Session,
    teams: TeamsPolicy,
    row: Inbox,
    mail: CameBack,
    found: MatchedNote,
    contact: Contact,
    person: str | None,
    *,
    ours: bool,
) -> Happening:
    """Return a mail of one of us as the timeline tells it: to the contact, or to us alone; else whose it was."""
    to_them = (contact.email or "").lower() in mail.clues.addresses
    follow_up = session.get(FollowUp, found.note.follow_up_id) if found.note.follow_up_id is not None else None
    team = found.note.team
    department = teams.department_of(person) if person is not None else None
    words = {"subject": mail.subject, "text": mail.text, "task": found.note.follow_up_id}
    words |= {"matched_by": found.by, "from": None if person is not None else mail.clues.sender}
    return Happening(
        key=f"mail/logged/{contact.id}/{_digest(mail.message_id or row.key)}",
        name=MAIL_LOGGED,
        at=row.received_at,
        data={name: value for name, value in words.items() if value},
        department=department or (teams.department_of_team(team) if team is not None else None),
        channel="email",
        direction=("out" if to_them else "internal") if ours else "in",
        person=person,
        of=_place(follow_up),
    )


def _place(row: FollowUp | None) -> tuple[str | None, str | None, int | None]:
    if row is None or row.enrolment_id is None:
        return None, None, None
    return row.enrolment_id, row.step, row.visit if row.step is not None else None


def _digest(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()[:32]


# --- a note that did not arrive ------------------------------------------------------------------------------------


def _bounced(session: Session, published: Published, mail: CameBack, found: MatchedNote, now: datetime) -> Became:
    """A note did not arrive: the operator is told, and the team at its own address, if it is somebody of it."""
    note = found.note
    if not mail.permanent:
        return Became(NOTHING, note.contact_id)
    whose = note.person or note.team or "the team"
    note.reason = f"came back: {mail.code} {mail.reason}".strip()[:1000]
    session.add(note)
    what = f"a note to {whose} came back ({mail.code or 'for good'}); correct their address in policies/teams.yaml"
    notice(session, f"staff/{whose}/{UNDELIVERABLE}", "mail to our people comes back", what, now)
    if note.person is not None:
        _tell_the_team(session, note, now)
    return Became(f"the address of {whose} is bad, by {found.by}", note.contact_id)


def _tell_the_team(session: Session, note: StaffNote, now: datetime) -> None:
    row = session.get(FollowUp, note.follow_up_id) if note.follow_up_id is not None else None
    if row is not None and row.team is not None:
        tell_the_team(session, row, UNDELIVERABLE, f"{UNDELIVERABLE}/{note.person}", {"of": note.person}, now)
