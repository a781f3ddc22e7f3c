"""What happens to a contact, written down once, with everything that follows from it in the same transaction.

A withdrawal changes consent; a goal, an exit or an unsubscribe ends runs; runs that listen are woken. After the commit
nothing of an ended run is handed over any more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select
from uuid_utils.compat import uuid7

from domain.cases import MOVES_MARKETING
from domain.entry import End, ended_already, over_at, triggers_of
from domain.events import SCORE_REACHED, SEGMENT_ENTERED
from domain.facts import Event, Facts
from domain.needs import Notify
from domain.origins import MARKETING, origin_of, told_by
from domain.program import Program
from domain.segment_changes import may_change
from records.case_rules import cases_by_rules
from records.cases import customer_moves
from records.completing import complete_follow_up
from records.concerns import concerns
from records.consenting import take_note
from records.conversions import note_conversions
from records.dates import dated, update_dates
from records.entries import enter
from records.evidence import weigh
from records.facts import event_of, read_known
from records.follow_up_rules import opened_by_rules
from records.follow_ups import contact_moves
from records.happening import Happening as Happening
from records.held_events import held_back, let_go
from records.ledger import CLAIMED, SKIPPED
from records.models import Contact, Enrolment, Interaction, Message
from records.protection import protect
from records.published import Published
from records.runs import bring_forward, end, open_runs, stir_all
from records.scoring import AS_BEFORE, Rescored, rescore
from records.segments import update_memberships
from records.service_cases import take_note as take_note_of_case

# The channel of messages to staff.
STAFF = Notify.model_fields["channel"].default


def record(
    session: Session,
    published: Published,
    contact: Contact,
    happening: Happening,
    now: datetime,
    *,
    changed: bool = True,
) -> Interaction | None:
    """Write an event into the contact's timeline, with all that follows; None if it was there already.

    What a team does with a message to staff is none of the contact's: nothing is written of it, and None returned.
    What follows: the fate of a message nobody knew, consent, ends of running sequences, goals reached by others, wakes,
    entries into sequences that start on it, the score with the thresholds it reaches, segments the contact is in from
    now on, dates at which it will enter. Those three are looked at only if the event can change them, or the record was
    `changed` (or made) with it.
    """
    if session.exec(select(Interaction.id).where(Interaction.key == happening.key)).first() is not None:
        return None
    message = session.get(Message, happening.message) if happening.message is not None else None
    if message is not None:
        weigh(session, message.id, happening.name, happening.data, now)
    if message is not None and message.channel == STAFF:
        return None
    row = _write(session, published, contact, _placed(session, published, happening, message))
    take_note(session, contact, row, message, now)
    take_note_of_case(session, contact.id, row.name, row.data, row.at)
    protect(session, published, row, now)
    # Before anything that asks for the score, and before whatever follows is written: it counts this event, once.
    policies = published.policies(session)
    scored = rescore(session, published, policies, contact, happening.at, row=row, changed=changed)
    programs = published.current(session)
    for each in [] if held_back(session, published, row, now) else [row, *let_go(session, row)]:
        _follow_up(session, published, contact, each, now)
        _tell(session, published, programs, contact, event_of(each), row.at, now, by=happening.by)
    if changed or scored.changed or may_change(policies.segments.segments, happening.name):
        _look_if_any(session, published, programs, contact, happening.at, now)
    _tell_of_thresholds(session, published, contact, scored, now)
    return row


def _tell_of_thresholds(
    session: Session, published: Published, contact: Contact, scored: Rescored, now: datetime
) -> None:
    """Write into the timeline which thresholds of the score were reached: events like any other."""
    for each in scored.reached:
        happening = Happening(each.key, SCORE_REACHED, each.at, each.data, direction="none")
        record(session, published, contact, happening, now, changed=False)


def _follow_up(session: Session, published: Published, contact: Contact, row: Interaction, now: datetime) -> None:
    """Move the follow-ups and cases that are open for a contact, and open those that policies ask for."""
    told = [
        *contact_moves(session, published, contact, row, now),
        *customer_moves(session, published, contact, row, now),
        *opened_by_rules(session, published, contact, row, now),
        *cases_by_rules(session, published, contact, row, now),
    ]
    record_all(session, published, contact, told, now)


def record_all(
    session: Session, published: Published, contact: Contact, told: Iterable[Happening], now: datetime
) -> None:
    """Write what our people did, or were asked to do, into a contact's timeline."""
    for each in told:
        record(session, published, contact, each, now, changed=False)


