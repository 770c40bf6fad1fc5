"""The blueprint that the modules beside this one hang their routes on, and the way back to an item."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.infra import clock
from helpdesk.infra.models import SentForm
from helpdesk.infra.sent_forms import act_once

bp = Blueprint("desk", __name__)


def to_item(number: int, *, anchor: str | None = None, done: int | None = None) -> ResponseReturnValue:
    """Lead to the page of the item with that number, and there to ``anchor``; to a message where that is one.

    ``done`` is an act whose undo the page offers.
    """
    is_message = anchor is not None and anchor.startswith("m") and anchor[1:].isdecimal()
    at = anchor[1:] if anchor is not None and is_message else None
    return redirect(url_for("desk.item", number=number, at=at, done=done, _anchor=anchor), code=303)


def once_on(session: Session, number: int) -> SentForm | None:
    """Let the form of this request act on that item once (docs/answering.md rule 30); it leads to the item's page.

    Raises:
        SentBefore: it did.
    """
    return act_once(session, now=clock.now(), leads_to=url_for("desk.item", number=number))


def leads_to(sent: SentForm | None, response: ResponseReturnValue) -> ResponseReturnValue:
    """Note that the act led to that answer, and return it."""
    if sent is not None:
        sent.leads_to = response.location  # type: ignore[union-attr] # a redirect
    return response
