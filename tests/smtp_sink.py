"""An SMTP server on the loopback that keeps what it gets, or says what it is told to say."""

import asyncio
import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


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
    """The server's memory; ``says`` answers the next messages, ``refuses`` a recipient each, and
    ``refuses_sender`` an envelope sender at each recipient, as Postfix does it. With a ``gate`` the answer waits until
    it is open.
    """

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    refuses_sender: str = ""
    gate: threading.Event | None = None
    waiting: bool = False

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses_sender and envelope.mail_from == self.refuses_sender:
            return f"553 5.7.1 <{envelope.mail_from}>: Sender address rejected: not owned by user support"
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


@dataclass
class OAuthSink(SmtpSink):
    """A sink that lets in who brings one of ``tokens`` (XOAUTH2), and refuses as Gmail does, with a challenge."""

    tokens: Callable[[str], str | None] = lambda _token: None
    let_in: list[str] = field(default_factory=list)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        user, bearer, *_ = base64.b64decode(args[1]).decode().split("\x01")
        token = bearer.removeprefix("auth=Bearer ")
        if self.tokens(token) != user.removeprefix("user="):
            await server.challenge_auth('{"status":"401","schemes":"bearer"}')
            return AuthResult(success=False, handled=False, message="535 5.7.8 Username and Password not accepted")
        self.let_in.append(user.removeprefix("user="))
        return AuthResult(success=True)


class _Controller(Controller):
    """A controller on a port that the kernel chose."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_smtp_sink(sink: SmtpSink | None = None, **offers: Any) -> Iterator[SmtpSink]:
    """Yield a sink that listens for as long as the block lasts; ``offers`` are aiosmtpd's own settings."""
    sink = sink or SmtpSink()
    if isinstance(sink, OAuthSink):
        offers = {"auth_require_tls": False, "auth_exclude_mechanism": ["LOGIN", "PLAIN"]} | offers
    controller = _Controller(sink, hostname="127.0.0.1", port=0, **offers)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()
