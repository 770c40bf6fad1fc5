"""Limits that are checked on the raw bytes, before any parser sees them (docs/mail.md rule 13)."""

import re
from dataclasses import dataclass

from helpdesk.intake.domain.identity import split_head

ONE_HEADER_BYTES = 64 * 1024
ALL_HEADERS_BYTES = 256 * 1024
DEPTH = 50
PARTS = 500
ADDRESSES = 500
LINKS = 5_000

_FIELD = re.compile(rb"^[^\n]*\n?(?:[ \t][^\n]*\n?)*", re.MULTILINE)
_ADDRESS_FIELD = re.compile(
    rb"^(?:from|to|cc|bcc|reply-to|sender):([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE | re.IGNORECASE
)
_STRUCTURE = re.compile(
    rb"\n(?:content-type:[ \t]*(?P<type>multipart|message)/(?P<rest>[^\n]*(?:\n[ \t][^\n]*){0,20})"
    rb"|--(?P<line>[^\r\n]{1,200}))",
    re.IGNORECASE,
)
"""Lines that begin or end a part, each with the end of the line above it: a search for that is ten times as quick."""
_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    """One limit that a mail breaks. ``fatal`` ones keep every parser away from the body."""

    limit: str
    found: int
    allowed: int
    fatal: bool

    def __str__(self) -> str:
        return f"{self.limit}: {self.found}, allowed are {self.allowed}"


def exceeded(raw: bytes) -> tuple[LimitExceeded, ...]:
    """Return the limits that the raw mail breaks, in a time that grows with its length and no faster."""
    head, _ = split_head(raw)
    start = head[: 4 * ALL_HEADERS_BYTES]  # what is beyond any limit need not be measured to the end
    lowered = raw.lower()
    has_parts = b"multipart/" in lowered or b"message/" in lowered
    depth, parts = _structure(raw) if has_parts else (0, 0)
    figures = (
        ("longest header in bytes", _longest_field(start), ONE_HEADER_BYTES, True),
        ("all headers in bytes", len(head), ALL_HEADERS_BYTES, True),
        ("depth of nesting", depth, DEPTH, True),
        ("parts", parts, PARTS, True),
        ("addresses", _addresses(start), ADDRESSES, False),
        ("links", lowered.count(b"http://") + lowered.count(b"https://"), LINKS, False),
    )
    return tuple(LimitExceeded(*figure) for figure in figures if figure[1] > figure[2])


def readable_head(raw: bytes) -> bytes:
    """Return as many of the headers, in order, as stay within the limits; a header that is too long is left out."""
    head, _ = split_head(raw[: 4 * ALL_HEADERS_BYTES])
    kept: list[bytes] = []
    room = ALL_HEADERS_BYTES
    for found in _FIELD.finditer(head):
        field = found[0]
        if len(field) <= min(ONE_HEADER_BYTES, room):
            kept.append(field)
            room -= len(field)
    return b"".join(kept).rstrip(b"\r\n") + b"\r\n\r\n"


def _longest_field(head: bytes) -> int:
    return max((len(found[0]) for found in _FIELD.finditer(head)), default=0)


def _addresses(head: bytes) -> int:
    """Return how many addresses there are at least; a comma or an @ inside a name is no address."""
    values = [found[1] for found in _ADDRESS_FIELD.finditer(head)]
    return sum(min(value.count(b"@"), value.count(b",") + 1) for value in values)


def _structure(raw: bytes) -> tuple[int, int]:
    """Return how deep parts are nested and how many there are, counting no further than past the limit.

    Boundaries are followed as a stack; an attached mail counts as a level until the part it lies in ends.
    """
    stack: list[bytes] = []
    deepest = parts = 0
    for found in _STRUCTURE.finditer(b"\n" + raw):
        if found["line"] is None:
            stack.append(_boundary(found["rest"]) if found["type"].lower() == b"multipart" else b"")
            deepest = max(deepest, len(stack))
        elif (line := found["line"].rstrip()) in stack:
            parts += 1
            del stack[_last(stack, line) + 1 :]
        elif line.endswith(b"--") and line[:-2] in stack:
            del stack[_last(stack, line[:-2]) :]
        if deepest > DEPTH or parts > PARTS:
            break
    return deepest, parts


def _boundary(parameters: bytes) -> bytes:
    found = _BOUNDARY.search(parameters)
    return (found[1] or found[2]).rstrip() if found else b""


def _last(stack: list[bytes], boundary: bytes) -> int:
    return len(stack) - 1 - stack[::-1].index(boundary)
