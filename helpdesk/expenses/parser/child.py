"""The process in which a receipt is opened: bytes on standard input, a line of JSON and clean bytes on standard output.

A clean interpreter without keys, database or sockets, with a limit of memory and of time.
"""

import json
import os
import resource
import sys

from helpdesk.expenses.parser.receipt import clean
from helpdesk.infra.child import die_with_parent
from helpdesk.kernel.errors import RuleViolation


def main(parent_pid: str, memory_bytes: str, seconds: str) -> None:
    """Open one receipt and tell what it is."""
    die_with_parent(int(parent_pid))
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not stand in the answer
    for kind, most in (
        (resource.RLIMIT_AS, int(memory_bytes)),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        cleaned = clean(sys.stdin.buffer.read())
        head, content = {"content_type": cleaned.content_type}, cleaned.content
    except RuleViolation as refusal:
        head, content = {"refused": str(refusal)}, b""
    with os.fdopen(answers, "wb") as out:
        out.write(json.dumps(head).encode() + b"\n" + content)