def _tell(
    session: Session,
    published: Published,
    programs: Sequence[Program],
    contact: Contact,
    event: Event,
    at: datetime,
    now: datetime,
    *,
    by: str | None = None,
) -> None:
    """Tell everybody of an event: `at` is its instant, or when it was let go (`records/held_events.py`)."""
    _tell_runs(session, published, contact, event, now, by)
    _tell_others(session, published, contact, event, at)
    _start_runs(session, published, programs, contact, event, at)


def _tell_others(session: Session, published: Published, contact: Contact, event: Event | None, at: datetime) -> None:
    """Tell those who are not inside: who waits to enter, who is held out, who left and may still reach the goal."""
    concerned = concerns(session, contact.id, at)
    if concerned.held_out or concerned.left:
        note_conversions(session, published, contact.id, event, at)
    if concerned.waits:
        bring_forward(session, contact.id, at)


def review(session: Session, published: Published, contact: Contact, at: datetime, now: datetime) -> bool:
    """Look at a contact's score, segments and dates that come next; return whether anything changed.

    Who becomes a member at this instant, or reaches a threshold, enters the sequences that start on it.
    """
    scored = rescore(session, published, published.policies(session), contact, at)
    if scored.changed:
        _tell_of_score(session, published, contact, at, now)
    looked = _look(session, published, published.current(session), contact, at, now)
    _tell_of_thresholds(session, published, contact, scored, now)
    return looked or scored != AS_BEFORE


def _tell_of_score(session: Session, published: Published, contact: Contact, at: datetime, now: datetime) -> None:
    """Time alone has made the score another: tell those who end on a condition, or wait for one."""
    runs = open_runs(session, contact.id)
    asked = [run for run in runs if published.program(session, run.version).ends_by_condition]
    _end_runs(session, published, asked, now, ended_already)
    watching = (run for run in runs if run.ended_at is not None or published.program(session, run.version).watches)
    stir_all(session, list(watching), now)
    _tell_others(session, published, contact, None, at)


def _look_if_any(
    session: Session, published: Published, programs: Sequence[Program], contact: Contact, at: datetime, now: datetime
) -> None:
    # What is left of segments and dates that are not published any more, the next round takes away.
    if published.policies(session).segments.segments or dated(programs):
        _look(session, published, programs, contact, at, now)


def _look(
    session: Session,
    published: Published,
    programs: Sequence[Program],
    contact: Contact,
    at: datetime,
    now: datetime,
) -> bool:
    policies = published.policies(session)
    joined = update_memberships(session, policies, contact, at)
    for segment in joined:
        happening = Happening(
            # Each time is one of its own: whoever leaves and comes back within a second has become a member twice.
            key=f"segment/{contact.id}/{segment}/{uuid7()}",
            name=SEGMENT_ENTERED,
            at=at,
            data={"segment": segment},
            department=MARKETING,
            direction="none",
        )
        row = _write(session, published, contact, happening)
        _tell(session, published, programs, contact, event_of(row), at, now)
    return update_dates(session, policies, dated(programs), contact, now) or bool(joined)


def _placed(session: Session, published: Published, happening: Happening, message: Message | None) -> Happening:
    """Say of an event whose it is, on which channel and which way it went, where its teller did not."""
    origin = origin_of(happening.name, happening.data, message.channel if message is not None else None)
    told = told_by(happening.name, happening.data)
    person, department = happening.person or told.person, happening.department or told.department
    if person is not None and (happening.person is None or department is None):
        teams = published.policies(session).teams
        person = teams.key_of(person) or (None if told.may_be_a_stranger else person)
        department = department or teams.department_of(person or "")
    return replace(
        happening,
        department=department or origin.department,
        channel=happening.channel or origin.channel,
        direction=happening.direction or origin.direction,
        person=person,
    )


def _write(session: Session, published: Published, contact: Contact, happening: Happening) -> Interaction:
    enrolment, step, visit = happening.of or _origin(session, published, contact, happening)
    row = Interaction(
        contact_id=contact.id,
        key=happening.key,
        name=happening.name,
        at=happening.at,
        occurred_at=happening.occurred_at,
        department=happening.department or MARKETING,
        channel=happening.channel,
        direction=happening.direction or "in",
        person=happening.person,
        enrolment_id=enrolment,
        step=step,
        visit=visit,
        data=dict(happening.data),
    )
    session.add(row)
    session.flush()
    return row


