"""The IMAP server of the demo: pymap with one account whose INBOX survives the server.

pymap keeps mailboxes in memory; here each mail is written to a folder before APPEND is acknowledged, and read back
with its UID and the same UIDVALIDITY when the server starts again. Flags and other folders start afresh.
"""

import asyncio
import signal
import socket
import time
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pysasl.hashing import BuiltinHash


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One account and the folder in which its INBOX is kept."""

    user: str
    password: str
    folder: Path

    def uid_validity(self) -> int:
        """Return the UIDVALIDITY of the INBOX, the same for as long as the folder lives."""
        path = self.folder / "uidvalidity"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(str(int(time.time())))
        return int(path.read_text())


def serve_imap(listener: socket.socket, mailbox: Mailbox) -> None:
    """Serve ``mailbox`` on ``listener``, without TLS, until SIGTERM or SIGINT."""
    asyncio.run(_serve(listener, mailbox))


async def _serve(listener: socket.socket, mailbox: Mailbox) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    backend, config = await DictBackend.init(_arguments(mailbox), hash_context=BuiltinHash(rounds=1))
    config.apply_context()
    config.set_cache[mailbox.user] = (await _kept_mailboxes(mailbox), FilterSet())
    greet = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    server = await asyncio.start_server(greet, sock=listener)
    await told_to_stop.wait()
    server.close()


def _arguments(mailbox: Mailbox) -> Namespace:
    """Return what pymap reads from its command line."""
    return Namespace(
        host=None,
        port=None,
        debug=False,
        cert=None,
        key=None,
        tls=False,
        passlib_cfg=None,
        proxy_protocol=None,
        demo_data=False,
        demo_user=mailbox.user,
        demo_password=mailbox.password,
    )


async def _kept_mailboxes(mailbox: Mailbox) -> MailboxSet:
    mailboxes = MailboxSet()
    inbox = _KeptInbox(mailbox, mailboxes)
    await inbox.read_back()
    mailboxes._inbox = inbox  # noqa: SLF001 - pymap offers no other way to bring a mailbox along
    return mailboxes


class _KeptInbox(MailboxData):
    """An INBOX with a file for each mail: ``<uid>.eml``."""

    def __init__(self, mailbox: Mailbox, mailboxes: Any) -> None:  # noqa: ANN401 - pymap's own
        super().__init__(mailboxes._content_cache, mailboxes._thread_cache)  # noqa: SLF001 - as MailboxSet does
        self._folder = mailbox.folder
        self._uid_validity = mailbox.uid_validity()
        self._max_uid = 0
        self._appending = asyncio.Lock()

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        async with self._appending:
            # pymap's own default has no zone, and INTERNALDATE would carry a wrong offset.
            dated = replace(append_msg, when=append_msg.when or datetime.now(UTC))
            path = self._folder / f"{self._max_uid + 1:08}.eml"
            draft = path.with_suffix(".new")
            draft.write_bytes(dated.literal)
            draft.replace(path)
            return await super().append(dated, recent=recent)

    async def read_back(self) -> None:
        """Fill the INBOX with the mails of the folder, each under the UID that it had."""
        for path in sorted(self._folder.glob("*.eml")):
            when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            self._max_uid = int(path.stem) - 1
            await super().append(AppendMessage(path.read_bytes(), when))
