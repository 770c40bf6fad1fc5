"""How a stored mail is read, for a person who asks: by a process of its own with limits, the mail may be hostile."""

from dataclasses import dataclass
from typing import Any

from helpdesk.intake.process.apart import Unreadable, answer_of

SECONDS = 20.0
TEXT_CHARACTERS = 20_000
FILES = 100
PROGRAM = f"""
from helpdesk.intake.inspect import inspect
def answer(raw):
    mail = inspect(raw, "")
    wanted = {{key: mail[key] for key in ("automatic", "bounce", "forward", "warnings")}}
    files = [{{key: file[key] for key in ("name", "type", "size", "inline")}} for file in mail["attachments"][:{FILES}]]
    text = mail["text"]
    return wanted | {{"text": text[:{TEXT_CHARACTERS}], "is_cut": len(text) > {TEXT_CHARACTERS}, "files": files}}
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
        return _reading(answer_of(PROGRAM, raw, seconds=seconds))
    except Unreadable as trouble:
        return Reading(trouble=str(trouble))


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
