"""IMAP: one folder over one connection, seen only through UIDs. One connection belongs to one thread."""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BufferedReader

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from helpdesk.infra.tls import client_context, refuse_other
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.outbox.diagnosis import reaching, said, signing_in

CONNECT_SECONDS = 15
READ_SECONDS = 60
SEEN = rb"\Seen"


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one folder; ``security`` is none, starttls or tls.

    With ``grant_id`` the sign-in is by XOAUTH2: the token of that mailbox's grant is added before each connection,
    and ``user`` is the mailbox that it opens. ``version`` tells apart settings that look the same: a watcher begins
    anew with another one.
    """

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    fingerprint: str = ""
    grant_id: int | None = None
    token: str = field(default="", repr=False)
    version: str = ""


@dataclass(frozen=True, slots=True)
class FolderState:
    """What SELECT said: UIDVALIDITY, and the UID that the next message will get."""

    uid_validity: int
    uid_next: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A message before it is downloaded: UID, size in bytes, and when its server received it."""

    uid: int
    size_bytes: int
    received_at: datetime


class Folder:
    """A selected folder. Every method raises ExternalFailure when the server fails or is gone."""

    def __init__(self, client: IMAPClient, name: str) -> None:
        client.normalise_times = False
        client._imap.debug = 0  # noqa: SLF001 - the library has every answer written out, for a log that nobody keeps
        self._client = client
        self._name = name
        self.can_idle = bool(client.has_capability("IDLE"))

    def select(self) -> FolderState:
        """Select the folder anew and return its state."""
        with _failures(self._name):
            answer = self._client.select_folder(self._name)
            validity = int(answer[b"UIDVALIDITY"])
            uid_next = answer.get(b"UIDNEXT")
            return FolderState(validity, int(uid_next) if uid_next else max(self._uids(0), default=0) + 1)

    def list_after(self, uid: int, *, limit: int) -> list[Listed]:
        """Return at most ``limit`` messages with a UID above ``uid``, oldest first."""
        with _failures(self._name):
            wanted = self._uids(uid)[:limit]
            listed = self._listed(wanted)
            _refuse_gaps(wanted, {one.uid for one in listed})
            return listed

    def first_uid_since(self, instant: datetime) -> int | None:
        """Return the lowest UID that the server had on the day before ``instant`` or later; None without any.

        Servers compare days in zones of their own, so a day is given away.
        """
        with _failures(self._name):
            return min(self._client.search(["SINCE", (instant - timedelta(days=1)).date()]), default=None)

    def count_after(self, uid: int) -> int:
        """Return how many messages have a UID above ``uid``."""
        with _failures(self._name):
            return len(self._uids(uid))

    def list_known(self, uids: Iterable[int]) -> list[Listed]:
        """Return those of these messages that are there, oldest first."""
        with _failures(self._name):
            return self._listed(sorted(uids))

    def uids_between(self, above: int, up_to: int) -> list[int]:
        """Return the UIDs above one and up to another, ascending."""
        with _failures(self._name):
            return [uid for uid in self._uids(above) if uid <= up_to]

    def download(self, uids: Iterable[int]) -> dict[int, bytes]:
        """Return the raw messages without touching any flag (BODY.PEEK).

        Raises:
            ExternalFailure: also where one is missing: it was removed meanwhile, and the next listing shows that.
        """
        wanted = list(uids)
        with _failures(self._name):
            found = self._client.fetch(wanted, [b"BODY.PEEK[]"])
            _refuse_gaps(wanted, {uid for uid, parts in found.items() if parts.get(b"BODY[]") is not None})
            return {uid: found[uid][b"BODY[]"] for uid in wanted}

    def download_head(self, uid: int) -> bytes:
        """Return the headers of one message without touching any flag; empty when it is gone."""
        with _failures(self._name):
            found = self._client.fetch([uid], [b"BODY.PEEK[HEADER]"])
            return found.get(uid, {}).get(b"BODY[HEADER]") or b""

    def mark_seen(self, uids: Iterable[int]) -> None:
        """Set the Seen flag; repeating it changes nothing, and messages that are gone are no error."""
        with _failures(self._name):
            self._client.add_flags(list(uids), [SEEN], silent=True)

    def move(self, uids: Iterable[int], folder: str) -> None:
        """Move messages to another folder, which is made where it lacks; those that are gone are no error.

        Nothing is ever deleted: a server without MOVE (RFC 6851) gets a copy, and the message stays where it is.
        """
        wanted = list(uids)
        with _failures(folder):
            path = self._path(folder)
            if not self._client.folder_exists(path):
                self._client.create_folder(path)
                self._client.subscribe_folder(path)
            if self._client.has_capability("MOVE"):
                self._client.move(wanted, path)
            else:
                self._client.copy(wanted, path)

    def heard_of_news(self) -> bool:
        """Whether the server told of new mail since the last listing began: it does not tell a second time."""
        return bool(self._told().get("EXISTS"))

    @contextmanager
    def idle(self) -> Iterator[Callable[[float], bool]]:
        """Yield a function that waits up to so many seconds and returns whether anything happened (RFC 2177)."""
        with _failures(self._name):
            self._client.idle()
        yield self._wait
        with _failures(self._name):
            self._client.idle_done()

    def interrupt(self) -> None:
        """Cut the connection from another thread, so that whoever waits on it wakes up."""
        with suppress(OSError):
            self._client.socket().shutdown(socket.SHUT_RDWR)

    def _wait(self, seconds: float) -> bool:
        """Wait for a whole line: the library's own wait breaks off where one comes in two parts, or came before."""
        imap, sock, until = self._client._imap, self._client.socket(), time.monotonic() + seconds  # noqa: SLF001
        with _failures(self._name), selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            is_told = False
            while not _has_begun(sock, imap.file, is_told=is_told):
                is_told = bool(selector.select(max(0.0, until - time.monotonic())))
                if not is_told:
                    return False
            if not imap.file.peek(1):
                message = "The mail server closed the connection."
                raise ExternalFailure(message)
            imap._get_line()  # noqa: SLF001 - as it reads every other answer
        return True

    def _path(self, folder: str) -> str:
        """Return a folder as this server names it: its own sign between levels, its own prefix (RFC 2342)."""
        prefix, separator = "", ""
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            prefix, separator = personal[0] if personal else ("", "")
        path = folder.replace("/", separator or "/")
        return path if path.startswith(prefix) else prefix + path

    def _told(self) -> dict[str, list[bytes]]:
        """Return what the server said without being asked; the library keeps it and has no other way to read it."""
        told: dict[str, list[bytes]] = self._client._imap.untagged_responses  # noqa: SLF001 - as the docstring says
        return told

    def _listed(self, uids: list[int]) -> list[Listed]:
        found = self._client.fetch(uids, [b"RFC822.SIZE", b"INTERNALDATE"]) if uids else {}
        return [
            Listed(uid, int(found[uid][b"RFC822.SIZE"]), _utc(found[uid].get(b"INTERNALDATE")))
            for uid in uids
            if uid in found
        ]

    def _uids(self, above: int) -> list[int]:
        """Return the UIDs above one, ascending; the server always names the last message, new or not."""
        self._told().pop("EXISTS", None)
        return sorted(uid for uid in self._client.search(["UID", f"{above + 1}:*"]) if uid > above)


