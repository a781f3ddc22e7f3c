"""What holds for all sequences of this repository that are there to be copied."""

import re
from collections import Counter
from pathlib import Path

from tests.gallery import LOADED, STORIES
from tests.home import PROJECT

# The demo's own: tests/test_examples.py tells what becomes of people in them.
OF_THE_DEMO = {"demo-answer", "demo-welcome"}
TOLD_HERE = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_gallery_*.py"))


def test_every_sequence_has_a_story_that_ends_well_and_another_one() -> None:
    told = Counter(story.partition("/")[0] for story in STORIES)

    assert {name: count for name, count in told.items() if count < 2} == {}
    assert set(told) == set(LOADED.programs) - OF_THE_DEMO


def test_what_comes_of_every_story_is_written_down() -> None:
    assert {story for story in STORIES if f'"{story}"' not in TOLD_HERE} == set()


def test_every_sequence_says_what_it_is_for_in_one_sentence_whose_it_is_and_where_it_stands() -> None:
    for name, program in LOADED.programs.items():
        assert re.fullmatch(r"[A-Z].{20,150}[.?]", program.description), name
        assert (program.owner or "").endswith("@acme.example"), name


def test_every_sequence_is_listed_for_those_who_look_for_something_to_copy() -> None:
    listed = (PROJECT / "docs" / "sequences.md").read_text(encoding="utf-8").partition("## Sequences to copy")[2]

    assert {name for name in LOADED.programs if f"`{name}`" not in listed.partition("## The file")[0]} == set()
