"""An SMTP server that follows a script: what it answers to each command, where it hangs up, where it falls silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HANGS_UP = ""
SILENT = "silent"
USUAL = {
    "greeting": "220 script.example ready",
    "EHLO": "250-script.example\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 20971520",
    "HELO": "250 script.example",
    "AUTH": "235 2.7.0 welcome",
    "DATA": "354 go on",
    "content": "250 2.0.0 queued",
    "QUIT": "221 bye",
}


@dataclass
class SmtpScript:
    """The server's part: ``answers`` are its lines for a command, beside the usual ones; ``heard`` is what came."""

    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    heard: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self, client: socket.socket) -> None:
        """Play one conversation to its end."""
        with client, suppress(OSError), client.makefile("rb") as lines:
            command = "greeting"
            while self._says(client, command) and (line := lines.readline()):
                command = line.decode("utf-8", "replace").split()[0].upper()
                self.heard.append(line.decode("utf-8", "replace").strip())
                if command == "DATA" and self._answer("DATA").startswith("354"):
                    client.sendall(b"354 go on\r\n")
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                    command = "content"

    def _says(self, client: socket.socket, command: str) -> bool:
        answer = self._answer(command)
        if answer == SILENT:
            self.over.wait(60)
        elif answer != HANGS_UP:
            client.sendall(answer.encode() + b"\r\n")
            return command != "QUIT"
        return False

    def _answer(self, command: str) -> str:
        return self.answers.get(command, USUAL.get(command, "250 OK"))


@contextmanager
def running_smtp_script(**answers: str) -> Iterator[SmtpScript]:
    """Yield a server that listens for as long as the block lasts."""
    script = SmtpScript(answers)
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=script.serve, args=(client,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield script
        script.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join(10)
    for thread in threads:
        thread.join(10)