def _origin(
    session: Session, published: Published, contact: Contact, happening: Happening
) -> tuple[str | None, str | None, int | None]:
    """Return the enrolment, step and visit of what an event belongs to: a send by message, or the last of a named step;
    a task that is completed is the one of its step that was opened last."""
    if happening.name == "task_completed" and (happening.step is not None or happening.data.get("task")):
        done = complete_follow_up(session, published.policies(session), contact, happening)
        return (done.enrolment_id, done.step, done.visit) if done is not None else (None, happening.step, None)
    if happening.message is not None:
        message = session.get(Message, happening.message)
        if message is not None and message.contact_id == contact.id:
            return message.enrolment_id, message.step, message.visit
    if happening.step is not None:
        left = col(Message.state).not_in([CLAIMED, SKIPPED])  # nobody answers what was never sent
        of_step = select(Message).where(Message.contact_id == contact.id, Message.step == happening.step, left)
        found = sorted(session.exec(of_step), key=lambda message: message.claimed_at or happening.at)
        if found:
            return found[-1].enrolment_id, happening.step, found[-1].visit
    return None, happening.step, None


def _tell_runs(
    session: Session, published: Published, contact: Contact, event: Event, now: datetime, by: str | None
) -> None:
    runs = open_runs(session, contact.id)
    # Opens come in hundreds and end nobody: nothing is read for them, unless a run may end on a condition.
    asked = [run for run in runs if published.program(session, run.version).may_be_ended_by(event.name)]
    _end_runs(session, published, asked, now, lambda facts: over_at(facts, event))
    stir_all(session, [run for run in runs if _has_to_look(session, published, run, event.name, by)], now)


def _has_to_look(session: Session, published: Published, run: Enrolment, event: str, by: str | None) -> bool:
    # Who did it goes on from there anyway. Told of its own deed, it would ask once more for whatever comes next.
    program = published.program(session, run.version)
    concerned = program.is_concerned_by(event)
    # What a case holds, or lets go, is asked again: nobody notes for which message or wait that was.
    moves = event in MOVES_MARKETING and program.marketing
    return run.ended_at is not None or (run.id != by and (concerned or moves))


def _start_runs(
    session: Session, published: Published, programs: Sequence[Program], contact: Contact, event: Event, at: datetime
) -> None:
    meant = [(program, triggers) for program in programs if (triggers := triggers_of(program, event))]
    # Of a group one gets the contact: the more important of those that start on the same event, whatever their names.
    for program, (first, *others) in sorted(meant, key=lambda each: (-each[0].priority, each[0].sequence)):
        enter(session, published, program, contact, at, trigger=first, others=others, event=event)


def record_changed(
    session: Session, published: Published, contact: Contact, now: datetime, *, by: str | None = None
) -> None:
    """The contact's record changed: end the runs whose exit condition is true now, and wake the others.

    `by` is the run that changed it, which need not be told. What may let the contact enter somewhere is looked at, too.

    A wait may hang on the field, the zone or the calendar that changed (sequence-language.md section 3).
    """
    scored = rescore(session, published, published.policies(session), contact, now)
    runs = open_runs(session, contact.id)
    asked = [run for run in runs if published.program(session, run.version).ends_by_condition]
    _end_runs(session, published, asked, now, ended_already)
    stir_all(session, [run for run in runs if run.id != by or run.ended_at is not None], now)
    _tell_others(session, published, contact, None, now)
    _look_if_any(session, published, published.current(session), contact, now, now)
    _tell_of_thresholds(session, published, contact, scored, now)


def _end_runs(
    session: Session,
    published: Published,
    asked: Sequence[Enrolment],
    now: datetime,
    over_by: Callable[[Facts], End | None],
) -> None:
    """End those of these runs that `over_by` says are over; what is known of the contact is read once for all."""
    if not asked:
        return
    known, policies = read_known(session, [run.id for run in asked]), published.policies(session)
    for run in asked:
        program = published.program(session, run.version)
        over = over_by(known.facts(run.id, program, policies, now))
        if over is not None:
            end(session, program, run, over.reason, now, [over.why])
