"""How a stored mail is read, for a person who asks: by a process of its own with limits, the mail may be hostile."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 20.0
MEMORY_BYTES = 1024 * 1024 * 1024
TEXT_CHARACTERS = 20_000
FILES = 100
ROOT = Path(__file__).parents[3]
PROGRAM = f"""
import json, resource, sys
from helpdesk.intake.inspect import inspect
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_BYTES}, {MEMORY_BYTES}))
mail = inspect(sys.stdin.buffer.read(), "")
wanted = {{key: mail[key] for key in ("automatic", "bounce", "forward", "warnings")}}
files = [{{key: file[key] for key in ("name", "type", "size", "inline")}} for file in mail["attachments"][:{FILES}]]
text = mail["text"]
shown = {{"text": text[:{TEXT_CHARACTERS}], "is_cut": len(text) > {TEXT_CHARACTERS}, "files": files}}
sys.stdout.write(json.dumps(wanted | shown))
"""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the mail, as the parser names it."""

    name: str
    type: str
    size_bytes: int
    inline: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the parser makes of a mail. ``trouble`` says why there is nothing else; it is empty where there is."""

    text: str = ""
    is_cut: bool = False
    files: tuple[ReadFile, ...] = ()
    automatic: tuple[str, ...] = ()
    bounce: str = ""
    forwarded_from: str = ""
    warnings: tuple[str, ...] = ()
    trouble: str = ""


def read_apart(raw: bytes, *, seconds: float = SECONDS) -> Reading:
    """Return how the mail is read. Never raises on a mail: what kills the parser, or takes it too long, is said."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module in our own interpreter
            [sys.executable, "-c", PROGRAM],
            input=raw,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"PYTHONPATH": str(ROOT)},
        )
    except subprocess.TimeoutExpired:
        return Reading(trouble=f"the parser took longer than {seconds:g} seconds")
    if done.returncode != 0:
        return Reading(trouble="the parser needed more memory than it may have, or broke off")
    return _reading(json.loads(done.stdout))


def _reading(shown: dict[str, Any]) -> Reading:
    bounce, forward = shown["bounce"], shown["forward"]
    sender = forward["from"] or {"name": "", "address": ""}
    return Reading(
        text=shown["text"],
        is_cut=shown["is_cut"],
        files=tuple(ReadFile(one["name"], one["type"], one["size"], one["inline"]) for one in shown["files"]),
        automatic=tuple(shown["automatic"]["reasons"]),
        bounce=" ".join(filter(None, (bounce["status"], *bounce["recipients"]))) or "yes" if bounce["is"] else "",
        forwarded_from=f"{sender['name']} {sender['address']}".strip() if forward["is"] else "",
        warnings=tuple(shown["warnings"]),
    )
