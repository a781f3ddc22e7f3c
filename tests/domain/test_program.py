"""A program is a value: what it listens to, and what of it is kept."""

import pytest
from pydantic import ValidationError

from domain.program import Program, kind_of
from domain.steps.base import Step
from tests.domain.kit import program


def test_every_kind_of_the_language_is_known() -> None:
    assert set(Step.kinds) >= {"send", "wait", "wait_for", "branch", "update", "exit"}


def test_it_listens_to_what_can_mean_something_to_a_run() -> None:
    made = program(
        """
        enter: {on: {event: trial_started}}
        goal: {event: meeting_booked}
        exit: [{form: demo-request}, {when: contact.stage == 'customer'}]
        steps: [{wait_for: [clicked, replied], up_to: 1 day}]
        """
    )

    assert made.listens_to() == {"meeting_booked", "form_submitted", "clicked", "replied"}


def test_a_stored_step_of_no_known_kind_is_refused() -> None:
    assert kind_of({"id": "a"}) is None
    assert kind_of({"send": "a/b", "wait": "1 day"}) is None
    with pytest.raises(ValidationError, match="a step of unknown kind: dance, id"):
        Program.load({"sequence": "s", "steps": {"a": {"dance": 1, "id": "a"}}})


def test_its_version_is_the_hash_of_its_content() -> None:
    one, other = program("steps: [{wait: 1 day}]"), program("steps: [{wait: 1 day}]")

    assert one.version == other.version
    assert one.version.startswith("sha256:")
    assert len(one.version) == len("sha256:") + 64
    assert one.model_copy(update={"sequence": "other"}).version != one.version


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        program("steps: []").topic = "service"  # type: ignore[misc]
