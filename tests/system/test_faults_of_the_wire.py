"""Every fault of a mail server, at every place: what becomes of the message, its contact, and the connection.

One table. Each row is lived through the real pool and the real activity against a server as scripted: the ledger's
state, what the workflow is told, whether the address is burnt, whether the next letter goes over the same connection
unharmed, and what the message comes to when it is asked for again.
"""

import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from activities.composing import UNWRITABLE
from channels.base import SenderFault
from channels.smtp import SmtpPool
from domain.needs import Later, Outcome, Sent
from records.models import Message
from tests.certificates import certificate
from tests.channels.letters import outcome, relay
from tests.scripted_smtp import DROP, HANG, Action, At, Bye, ScriptedSmtp, Slow
from tests.system.counter import Counter, counter

pytestmark = pytest.mark.system

ANN = "ann@customer.example"
LATER = "later"
LOGIN: dict[str, Any] = {"username": "u", "password": "p"}


@dataclass(frozen=True)
class Fault:
    """One fault, and what is to come of it. `ends` is the state when the message was asked for until it was settled."""

    name: str
    at: At
    state: str
    told: str
    kept: bool
    ends: str = "accepted"
    of_connection: bool = False
    sequence: str = "news"
    suppressed: bool = False
    bodies: int = 0  # how many reached the server whole before the message was asked for again
    ours: bool = False  # the fault is ours: the channel may be stopped, and nobody is asked to go on
    relay: dict[str, Any] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "DSN", "AUTH PLAIN")


def put_off(place: str, action: Action, *, kept: bool, bodies: int = 0, **more: Any) -> Fault:
    """Nothing was accepted, certainly: tried again."""
    return Fault(f"{place}: {action}", At(place, action), "claimed", LATER, kept, bodies=bodies, **more)


def ours(place: str, action: Action, *, kept: bool = True, bodies: int = 0, **more: Any) -> Fault:
    """We are at fault: nobody is burnt, nothing is lost."""
    return Fault(f"{place}: {action}", At(place, action), "claimed", LATER, kept, bodies=bodies, ours=True, **more)


def refused(place: str, reply: str, *, suppressed: bool, bodies: int = 0) -> Fault:
    """Never again."""
    name, at = f"{place}: {reply}", At(place, reply)
    return Fault(name, at, "refused", "refused", True, "refused", suppressed=suppressed, bodies=bodies)


def unknown(place: str, action: Action, *, bodies: int) -> list[Fault]:
    """Nobody can know: marketing is left at that, what must arrive is repeated."""
    at = At(place, action)
    return [
        Fault(f"marketing, {place}: {action}", at, "unknown", "unknown", False, "unknown", bodies=bodies),
        Fault(f"service, {place}: {action}", at, "claimed", LATER, False, sequence="receipt", bodies=bodies),
    ]


def taken(place: str, action: Action, *, kept: bool, **more: Any) -> Fault:
    """It arrived, whatever else."""
    return Fault(f"{place}: {action}", At(place, action), "accepted", "accepted", kept, bodies=1, **more)


CLOSING = "421 4.3.2 closing"
MALFORMED = "what?"

CONNECTING = [
    *(
        put_off(place, action, kept=False, of_connection=True, relay=LOGIN if place == "auth" else {})
        for place in ("greeting", "ehlo", "auth")
        for action in (CLOSING, Bye(CLOSING), "454 4.7.0 not now", DROP, HANG, MALFORMED)
    ),
    *(
        ours(place, reply, kept=False, of_connection=True, relay=LOGIN if place == "auth" else {})
        for place, reply in (
            ("greeting", "554 5.7.1 go away"),
            ("greeting", "521 no mail here"),
            ("ehlo", "550 5.7.1 what a name"),
            ("auth", "535 5.7.8 wrong password"),
            ("auth", "534 5.7.9 that way of login is too weak"),
            ("auth", "530 5.7.0 encrypt first"),
        )
    ),
    Fault("a login nobody offers", At("", ""), "claimed", LATER, False, ours=True, relay=LOGIN, extensions=()),
    Fault("TLS that nobody offers", At("", ""), "claimed", LATER, False, ours=True, relay={"tls": "starttls"}),
]

