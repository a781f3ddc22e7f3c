"""A port that was given belongs to whoever asked, though its server does not listen yet."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from starter.ports import NoFreePort, free_ports

# Ports that no stack is given, and that are others in each process, should these tests run twice at once.
PORTS = range(10_000 + os.getpid() % 90 * 100, 19_000)
FEW = PORTS[:30]

# Asks for ports, says which, and lives until it is told to end.
ASKS = """
import random, sys
from starter.ports import free_ports
random.seed(1)
print(*free_ports(int(sys.argv[1]), among=range(int(sys.argv[2]), int(sys.argv[3]))), flush=True)
sys.stdin.read()
"""


@contextmanager
def somebody_else(count: int, among: range) -> Iterator[set[int]]:
    command = [sys.executable, "-c", ASKS, str(count), str(among.start), str(among.stop)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield {int(port) for port in process.stdout.readline().split()}


@pytest.mark.system
def test_what_one_process_was_given_no_other_is_until_it_ends() -> None:
    with somebody_else(10, FEW) as theirs, somebody_else(10, FEW) as others:
        ours = set(free_ports(5, among=FEW))
        assert (len(theirs), len(others), len(ours)) == (10, 10, 5)
        assert len(theirs | others | ours) == 25, "none was given twice"
        with pytest.raises(NoFreePort, match=f"no 6 free ports from {FEW[0]} to {FEW[-1]}; stop some servers"):
            free_ports(6, among=FEW)
    assert not set(free_ports(1, among=sorted(theirs))) & ours


def test_a_process_is_not_given_the_same_port_twice() -> None:
    among = PORTS[30:40]
    assert sorted(free_ports(4, among=among) + free_ports(6, among=among)) == list(among)


def test_a_port_on_which_somebody_listens_is_not_given() -> None:
    with socket.socket() as listens:
        listens.bind(("127.0.0.1", 0))
        listens.listen()
        port = listens.getsockname()[1]
        with pytest.raises(NoFreePort):
            free_ports(1, among=[port])


def test_the_order_is_not_that_of_the_common_generator() -> None:
    def asked(among: range) -> list[int]:
        random.seed(1)
        return [port - among.start for port in free_ports(20, among=among)]

    assert asked(PORTS[40:70]) != asked(PORTS[70:100])
