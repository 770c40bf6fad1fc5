"""The blueprint that the modules beside this one hang their routes on, and refusals told on the page before."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash

from helpdesk.infra.policy import BOOKKEEPER, DESK
from helpdesk.kernel.errors import Conflict, Denied, RuleViolation

bp = Blueprint("expenses", __name__)

READERS = DESK | {BOOKKEEPER}


@contextmanager
def told_by_flash() -> Iterator[None]:
    """Turn a refusal into a sentence on the page that the form came from; nothing of the act was saved."""
    try:
        yield
    except (Conflict, Denied, RuleViolation) as refusal:
        flash(str(refusal), "danger")
