"""`why CONTACT`: what was decided about a contact, when, by which rule, on which values; and what was not, and why."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from textwrap import wrap
from typing import Any

from sqlmodel import Session, col, or_, select

from domain.definition import nearest
from records.broadcast_models import Broadcast
from records.models import Message
from records.published import Published
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import contact_of, opened_store, program_of, sequence_name
from starter.why_answer import Answer, Block, Question, answered
from starter.why_known import File, Known, known_of
from starter.why_said import Said, instant
from starter.why_silence import never_in

COLUMNS = 100


def why(who: str, sequence: str | None, step: str | None, at: date | datetime | None, message: str | None) -> Result:
    """Answer what was decided about a contact; narrowed to a sequence, a step, a day or instant, a message."""
    with opened_store() as store:

        def read(session: Session) -> tuple[Known, Question, list[str]]:
            contact = contact_of(session, who)
            known = known_of(session, store.published, contact, datetime.now(UTC))
            name = _of_broadcast(known, sequence_name(sequence)) if sequence is not None else None
            question = Question(name, step, _message(session, known, message), at)
            _check_step(known, question)
            return known, question, _never_in(session, store.published, known, question)

        known, question, never = store.read(read)
    answer = answered(known, question)
    never += answer.never
    return Result(_document(known, question, answer, never), ["\n".join(_lines(known, answer, never))])


def _of_broadcast(known: Known, name: str) -> str:
    """Return the sequence that a broadcast of this name sends by; any other name as it is."""
    return next((str(each["sequence"]) for each in known.broadcasts if each["broadcast"] == name), name)


def _message(session: Session, known: Known, message: str | None) -> str | None:
    """Return the ledger's id of a message given by it or by its Message-ID, or of one that still waits."""
    if message is None:
        return None
    either = or_(col(Message.id) == message, col(Message.message_id) == message)
    id = session.exec(select(Message.id).where(either)).first() or message
    of_them = {row.get("message") for walk in known.walks for row in walk.rows} | set(known.messages)
    if id not in of_them:
        raise ProblemsFound([f"--message: no message {message} to this contact; see `rapport message list`"])
    return id


def _check_step(known: Known, question: Question) -> None:
    if question.step is None:
        return
    walks = [walk for walk in known.walks if question.sequence in (None, walk.run["sequence"])]
    steps = {step for walk in walks if walk.stand is not None for step in walk.stand.facts.program.steps}
    if walks and question.step not in steps | {str(row["step"]) for walk in walks for row in walk.rows}:
        raise ProblemsFound([f"--step: no sequence they were in has '{question.step}'{nearest(question.step, steps)}"])


def _never_in(session: Session, published: Published, known: Known, question: Question) -> list[str]:
    """Say why there is nothing about a sequence. Raises `ProblemsFound` for one that nobody knows."""
    name = question.sequence
    in_it = {walk.run["sequence"] for walk in known.walks} | set(known.doors)
    in_it |= {str(each["sequence"]) for each in known.broadcasts}
    if name is None or name in in_it or any(each.sequence == name for each in known.entries):
        return [] if name is not None or in_it else ["was never in any sequence, and nothing was decided about them"]
    sent_out = select(Broadcast.name).where(or_(col(Broadcast.name) == name, col(Broadcast.sequence) == name))
    broadcast = session.exec(sent_out).first()
    if broadcast is not None:
        return [f"was never in the audience of broadcast {broadcast}: see `rapport broadcast show {broadcast}`"]
    program = program_of(session, published, name)
    return [never_in(name, program, known.happened, known.zone.zone)]


def _lines(known: Known, answer: Answer, never: Sequence[str]) -> Iterator[str]:
    yield f"{known.who}, on the clock of {known.zone.name} (from {known.zone.rung})"
    for block in answer.blocks:
        yield ""
        yield from _folded(block.head, 0)
        for each in block.told:
            yield from _folded(f"{instant(each.last, known.zone.zone)} {_place(each, block.file)}: {each.what}", 2)
            for line in each.because:
                yield from _folded(line, 6)
        for number, line in enumerate(block.now):
            yield from _folded(line if number else f"now: {line}", 6 if number else 2)
    if never:
        yield ""
    for line in never:
        yield from _folded(line, 0)
    if not answer.blocks and not never:
        yield "nothing was decided there"


def _place(said: Said, file: File) -> str:
    line = file.lines.get(said.step or "")
    return f"{said.where} (line {line})" if line is not None else said.where


def _folded(line: str, indent: int) -> list[str]:
    """Return a sentence in lines of at most 100 columns; what goes on stands four columns further in."""
    return wrap(
        line,
        COLUMNS,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_on_hyphens=False,
    ) or [""]


def _document(known: Known, question: Question, answer: Answer, never: Sequence[str]) -> dict[str, Any]:
    return {
        "contact": known.contact["id"],
        "email": known.contact.get("email"),
        "time_zone": known.zone.name,
        "time_zone_from": known.zone.rung,
        "asked": {name: value for name, value in vars(question).items() if value is not None},
        "answers": [_block(known, block) for block in answer.blocks],
        "never": list(never),
    }


def _block(known: Known, block: Block) -> dict[str, Any]:
    told = [
        {
            "first": each.first,
            "last": each.last,
            "local": each.last.astimezone(known.zone.zone).isoformat(),
            "times": each.times,
            "where": each.where,
            "step": each.step,
            "line": block.file.lines.get(each.step or ""),
            "said": each.what,
            "because": list(each.because),
            "rows": [dict(row) for row in each.rows],
        }
        for each in block.told
    ]
    named = {"head": block.head, "sequence": block.sequence, "file": block.file.path}
    return named | {"decided": told, "now": list(block.now)}