ENVELOPE = [
    *(
        put_off(place, action, kept=action == "451 4.3.0 not now")
        for place in ("mail", "rcpt", "data")
        for action in (CLOSING, Bye(CLOSING), "451 4.3.0 not now", DROP, HANG, MALFORMED)
    ),
    put_off("mail", "250 2.1.0 ok\r\n250 2.1.0 ok", kept=False),
    put_off("rcpt", "250 2.1.5 ok\r\n354 too early", kept=False),
    put_off("rcpt", "354 eager", kept=False),
    put_off("data", "250 strange", kept=False),
    put_off("data", "354 go on\r\n250 2.0.0 answered before the body", kept=False),
    put_off("rcpt", "450 4.7.1 Greylisted, try again in 300 seconds", kept=True),
    put_off("rcpt", "552 5.2.2 mailbox full", kept=True),
    ours("mail", "550 5.7.1 not from you", kept=True),
    ours("mail", "553 5.1.8 your domain does not exist", kept=True),
    ours("rcpt", "550 5.7.1 relaying denied", kept=True),
    ours("data", "554 5.7.1 you are on a list", kept=True),
    refused("rcpt", "550 5.1.1 no such user", suppressed=True),
    refused("rcpt", "556 5.1.10 takes no mail", suppressed=True),
    refused("rcpt", "550-5.2.1 the mailbox\r\n550 5.2.1 is disabled", suppressed=True),
    refused("rcpt", "550 5.7.133 members only", suppressed=False),
    refused("data", "550 5.6.7 an address of that kind cannot go on", suppressed=False),
]

BODY = [
    *(
        put_off("dot", action, kept=isinstance(action, str) and not action.startswith("421"), bodies=1)
        for action in (
            "451 4.3.0 not now",
            "452 4.3.1 no room",
            "454 Throttling failure: Maximum sending rate exceeded.",
            CLOSING,
            Bye(CLOSING),
        )
    ),
    ours("dot", "550 5.7.26 unauthenticated", bodies=1),
    ours("dot", "554 5.6.0 looks like spam", bodies=1),
    refused("dot", "550 5.1.1 no such user after all", suppressed=True, bodies=1),
    refused("dot", "552 5.3.4 too big", suppressed=False, bodies=1),
    *unknown("body", DROP, bodies=0),
    *unknown("body", HANG, bodies=0),
    *unknown("dot", DROP, bodies=1),
    *unknown("dot", HANG, bodies=1),
    *unknown("dot", MALFORMED, bodies=1),
    *unknown("dot", "354 more?", bodies=1),
    *unknown("dot", Bye("250-2.0.0 half an answer"), bodies=1),
    taken("dot", "250 2.0.0 Ok\r\n250 2.0.0 and again", kept=False),
    taken("dot", Bye("250 2.0.0 Ok"), kept=False),
    *(
        taken("quit", action, kept=False, of_connection=True, relay={"letters_per_connection": 1})
        for action in (DROP, HANG, "550 no", MALFORMED)
    ),
    *(taken(place, Slow(0.15, reply), kept=True) for place, reply in (
        ("mail", "250 2.1.0 ok"), ("rcpt", "250 2.1.5 ok"), ("data", "354 go on"), ("dot", "250 2.0.0 Ok")
    )),
    taken("greeting", Slow(0.15, "220 at last"), kept=True, of_connection=True),
]  # fmt: skip


@pytest.mark.parametrize("fault", [*CONNECTING, *ENVELOPE, *BODY], ids=lambda fault: fault.name)
async def test_each_fault_is_one_fate(fault: Fault, tmp_path: Path) -> None:
    script, connections = ([], [fault.at]) if fault.of_connection else ([fault.at], [])
    server = ScriptedSmtp(script, connections=connections, extensions=fault.extensions)
    async with server, SmtpPool(relay(server, **fault.relay)) as pool, counter(tmp_path, pool) as desk:
        desk.arrive(fault.sequence, ANN)

        told = (await desk.send(fault.sequence, ANN))[ANN]

        row = desk.message(ANN)
        assert (row.state, spelled(told), len(server.bodies)) == (fault.state, fault.told, fault.bodies), row.reason
        assert desk.suppressed(ANN) == fault.suppressed
        assert (row.unknown_at is not None) == any(fault.name.startswith(word) for word in ("marketing", "service"))
        await the_next_is_unharmed(fault, server, pool)
        if not fault.ours:
            await it_ends(fault, desk, server, told)


