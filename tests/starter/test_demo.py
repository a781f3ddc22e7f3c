"""The demo shows what it promises on real parts, says what it did not see, and leaves nothing behind."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest

from domain.answers import read_address
from domain.events import CONTACT_FIELDS
from domain.forms import read_answers
from domain.simulation import Script, simulate
from starter import demo
from starter.demo import demo_settings, own_folder, verdict
from starter.demo_cast import Submission, cast
from starter.demo_show import Stage
from starter.demo_world import Letter, Unseen, commands_on, until
from starter.forms.known import SOURCES
from starter.parts import PROJECT
from tests.home import Pen, shipped

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
SECRET = "a-secret-of-the-demo"
EVERYBODY = cast(NOW, SECRET).everybody
COMPLAINT = cast(NOW, SECRET).complaint


def named(each: Submission) -> str:
    return each.who


@pytest.mark.parametrize("submission", [*EVERYBODY, COMPLAINT], ids=named)
def test_each_submission_is_one_its_form_reads(submission: Submission) -> None:
    form = submission.path.rpartition("/")[2]
    source = SOURCES["html" if submission.path.startswith("/f/") else submission.path.split("/")[2]]
    policies = shipped().load().policies

    assert source.verify(submission.headers, submission.body, [SECRET])
    read = read_answers(policies.forms[form], source.read(submission.body, submission.headers).answers)
    assert read.fields["email"] == read_address(submission.email)


def test_the_five_are_five_deliveries_by_five_people() -> None:
    assert len({each.email for each in EVERYBODY}) == len({each.body for each in EVERYBODY}) == 5


def test_who_complains_has_asked_for_a_demo_before() -> None:
    assert COMPLAINT.email in {each.email for each in EVERYBODY if each.path.endswith("demo-request")}


def test_who_declines_news_gives_no_consent_in_the_same_form() -> None:
    mapping = shipped().load().policies.forms["demo-request"]
    source = SOURCES["typeform"]
    given = {
        each.who: [
            consent.topic for consent in read_answers(mapping, source.read(each.body, each.headers).answers).consents
        ]
        for each in EVERYBODY
        if each.path == "/forms/typeform/demo-request"
    }

    assert given == {"Anna Bergström": ["product-news"], "Emi Tanaka": []}


@pytest.mark.parametrize("day", [date(2026, 3, 27), date(2026, 3, 29), date(2026, 12, 25)], ids=str)
@pytest.mark.parametrize("hour", [0, 3, 6, 9, 12, 18, 23])
@pytest.mark.parametrize(("sequence", "news"), [("demo-welcome", "opted_in"), ("demo-answer", "opted_out")])
def test_the_first_message_goes_at_any_hour_of_any_day(sequence: str, news: str, day: date, hour: int) -> None:
    at = datetime.combine(day, time_of_day(hour, 59), UTC)
    home, loaded = shipped(), shipped().load()
    contact = dict.fromkeys(CONTACT_FIELDS) | {"email": "a@b.example", "country": "JP", "score": 0, "tags": []}
    script = Script({**contact, "consents": {"product-news": news}}, at, until=at + timedelta(minutes=1))

    story = simulate(loaded.programs[sequence], loaded.policies, home.catalogue, Pen(home.templates), script)

    assert [(row["did"], row["at"]) for row in story.timeline] == [("sent", f"{at:%Y-%m-%dT%H:%M:%SZ}")]


def test_the_demo_takes_nothing_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LIVE", "1")
    monkeypatch.setenv("RAPPORT_WEB_PORT", "80")
    monkeypatch.setenv("RAPPORT_DATABASE_URL", "postgresql://someone@production/crm")

    settings = demo_settings(tmp_path, SECRET)

    assert (settings.live, settings.web_port, settings.home) == (False, 0, PROJECT)
    assert settings.database_url == f"sqlite:///{tmp_path / 'rapport.db'}"


def test_commands_of_the_demo_work_on_its_own_installation_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "production:7233")

    with commands_on(demo_settings(tmp_path, SECRET)):
        inside = dict(os.environ)

    assert "TEMPORAL_ADDRESS" not in inside
    assert inside["RAPPORT_STATE"] == str(tmp_path)
    assert os.environ["TEMPORAL_ADDRESS"] == "production:7233"
    assert "RAPPORT_STATE" not in os.environ


def test_what_does_not_come_about_is_said_with_its_place_and_where_to_look() -> None:
    with pytest.raises(Unseen, match=r"^mail: no message within 0 s; see the logs"):
        until("mail: no message", lambda: None, within=0)


def test_a_false_assertion_is_not_counted_as_seen() -> None:
    stage = Stage(io.StringIO())
    stage.see(True, "this", "not this")

    with pytest.raises(Unseen, match="not that"):
        stage.see(False, "that", "not that")
    assert stage.seen_so_far == 1


def test_what_was_not_seen_makes_status_1_and_is_said_with_the_end_of_the_logs(tmp_path: Path) -> None:
    def see_nothing() -> None:
        raise Unseen("mail: nothing for Anna; look there")

    (tmp_path / "worker.log").write_text("\n".join(f"line {number}" for number in range(100)))
    out = io.StringIO()

    assert verdict(Stage(out), tmp_path, see_nothing) == 1
    assert "not seen: mail: nothing for Anna; look there" in out.getvalue()
    assert "line 99" in out.getvalue()
    assert "line 50\n" not in out.getvalue()


def test_when_all_was_seen_the_status_is_0(tmp_path: Path) -> None:
    assert verdict(Stage(io.StringIO()), tmp_path, lambda: None) == 0


def test_words_of_people_are_no_markup() -> None:
    out = io.StringIO()
    Stage(out).letter(Letter(1, {"From": "x", "To": "y", "Subject": "[bold]50%[/bold] [/nothing]"}, "[red]text"))

    assert "[bold]50%[/bold] [/nothing]" in out.getvalue()
    assert "[red]text" in out.getvalue()


def test_its_folder_is_gone_whatever_happens_inside() -> None:
    kept = []

    def break_inside() -> None:
        with own_folder() as folder:
            kept.append(folder)
            (folder / "mail").mkdir()
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        break_inside()
    assert not kept[0].exists()


def test_a_wrong_option_is_a_matter_of_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(["--exti"])

    assert ended.value.code == 2


# --- on real parts ---------------------------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A temporary folder whose path has a space in it."""
    folder = tmp_path / "a room of one's own"
    folder.mkdir()
    return folder


