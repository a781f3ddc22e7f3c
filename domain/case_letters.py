"""A letter of a case to its customer, as a program of one step that nobody enters by anything else.

So everything that is true of a sequence is true of it: the gate, the ledger, `why`. The one thing to know: what a
letter may say (`said`) is taken down when it is written, and travels with the run as `run.event`; instants in it are
UTC, and the templates in templates/email/service/ say them on the customer's clock, in their language.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from domain.assignment import Staff
from domain.policies import Policies
from domain.program import Again, Program
from domain.recovery import Case, PromiseName, Write, after, due_of, next_word
from domain.recovery_policy import Recovery
from domain.remedies import Remedy
from domain.remedy_policy import Remedies
from domain.spans import Span
from domain.steps.send import Send

Letter = Literal[
    "acknowledged",
    "question",
    "reminder",
    "update",
    "apology",
    "offer",
    "refusal",
    "holding",
    "resolved",
    "final_answer",
    "survey",
    "closed",
    "closed_unanswered",
    "reopened",
]
LETTERS: tuple[Letter, ...] = get_args(Letter)
# The class of these messages, and whose they are in timelines.
SERVICE = "service"
FOLDER = "service"
PREFIX = "service-"
# The one step of the program.
STEP = "letter"
# Before marketing where messages queue for the same way out: promises hang on letters.
PRIORITY = 90
# What of our promises the customer knows of; the others are our own rule.
TOLD_OF: tuple[PromiseName, ...] = ("contact", "update", "resolve")


def template_of(letter: str) -> str:
    """Return the template of a letter.

    >>> template_of("final_answer")
    'service/final-answer'
    """
    return f"{FOLDER}/{letter.replace('_', '-')}"


def sequence_of(letter: str) -> str:
    """Return the name of the program of a letter.

    >>> sequence_of("final_answer")
    'service-final-answer'
    """
    return PREFIX + letter.replace("_", "-")


SEQUENCES_OF_LETTERS: Mapping[str, Letter] = {sequence_of(each): each for each in LETTERS}
TEMPLATES_OF_LETTERS: Mapping[str, Letter] = {template_of(each): each for each in LETTERS}


def letter_in(sequence: str | None) -> Letter | None:
    """Return the letter that a program writes; None for a sequence of marketing ops.

    >>> letter_in("service-final-answer"), letter_in("welcome")
    ('final_answer', None)
    """
    return SEQUENCES_OF_LETTERS.get(sequence or "")


def spoken_of(sequence: str, event: Mapping[str, Any]) -> str:
    """Return what people call a run: of a letter which one of which case, of others their sequence.

    >>> spoken_of("service-final-answer", {"number": 1042}), spoken_of("welcome", {})
    ('letter final-answer of case 1042', 'welcome')
    """
    if letter_in(sequence) is None:
        return sequence
    return f"letter {sequence.removeprefix(PREFIX)} of case {event.get('number', '')}".rstrip()


def opened_by_mail(policy: Recovery | None) -> frozenset[str]:
    """Return the sources of cases, as they are kept, that open by a mail of the customer.

    >>> from domain.recovery_policy import Opens
    >>> opened_by_mail(Recovery(team="care", open={"angry": Opens(on="replied", title="Angry")}))
    frozenset({'rule angry'})
    """
    rules = {} if policy is None else policy.open
    return frozenset(f"rule {name}" for name, rule in rules.items() if rule.on == "replied")


def program_of(letter: str, policies: Policies) -> Program:
    """Return the program of a letter, from the sender that policies/recovery.yaml names.

    A sender that is not in policies/messaging.yaml any more is as one that was never named: the letter goes all the
    same.

    >>> program_of("final_answer", Policies.none()).steps["letter"].send
    'service/final-answer'
    """
    named = policies.recovery.sender if policies.recovery is not None else None
    step = Send(
        id=STEP,
        send=template_of(letter),
        sender=named if named in policies.messaging.senders else None,
        window="none",
    )
    program = Program(
        sequence=sequence_of(letter),
        description=f"Letter to the customer of a case: {letter.replace('_', ' ')}",
        marketing=False,
        on_unsubscribe="stay",
        priority=PRIORITY,
        again=Again(rule="always"),
        first=STEP,
        steps={STEP: step},
    )
    # Once through JSON: a program is the same value whether it was made here, or comes from the database or a history.
    return Program.load(program.model_dump(mode="json"))


def said(
    case: Case, policy: Recovery, staff: Staff, deed: Write, now: datetime, earlier: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a letter of a case may say, as plain data: what is not known, or not true any more, is left out.

    `earlier` is what the letter before said that this one reminds of. How severe we call it, and what people wrote to
    each other, is not in it.
    """
    given = {key: value for key, value in deed.data.items() if value not in (None, "", (), [])}
    found: dict[str, Any] = {
        **given,
        "name": "letter",
        "letter": deed.letter,
        "key": deed.key,
        "case": case.id,
        "number": case.number,
        "title": case.title or None,
        "opened_at": _iso(case.opened_at),
        **_who(case, staff),
        **_when(case, policy, staff, now),
        **_text(deed.data.get("text")),
        **_remedy(case, policy.remedies, deed),
    }
    if earlier is not None:
        found |= {"question": _text(earlier.get("text")).get("paragraphs"), "asked_at": earlier.get("asked_at")}
    return {key: value for key, value in found.items() if value is not None}


