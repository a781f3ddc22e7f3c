"""What is published: programs by version, policies and files by bundle. Workers read these, never files.

Everything here is named by the hash of its content, so what was read once is never read again.
"""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from domain.keys import content_hash
from domain.policies import Policies
from domain.policy_files import load_policies
from domain.program import Program
from records.published_models import Bundle, Edition
from records.score_models import forget_sums

# Any number does, as long as it stays; another than that of migrations (`records/migrate.py`).
_PUBLISHING = 7_267_705
SCORING = "policies/scoring.yaml"

# Asked several times for everything that happens, so it is built once.
_NEWEST = select_columns(col(Bundle.hash)).order_by(col(Bundle.published_at).desc()).limit(1)
_NONE = Policies.none()


class Published:
    """A reader of what is published, shared by everything in a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._programs: dict[str, Program] = {}
        self._policies: dict[str, Policies] = {}
        self._files: dict[str, dict[str, str]] = {}

    def program(self, session: Session, version: str) -> Program:
        """Return the program of this version. Raises KeyError if it was never published."""
        with self._lock:
            if version not in self._programs:
                edition = session.get(Edition, version)
                if edition is None:
                    raise KeyError(f"version {version} is not published")
                self._programs[version] = Program.load(edition.program)
            return self._programs[version]

    def bundle(self, session: Session) -> str | None:
        """Return the hash of the newest bundle, None before anything was published."""
        newest: str | None = session.connection().execute(_NEWEST).scalar()
        return newest

    def since(self, session: Session) -> datetime | None:
        """Return when the newest bundle was published, None before anything was."""
        return session.exec(select(Bundle.published_at).order_by(col(Bundle.published_at).desc()).limit(1)).first()

    def files(self, session: Session, bundle: str) -> dict[str, str]:
        """Return the files of a bundle by path. Raises KeyError."""
        with self._lock:
            if bundle not in self._files:
                row = session.get(Bundle, bundle)
                if row is None:
                    raise KeyError(f"bundle {bundle} is not published")
                self._files[bundle] = row.files
            return self._files[bundle]

    def text_of(self, session: Session, path: str) -> str | None:
        """Return the text of a file of the newest bundle, None where there is no such file."""
        bundle = self.bundle(session)
        return self.files(session, bundle).get(path) if bundle is not None else None

    def policies(self, session: Session) -> Policies:
        """Return the policies of the newest bundle."""
        bundle = self.bundle(session)
        if bundle is None:
            return _NONE
        if bundle not in self._policies:
            found = load_policies(self.files(session, bundle), [])
            self._policies[bundle] = found.model_copy(update={"version": bundle})
        return self._policies[bundle]

    def current(self, session: Session) -> list[Program]:
        """Return the programs that can be entered."""
        versions = session.exec(select(Edition.version).where(col(Edition.retired_at).is_(None))).all()
        return [self.program(session, version) for version in versions]

    def named(self, session: Session, sequence: str) -> Program | None:
        """Return the current program of a sequence, None if it is not published."""
        of_it = select(Edition.version).where(Edition.sequence == sequence, col(Edition.retired_at).is_(None))
        version = session.exec(of_it).first()
        return self.program(session, version) if version else None


def publish(session: Session, files: Mapping[str, str], programs: Mapping[str, Program], now: datetime) -> list[str]:
    """Publish a bundle and the programs in it; return the sequences that have a new version.

    Runs inside a sequence keep the version they entered. A sequence whose file is gone can no longer be entered.
    """
    _one_at_a_time(session)
    bundle = content_hash(*(part for path in sorted(files) for part in (path, files[path])))
    if files.get(SCORING) != _newest_text(session, SCORING):
        forget_sums(session)
    _keep_bundle(session, bundle, files, now)
    changed = []
    current = {row.sequence: row for row in session.exec(select(Edition).where(col(Edition.retired_at).is_(None)))}
    for name, program in sorted(programs.items()):
        before = current.pop(name, None)
        if before is None or before.version != program.version:
            if before is not None:
                _retire(session, before, now)
            _make_current(session, program, bundle, now)
            changed.append(name)
    for gone in current.values():
        _retire(session, gone, now)
    return changed


def _newest_text(session: Session, path: str) -> str | None:
    newest = session.exec(select(Bundle.files).order_by(col(Bundle.published_at).desc()).limit(1)).first()
    return newest.get(path) if newest is not None else None


def _one_at_a_time(session: Session) -> None:
    """Wait for another who publishes now, so that what is current is read behind their commit.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PUBLISHING})")


def _retire(session: Session, edition: Edition, now: datetime) -> None:
    edition.retired_at = now
    session.add(edition)
    session.flush()


def _keep_bundle(session: Session, bundle: str, files: Mapping[str, str], now: datetime) -> None:
    row = session.get(Bundle, bundle)
    if row is None:
        session.add(Bundle(hash=bundle, files=dict(files), published_at=now))
    else:
        row.published_at = now  # published again: it is the newest one now
        session.add(row)
    session.flush()


def _make_current(session: Session, program: Program, bundle: str, now: datetime) -> None:
    edition = session.get(Edition, program.version)
    if edition is None:
        stored = program.model_dump(mode="json")
        session.add(
            Edition(version=program.version, sequence=program.sequence, program=stored, bundle=bundle, published_at=now)
        )
    else:
        edition.retired_at, edition.bundle = None, bundle
        session.add(edition)
    session.flush()
