"""The list of the day in words: a plain letter, one task a line with the address of its page below it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.answers import clean_line
from domain.digest import Digest, Entry

# So many of each kind; the rest is counted.
MOST = 40

Address = Callable[[str], str]
"""Returns the address of a follow-up's page by its id."""


def digest_subject(digest: Digest) -> str:
    """Return the subject of the letter.

    >>> from zoneinfo import ZoneInfo
    >>> late, new = (Entry(str(n), "Call", "Ann", assignee="ada") for n in (1, 2))
    >>> digest_subject(Digest("ada", datetime(2026, 5, 4, 7), ZoneInfo("UTC"), overdue=(late,), to_accept=(new,)))
    'Your tasks on Mon 4 May: 1 overdue, 1 to accept'
    >>> digest_subject(Digest("ada", datetime(2026, 5, 4, 7), ZoneInfo("UTC")))
    'Your tasks on Mon 4 May: none of your own'
    """
    counted = {"overdue": digest.overdue, "to accept": digest.to_accept, "due today": digest.due_today}
    counted["later"] = digest.later
    counted = {"for your yes": digest.approvals} | counted
    said = [f"{len(entries)} {what}" for what, entries in counted.items() if entries]
    return f"Your tasks on {_day(digest.now, digest.clock)}: {', '.join(said) or 'none of your own'}"


def digest_lines(digest: Digest, address: Address) -> list[str]:
    """Return the letter, line by line."""
    lines = [f"As of {_when(digest.now, digest.clock, digest.now)} ({digest.clock}).", ""]
    lines += _section("Waits for your yes", digest.approvals, digest, address)
    lines += _section("Overdue", digest.overdue, digest, address)
    lines += _section("Say whether you will do it", digest.to_accept, digest, address)
    lines += _section("Due today", digest.due_today, digest, address)
    lines += _section("Later", digest.later, digest, address)
    for each in digest.teams:
        lines += _section(f"{each.team}: overdue with others", each.overdue, digest, address)
        lines += _section(f"{each.team}: nobody has it", each.unassigned, digest, address)
    return lines[:-1]


def _section(title: str, entries: Sequence[Entry], digest: Digest, address: Address) -> Iterator[str]:
    if not entries:
        return
    yield f"{title} ({len(entries)})"
    for entry in entries[:MOST]:
        yield f"- {_entry(entry, digest)}"
        yield f"  {address(entry.follow_up)}"
    if len(entries) > MOST:
        yield f"- and {len(entries) - MOST} more; `rapport task list` shows them all"
    yield ""


def _entry(entry: Entry, digest: Digest) -> str:
    who = "" if entry.contact in entry.title else f" ({clean_line(entry.contact, 80)})"
    with_whom = f", with {entry.assignee}" if entry.assignee not in (None, digest.person) else ""
    return f"{clean_line(entry.title, 200)}{who}: {_times(entry, digest)}{with_whom}"


def _times(entry: Entry, digest: Digest) -> str:
    def shown(at: datetime) -> str:
        return _when(at, digest.clock, digest.now)

    if entry.waits_until is not None:
        return f"rests until {shown(entry.waits_until)}" + (f", due {shown(entry.due)}" if entry.due else "")
    if entry.due is None:
        return "rests, nobody knows how long"
    what = f"{entry.promise} " if entry.promise else ""
    if entry.due < digest.now:
        return f"{what}was due {shown(entry.due)}"
    accept = f"accept it by {shown(entry.accept_by)}, " if entry.accept_by is not None and not entry.accepted else ""
    return f"{accept}{what}due {shown(entry.due)}"


def _day(at: datetime, clock: ZoneInfo) -> str:
    there = at.astimezone(clock)
    return f"{there:%a} {there.day} {there:%b}"


def _when(at: datetime, clock: ZoneInfo, now: datetime) -> str:
    there = at.astimezone(clock)
    today = there.date() == now.astimezone(clock).date()
    return f"{there:%H:%M}" if today and at is not now else f"{_day(at, clock)} {there:%H:%M}"
