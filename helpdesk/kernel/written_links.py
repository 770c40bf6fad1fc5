"""Addresses in what somebody wrote as text, as links: http, https and mailto, and nothing that hides where it leads."""

import re
from html import escape
from typing import NamedTuple

LENGTH_LIMIT = 2000
_BEGINS = re.compile(r"(?<![\w+.\-@/])(?:https?://(?=[^\W_]|\[)|mailto:(?=[\w.+-]))", re.IGNORECASE)
_WITHIN = re.compile(r"[^\s<>\"\\`\x00-\x1f\x7f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffc]+")
"""No spaces, nothing that marks an end, no backslash (browsers read it as a slash), nothing that turns the text."""
_ENDS = ".,:;!?'*_~|…·‘’“”«»‹›、。，！？：；」』】）"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_MAILBOX = re.compile(r"mailto:[\w.+%'-]{1,64}@[^\W_][\w.-]{0,252}", re.IGNORECASE)


class Piece(NamedTuple):
    """Some of the text; ``address`` is where it leads, empty where it is text alone."""

    words: str
    address: str = ""


def pieces(text: str) -> list[Piece]:
    """Return the text in its order, with the addresses in it apart.

    What ends a sentence, and a bracket that was opened before the address, is no part of it: of
    "(see https://a.example/b_(c).)" the link is "https://a.example/b_(c)". What names somebody before its host
    ("https://bank.example@evil.example"), has no host or is longer than anybody reads stays text.
    """
    found: list[Piece] = []
    end = 0
    for begins in _BEGINS.finditer(text):
        if begins.start() < end:
            continue
        start = begins.start()
        if begins[0].lower() == "mailto:":
            mailbox = _MAILBOX.match(text, start)
            address, after = mailbox[0].rstrip(".-") if mailbox else "", begins.end()
        else:
            run = _WITHIN.match(text, start, start + LENGTH_LIMIT + 1)  # no more: addresses may stand side by side
            address, after = _address(run[0] if run else ""), run.end() if run else begins.end()
        if address:
            found += [Piece(text[end:start]), Piece(address, address)]
            end = start + len(address)
        else:
            whole = _WITHIN.match(text, after)
            after = whole.end() if whole else after
            found.append(Piece(text[end:after]))
            end = after
    return [piece for piece in (*found, Piece(text[end:])) if piece.words]


def linked(text: str) -> str:
    """Return the text as HTML in which addresses are links; they open elsewhere and tell nobody where they stood."""
    return "".join(_drawn(piece) for piece in pieces(text))


def _drawn(piece: Piece) -> str:
    words = escape(piece.words)
    if not piece.address:
        return words
    return f'<a href="{words}" rel="noopener noreferrer nofollow" target="_blank">{words}</a>'


def _address(run: str) -> str:
    """Return the address with which these characters begin; empty where they are none."""
    address = _without_end(run)
    authority = re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0]
    return "" if "@" in authority or not authority or len(address) > LENGTH_LIMIT else address


def _without_end(run: str) -> str:
    """Return the address without what ends the sentence around it."""
    open_brackets = {closing: run.count(closing) - run.count(opening) for closing, opening in _BRACKETS.items()}
    end = len(run)
    while end:
        last = run[end - 1]
        if last in _BRACKETS and open_brackets[last] > 0:
            open_brackets[last] -= 1
        elif last not in _ENDS:
            break
        end -= 1
    return run[:end]
