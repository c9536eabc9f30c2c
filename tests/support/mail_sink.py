"""A mail server that keeps what it is given: enough of SMTP (RFC 5321) on a real socket, on a thread of its own."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class MailSink:
    """The mails that came. `refuse` names answers by recipient (`451 …`, `550 …`); `breaks` loses the last answer."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.breaks = False
        self.connections = 0
        self.port = 0


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        sink: MailSink = self.server.sink  # type: ignore[attr-defined]
        sink.connections += 1
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                if not self._take(sink):
                    return
            elif verb == "QUIT":
                self._say("221 bye")
                return
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                self._say(sink.refuse.get(address, "250 ok"))
            else:
                self._say("250 ok")

    def _take(self, sink: MailSink) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        sink.mails.append(message)
        if not sink.breaks:
            self._say("250 taken")
        return not sink.breaks

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def mail_sink(port: int = 0) -> Iterator[MailSink]:
    """A mail server inside the block, on a port of its own or on this one."""
    sink = MailSink()
    with _Server(("127.0.0.1", port), _Talk) as server:
        sink.port = server.server_address[1]
        server.sink = sink  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join(5)


def subject(mail: EmailMessage) -> str:
    """What it is about, on one line: a long header may begin with a fold."""
    return " ".join(str(mail["Subject"]).split())