async def the_next_is_unharmed(fault: Fault, server: ScriptedSmtp, pool: SmtpPool) -> None:
    """Whoever is next is taken: over the same connection exactly if that one is in step."""
    if fault.ours and not fault.at.place:
        assert isinstance(await outcome(pool), SenderFault)  # what is configured wrongly stays so
        return
    assert str(await outcome(pool)).startswith("250")
    assert server.opened == (1 if fault.kept else 2)


async def it_ends(fault: Fault, desk: Counter, server: ScriptedSmtp, told: Outcome) -> None:
    """The message comes to its fate, and every body that was ours had one Message-ID."""
    for _ in range(5):
        if isinstance(told, Later):
            desk.wait(told.due)
            told = (await desk.send(fault.sequence, ANN))[ANN]
    row = desk.message(ANN)
    assert (row.state, spelled(told)) == (fault.ends, fault.ends)
    put_off = fault.state == "claimed" and fault.sequence == "news"
    repeated = row.unknown_at is not None and fault.ends == "accepted"  # said in the log, too: it went twice
    assert desk.did(ANN) == [
        *(["deferred"] if put_off or repeated else []),
        "sent" if fault.ends == "accepted" else fault.ends,
    ]
    ours = [each for each in server.received if each.recipient == ANN]
    assert sum(each.accepted for each in ours) == (fault.ends == "accepted")
    assert all(f"Message-ID: {row.message_id}\r\n".encode() in each.body for each in ours)


def spelled(told: Outcome) -> str:
    """Return what a workflow is told, in a word."""
    return LATER if isinstance(told, Later) else told.fate if isinstance(told, Sent) else repr(told)


# --- what a script of replies cannot say -------------------------------------------------------------------------


async def put_off_for(desk: Counter) -> Message:
    """Let Ann be written to, and see that nothing was lost."""
    desk.arrive("news", ANN)
    told = (await desk.send("news", ANN))[ANN]
    row = desk.message(ANN)
    assert (row.state, spelled(told), desk.suppressed(ANN)) == ("claimed", LATER, False)
    return row


async def test_a_port_nobody_listens_on_waits(tmp_path: Path) -> None:
    async with ScriptedSmtp() as server:
        gone = relay(server)
    async with SmtpPool(gone) as pool, counter(tmp_path, pool) as desk:
        row = await put_off_for(desk)

    assert "cannot be reached" in str(row.reason)


async def test_a_name_nobody_knows_waits(tmp_path: Path) -> None:
    async with ScriptedSmtp() as server:
        nowhere = relay(server, host="nowhere.invalid")
    async with SmtpPool(nowhere) as pool, counter(tmp_path, pool) as desk:
        row = await put_off_for(desk)

    assert "nowhere.invalid" in str(row.reason)


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_certificate_nobody_trusts_waits_and_sees_no_letter(mode: str, tmp_path: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate())
    server = ScriptedSmtp(tls=theirs, implicit_tls=mode == "tls")
    async with server, SmtpPool(relay(server, tls=mode, host="localhost")) as pool, counter(tmp_path, pool) as desk:
        row = await put_off_for(desk)

        assert "certificate" in str(row.reason)
        assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize("action", ["454 4.7.0 TLS not available", DROP, HANG, MALFORMED], ids=str)
async def test_tls_that_does_not_come_about_waits(action: Action, tmp_path: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate())
    server = ScriptedSmtp(connections=[At("starttls", action)], tls=theirs)
    trusted = relay(server, tls="starttls", host="localhost", port=0)
    async with server, SmtpPool(replace(trusted, port=server.port)) as pool, counter(tmp_path, pool) as desk:
        await put_off_for(desk)


@pytest.mark.parametrize(
    "address", ["no address", "ann@customer.example\r\nRCPT TO:<eve@x.example>", "jürgen@x.example"]
)
async def test_an_address_that_no_server_takes_stops_that_message_alone(address: str, tmp_path: Path) -> None:
    async with ScriptedSmtp(extensions=()) as server, SmtpPool(relay(server)) as pool, counter(tmp_path, pool) as desk:
        desk.arrive("news", ANN, "bob@customer.example")
        desk.readdress(ANN, address)

        told = await desk.send("news", ANN, "bob@customer.example")

        assert told == {ANN: Sent("skipped", UNWRITABLE), "bob@customer.example": Sent("accepted")}
        assert desk.message(ANN).state == "skipped"
        assert [each.recipient for each in server.received] == ["bob@customer.example"]
