"""A small IMAP server for tests: one account, folders, the commands that starter/inbound_imap.py gives, no more.

The contract: LOGIN, SELECT, UID SEARCH UNSEEN, UID FETCH (RFC822.SIZE) and (BODY.PEEK[]), UID STORE +FLAGS.SILENT,
UID COPY, UID MOVE (where `can_move`), CAPABILITY, LOGOUT, answered as RFC 9051 says; anything else is BAD. A mail that
is only peeked at stays unseen.
"""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stored:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapAccount:
    """What the server keeps: mail by folder. `asked` are the commands it was given."""

    can_move: bool = True
    folders: dict[str, list[Stored]] = field(default_factory=lambda: {"INBOX": [], "Done": []})
    asked: list[str] = field(default_factory=list)
    hang_up_at: str = ""

    def put(self, raw: bytes) -> None:
        self.folders["INBOX"].append(Stored(sum(map(len, self.folders.values())) + 1, raw))

    def unseen(self) -> list[int]:
        return [mail.uid for mail in self.folders["INBOX"] if not {r"\Seen", r"\Deleted"} & mail.flags]


class _Conversation(socketserver.StreamRequestHandler):
    account: ImapAccount

    def handle(self) -> None:
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            self.account.asked.append(re.sub(r"^LOGIN .*", "LOGIN", command))
            if self.account.hang_up_at and command.startswith(self.account.hang_up_at):
                return
            said = self.answer(command)
            self.say(f"{tag} {said}")
            if command == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def answer(self, command: str) -> str:
        if command == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1" + (" MOVE" if self.account.can_move else ""))
        elif command.startswith("LOGIN"):
            return "OK in" if command == 'LOGIN crm "right"' else "NO wrong"
        elif command.startswith("SELECT"):
            self.say(f"* {len(self.account.folders['INBOX'])} EXISTS")
        elif command == "UID SEARCH UNSEEN":
            self.say("* SEARCH " + " ".join(map(str, self.account.unseen())))
        elif found := re.fullmatch(r"UID (FETCH|STORE|COPY|MOVE) (\d+) (.*)", command):
            return self.about_one(found[1], int(found[2]), found[3])
        elif command != "LOGOUT":
            return "BAD what"
        return "OK done"

    def about_one(self, verb: str, uid: int, what: str) -> str:
        inbox = self.account.folders["INBOX"]
        mail = next((each for each in inbox if each.uid == uid), None)
        if mail is None:
            return "OK nothing"
        if verb == "FETCH" and what == "(RFC822.SIZE)":
            self.say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(mail.raw)})")
        elif verb == "FETCH" and what == "(BODY.PEEK[])":
            self.wfile.write(b"* 1 FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (uid, len(mail.raw), mail.raw))
        elif verb == "STORE":
            mail.flags |= set(re.findall(r"\\\w+", what))
        elif verb in ("COPY", "MOVE"):
            self.account.folders[what.strip('"')].append(Stored(uid, mail.raw, set(mail.flags)))
            if verb == "MOVE":
                inbox.remove(mail)
        else:
            return "BAD what"
        return "OK done"


@contextmanager
def imap_server(account: ImapAccount) -> Iterator[int]:
    """Serve an account on the loopback; yields the port."""
    handler = type("Conversation", (_Conversation,), {"account": account})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
