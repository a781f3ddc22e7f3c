"""The parts of the embedded stack: what each is started with, how we know that it is ready, which ports it needs.

A part that the settings replace is not among them: a cluster of one's own stands for the Temporal server, a live mail
server for the local one. PostgreSQL has no part either; it is somebody else's to run.
"""

import errno
import socket
import sys
import sysconfig
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settings import LOOPBACK, PREFIX, Settings, http_address
from starter.ports import NoFreePort, free_ports

PROJECT = Path(__file__).resolve().parents[1]
NAMES = ("temporal", "mail", "worker", "web", "inbound")
"""Every part, in the order of starting."""

SEARCH_ATTRIBUTES = {
    "RapportSequence": "Keyword",
    "RapportVersion": "Keyword",
    "RapportMembers": "Int",
}


class UpError(Exception):
    """The stack cannot run. The text says `place: what; what to do`, a line for each problem."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A port that a part will listen on, and the setting that chooses it."""

    port: int
    setting: str
    host: str = LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack. `ready` is a regular expression, searched in what the part prints."""

    name: str
    command: tuple[str, ...]
    ready: str
    claims: tuple[Claim, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    start_within: float = 60.0
    stop_within: float = 10.0


def temporal_part(settings: Settings) -> Part:
    """The development server of the `temporal` command, with its store in a file. It has no log-in: loopback only."""
    program = Path(sysconfig.get_path("scripts")) / "temporal"
    http_port, metrics_port = _free_ports(2)
    ports = {
        "--port": settings.temporal_port,
        "--ui-port": settings.temporal_ui_port,
        "--http-port": http_port,
        "--metrics-port": metrics_port,
    }
    options = [word for option, port in ports.items() for word in (option, str(port))]
    for name, kind in SEARCH_ATTRIBUTES.items():
        options += ["--search-attribute", f"{name}={kind}"]
    store = ["--db-filename", str(settings.state / "temporal.db")]
    quiet = ["--log-level", "error", "--ui-disable-news-fetch"]
    return Part(
        name="temporal",
        command=(str(program), "server", "start-dev", "--ip", LOOPBACK, *options, *store, *quiet),
        ready="^Temporal Server: ",
        claims=(
            Claim(settings.temporal_port, f"{PREFIX}TEMPORAL_PORT"),
            Claim(settings.temporal_ui_port, f"{PREFIX}TEMPORAL_UI_PORT"),
        ),
        addresses={
            "temporal": f"{LOOPBACK}:{settings.temporal_port}",
            "temporal ui": f"http://{LOOPBACK}:{settings.temporal_ui_port}",
        },
    )


def mail_part(settings: Settings) -> Part:
    """The local mail server, which keeps what it gets in `<state>/mail`."""
    smtp, http = settings.mailbox_smtp_port, settings.mailbox_http_port
    folder = ("--dir", str(settings.state / "mail"))
    ports = ("--smtp-port", str(smtp), "--http-port", str(http))
    return Part(
        name="mail",
        command=(sys.executable, "-m", "channels.mailbox", *folder, *ports, "--with-parent"),
        ready='^{"smtp"',
        claims=(Claim(smtp, f"{PREFIX}MAILBOX_SMTP_PORT"), Claim(http, f"{PREFIX}MAILBOX_HTTP_PORT")),
        addresses={"mail": f"http://{LOOPBACK}:{http}", "mail smtp": f"{LOOPBACK}:{smtp}"},
    )


def worker_part(settings: Settings) -> Part:
    """The worker. It has longer than the others to end: a message half handed over is finished first."""
    return Part(
        name="worker",
        command=(sys.executable, str(PROJECT / "worker.py")),
        ready="^worker ready",
        stop_within=20.0,
    )


def web_part(settings: Settings) -> Part:
    """The web process: forms, events, links."""
    return Part(
        name="web",
        command=(sys.executable, "-m", "starter.web"),
        ready="^web ready",
        claims=(Claim(settings.web_port, f"{PREFIX}WEB_PORT", settings.web_host),),
        addresses={"web": http_address(settings.web_host, settings.web_port)},
    )


def inbound_part(settings: Settings) -> Part:
    """The process that takes mail which comes back."""
    host, port, lmtp = settings.inbound_smtp_host, settings.inbound_smtp_port, settings.inbound_lmtp
    claims = [Claim(port, f"{PREFIX}INBOUND_SMTP_PORT", host)]
    addresses = {"inbound smtp": f"{host}:{port}"}
    if lmtp:
        addresses["inbound lmtp"] = f"{host}:{lmtp}" if lmtp.isdigit() else lmtp
    if lmtp.isdigit():
        claims.append(Claim(int(lmtp), f"{PREFIX}INBOUND_LMTP", host))
    return Part(
        name="inbound",
        command=(sys.executable, "-m", "starter.inbound"),
        ready="^inbound ready",
        claims=tuple(claims),
        addresses=addresses,
    )


def parts_of(settings: Settings, *, own_cluster: bool = False, only: Collection[str] = ()) -> tuple[Part, ...]:
    """Return the parts to run, in the order of starting: those named in `only`, or all that nothing replaces.

    Raises `UpError` for a part that is named although the settings replace it.
    """
    replaced = {}
    if own_cluster:
        replaced["temporal"] = "a Temporal cluster is configured; unset TEMPORAL_ADDRESS, or leave the part out"
    if settings.live:
        replaced["mail"] = f"messages go to {settings.smtp_host}; unset {PREFIX}LIVE, or leave the part out"
    if not settings.takes_mail:
        replaced["inbound"] = f"nothing comes back here; set {PREFIX}INBOUND_HOST, or leave the part out"
    if refused := [f"{name}: {replaced[name]}" for name in NAMES if name in only and name in replaced]:
        raise UpError("\n".join(refused))
    kinds = {
        "temporal": temporal_part,
        "mail": mail_part,
        "worker": worker_part,
        "web": web_part,
        "inbound": inbound_part,
    }
    chosen = only or [name for name in NAMES if name not in replaced]
    return tuple(kinds[name](settings) for name in NAMES if name in chosen)


def with_free_ports(settings: Settings) -> Settings:
    """Return the settings with each port of 0 replaced by one that is free now."""
    names = ["web_port", "temporal_port", "temporal_ui_port", "mailbox_smtp_port", "mailbox_http_port"]
    names += ["inbound_smtp_port"]
    open_names = [name for name in names if getattr(settings, name) == 0]
    return settings.but(**dict(zip(open_names, _free_ports(len(open_names)), strict=True))) if open_names else settings


def _free_ports(count: int) -> list[int]:
    try:
        return free_ports(count)
    except NoFreePort as error:
        raise UpError(f"ports: {error}") from None


def taken_ports(parts: Iterable[Part]) -> list[str]:
    """Return a problem for each port that a part needs and somebody else listens on."""
    return [
        f"{part.name}: port {claim.port} of {claim.host} {problem}; set {claim.setting} to another"
        for part in parts
        for claim in part.claims
        if (problem := _why_not(claim))
    ]


def _why_not(claim: Claim) -> str:
    family = socket.AF_INET6 if ":" in claim.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((claim.host, claim.port))
        except OSError as error:
            return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror or error})"
    return ""


def child_environment(settings: Settings, *, own_cluster: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every part: `environ`, but with exactly these settings, and output written at once."""
    kept = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    if not own_cluster:
        kept = {name: value for name, value in kept.items() if not name.startswith("TEMPORAL_")}
    return kept | settings.as_environment() | {"PYTHONUNBUFFERED": "1"}
