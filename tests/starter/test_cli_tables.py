"""Lists on screens of every width."""

from io import StringIO

import pytest
from rich.console import Console

from starter.cli_tables import Listing

ID = "107f20dc726b018aa85a34456028c6e9"


def shown(listing: Listing, width: int) -> str:
    console = Console(file=StringIO(), width=width, highlight=False)
    console.print(listing)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def listing() -> Listing:
    listing = Listing("id", "state", "to", "subject", "reason", prose=["subject", "reason"])
    listing.row(ID, "skipped", "ann@acme.example", "[Test] A tip", "they have unsubscribed from everything")
    listing.row(ID[::-1], "accepted", "bob@acme.example", None, "")
    return listing


def test_a_wide_screen_shows_a_table(listing: Listing) -> None:
    first, second, third = shown(listing, 160).splitlines()

    assert first.split() == ["id", "state", "to", "subject", "reason"]
    assert second.split("  ")[0] == ID
    assert "[Test] A tip" in second
    assert third.startswith(ID[::-1])


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_screen_shows_everything_all_the_same(listing: Listing, width: int) -> None:
    lines = shown(listing, width).splitlines()
    words = " ".join(" ".join(lines).split())

    assert max(map(len, lines)) <= width
    assert "…" not in words
    assert f"{ID} skipped ann@acme.example [Test] A tip they have unsubscribed from everything" in words
    assert f"{ID[::-1]} accepted bob@acme.example" in words
    assert any(line.startswith("    [Test] A tip") for line in lines)
