"""A follow-up as its page shows it: everything said, on the team's clock, in the reader's language.

Whoever has lost it sees what everybody sees of it, and only what they can still do is offered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from domain.business_time import NeverOpen, is_open, next_opening
from domain.follow_up import COMPLETED, accept_due, done_due
from domain.follow_up_moves import BY_ITSELF, snoozed_until
from domain.holds import hold_at
from domain.snooze_times import presets
from domain.staff_links import SNOOZE, TAKE, VERBS, is_theirs, offers
from domain.staff_notes import source_named
from records.task_page import Line, TaskPage
from starter.case_sheet import CaseSheet
from starter.staff_lines import line, moment
from starter.staff_words import staff_words

LOCAL = "%Y-%m-%dT%H:%M"
_GIVEN = ("task_assigned", "task_offered", "task_unassigned")


@dataclass(frozen=True)
class Sheet:
    """A follow-up in front of whoever acts on it: `by` is their key, or the name of their team."""

    task: TaskPage
    by: str
    now: datetime
    lang: str
    key: str
    """What makes what is posted from this page another posting than from the next."""
    asked: str | None = None
    """The form that is open."""
    typed: Mapping[str, str] = field(default_factory=dict)

    def values(self, notice: str = "", problem: str = "", problem_lang: str | None = None) -> dict[str, Any]:
        """Return what the page is filled with. `notice` says what was done, `problem` why nothing was."""
        say, state = self.say, self.task.state
        possible = offers(state, self.by, self.task.staff, self.now)
        return {
            "case": self._case(),
            "lang": self.lang,
            "say": say,
            "title": self.task.title,
            "me": self.name(self.by),
            "notice": notice,
            "problem": problem,
            "problem_lang": problem_lang or self.lang,
            "standing": list(self._standing(possible)),
            "contact": list(self._contact()),
            "clocks": list(self._clocks()),
            "zone": str(self.task.staff.clock),
            "opened": self._opened(),
            "why": self._why(),
            "offers": possible,
            "asked": self.asked if self.asked in possible and self.asked in VERBS else None,
            "typed": self.typed,
            "key": self.key,
            "outcomes": state.outcomes,
            "snooze": self._snooze() if SNOOZE in possible else None,
            "people": list(self._people()),
            "moves": [self._line(each) for each in self.task.moves],
            "lines": [self._line(each) for each in self.task.lines],
        }

    def _case(self) -> dict[str, Any] | None:
        """Return what the page says of the case that it is about; None where it is about none."""
        story = self.task.case
        if story is None or story.view.state is None:
            return None
        sheet = CaseSheet(self.task, story, self.by, self.now, self.lang, self.key, self.asked, self.typed)
        return sheet.values()

    @property
    def say(self) -> dict[str, str]:
        """The words of the page."""
        return staff_words(self.lang)

    def at(self, instant: datetime) -> str:
        """Return an instant as the team reads it."""
        return moment(instant, self.task.staff.clock, self.lang, self.now)

    def name(self, who: str | None) -> str:
        """Return what somebody is called."""
        policy = self.task.staff.policy
        if who is None or who == BY_ITSELF:
            return self.say["itself"]
        if who in policy.people:
            return policy.people[who].name
        team = policy.teams.get(who)
        return team.label or who if team is not None else who

    def _standing(self, possible: tuple[str, ...]) -> Iterator[str]:
        say, state = self.say, self.task.state
        if state.ended_at is not None:
            how = "completed" if state.ended == COMPLETED else "cancelled"
            yield say[how].format(who=self.name(state.by), at=self.at(state.ended_at), outcome=state.outcome or "")
            if self.task.note:
                yield say["note_then"].format(note=self.task.note)
            return
        yield self._whose()
        if state.accepted_at is not None:
            yield say["accepted"].format(at=self.at(state.accepted_at))
        hold = hold_at(state.holds, self.now)
        if hold is not None:
            yield say["stands_still"].format(at=self.at(hold.until)) if hold.until else say["stands_still_open"]
        if not is_theirs(state, self.by, self.task.staff):
            yield say["not_yours" if TAKE in possible else "only_comment"]

    def _whose(self) -> str:
        say, state = self.say, self.task.state
        since = self.at(state.assigned_at) if state.assigned_at else "…"
        if state.assignee is not None:
            return say["yours" if state.assignee == self.by else "with"].format(who=self.name(state.assignee), at=since)
        if state.offered:
            return say["offered"].format(who=", ".join(map(self.name, state.offered)))
        if self.task.staff.is_mailbox or state.accepted_at is not None:
            return say["team_has"].format(who=self.name(state.team))
        return say["nobody"]

    def _contact(self) -> Iterator[tuple[str, str, str | None]]:
        """Yield what is known of the contact: what it is, the text, and where a link leads."""
        known, say = self.task.contact, self.say
        name = " ".join(str(known[part]) for part in ("first_name", "last_name") if known.get(part))
        email, phone = known.get("email"), known.get("phone")
        city = ", ".join(str(known[part]) for part in ("city", "country") if known.get(part))
        rows = (
            ("name", name, None),
            ("company", known.get("company"), None),
            ("email", email, f"mailto:{quote(str(email), safe='@')}" if email else None),
            ("phone", phone, f"tel:{quote(''.join(str(phone).split()), safe='+')}" if phone else None),
            ("place", city, None),
            ("language", _language(known.get("language"), self.lang), None),
        )
        yield from ((say[what], str(text), link) for what, text, link in rows if text)

    def _clocks(self) -> Iterator[dict[str, Any]]:
        state, staff = self.task.state, self.task.staff
        if state.ended_at is not None:
            return
        for name, due in (("accept_by", accept_due(state, staff)), ("done_by", done_due(state, staff))):
            if due is not None:
                yield {
                    "called": self.say[name],
                    "at": due.isoformat(),
                    "shown": self.at(due),
                    "over": due <= self.now,
                }

    def _opened(self) -> str:
        at, source = self.at(self.task.state.opened_at), source_named(self.task.source, self.task.staff.policy)
        return self.say["opened_by"].format(source=source, at=at) if source else self.say["opened"].format(at=at)

    def _why(self) -> list[str]:
        given = next((each for each in self.task.moves if each.name in _GIVEN), None)
        return _reasons(given.data or {}) if given is not None else []

    def _snooze(self) -> dict[str, Any]:
        state, staff = self.task.state, self.task.staff
        latest = snoozed_until(state, staff, self.now)
        hours = staff.hours_of(self.by) if staff.knows(self.by) else staff.calendar()
        # Shown on the team's clock, and sent back as the instant it is.
        offered = presets(self.now, latest, hours, staff.zone)
        most = state.terms.snooze.times
        return {
            "presets": [(at.isoformat(), self.say[name].format(at=self.at(at))) for name, at in offered],
            "min": self.now.astimezone(staff.clock).strftime(LOCAL),
            "max": latest.astimezone(staff.clock).strftime(LOCAL),
            "limit": self.say["snooze_limit"].format(at=self.at(latest), times=state.snoozes, most=most),
        }

    def _people(self) -> Iterator[dict[str, Any]]:
        """Yield whom it can be handed on to, the team first."""
        staff = self.task.staff
        team = list(staff.members)
        others = [key for key in staff.policy.people if key not in team]
        for called, keys in ((self.name(staff.team), team), (self.say["others"], others)):
            found = [self._person(key) for key in keys if key not in (self.by, self.task.state.assignee)]
            if found:
                yield {"called": called, "people": found}

    def _person(self, key: str) -> dict[str, Any]:
        staff, say = self.task.staff, self.say
        person, has = staff.policy.people[key], staff.open.get(key, 0)
        load = say["open_of" if person.capacity else "open_ones"].format(number=has, most=person.capacity)
        absence = staff.away(key, self.now)
        if absence is not None:
            load = say["away_until"].format(at=self.at(absence.until)) if absence.until else say["is_away"]
        else:
            load = ", ".join(each for each in (load, self._off_duty(key)) if each)
        return {"key": key, "called": f"{person.name} ({load})", "away": absence is not None}

    def _off_duty(self, key: str) -> str:
        staff = self.task.staff
        hours = staff.hours_of(key)
        try:
            if hours is None or is_open(self.now, hours, staff.zone):
                return ""
            return self.say["off_duty"].format(at=self.at(next_opening(self.now, hours, staff.zone)))
        except NeverOpen:
            return ""

    def _line(self, each: Line) -> dict[str, str]:
        data = dict(each.data or {})
        if "to" in data:
            to = data["to"] if isinstance(data["to"], list) else [data["to"]]
            data["to"] = ", ".join(self.name(str(who)) for who in to)
        if isinstance(data.get("why"), list):
            data["why"] = _reasons(data)
        said = Line(each.at, each.name, data=data)
        who = self.name(each.person) if each.person else each.department or ""
        return {
            "at": each.at.isoformat(),
            "shown": self.at(each.at),
            "who": who,
            "what": line(said, self.task.staff.clock, self.lang, self.now),
        }


def _reasons(data: Mapping[str, Any]) -> list[str]:
    """Return why somebody was given it; that it was opened is said elsewhere."""
    return [str(each) for each in data.get("why") or () if each != "opened"]


def _language(tag: str | None, lang: str) -> str | None:
    """Return what a language is called in another.

    >>> _language("de-AT", "en"), _language("x-nobody", "en"), _language(None, "en")
    ('German (Austria)', 'x-nobody', None)
    """
    try:
        return Locale.parse(tag, sep="-").get_display_name(lang) if tag else None
    except (UnknownLocaleError, ValueError):
        return tag
