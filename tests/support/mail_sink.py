"""A mail server that keeps every e-mail.

It runs in its own thread on a real socket and implements as much of SMTP (RFC 5321) as the tests need.
"""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from tests.support.web_server import free_port


class MailSink:
    """The received e-mails, and how the server behaves.

    `refuse` maps recipients to replies (`451 …`, `550 …`). If `breaks` is set, the server keeps an e-mail, but closes
    the connection instead of confirming it.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.breaks = False
        self.connections = 0
        self.port = 0


class _Session(socketserver.StreamRequestHandler):
    """One SMTP connection."""

    def handle(self) -> None:
        sink: MailSink = self.server.sink  # type: ignore[attr-defined]
        sink.connections += 1
        self._reply("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._reply("354 continue")
                if not self._receive(sink):
                    return
            elif verb == "QUIT":
                self._reply("221 bye")
                return
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                self._reply(sink.refuse.get(address, "250 ok"))
            else:
                self._reply("250 ok")

    def _receive(self, sink: MailSink) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        sink.mails.append(message)
        if not sink.breaks:
            self._reply("250 ok")
        return not sink.breaks

    def _reply(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def mail_sink(port: int = 0) -> Iterator[MailSink]:
    """Run a mail server while the block runs, on `port` or, if it is 0, on a free port."""
    sink = MailSink()
    with _Server(("127.0.0.1", port or free_port()), _Session) as server:
        sink.port = server.server_address[1]
        server.sink = sink  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join(5)


def subject(mail: EmailMessage) -> str:
    """Return the subject on one line, because SMTP folds long headers."""
    return " ".join(str(mail["Subject"]).split())
