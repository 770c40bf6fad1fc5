"""The SMTP server of the demo: takes every mail of one account and keeps it in a folder, as delivered.

A mail is one file: two lines for the envelope, in the words of a delivering server (Return-Path and
Delivered-To), then the bytes as they came. A file is there whole or not at all.
"""

import asyncio
import hmac
import logging
import os
import secrets
import signal
import socket
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DATA_SIZE_LIMIT = 50_000_000


@dataclass(frozen=True, kw_only=True)
class Sink:
    """One account that may send, and the folder that receives."""

    user: str
    password: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class ReceivedMail:
    """A mail as it arrived: the envelope (an empty sender for automatic mail) and the exact bytes."""

    path: Path
    envelope_sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def message(self) -> EmailMessage:
        """Return the mail parsed by the standard library."""
        message = message_from_bytes(self.raw, policy=modern)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
        return message


def received_in(folder: Path) -> list[ReceivedMail]:
    """Return the mails of ``folder``, oldest first."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def serve_smtp(listener: socket.socket, sink: Sink) -> None:
    """Receive on ``listener``, without TLS and after AUTH only, until SIGTERM or SIGINT."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own future at each sign-in
    asyncio.run(_serve(listener, sink))


async def _serve(listener: socket.socket, sink: Sink) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    sink.folder.mkdir(parents=True, exist_ok=True)

    def session() -> SMTP:
        return SMTP(
            _Handler(sink),
            hostname="sink.example",
            ident="demo sink",
            data_size_limit=DATA_SIZE_LIMIT,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=_Authenticator(sink),
            loop=loop,
        )

    server = await loop.create_server(session, sock=listener)
    await told_to_stop.wait()
    server.close()


class _Authenticator:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __call__(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any) -> Any:  # noqa: ANN401 - aiosmtpd has no types
        is_known = (
            isinstance(login, LoginPassword)
            and hmac.compare_digest(login.login, self._sink.user.encode())
            and hmac.compare_digest(login.password, self._sink.password.encode())
        )
        return AuthResult(success=is_known, handled=is_known)


class _Handler:
    """What aiosmtpd calls; the names of the methods are its."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.original_content or b""
        _keep(self._sink.folder, envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 2.0.0 Kept"


def _keep(folder: Path, sender: str, recipients: list[str], content: bytes) -> None:
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
    head = f"Return-Path: <{sender}>\r\nDelivered-To: {', '.join(recipients)}\r\n"
    draft = folder / f"{name}.new"
    with draft.open("xb") as file:
        file.write(head.encode() + content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / f"{name}.eml")


def _read(path: Path) -> ReceivedMail:
    sender, recipients, raw = path.read_bytes().split(b"\r\n", 2)
    return ReceivedMail(
        path=path,
        envelope_sender=sender.removeprefix(b"Return-Path: ").decode().strip("<>"),
        recipients=tuple(recipients.removeprefix(b"Delivered-To: ").decode().split(", ")),
        raw=raw,
    )
