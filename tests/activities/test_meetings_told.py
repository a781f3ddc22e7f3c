"""docs/meetings.md: what it shows loads, and a sequence that reminds of a meeting goes with it when it is moved."""

import re
from datetime import timedelta
from pathlib import Path

from domain.loader import load
from tests.activities.office import FILES, HOUR, NOON, TEMPLATES, opened

PAGE = (Path(__file__).parents[2] / "docs/meetings.md").read_text(encoding="utf-8")
SHOWN = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "exit:" in block]
REMINDS = next(block for block in SHOWN if "meeting_moved" in block) + "steps: [{wait: 10 days}]\n"
MINUTE = timedelta(minutes=1)


def test_the_sequences_shown_load() -> None:
    for block in SHOWN:
        entered = "" if "enter:" in block else "enter: {on: {event: meeting_booked}}\n"
        text = f"{entered}{block}steps: [{{wait: 1 day}}]\n" if block not in REMINDS else REMINDS
        assert load(FILES | {"sequences/shown.yaml": text}, TEMPLATES).errors() == []
    assert len(SHOWN) == 2


def test_a_reminder_goes_with_the_meeting_that_is_moved(tmp_path: Path) -> None:
    with opened(tmp_path, **{"sequences/remind.yaml": REMINDS}) as office:
        office.event("meeting_booked", meeting="monday")
        office.event("meeting_booked", MINUTE, meeting="friday")
        office.event("meeting_moved", HOUR, meeting="tuesday", moved_from="monday")
        office.event("meeting_cancelled", 2 * HOUR, meeting="friday")
        runs = office.runs()

    assert [(at - NOON, end is None) for _, at, end in runs] == [
        (timedelta(), False),
        (MINUTE, False),
        (HOUR, True),
    ]


def test_a_call_that_reached_them_ends_what_waited_for_it(tmp_path: Path) -> None:
    calls = next(block for block in SHOWN if "call_logged" in block)
    text = f"enter: {{on: {{event: meeting_booked}}}}\n{calls}steps: [{{wait: 10 days}}]\n"
    with opened(tmp_path, **{"sequences/call.yaml": text}) as office:
        office.event("meeting_booked")
        office.event("call_logged", HOUR, person="ada", outcome="voicemail")
        assert office.runs()[0][2] is None
        office.event("call_logged", 2 * HOUR, person="ada", outcome="reached")
        assert office.runs()[0][2] is not None