def _who(case: Case, staff: Staff) -> dict[str, str | None]:
    """Return who has it: a person where somebody does, the team as it is called."""
    person = staff.policy.people.get(case.owner or "")
    team = staff.policy.teams.get(case.team or "")
    owner, label = person.name if person is not None else None, team.label if team is not None else None
    return {"owner": owner, "team": label, "signed": owner or label}


def _when(case: Case, policy: Recovery, staff: Staff, now: datetime) -> dict[str, Any]:
    """Return what is promised by when, and until when the customer can do something; never what is over already."""

    def ahead(at: datetime | None) -> str | None:
        return _iso(at) if at is not None and at > now else None

    def counted(span: Span, since: datetime | None) -> str | None:
        return None if since is None else ahead(after(span, since, staff))

    promised = {name: each for name in TOLD_OF if (each := case.promise(name)) is not None}
    dues = {name: ahead(due_of(case, each, staff)) for name, each in promised.items()}
    waiting = None if case.waiting is None else case.waiting.since
    closes = counted(policy.waiting.close_after, waiting) or counted(
        policy.resolution.close_after, case.resolved_at if case.closed_at is None else None
    )
    return {
        "next_word": ahead(next_word(case, staff)) if case.is_open else None,
        "resolve_by": dues.get("resolve"),
        "promises": [{"name": name, "due": due} for name, due in dues.items() if due is not None] or None,
        "closes_at": closes,
        "reopen_until": counted(policy.resolution.reopen_within, case.resolved_at or case.closed_at),
        "how": case.how,
    }


def _text(text: Any) -> dict[str, Any]:
    """Return what a person wrote, and its paragraphs, each as its lines: so no template has to cut it.

    >>> _text("We found it.\\nIt was us.\\n\\nAda")["paragraphs"]
    [['We found it.', 'It was us.'], ['Ada']]
    """
    if not isinstance(text, str) or not text.strip():
        return {"text": None}
    blocks: list[list[str]] = [[]]
    for line in (each.strip() for each in text.strip().splitlines()):
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return {"text": text.strip(), "paragraphs": blocks}


def _remedy(case: Case, policy: Remedies, deed: Write) -> dict[str, Any]:
    """Return the remedy that the letter is about: what it is, and what it is worth where it is worth something."""
    remedy = next((each for each in case.remedies if each.id == deed.data.get("remedy")), None)
    if remedy is None:
        return {"remedy": None}
    alternative = deed.data.get("alternative") or remedy.alternative
    return {"remedy": _said_remedy(remedy, policy, case.language), "alternative": alternative or None}


def _said_remedy(remedy: Remedy, policy: Remedies, language: str | None) -> dict[str, Any]:
    known = policy.types.get(remedy.kind)
    worth = {"amount": f"{remedy.amount:.2f}", "currency": remedy.currency} if remedy.amount else {}
    label = known.called(language) if known is not None else remedy.label or remedy.kind.replace("_", " ")
    return {"kind": remedy.kind, "by": remedy.by, "label": label, **worth}


def _iso(at: datetime) -> str:
    return at.isoformat()
