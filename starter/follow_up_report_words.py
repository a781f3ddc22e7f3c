"""The figures of follow-ups in words that a team understands; used by the terminal and the page."""

from collections.abc import Iterator, Mapping

from domain.fair_shares import Shares
from domain.promises import AGES
from domain.speed_to_lead import LIMITS, Speed
from domain.statistics import Share
from domain.tallies import Lengths, Tally
from records.reports.follow_up_figures import FollowUpFigures, OpenNow
from starter.report_words import HOUR, MINUTE, day, lasting, listed, number, percent

COLUMNS = (
    "opened",
    "open",
    "accepted in time",
    "half",
    "9 of 10",
    "done in time",
    "half",
    "9 of 10",
    "went on",
    "overdue told",
    "put off",
    "handed on",
)
STRATEGIES = {
    "round_robin": "everybody in turn",
    "least_loaded": "whoever has least to do",
    "first_to_accept": "whoever takes it first",
}


def working(seconds: float | None) -> str:
    """Return a length of open time in hours and minutes; a day of open time is as long as a team's day is.

    >>> working(5400), working(108_000), working(20), working(None)
    ('1 h 30 min', '30 h', 'under 1 min', '–')
    """
    if seconds is None:
        return "–"
    hours, minutes = int(seconds) // HOUR, int(seconds) % HOUR // MINUTE
    told = [f"{number(hours)} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(told) or "under 1 min"


def of(share: Share) -> str:
    """Return a share with its counts.

    >>> of(Share(8, 10)), of(Share(0, 0))
    ('80.0 % (8 of 10)', '–')
    """
    return f"{percent(share.rate)} ({number(share.count)} of {number(share.of)})" if share.of else "–"


def cells(tally: Tally) -> list[str]:
    """Return the line of a table: a cell for each of `COLUMNS`."""
    lengths = [[working(each.working_half), working(each.working_most)] for each in (tally.to_accept, tally.to_done)]
    counts = (tally.hops, tally.escalated.total(), tally.snoozes, tally.reassigned)
    opened = [number(tally.opened), number(tally.open)]
    return [*opened, of(tally.accepted), *lengths[0], of(tally.done), *lengths[1], *map(_count, counts)]


def summary(figures: FollowUpFigures) -> Iterator[str]:
    """Yield what became of all of them, a sentence each."""
    every, span = figures.every, figures.span
    until = f"before {day(span.until)}" if span.until else "on"
    whose = f" for {span.team}" if span.team else ""
    yield f"{_tasks(every.opened)} opened{whose} from {day(span.since)} {until}{_what_became(every)}."
    if every.opened:
        yield f"Accepted in time: {of(every.accepted)}{_fast(every.to_accept)}."
        yield f"Done in time: {of(every.done)}{_fast(every.to_done)}."
    needed = [
        f"{_times(count)} {what}"
        for count, what in (
            (every.hops, "it went on to the next"),
            (every.snoozes, "put off"),
            (every.reassigned, "handed on"),
        )
        if count
    ]
    needed += [f"told that it is overdue: {listed(every.escalated)}"] if every.escalated else []
    if needed:
        yield f"What was needed: {'; '.join(needed)}."
    if every.outcomes:
        yield f"Outcomes: {listed(every.outcomes, 12)}."


def _tasks(count: int) -> str:
    return "1 follow-up was" if count == 1 else f"{number(count)} follow-ups were"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{number(count)} times"


def _what_became(every: Tally) -> str:
    if not every.opened:
        return ""
    by_contact = f" ({number(every.by_contact)} by what the contact did)" if every.by_contact else ""
    cancelled = f", {number(every.cancelled)} cancelled" if every.cancelled else ""
    return f": {number(every.completed)} completed{by_contact}{cancelled}, {number(every.open)} open"


def _fast(lengths: Lengths) -> str:
    """Return how fast half of them, and nine of ten, were: in open time, and by the clock."""
    if not lengths.working:
        return ""
    half = f"{working(lengths.working_half)} of open time ({lasting(lengths.elapsed_half)} by the clock)"
    most = f"{working(lengths.working_most)} ({lasting(lengths.elapsed_most)})"
    return f"; half of them within {half}, nine of ten within {most}"


def open_now(every: OpenNow, teams: Mapping[str, OpenNow]) -> Iterator[str]:
    """Yield what is open now, and by team where there are several."""
    yield f"Open now: {_open(every)}."
    if len(teams) > 1:
        yield from (f"  {name}: {_open(each)}" for name, each in teams.items())


def _open(told: OpenNow) -> str:
    ages = [f"{age} {number(told.ages[age])}" for age in AGES if told.ages[age]]
    nobody = [f"nobody by name has {number(told.unassigned)}"] if told.unassigned else []
    return "; ".join([number(told.count) + (f" ({', '.join(ages)})" if ages else ""), *nobody])


def speed_words(speed: Speed) -> Iterator[str]:
    """Yield how long leads wait for the first of our people."""
    if not speed.leads:
        return
    shares = (
        f"{of(share)} within {lasting(limit.total_seconds())}"
        for limit, share in zip(LIMITS, speed.within, strict=True)
        if share.of
    )
    told = ", ".join(shares)
    yield f"Speed to lead: {number(speed.leads)} {'lead' if speed.leads == 1 else 'leads'}" + (
        f"; {told}." if told else "."
    )
    if speed.took.elapsed:
        half = f"{lasting(speed.took.elapsed_half)} by the clock ({working(speed.took.working_half)} of open time)"
        most = f"{lasting(speed.took.elapsed_most)} ({working(speed.took.working_most)})"
        yield f"  Half of those who were answered waited for up to {half}, nine of ten for up to {most}."
    if speed.waiting:
        yield f"  For {number(speed.waiting)} nobody has done anything so far."


def turns_title(team: str, shares: Shares) -> str:
    """Return how a team shares its work, and how far its members are apart."""
    apart = f"; {shares.apart:.2g} turns apart" if shares.strategy == "round_robin" else ""
    return f"How {team} shared its work ({STRATEGIES.get(shares.strategy, shares.strategy)}{apart})"


def turns(shares: Shares) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield for each member: weight, what they had in turn, what would be theirs by weight, what they had otherwise."""
    for each in shares.members:
        yield each.key, str(each.weight), number(each.in_turn), f"{each.fair:.1f}", number(each.otherwise)


def _count(count: int) -> str:
    return number(count) if count else "·"
