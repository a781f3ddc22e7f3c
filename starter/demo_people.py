"""The demo's people: what a contact answers becomes somebody's work, and they act by the link in their mail."""

import re
from urllib.parse import urlencode, urlsplit

from sqlmodel import Session, select

from records.contacts import find
from records.follow_up_models import FollowUp
from records.models import Interaction
from starter.demo_play import Play
from starter.demo_world import Letter, Unseen, request, until
from starter.telling import LONG, on_clock

FORM = {"content-type": "application/x-www-form-urlencoded"}


def a_person_takes_over(this: Play) -> None:
    """Emi's answer is somebody's work now: given to a person, with a time, a mail and a link that acts."""
    stage, emi = this.stage, this.cast.emi
    stage.chapter("6  A person takes over")
    row = until("records: nobody is to answer Emi; see policies/follow-ups.yaml", lambda: _of(this, emi.email))
    people = this.world.read(this.world.published.policies).teams.people
    who, why = row.assignee or "", this.world.read(lambda session: _why(session, row))
    done = on_clock(row.done_due, this.stand(emi).facts.zone.zone, LONG) if row.done_due else "no day"
    stage.see(
        who in people,
        f"“{row.title}” is assigned to {people[who].name if who in people else who}: {why}; due on {done}, Emi's clock",
        f"records: “{row.title}” is with nobody ({why}); see policies/teams.yaml",
    )
    letter = until(f"mail: nothing for {people[who].email}", lambda: _note(this, people[who].email))
    stage.letter(letter)
    _acts(this, row, who, _link(this, letter))


def _acts(this: Play, row: FollowUp, who: str, link: str) -> None:
    stage, path = this.stage, urlsplit(link).path
    page = request(link, "GET", f"{path}?do=accept")
    untouched = _again(this, row).accepted_at is None
    stage.see(
        page.status == 200 and untouched,
        "a mail gateway may open the link in it as often as it likes: the page shows the task, and nothing happens",
        f"web: GET /s/… is answered {page.status}, accepted: {not untouched}; see starter/staff_link.py",
    )
    key = re.search(r'name="key" value="([^"]+)"', page.body.decode())
    if key is None:
        raise Unseen("web: the page of a task has no form; see starter/staff_link_page.py")
    posted = request(link, "POST", path, urlencode({"do": "accept", "key": key[1]}).encode(), FORM)
    stage.say(f"POST {path[:24]}…  {posted.status}  {who} presses Accept", "cyan")
    there = until("records: the task is not accepted", lambda: _accepted(this, row))
    stage.see(
        there.assignee == who,
        f"{who} has accepted it, and is reminded at half of the time and at three quarters, until it is done",
        f"records: it is with {there.assignee} instead of {who}",
    )


def _of(this: Play, email: str) -> FollowUp | None:
    def read(session: Session) -> FollowUp | None:
        contact = find(session, email.lower())
        return session.exec(select(FollowUp).where(FollowUp.contact_id == (contact.id if contact else ""))).first()

    return this.world.read(read)


def _again(this: Play, row: FollowUp) -> FollowUp:
    found = this.world.read(lambda session: session.get(FollowUp, row.id))
    assert found is not None, "nobody deletes one"
    return found


def _accepted(this: Play, row: FollowUp) -> FollowUp | None:
    found = _again(this, row)
    return found if found.accepted_at is not None else None


def _why(session: Session, row: FollowUp) -> str:
    mine = (Interaction.contact_id == row.contact_id, Interaction.name == "task_assigned")
    told = session.exec(select(Interaction).where(*mine)).first()
    return str(told.data["why"][-1]) if told is not None else "nobody knows why"


def _note(this: Play, email: str) -> Letter | None:
    return next(iter(this.world.letters(email)), None)


def _link(this: Play, letter: Letter) -> str:
    found = re.search(rf"{re.escape(this.world.addresses['web'])}/s/[\w.-]+", letter.text)
    if found is None:
        raise Unseen(f"mail: message {letter.number} has no link to the task; see templates/staff/task/")
    return found[0]
