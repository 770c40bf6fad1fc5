"""Parts of a page that are kept up to date while it is open: each carries a mark by which a change of it is known.

The page that is open sends the marks of what it shows; of what is drawn anew it gets the parts whose marks it has not.
A mark is of what is drawn, so nothing that a part shows can be forgotten in it, and of where: what two parts show
alike, nothing for instance, is known of each by itself.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from flask import Flask, g
from markupsafe import Markup

from helpdesk.infra.web import csrf_field

MARK = 6
"""Characters of a mark."""


@dataclass(frozen=True)
class Part:
    """One part as it is drawn; ``key`` names it among the others of its ``kind`` (part, or piece of a list)."""

    kind: str
    key: str
    mark: str
    html: Markup


def mount(app: Flask) -> None:
    """Let templates say what of them are parts."""
    app.jinja_env.globals.update(live_part=part, live_piece=piece)


def part(key: str, *, caller: Callable[[], str]) -> Markup:
    """Draw a part of the page: always there, so that what is nothing now can be something later."""
    inside = Markup(caller().strip())  # noqa: S704 - drawn by a template
    mark = mark_of(f"{key} {inside}")
    html = Markup('<div class="part" id="part-{}" data-mark="{}">{}</div>').format(key, mark, inside)
    return _kept(Part("part", key, mark, html))


def piece(key: str, is_newest: bool, *, caller: Callable[[], str]) -> Markup:  # noqa: FBT001 - as templates call it
    """Draw one of a list of pieces, of which some come and go: a list item, which gets the marks."""
    inside = caller().strip()
    mark = mark_of(f"{key} {inside}")
    attributes = Markup(' data-piece="{}" data-mark="{}"').format(key, mark) + (" data-newest" if is_newest else "")
    html = Markup(f"<li{attributes}{inside.removeprefix('<li')}")  # noqa: S704 - drawn by a template
    return _kept(Part("piece", key, mark, html))


def mark_of(html: str) -> str:
    """Return the mark of what is drawn, in which the token of its forms counts for nothing."""
    digest = blake2b(html.replace(csrf_field(), "").encode(), digest_size=MARK).digest()
    return urlsafe_b64encode(digest).decode()[:MARK]


def drawn() -> Sequence[Part]:
    """Return the parts that were drawn for this request."""
    found: list[Part] = g.get("parts", [])
    return found


def unknown(parts: Sequence[Part], have: str) -> list[Part]:
    """Return those of the parts of which a page that shows ``have``, marks one after the other, has another state."""
    known: Collection[str] = {have[at : at + MARK] for at in range(0, len(have), MARK)}
    return [one for one in parts if one.mark not in known]


def within(parts: Sequence[Part], size: int) -> tuple[list[Part], bool]:
    """Return as many of the parts, the first ones, as fit in so many bytes, one at least; and whether that is all."""
    left, found = size, list[Part]()
    for one in parts:
        left -= len(one.html.encode())
        if left < 0 and found:
            return found, False
        found.append(one)
    return found, True


def _kept(found: Part) -> Markup:
    g.setdefault("parts", []).append(found)
    return found.html
