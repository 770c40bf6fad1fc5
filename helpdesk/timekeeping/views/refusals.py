"""How a refused act is told on the page that it came from."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import flash

from helpdesk.kernel.errors import Conflict, Denied, RuleViolation


@contextmanager
def told_by_flash() -> Iterator[None]:
    """Turn a refusal into a sentence on the page that the form came from; nothing of the act was saved."""
    try:
        yield
    except (Conflict, Denied, RuleViolation) as refusal:
        flash(str(refusal), "danger")
