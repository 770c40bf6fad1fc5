"""Having strange bytes read by a process of its own: without keys or database, in limits of time and memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpdesk.kernel.errors import RuleViolation

MEMORY_BYTES = 1024 * 1024 * 1024
ROOT = Path(__file__).parents[3]


class Unreadable(RuleViolation):
    """Whoever read it took too long, needed too much memory, or broke off; the text says which."""


def answer_of(program: str, raw: bytes, *, seconds: float, memory_bytes: int = MEMORY_BYTES) -> Any:  # noqa: ANN401 - JSON
    """Return what ``program`` makes of ``raw``: the source of a function ``answer(bytes)`` whose value JSON can hold.

    Raises:
        Unreadable: there is no answer.
    """
    whole = (
        f"import json, resource, sys\n{program}\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({memory_bytes}, {memory_bytes}))\n"
        "sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read())))\n"
    )
    try:
        done = subprocess.run(  # noqa: S603 - our own module in our own interpreter
            [sys.executable, "-c", whole],
            input=raw,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"PYTHONPATH": str(ROOT)},
        )
    except subprocess.TimeoutExpired:
        message = f"the parser took longer than {seconds:g} seconds"
        raise Unreadable(message) from None
    if done.returncode != 0:
        message = "the parser needed more memory than it may have, or broke off"
        raise Unreadable(message)
    return json.loads(done.stdout)
