"""The other end of `helpdesk.expenses.parser.child`: hands it a receipt, and ends it when it takes too long."""

import json
import os
import subprocess
import sys
from pathlib import Path

from helpdesk.expenses.domain.receipts import MOST_BYTES, Cleaned
from helpdesk.kernel.errors import RuleViolation

PROGRAM = "import sys; from helpdesk.expenses.parser.child import main; main(*sys.argv[1:])"
ROOT = Path(__file__).parents[2]
SECONDS = 30
MEMORY_BYTES = 1024 * 1024 * 1024
KEPT = ("PATH", "LANG", "LC_ALL", "TZ")
"""What the process may know of our environment: no keys, no database."""
TYPES = ("image/jpeg", "image/png", "application/pdf")


def clean_receipt(content: bytes, *, name: str, seconds: float = SECONDS) -> Cleaned:
    """Return a receipt as it is fit to be stored; it was opened in a process that nothing hangs on.

    Raises:
        RuleViolation: it is no picture and no PDF, broken, or too large; the message names it and says what to do.
    """
    if not content:
        message = f"“{name}” is empty. Photograph the receipt again."
        raise RuleViolation(message)
    if len(content) > MOST_BYTES:
        size, most = (count // 1024 // 1024 for count in (len(content) + 1024 * 1024 - 1, MOST_BYTES))
        message = f"“{name}” has {size} MB; a receipt has {most} MB at most."
        raise RuleViolation(message)
    head, cleaned = _answer(content, name, seconds)
    if "refused" in head:
        message = f"“{name}” {head['refused']}"
        raise RuleViolation(message)
    if head.get("content_type") not in TYPES or not cleaned:
        raise RuleViolation(_broken(name))
    return Cleaned(head["content_type"], cleaned)


def _answer(content: bytes, name: str, seconds: float) -> tuple[dict[str, str], bytes]:
    try:
        done = subprocess.run(  # noqa: S603 - our own module in our own interpreter
            [sys.executable, "-c", PROGRAM, str(os.getpid()), str(MEMORY_BYTES), str(SECONDS)],
            input=content,
            capture_output=True,
            timeout=seconds,
            check=True,
            env={"PYTHONPATH": str(ROOT)} | {one: os.environ[one] for one in KEPT if one in os.environ},
        )
        line, _newline, cleaned = done.stdout.partition(b"\n")
        return json.loads(line), cleaned
    except (subprocess.SubprocessError, ValueError) as failure:
        raise RuleViolation(_broken(name)) from failure


def _broken(name: str) -> str:
    return f"“{name}” could not be opened in time. Photograph the receipt again, or save it anew."
