"""The demo's chapters, in their order. Each shows real parts at work and asserts what it shows."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from sqlmodel import Session, col, func, select

from records.contacts import find
from records.models import Consent, Contact, Decision
from starter.cli_runs import tell_event
from starter.demo_cast import Cast, Submission
from starter.demo_links import a_link_is_followed
from starter.demo_look import timelines, what_comes, where_to_look
from starter.demo_people import a_person_takes_over
from starter.demo_play import Play
from starter.demo_recovery import a_complaint_becomes_a_case
from starter.demo_recovery_ahead import the_days_after
from starter.demo_show import Stage
from starter.demo_world import Letter, Unseen, World, commands_on, until
from starter.standing import Stand
from starter.telling import ended, on_clock, reasons

# Temporal counts a timer from when it is told of it, a moment after the instant it was reckoned from.
AGREES = timedelta(seconds=60)


def play(stage: Stage, world: World, cast: Cast) -> None:
    """Show everything. Raises `Unseen` at the first thing that is not as it should be."""
    this = Play(stage, world, cast)
    for chapter in CHAPTERS:
        chapter(this)


def forms_come_in(this: Play) -> None:
    """Everybody fills in a form."""
    stage, world = this.stage, this.world
    stage.chapter("1  Five people fill in forms")
    for each in this.cast.everybody:
        reply = world.submit(each)
        said = f"POST {each.path:30} {reply.status}  {each.who} {each.about}"
        otherwise = f"{each.path}: answered {reply.status} instead of {each.status}: {reply.body[:200]!r}"
        stage.see(reply.status == each.status, said, otherwise)
    again = world.submit(this.cast.ben)
    stage.see(again.status == 200, "Ben's submission once more: 200, recognised and kept once", _status(again.status))
    forged = Submission("", "", this.cast.anna.path, this.cast.anna.body, this.cast.ben.headers, 401, "")
    status = world.submit(forged).status
    stage.see(status == 401, "one with a signature that does not fit: 401, nothing is kept", _status(status))


def _status(status: int) -> str:
    return f"web: answered {status}; see starter/submissions.py for what each status means"


def contacts_are_stored(this: Play) -> None:
    """Each submission becomes a contact; consent is kept with its wording."""

    stage, world = this.stage, this.world
    addresses = [each.email.lower() for each in this.cast.everybody]

    def all_there() -> bool:
        return world.read(lambda session: all(find(session, address) is not None for address in addresses))

    stage.chapter("2  They become contacts")
    until("records: not all contacts are stored", all_there)
    number = world.read(lambda session: session.exec(select(func.count()).select_from(Contact)).one())
    stage.see(number == 5, "5 contacts stored, one for each person", f"records: {number} contacts instead of 5")
    wanted = select(Consent).where(Consent.state == "opted_in").order_by(col(Consent.id))
    consents = world.read(lambda session: session.exec(wanted).all())
    stage.see(
        len(consents) == 4, "4 consents, with their wording as proof:", f"records: {len(consents)} consents, not 4"
    )
    stage.say(f"“{consents[0].wording}”", "italic")


def first_messages_arrive(this: Play) -> None:
    """What was asked for is answered at any hour; the mail server shows what it received."""
    stage = this.stage
    stage.chapter("3  The first messages arrive")
    for each in this.cast.everybody:
        this.letters[each.who] = until(f"mail: nothing for {each.email} ({_held(this, each)})", _letter_of(this, each))
    stage.seen("5 messages received by the mail server, by SMTP, each once")
    stage.say(
        "They answer what was just asked for, so no window and no quiet hours hold them, at night and on Sundays."
    )
    stage.letter(this.letters[this.cast.anna.who])


def _letter_of(this: Play, who: Submission) -> Callable[[], Letter | None]:
    return lambda: next(iter(this.world.letters(who.email)), None)


def _held(this: Play, who: Submission) -> str:
    """Say what the log knows of a message that has not come."""

    def last(session: Session) -> Decision | None:
        contact = find(session, who.email.lower())
        of_contact = select(Decision).where(Decision.contact_id == (contact.id if contact else ""))
        return session.exec(of_contact.order_by(col(Decision.id).desc()).limit(1)).first()

    row = this.world.read(last)
    return f"last decision: {row.did}, {reasons({'why': row.why})}" if row else "no decision yet"


def sequences_wait(this: Play) -> None:
    """Everybody waits on their own clock, in the author's words; Temporal holds the timers."""
    stage = this.stage
    stage.chapter("4  The sequences wait, each on the contact's own clock")
    rows: list[tuple[str, ...]] = []
    waves: dict[str, list[datetime]] = {}
    for each in this.cast.everybody:
        stand, due = until(f"records: {each.who} does not wait yet", partial(_waiting, this, each))
        zone = stand.facts.zone
        clock = f"{on_clock(due, zone.zone)} {zone.name}"
        words = stand.why.removesuffix(f" {zone.name}")
        rows.append((each.who, stand.facts.program.sequence, stand.step or "", clock, zone.rung, words))
        waves.setdefault(stand.wave or "", []).append(due)
    stage.table(("who", "sequence", "waits at", "until, on their clock", "known by", "in the author's words"), rows)
    for wave, dues in waves.items():
        _agrees(this, wave, min(dues))
    stage.seen(f"Temporal holds a durable timer for each of their {len(waves)} waves, and it rings at these instants")
    stage.say("Who entered the same sequence together travels in one wave: one workflow, one timer for the next.")


