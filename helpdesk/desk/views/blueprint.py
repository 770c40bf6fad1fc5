"""The blueprint that the modules beside this one hang their routes on, and the way back to an item."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("desk", __name__)


def to_item(number: int, *, anchor: str | None = None, done: int | None = None) -> ResponseReturnValue:
    """Lead to the page of the item with that number, and there to ``anchor``; to a message where that is one.

    ``done`` is an act whose undo the page offers.
    """
    is_message = anchor is not None and anchor.startswith("m") and anchor[1:].isdecimal()
    at = anchor[1:] if anchor is not None and is_message else None
    return redirect(url_for("desk.item", number=number, at=at, done=done, _anchor=anchor), code=303)
