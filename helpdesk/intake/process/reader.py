"""Having mail read in order, each within limits, by a process that may be killed (docs/mail.md rules 9, 10, 13)."""

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import structlog

from helpdesk.intake.parser.child import Read, Unread
from helpdesk.intake.process.parser_process import Limits, ParserProcess

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A mail that was asked for. ``note`` is None for a whole mail, else why only its headers are to be read."""

    digest: str
    note: str | None
    at: float


class Reader:
    """Reads mails in the order in which they were asked for. It belongs to one thread.

    Ask for several, then take the answers: the next mail is read while the last one is being put to use. The process
    starts with the first mail, leaves by itself when nothing came for long, and is followed by a fresh one.
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self._root = root
        self._limits = limits or Limits()
        self._asked: deque[_Asked] = deque()
        self._process: ParserProcess | None = None

    def ask(self, digest: str, *, headers_only: bool = False) -> None:
        """Ask for the mail with this hash; ``headers_only`` keeps every parser away from its body."""
        asked = _Asked(digest, "" if headers_only else None, time.monotonic())
        self._asked.append(asked)
        if self._process is not None:
            self._process.send(asked.digest, asked.note)

    def has_answer(self, *, within: float = 0.0) -> bool:
        """Return whether the next answer is there, or comes within so many seconds."""
        return bool(self._asked) and self._process is not None and self._process.has_answer(within)

    def answer(self) -> Read | Unread:
        """Return the oldest mail that was asked for, as soon as it is read.

        One that takes too long or too much memory, or that crashes the parser, is read by its headers alone at once,
        with a warning that says so: trying it again would hold up the mail behind it. Unread where not even that
        succeeds.

        Raises:
            ExternalFailure: no process can be started.
        """
        while True:
            asked = self._asked[0]
            process = self._running()
            limit = self._limits.seconds if asked.note is None else self._limits.headers_seconds
            answer = process.answer(max(process.free_since, asked.at) + limit)
            if answer is not None:
                self._asked.popleft()
                return answer
            trouble, self._process = process.end(), None
            if trouble is not None:
                logger.warning("reader.trouble", digest=asked.digest, trouble=trouble)
                self._asked.popleft()
                if asked.note is not None:
                    return Unread(f"Not even the headers could be read: {trouble}.")
                self._asked.appendleft(_Asked(asked.digest, self._note(trouble), time.monotonic()))

    def drop(self) -> None:
        """Forget what was asked and not answered; the process ends with it if there was any."""
        if self._asked:
            self.close()

    def close(self) -> None:
        """End the process and forget what was asked."""
        self._asked.clear()
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def forget(self) -> None:
        """Let go of the process without ending it: in a fork of whoever started it."""
        self._asked.clear()
        process, self._process = self._process, None
        if process is not None:
            process.forget()

    def _running(self) -> ParserProcess:
        """Return the process, started where there is none, with all that it is still to read."""
        if self._process is None:
            self._process = ParserProcess(self._root, self._limits)
            for asked in self._asked:
                self._process.send(asked.digest, asked.note)
        return self._process

    def _note(self, trouble: str) -> str:
        within = f"{self._limits.seconds:g} s and {self._limits.memory_mb} MB"
        return f"the body could not be read within {within}: {trouble}"
