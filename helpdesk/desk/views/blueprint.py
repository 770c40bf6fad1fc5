"""The blueprint that the modules beside this one hang their routes on, and the way back to an item."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("desk", __name__)


def to_item(number: int) -> ResponseReturnValue:
    """Lead to the page of the item with that number."""
    return redirect(url_for("desk.item", number=number), code=303)
