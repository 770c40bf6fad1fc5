"""An SMTP server on the loopback that keeps what it gets, or says what it is told to say."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Taken:
    """One message as it came over the wire."""

    envelope_from: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class SmtpSink:
    """The server's memory; ``says`` answers the next messages, ``refuses`` a recipient each.

    With a ``gate`` the answer waits until it is open.
    """

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    waiting: bool = False

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        if self.gate is not None:
            self.waiting = True
            await asyncio.to_thread(self.gate.wait, 30)
        if self.says:
            return self.says.pop(0)
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


class _Controller(Controller):
    """A controller on a port that the kernel chose."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_smtp_sink() -> Iterator[SmtpSink]:
    """Yield a sink that listens for as long as the block lasts."""
    sink = SmtpSink()
    controller = _Controller(sink, hostname="127.0.0.1", port=0)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()
