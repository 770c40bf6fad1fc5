"""The blueprint that the modules beside this one hang their routes on, and the way back to an item."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("desk", __name__)


def to_item(number: int, *, anchor: str | None = None) -> ResponseReturnValue:
    """Lead to the page of the item with that number, and there to ``anchor``."""
    return redirect(url_for("desk.item", number=number, _anchor=anchor), code=303)
