"""The names a template may use: what every context of a message holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from domain.case_links import CASE_VERBS
from domain.events import CONTACT_FIELDS

ANY: frozenset[str] | None = None
"""Whatever stands below the name is known only when the message is rendered."""

STANDARD: Mapping[str, frozenset[str] | None] = {
    "contact": CONTACT_FIELDS,
    "run": frozenset({"event", "entered_at", "round"}),
    "matched": ANY,
    "outcome": ANY,
    "calls": ANY,
    "organisation": frozenset({"name", "address", "time_zone", "locale"}),
    "sender": frozenset({"name", "email"}),
    "topic": frozenset({"name", "label"}),
    "unsubscribe_url": ANY,
    "preferences_url": ANY,
    "confirm_url": ANY,
    "survey_url": ANY,
    "survey": frozenset({"name", "kind", "question", "lowest", "highest", "scores"}),
    "now": ANY,
}
"""What `domain.letters.context` gives. An organisation declares more fields of contacts in policies/contact.yaml."""

# What a message to staff has beside (`domain.letters.context`).
OF_STAFF: Mapping[str, frozenset[str] | None] = {"team": frozenset({"name", "label"}), "timeline": ANY}

# A message about a task has these instead of a run (`domain.staff_notes.context`).
OF_A_TASK: Mapping[str, frozenset[str] | None] = {
    **OF_STAFF,
    "task": frozenset(
        {"title", "about", "why", "source", "policy", "outcomes", "opened_at", "accept_by", "due", "accepted", "open"}
        | {"promise", "accepting", "percent", "event", "owner", "by", "of", "outcome", "note"}
        | {"url", "accept_url", "take_url", "complete_url", "snooze_url", "reassign_url", "comment_url", "cancel_url"}
    ),
    "person": frozenset({"key", "name"}),
    # Where it is about a case; empty where it is not.
    "case": frozenset({"number", "severity", "stage", "cause", "letter", "score", "label", "before", "after", "better"})
    | {f"{verb}_url" for verb in CASE_VERBS},
    "remedy": frozenset({"label", "worth", "rule", "proposed_by", "decided_by", "note", "why", "alternative"}),
}
OF_A_RUN = frozenset({"run", "matched", "outcome", "calls"})

# They belong to the person a message is for, and a message to staff is for nobody who could unsubscribe.
OF_A_READER = frozenset({"sender", "topic", "unsubscribe_url", "preferences_url", "confirm_url"})
OF_A_READER |= {"survey_url", "survey"}


@dataclass(frozen=True)
class Known:
    """Which names exist, and which fields stand below them (None: any)."""

    names: Mapping[str, frozenset[str] | None] = field(default_factory=lambda: STANDARD)

    @classmethod
    def of(cls, contact: Iterable[str], more: Mapping[str, frozenset[str] | None] | None = None) -> "Known":
        """Return the standard names with these own fields of contacts, and `more` names."""
        return cls({**STANDARD, "contact": CONTACT_FIELDS | frozenset(contact), **(more or {})})

    def for_staff(self, *, of_a_task: bool = False) -> "Known":
        """Return the names a message to staff may use: those of a message but what only its reader has, and its own.

        One about a task is of no run, and knows the task instead.

        >>> Known().for_staff().wrong(("unsubscribe_url",)) is None, Known().for_staff().wrong(("team", "label"))
        (False, None)
        """
        names = {name: fields for name, fields in self.names.items() if name not in OF_A_READER}
        if not of_a_task:
            return Known(names | {**OF_STAFF})
        contact = names["contact"]
        named = {"contact": contact if contact is None else contact | {"name"}}
        return Known({name: names[name] for name in names if name not in OF_A_RUN} | {**OF_A_TASK} | named)

    def wrong(self, path: tuple[str, ...]) -> str | None:
        """Return what is wrong with a dotted path and what to do, or None.

        >>> Known().wrong(("contact", "frist_name"))
        "contact.frist_name does not exist; did you mean 'contact.first_name'?"
        >>> Known().wrong(("run", "event", "plan")) is None
        True
        """
        if path[0] not in self.names:
            return _unknown(path[0], "", self.names)
        fields = self.names[path[0]]
        if fields is None or len(path) == 1 or path[1] in fields:
            return None
        return _unknown(path[1], f"{path[0]}.", fields)


def _unknown(name: str, before: str, choices: Iterable[str]) -> str:
    return f"{before}{name} does not exist; {way_out(name, choices, before)}"


def way_out(name: str, choices: Iterable[str], before: str = "") -> str:
    """Return what to do about a name that is not among the choices: the nearest one, else what there is.

    >>> way_out("defualt", {"default", "date"}), way_out("x", {"default", "date"})
    ("did you mean 'default'?", 'there is date, default')
    """
    there = sorted(choices)
    near = get_close_matches(name, there, n=1)
    return f"did you mean '{before}{near[0]}'?" if near else f"there is {', '.join(there)}"