def started(room: Path, *arguments: str) -> subprocess.Popen[str]:
    # From a folder that is not the project's: nothing may hang on where it is started.
    return subprocess.Popen(
        [sys.executable, "-m", "starter.demo", *arguments],
        cwd=room,
        env={**os.environ, "TMPDIR": str(room), "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def processes_of(room: Path) -> dict[int, str]:
    """Every process that was started with this folder: by its environment or its command."""
    found = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit() and int(each.name) != os.getpid():
            try:
                told = (each / "environ").read_bytes() + (each / "cmdline").read_bytes()
                ended = (each / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if str(room).encode() in told and not ended:
                found[int(each.name)] = (each / "cmdline").read_text().replace("\0", " ")
    return found


def wait(what: str, condition: Callable[[], bool], within: float = 30) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def demo_that_stays(room: Path) -> Iterator[subprocess.Popen[str]]:
    process = started(room)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if words in line:
            return "".join(told)
    raise AssertionError(f"it ended before it said {words!r}:\n{''.join(told)}")


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes by /proc")


@pytest.mark.system
@needs_proc
def test_everything_is_seen_within_a_minute_and_nothing_is_left(room: Path) -> None:
    process = started(room, "--exit")
    told, _ = process.communicate(timeout=200)

    assert process.returncode == 0, told
    seen = told.count("✓")
    took = re.search(r"All (\d+) things this demo asserts were seen, in (\d+) s", told)
    assert took, told
    assert int(took[1]) == seen > 15
    assert timedelta(seconds=int(took[2])) <= timedelta(seconds=60)
    assert re.search(r"case \d+, “Complaint about order A-10482”, is S2", told)
    assert "suspended: case" in told
    assert "every promise was kept, and nothing escalated" in told
    assert processes_of(room) == {}
    assert list(room.iterdir()) == []


@pytest.mark.system
@needs_proc
def test_ctrl_c_ends_a_demo_that_stayed_up(room: Path, demo_that_stays: subprocess.Popen[str]) -> None:
    read_until(demo_that_stays, "It stays up")
    assert len(processes_of(room)) > 4

    demo_that_stays.send_signal(signal.SIGINT)

    assert demo_that_stays.wait(60) == 0
    assert processes_of(room) == {}
    assert list(room.iterdir()) == []


@pytest.mark.system
@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_killed_leaves_no_process(
    room: Path, demo_that_stays: subprocess.Popen[str], number: signal.Signals
) -> None:
    read_until(demo_that_stays, "ready in")

    demo_that_stays.send_signal(number)

    demo_that_stays.wait(60)
    wait(f"still there: {processes_of(room)}", lambda: processes_of(room) == {})
    if number == signal.SIGTERM:
        assert demo_that_stays.returncode == 130
        assert list(room.iterdir()) == []
