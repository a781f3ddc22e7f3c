"""What of a home is published, and what stays as it was because its file cannot be used.

A file with a mistake stops nothing but itself: its last published text goes on. The one thing to know: a text lives
as long as somebody needs it, so a template whose file is gone stays published while people inside a sequence, or a
sequence that stays as it was, still send it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from sqlmodel import Session, col, func, select

from domain.keys import content_hash
from domain.loader import SEQUENCES
from domain.needs import Deliver, Notify
from domain.program import Program
from domain.tree import Problem
from records.broadcasts import active
from records.models import Enrolment
from records.published import Published
from records.retiming import publish_and_wake
from records.session import Database
from rendering.bundle import Place
from rendering.checks import Trees
from settings import PREFIX, Settings
from starter.home import Home, read_home, sources_of
from starter.home_files import TEMPLATES, files_of
from starter.settling import settled, unread

SHOWN_OF_A_HASH = len("sha256:") + 12
# So many templates and policies are named; a whole redesign is not read file by file.
MOST_TEXTS = 12


@dataclass(frozen=True)
class Standing:
    """What is published now: the newest files, the programs that can be entered, and who is inside which version."""

    bundle: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, Program] = field(default_factory=dict)
    inside: Mapping[tuple[str, str], int] = field(default_factory=dict)
    peopled: tuple[Program, ...] = ()

    def people_in(self, sequence: str) -> int:
        """Return how many are inside a sequence, whatever their version."""
        return sum(count for (name, _), count in self.inside.items() if name == sequence)


@dataclass(frozen=True)
class Change:
    """A sequence that gets a `version`, or can no longer be entered (None); those `inside` keep what they entered."""

    sequence: str
    version: str | None
    before: str | None
    inside: int

    def __str__(self) -> str:
        people = f" ({self.inside} inside stay in the version they entered)" if self.inside else ""
        if self.version is None:
            return f"retired {self.sequence}: its file is gone, nobody enters it any more{people}"
        return f"published {self.sequence} {self.version[:SHOWN_OF_A_HASH]}{people}"


@dataclass(frozen=True)
class Publication:
    """What will be published: files, programs by sequence, what changes by that, what is wrong and stays as it was."""

    files: dict[str, str]
    programs: dict[str, Program]
    changes: list[Change]
    problems: list[Problem]
    kept: list[str]
    new_files: bool
    texts: tuple[str, ...] = ()
    """What is new, changed or gone of templates and policies, a line each; empty at the first publication."""

    @property
    def changes_anything(self) -> bool:
        """Whether it differs from what is published."""
        return self.new_files or bool(self.changes)

    @property
    def bundle(self) -> str:
        """The name of the files together."""
        return hash_of(self.files)

    def done(self) -> list[str]:
        """Return what publishing it does, a line each."""
        more = [f"published {len(self.texts) - MOST_TEXTS} more"] if len(self.texts) > MOST_TEXTS else []
        did = [*map(str, self.changes), *(f"published {each}" for each in self.texts[:MOST_TEXTS]), *more]
        return did or ["published templates and policies"]

    def lines(self) -> list[str]:
        """Return what there is to say about it, a line each."""
        return [*map(str, self.problems), *self.kept, *(self.done() if self.changes_anything else [])]

    def write(self, session: Session, now: datetime) -> list[str]:
        """Publish it, and wake whose times it changes; return the sequences that have a new version."""
        return publish_and_wake(session, self.files, self.programs, now)


def publish_home(settings: Settings) -> list[str]:
    """Publish what is valid in the home, and return lines that say what was published and what was not, and why.

    Where several machines share the database, only the first publication is made so; later ones are for
    `rapport publish`, lest each machine that starts publishes the checkout it happens to have.
    """
    home = read_home(settings.home)
    database = Database(settings.database_url)
    try:
        standing = database.read_now(what_is_published)
        if not home.files:
            return [*map(str, home.problems), "nothing to publish; what was published before stays"]
        publication = plan_publication(home, standing)
        if not publication.changes_anything:
            return [*map(str, publication.problems), *publication.kept]
        if not settings.one_machine and standing.bundle is not None:
            differs = f"{home.folder}: differs from what is published in the database of {PREFIX}DATABASE_URL"
            return [*map(str, publication.problems), f"{differs}; run `rapport publish` if these files are the newer"]
        database.write_now(lambda session: publication.write(session, datetime.now(UTC)))
        return publication.lines()
    finally:
        database.close()


def what_is_published(session: Session) -> Standing:
    """Read what stands published, and who is inside."""
    published = Published()
    bundle = published.bundle(session)
    if bundle is None:
        return Standing()
    counted = select(Enrolment.sequence, Enrolment.version, func.count()).where(Enrolment.state != "ended")
    inside = session.exec(counted.group_by(col(Enrolment.sequence), col(Enrolment.version))).all()
    # Who a broadcast will let in later needs its texts, too.
    sent = {version for _, version, _ in inside} | {row.version for row in active(session)}
    return Standing(
        bundle=bundle,
        files=published.files(session, bundle),
        programs={program.sequence: program for program in published.current(session)},
        inside={(sequence, version): count for sequence, version, count in inside},
        peopled=tuple(published.program(session, version) for version in sorted(sent)),
    )


def plan_publication(home: Home, standing: Standing) -> Publication:
    """Decide what to publish of a home; nothing is written."""
    usable, problems = settled(home, standing.files, standing.peopled)
    broken = {problem.path for problem in problems if not problem.warning} | unread(home, standing.files)
    stays = {path: name for path, name in _stems(broken) if name in standing.programs}
    kept_programs = {name: standing.programs[name] for name in stays.values() if name not in usable.programs}
    programs = {**usable.programs, **kept_programs}
    files = {path: text for path, text in usable.files.items() if path not in broken or not path.startswith(SEQUENCES)}
    files |= {path: standing.files[path] for path in stays if path in standing.files}
    needed = _still_needed(files, standing, [*standing.peopled, *kept_programs.values()])
    return Publication(
        files=files | needed,
        programs=programs,
        changes=_changes(programs, standing),
        problems=problems,
        kept=[*_said_of_broken(broken, standing), *_said_of_needed(needed)],
        new_files=hash_of(files | needed) != standing.bundle,
        texts=tuple(_texts(files | needed, standing)),
    )


def _texts(files: Mapping[str, str], standing: Standing) -> Iterator[str]:
    """Yield what changes of templates and policies; sequences are said as versions."""
    if standing.bundle is None:
        return
    for path in sorted({*files, *standing.files}):
        if path.startswith(SEQUENCES) or files.get(path) == standing.files.get(path):
            continue
        what = "gone" if path not in files else "changed" if path in standing.files else "new"
        yield f"{path} ({what})"


def hash_of(files: Mapping[str, str]) -> str:
    """Return the name of files that stand together, as the records name a bundle."""
    return content_hash(*(part for path in sorted(files) for part in (path, files[path])))


def _stems(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((path, PurePosixPath(path).stem) for path in sorted(paths) if path.startswith(SEQUENCES))


def _still_needed(files: Mapping[str, str], standing: Standing, used_by: list[Program]) -> dict[str, str]:
    """Return the published templates whose files are gone though programs in use send them, with their layouts."""
    sends = {(need.channel, need.template) for program in used_by for need in _deliveries(program)}
    here, before = sources_of(files), sources_of(standing.files)
    there = {(place.channel, place.name) for place in map(Place.parse, here) if place}
    gone = [place.path for place in map(Place.parse, before) if place and _named(place) in sends - there]
    both = {**before, **here}
    trees = Trees(both)
    reached = {path for each in gone for path in (each, *trees.reach(each))}
    shown = {path for place in map(Place.parse, gone) if place for path in files_of(both, trees, place)}
    return {
        f"{TEMPLATES}{path}": before[path] for path in sorted(reached | shown) if path in before and path not in here
    }


def _named(place: Place) -> tuple[str, str]:
    return place.channel, place.name


def _deliveries(program: Program) -> Iterator[Deliver | Notify]:
    for step in program.steps.values():
        need = step.need()
        if isinstance(need, Deliver | Notify):
            yield need


def _changes(programs: Mapping[str, Program], standing: Standing) -> list[Change]:
    changes = []
    for name in sorted({*programs, *standing.programs}):
        new, before = programs.get(name), standing.programs.get(name)
        version, version_before = (program.version if program else None for program in (new, before))
        if version != version_before:
            changes.append(Change(name, version, version_before, standing.people_in(name)))
    return changes


def _said_of_broken(broken: set[str], standing: Standing) -> Iterator[str]:
    for path, name in _stems(broken):
        before = standing.programs.get(name)
        yield f"{path}: is not published; " + (
            f"{name} stays as it was, {before.version[:SHOWN_OF_A_HASH]}" if before else "correct it first"
        )
    for path in sorted(path for path in broken if not path.startswith(SEQUENCES)):
        published = path in standing.files
        yield f"{path}: is not published; " + ("its last text stays in force" if published else "correct it first")


def _said_of_needed(needed: Iterable[str]) -> Iterator[str]:
    for path in needed:
        yield f"{path}: its file is gone, but people inside a sequence may still get it; its last text stays published"
