"""Return addresses: read back as they were made, whatever servers do to them, and by nobody else."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keys import ledger_id
from domain.return_addresses import BOUNCES, LEAVING, REPLIES, Returned, Way, read_return_address, return_address

HOST = "in.acme.example"
ID = ledger_id("e1/hello/1")


@given(st.sampled_from([BOUNCES, LEAVING, REPLIES]), st.binary(min_size=16, max_size=16))
def test_an_address_is_read_back_in_any_case_and_fits_a_local_part(way: Way, id: bytes) -> None:
    address = return_address(way, id.hex(), "s", HOST)

    assert len(address.partition("@")[0]) == 36
    assert all(
        read_return_address(each, HOST, ["new", "s"]) == Returned(way, id.hex())
        for each in (address, address.upper(), f"<{address}>", address.replace(HOST, HOST.title()))
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        f"b+@{HOST}",
        f"x+{'a' * 34}@{HOST}",
        f"b+{'a' * 34}@{HOST}",
        f"b+{'0' * 34}@{HOST}",
        return_address(BOUNCES, ID, "s", "elsewhere.example"),
        return_address(BOUNCES, ID, "another secret", HOST),
        return_address(BOUNCES, ID, "s", HOST).replace("b+", "b+a"),
    ],
)
def test_no_other_address_says_anything(address: str) -> None:
    assert read_return_address(address, HOST, ["s"]) is None


@given(st.text(alphabet=string.printable + "é@+", max_size=60))
def test_any_text_can_be_asked(address: str) -> None:
    read_return_address(f"{address}@{HOST}", HOST, ["s"])


@given(st.integers(2, 35), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_letter_makes_it_nobodys(place: int, letter: str) -> None:
    address = return_address(BOUNCES, ID, "s", HOST)
    changed = address[:place] + letter + address[place + 1 :]

    read = read_return_address(changed, HOST, ["s"])

    # The last letter of either half holds bits that mean nothing.
    assert read in (None, Returned("b", ID)) if place in (27, 35) or changed == address else read is None
