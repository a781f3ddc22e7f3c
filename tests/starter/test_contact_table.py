"""Contacts in a CSV file: columns are fields, rows are read one by one, and a bad one is said and stops nobody."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from starter.contact_table import Table
from tests.domain.kit import policies

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], tuple[list[dict[str, Any]], Table]]:
    def from_text(text: str | bytes) -> tuple[list[dict[str, Any]], Table]:
        path = tmp_path / "many.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        table = Table(path, policies(), NOW)
        return list(table.contacts()), table

    return from_text


Read = Callable[[str | bytes], tuple[list[dict[str, Any]], Table]]


def said(table: Table) -> list[str]:
    return [f"{each.line}: {each.what}" for each in table.bad]


def test_cells_become_what_the_field_holds(read: Read) -> None:
    header = "email,score,vip,benches,tags,renewal_date,created_at,consent:product-news"
    found, table = read(f"{header}\na@b.example,12,yes,2.5,new;vip,2026-05-01,2026-01-01T00:00:00Z,opted_in\n")

    assert (table.bad, table.odd) == ([], [])
    contact = found[0]
    assert (contact["score"], contact["vip"], contact["benches"], contact["tags"]) == (12, True, 2.5, ["new", "vip"])
    assert (contact["renewal_date"], contact["created_at"]) == ("2026-05-01", datetime(2026, 1, 1, tzinfo=UTC))
    assert contact["consents"] == {"product-news": "opted_in"}


def test_what_is_empty_or_no_column_is_missing_and_everybody_has_a_name_for_lots(read: Read) -> None:
    found, _ = read("email,score,phone\na@b.example,,\n,5,+441632960000\n")

    assert [(each["score"], each["phone"], each["id"]) for each in found] == [
        (0, None, "a@b.example"), (5, "+441632960000", "line 3"),
    ]  # fmt: skip
    assert found[0].keys() == found[1].keys() > {"first_name", "tags", "created_at"}


@pytest.mark.parametrize("text", ["email;score\na@b.example;3\n", "email\tscore\r\na@b.example\t3\r\n"])
def test_whatever_a_spreadsheet_separates_columns_with_is_found(read: Read, text: str) -> None:
    found, table = read("\ufeff" + text)

    assert table.bad == []
    assert (found[0]["email"], found[0]["score"]) == ("a@b.example", 3)


def test_a_bad_row_is_said_with_its_line_and_the_others_go_on(read: Read) -> None:
    rows = ["a@b.example,1", "nobody,2", "c@d.example,many", "", "e@f.example", "g@h.example,4"]
    found, table = read("email,score\n" + "\n".join(rows))

    assert [each["email"] for each in found] == ["a@b.example", "g@h.example"]
    assert [line.split(";")[0] for line in said(table)] == [
        "3: 'email' is 'nobody'",
        "4: 'score' is 'many'",
        "6: there are 1 columns, the first line has 2",
    ]


def test_a_text_over_two_lines_does_not_confuse_the_count_of_lines(read: Read) -> None:
    _, table = read('email,company\na@b.example,"Two\nlines"\nnobody,x\n')

    assert said(table)[0].startswith("4: ")


def test_columns_nobody_knows_are_odd_and_are_said_once(read: Read) -> None:
    found, table = read("email,shoe,consent:newz\na@b.example,44,opted_in\nc@d.example,45,opted_out\n")

    assert [each["shoe"] for each in found] == ["44", "45"]
    assert [each.what.split(";")[0] for each in table.odd] == [
        "a contact has no field 'shoe'",
        "topic 'newz' is not in policies/messaging.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "there are no columns"),
        ("\n\n", "there are no columns"),
        ("email\na@b.example\n\xe4".encode("latin-1"), "this is not UTF-8 text"),
        ('email,company\na@b.example,"x" y\n', "this is no CSV"),
        ("PK\3\4\0\0", "this is no text"),
        ("email,email\na@b.example,c@d.example\n", "the column 'email' is there twice"),
    ],
)
def test_what_is_no_table_is_said(read: Read, text: str | bytes, what: str) -> None:
    _, table = read(text)

    assert what in said(table)[0]


@pytest.mark.parametrize("after", [3, 500])
def test_a_quote_that_is_not_closed_costs_its_own_row_and_no_other(read: Read, after: int) -> None:
    rows = "".join(f"p{number}@b.example,{number}\n" for number in range(after))
    found, table = read(f'email,score\na@b.example,1\nb@b.example,"2\n{rows}')

    assert len(found) == 1 + after
    assert [each.line for each in table.bad] == [3]
    assert "a double quote is opened here and not closed" in table.bad[0].what


def test_a_text_of_several_lines_is_one_row(read: Read) -> None:
    found, table = read('email,company\na@b.example,"one\ntwo"\n\nb@b.example\n')

    assert [each["company"] for each in found] == ["one\ntwo"]
    assert [each.line for each in table.bad] == [5]


def test_whoever_is_there_twice_counts_once(read: Read) -> None:
    found, table = read("email\na@b.example\nA@B.example\n")

    assert len(found) == 1
    assert said(table) == ["3: 'A@B.example' stands in an earlier line, too; leave one of them"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    table = Table(tmp_path / "none.csv", policies(), NOW)

    assert list(table.contacts()) == []
    assert said(table) == ["1: cannot be read (No such file or directory); check the path"]
