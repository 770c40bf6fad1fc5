"""How a refused act, and one that was taken with a warning, is told on the page that it came from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flask import flash
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import Conflict, Denied, RuleViolation
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.models import TimeEntry


@contextmanager
def told_by_flash() -> Iterator[None]:
    """Turn a refusal into a sentence on the page that the form came from; nothing of the act was saved."""
    try:
        yield
    except (Conflict, Denied, RuleViolation) as refusal:
        flash(str(refusal), "danger")


def tell_limits(session: Session, entries: Iterable[TimeEntry]) -> None:
    """Say of each project once that its limit of billable hours is reached; the time is taken nevertheless."""
    billable = {entry.work_item.project_id: entry for entry in entries if entry.billable == "billable"}
    for entry in billable.values():
        if warning := limits.warning_of(session, entry):
            flash(warning, "warn")
