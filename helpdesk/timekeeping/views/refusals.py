"""How a refused act, and one that was taken with a warning, is told on the page that it came from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flask import flash
from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.errors import Conflict, Denied, RuleViolation
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries.entries import client_of

TOLD_AT_ONCE = 3


@contextmanager
def told_by_flash() -> Iterator[None]:
    """Turn a refusal into a sentence on the page that the form came from; nothing of the act was saved."""
    try:
        yield
    except (Conflict, Denied, RuleViolation) as refusal:
        flash(str(refusal), "danger")


def tell_limits(session: Session, entries: Iterable[TimeEntry]) -> None:
    """Say of some projects, each once, that a limit of billable hours is reached; the time is taken nevertheless.

    An act on the time of many clients says that there are more; what is told travels in a cookie.
    """
    billable = {entry.work_item.project_id: entry for entry in entries if entry.billable == "billable"}
    of_many = len({client_of(entry).id for entry in billable.values()}) > 1
    told = limits.warnings_of(session, billable.values())
    warnings = [
        f"{client_of(entry).name}: {told[entry.id]}" if of_many else told[entry.id]
        for entry in billable.values()
        if entry.id in told
    ]
    for warning in warnings[:TOLD_AT_ONCE]:
        flash(warning, "warn")
    if len(warnings) > TOLD_AT_ONCE:
        flash(_("More time is beyond what was agreed; projects and retainers say which."), "warn")
