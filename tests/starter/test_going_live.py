"""What is said when messages begin to leave for real people."""

import pytest

from settings import Settings
from starter.going_live import warnings


def live(**given: object) -> list[str]:
    told = warnings(Settings(live=True, smtp_host="mail.acme.example", **given))  # type: ignore[arg-type]
    return [line.partition(":")[0] for line in told]


def test_a_trial_hears_nothing() -> None:
    assert list(warnings(Settings())) == []


@pytest.mark.parametrize(
    ("public_url", "said"),
    [
        (None, ["RAPPORT_PUBLIC_URL"]),
        ("http://localhost:8080", ["RAPPORT_PUBLIC_URL"]),
        ("https://127.0.0.1", ["RAPPORT_PUBLIC_URL"]),
        ("http://crm.acme.example", ["RAPPORT_PUBLIC_URL"]),
        ("https://crm.acme.example", []),
    ],
)
def test_links_that_customers_cannot_open_are_warned_of(public_url: str | None, said: list[str]) -> None:
    given = {"public_url": public_url} if public_url else {}

    assert live(message_host="mail.acme.example", **given) == said


def test_a_host_that_is_only_an_example_is_warned_of() -> None:
    assert live(public_url="https://crm.acme.example") == ["RAPPORT_MESSAGE_HOST"]
