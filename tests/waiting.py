"""Waiting for a condition, with a deadline, instead of for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_never = threading.Event()


def eventually(ask: Callable[[], T], *, within_seconds: float = 60.0) -> T:
    """Return the first true answer of ``ask``; fail when there is none in time, however busy the machine is."""
    deadline = time.monotonic() + within_seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within_seconds} s: {ask}"
        _never.wait(0.02)
