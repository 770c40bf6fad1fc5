"""Connections under TLS that another process writes to: one thread moves the bytes of all of them.

The keys of a TLS connection live in the process that shook hands. Where Helpdesk itself speaks TLS, that is the web:
it keeps the connection, and gives the event process one end of a pair of sockets.
"""

import contextlib
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar
from weakref import WeakSet

CHUNK = 16_384
MOST_WAITING = 262_144
RETRY_SECONDS = 0.1


@dataclass(eq=False)
class _Pair:
    """One connection: what comes from ``inner`` goes out through ``outer``; ``waiting`` did not fit yet."""

    outer: ssl.SSLSocket
    inner: socket.socket
    waiting: bytearray = field(default_factory=bytearray)


class Relay:
    """The relay of one process; its thread runs from the first connection on."""

    _of_process: ClassVar[dict[int, "Relay"]] = {}
    _kept: ClassVar["WeakSet[socket.socket]"] = WeakSet()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._arrived: list[_Pair] = []
        self._pairs: set[_Pair] = set()
        threading.Thread(target=self._run, name="tls-relay", daemon=True).start()

    @classmethod
    def of_this_process(cls) -> "Relay":
        """Return the relay of this process, made on first use; a fork makes its own."""
        with cls._lock:
            if os.getpid() not in cls._of_process:
                cls._of_process = {os.getpid(): cls()}
            return cls._of_process[os.getpid()]

    @classmethod
    def keeps(cls, connection: socket.socket) -> bool:
        """Return whether the connection is a relay's by now, and nobody else's to close."""
        return connection in cls._kept

    @contextlib.contextmanager
    def adopt(self, connection: ssl.SSLSocket) -> Iterator[socket.socket]:
        """Yield what to give away in place of ``connection``, which is the relay's where the block succeeds."""
        inner, given = socket.socketpair()
        with given:
            try:
                yield given
            except BaseException:
                inner.close()
                raise
        inner.setblocking(False)
        connection.setblocking(False)
        self._kept.add(connection)
        self._arrived.append(_Pair(connection, inner))
        self._wake_writer.send(b".")

    def _run(self) -> None:
        while True:
            waits = any(pair.waiting for pair in self._pairs)
            for key, _events in self._selector.select(RETRY_SECONDS if waits else None):
                if key.data is None:
                    self._welcome()
                elif key.data in self._pairs:
                    self._fill(key.data) if key.fileobj is key.data.inner else self._listen(key.data)
            for pair in [pair for pair in self._pairs if pair.waiting]:
                self._flush(pair)

    def _welcome(self) -> None:
        self._wake_reader.recv(CHUNK)
        while self._arrived:
            pair = self._arrived.pop()
            self._pairs.add(pair)
            self._selector.register(pair.inner, selectors.EVENT_READ, pair)
            self._selector.register(pair.outer.fileno(), selectors.EVENT_READ, pair)

    def _fill(self, pair: _Pair) -> None:
        try:
            came = pair.inner.recv(CHUNK)
        except OSError:
            came = b""
        pair.waiting += came
        if not came or len(pair.waiting) > MOST_WAITING:
            self._flush(pair)
            self._drop(pair)

    def _listen(self, pair: _Pair) -> None:
        """Note that the browser is gone; what it says is no matter, only TLS itself may have something to say."""
        try:
            is_gone = not pair.outer.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            is_gone = False
        except (OSError, ValueError):
            is_gone = True
        if is_gone:
            self._drop(pair)

    def _flush(self, pair: _Pair) -> None:
        """Send what waits as far as the browser takes it."""
        try:
            sent = pair.outer.send(bytes(pair.waiting))
        except ssl.SSLWantWriteError:
            return
        except (OSError, ValueError):
            self._drop(pair)
            return
        del pair.waiting[:sent]

    def _drop(self, pair: _Pair) -> None:
        if pair not in self._pairs:
            return
        self._pairs.discard(pair)
        pair.waiting.clear()
        self._selector.unregister(pair.inner)
        self._selector.unregister(pair.outer.fileno())
        with contextlib.suppress(OSError):
            pair.outer.close()
        pair.inner.close()