Connect = Callable[[Access], AbstractContextManager[Folder]]


@contextmanager
def connect(access: Access) -> Iterator[Folder]:
    """Yield the folder over a new connection, closed at the end.

    Raises:
        ExternalFailure: the server cannot be reached, is not who it says, or does not let us in.
    """
    where = f"{access.host}:{access.port}"
    with _failures(where):
        client = dial(access, SocketTimeout(CONNECT_SECONDS, READ_SECONDS))
    try:
        try:
            sign_in(client, access)
        except LoginError as error:
            message = f"{where}: {signing_in(str(error))}"
            raise ExternalFailure(message) from error
        except (OSError, IMAPClientError) as error:
            message = f"{where}: {reaching(error, host=access.host, port=access.port)}"
            raise ExternalFailure(message) from error
        yield Folder(client, access.folder)
        with suppress(OSError, IMAPClientError):
            client.logout()
    finally:
        with suppress(OSError, IMAPClientError):
            client.shutdown()


def dial(access: Access, timeout: SocketTimeout, *, context: ssl.SSLContext | None = None) -> IMAPClient:
    """Return a connection on which nobody has signed in yet; the caller closes it.

    Raises:
        OSError: the server cannot be reached, or its certificate is refused (SSLError).
        IMAPClientError: it answers, but not as an IMAP server, or it has no STARTTLS.
    """
    context = context or client_context(access.fingerprint)
    is_tls = access.security == "tls"
    client = IMAPClient(access.host, access.port, ssl=is_tls, ssl_context=context if is_tls else None, timeout=timeout)
    try:
        if access.security == "starttls":
            client.starttls(context)
        if access.security != "none":
            refuse_other(client.socket(), access.fingerprint)
    except BaseException:
        with suppress(OSError, IMAPClientError):
            client.shutdown()
        raise
    return client


def sign_in(client: IMAPClient, access: Access) -> None:
    """Sign in with the password, or by XOAUTH2 where there is a token.

    Raises:
        LoginError: the server refused.
        OSError: it is gone.
    """
    if access.token:
        client.oauth2_login(access.user, access.token)
    else:
        client.login(access.user, access.password)


@contextmanager
def _failures(where: str) -> Iterator[None]:
    """Say every failure of the other side in one way."""
    try:
        yield
    except (OSError, IMAPClientError, AssertionError, ValueError, KeyError) as error:
        message = f"{where}: {said(error) or type(error).__name__}"
        raise ExternalFailure(message) from error


def _has_begun(sock: socket.socket, stream: BufferedReader, *, is_told: bool) -> bool:
    """Return whether there is something to read, or the end; what TLS says for itself alone is nothing.

    ``is_told`` is what the system says of the socket: it knows nothing of what was read already.
    """
    patience = sock.gettimeout()
    sock.setblocking(False)
    try:
        return bool(stream.peek(1)) or is_told
    except ssl.SSLWantReadError:
        return False
    finally:
        sock.settimeout(patience)


def _refuse_gaps(wanted: Iterable[int], found: Container[int]) -> None:
    """Refuse an answer that leaves a message out: the cursor must never pass one that was not stored."""
    missing = [str(uid) for uid in wanted if uid not in found]
    if missing:
        message = f"the server did not hand over message {', '.join(missing[:5])}"
        raise ExternalFailure(message)


def _utc(value: datetime | None) -> datetime:
    """Return when the server received the message; far in the past counts as backlog where it does not say."""
    if value is None:
        return datetime.fromtimestamp(0, UTC)
    return value.astimezone(UTC)