def _waiting(this: Play, who: Submission) -> tuple[Stand, datetime] | None:
    stand = this.stand(who)
    return None if stand.until is None or stand.wave is None else (stand, stand.until)


def _agrees(this: Play, wave: str, due: datetime) -> None:
    """Wait until Temporal's timer of a wave stands where the rules say."""

    def agrees() -> bool:
        rings = asyncio.run(this.world.timer(wave))
        return rings is not None and abs(rings.replace(tzinfo=UTC) - due) < AGREES

    until(f"temporal: {wave} has no timer at {due:%Y-%m-%d %H:%M} UTC", agrees)


def an_answer_moves_one(this: Play) -> None:
    """A reply ends a wait of days within the second; so does a goal, from anywhere."""
    stage, world, emi, ben = this.stage, this.world, this.cast.emi, this.cast.ben
    stage.chapter("5  An event moves one contact at once, in the middle of a wait")
    stage.say(f"$ rapport event replied --contact {emi.email} --of answer", "cyan")
    before = this.stand(emi).facts.contact["score"]
    with commands_on(world.settings):
        tell_event("replied", emi.email, {}, "answer", "demo-reply")
    told = time.monotonic()
    there = until("records: Emi is not moved by her reply", partial(_ended, this, emi, "completed"))
    score = there.facts.contact["score"]
    came = f"days before her wait was over: score {before} → {score}, {ended(there.end or '')}"
    short = f"records: Emi's score is {score}, as before her reply; see policies/scoring.yaml"
    stage.see(score > before, f"Emi moved on {_since(told)} later, {came}", short)
    reply = world.tell("meeting_booked", ben.email, "demo-meeting")
    told = time.monotonic()
    stage.say(f"POST /events  {reply.status}  the calendar says: Ben has booked a meeting", "cyan")
    there = until("records: Ben's booking does not end his sequence", partial(_ended, this, ben, "converted"))
    stage.seen(f"goal reached: Ben's {there.facts.program.sequence} ended as converted {_since(told)} after the POST")


def _ended(this: Play, who: Submission, reason: str) -> Stand | None:
    stand = this.stand(who)
    return stand if stand.end == reason else None


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


def one_click_unsubscribes(this: Play) -> None:
    """The link of a real message, pressed as a mail program does."""
    stage, daniel = this.stage, this.cast.daniel
    stage.chapter("7  One click unsubscribes")
    link = _way_out(this, this.letters[daniel.who])
    reply = this.world.press(link)
    told = time.monotonic()
    stage.say(f"POST {urlsplit(link).path[:40]}…  {reply.status}  the link in Daniel's message, pressed once", "cyan")
    there = until("records: Daniel is not unsubscribed", partial(_ended, this, daniel, "unsubscribed"))
    said = there.facts.standing.consents.get("product-news")
    stage.see(
        said == "opted_out",
        f"his sequence ended {_since(told)} after the click, without a page or a log-in; product-news: {said}",
        f"records: Daniel's consent is {said} instead of opted_out",
    )


def _way_out(this: Play, letter: Letter) -> str:
    base = this.world.addresses["web"] + "/u/"
    found = [word.strip("<>()[].,") for word in letter.text.split() if base in word]
    if not found:
        raise Unseen(f"mail: message {letter.number} has no address of {base}; see templates/email/layouts/")
    return found[0][found[0].index(base) :]


CHAPTERS: tuple[Callable[[Play], None], ...] = (
    forms_come_in,
    contacts_are_stored,
    first_messages_arrive,
    sequences_wait,
    an_answer_moves_one,
    a_link_is_followed,
    a_person_takes_over,
    one_click_unsubscribes,
    a_complaint_becomes_a_case,
    the_days_after,
    timelines,
    where_to_look,
    what_comes,
)
