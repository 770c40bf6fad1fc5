"""A proxy before a real IMAP server that misbehaves as it is told: cuts, refusals, slowness, doubled answers."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
PIECE = 512


@dataclass
class ImapProxy:
    """What goes wrong next. Each field can be changed while connections are open.

    ``cut_literal_at`` closes the connection after so many bytes of the next literal that is longer, once. ``refuses``
    are commands (like ``STORE``) that are answered NO and never reach the server; ``drops_at`` one that closes the
    connection, once. ``doubles`` sends every untagged FETCH twice; ``pause_seconds`` waits before each piece.
    """

    upstream: int
    port: int = 0
    cut_literal_at: int | None = None
    refuses: set[str] = field(default_factory=set)
    drops_at: str = ""
    doubles: bool = False
    pause_seconds: float = 0.0
    dropped: int = 0

    def serve(self, client: socket.socket) -> None:
        """Carry one connection until either side ends it."""
        server = socket.create_connection(("127.0.0.1", self.upstream))
        back = threading.Thread(target=self._answers, args=(server, client), daemon=True)
        back.start()
        with suppress(OSError):
            self._commands(client, server)
        _close(client, server)
        back.join(10)

    def _commands(self, client: socket.socket, server: socket.socket) -> None:
        for line in client.makefile("rb"):
            words = line.split()
            verb = next((word.decode() for word in words[1:3] if word.upper() != b"UID"), "").upper()
            if verb and verb == self.drops_at:
                self.drops_at, self.dropped = "", self.dropped + 1
                return
            if verb in self.refuses:
                client.sendall(words[0] + b" NO [CANNOT] Not today\r\n")
            else:
                server.sendall(line)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            for answer in _answers_of(server.makefile("rb")):
                self._hand_on(answer, client)
                if self.doubles and answer.startswith(b"* ") and b" FETCH " in answer[:40]:
                    self._hand_on(answer, client)
        _close(client, server)

    def _hand_on(self, answer: bytes, client: socket.socket) -> None:
        literal = re.search(rb"\{(\d+)\}\r\n", answer)
        if literal and self.cut_literal_at is not None and int(literal[1]) > self.cut_literal_at:
            client.sendall(answer[: literal.end() + self.cut_literal_at])
            self.cut_literal_at, self.dropped = None, self.dropped + 1
            raise OSError
        if not self.pause_seconds:
            client.sendall(answer)
            return
        for start in range(0, len(answer), PIECE):
            threading.Event().wait(self.pause_seconds)
            client.sendall(answer[start : start + PIECE])


def _answers_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the server's answers whole: a line, with the literals that it announces."""
    answer = b""
    for line in stream:
        answer += line
        literal = LITERAL.search(line)
        if literal:
            answer += stream.read(int(literal[1]))
        else:
            yield answer
            answer = b""


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def running_proxy(upstream: int) -> Iterator[ImapProxy]:
    """Yield a proxy that listens for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = ImapProxy(upstream, port=listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=proxy.serve, args=(client,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join(10)
        for thread in threads:
            thread.join(10)
