"""A week, what waits for approval, and the lock dates as tables."""

from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.export.columns import Column, Sheet, amount, day, hours, instant, number, text
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, Actor
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.forms import billing_choices
from helpdesk.timekeeping.pages.queue import WaitingLine, waiting_lines
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries.entries import LockLine
from helpdesk.timekeeping.queries.submitted import Filters
from helpdesk.timekeeping.render import EntryLine


def week_sheet(person: Person, week: Week, lines: list[EntryLine]) -> Sheet[EntryLine]:
    """Return the entries of a person's week, by start."""
    billing, statuses = dict(billing_choices()), _status_names()
    columns: list[Column[EntryLine]] = [
        day(_("Day"), lambda line: line.day),
        text(_("Time"), lambda line: line.span),
        text(_("Person"), lambda line: line.person_name),
        text(_("Client"), lambda line: line.client_name),
        number(_("Number"), lambda line: line.number),
        text(_("Work"), lambda line: line.title),
        text(_("Note"), lambda line: line.note),
        text(_("Type"), lambda line: line.work_type_name),
        hours(_("Worked"), lambda line: line.worked_seconds),
        hours(_("Billed"), lambda line: line.billable_seconds),
        text(_("Billing"), lambda line: billing[line.billable]),
        text(_("Status"), lambda line: statuses[line.status if line.ended_at else "running"]),
        text(_("Rejected because"), lambda line: line.rejected_because),
    ]
    return Sheet(f"time {person.name} {week}", columns, lines)


def approvals_sheet(session: Session, *, actor: Actor, group: str, filters: Filters) -> Sheet[WaitingLine]:
    """Return what waits for approval and meets the filters, in the order of the page.

    What it is worth is told to those who see rates.

    Raises:
        Denied: the actor approves nobody's time.
    """
    billing = dict(billing_choices())
    columns: list[Column[WaitingLine]] = [
        text(_("Person"), lambda line: line.person_name),
        text(_("Client"), lambda line: line.client_name),
        number(_("Number"), lambda line: line.number),
        text(_("Work"), lambda line: line.title),
        text(_("Note"), lambda line: line.note),
        day(_("Day"), lambda line: line.day),
        text(_("Time"), lambda line: line.span),
        text(_("Type"), lambda line: line.work_type_name),
        hours(_("Worked"), lambda line: line.worked_seconds),
        hours(_("Bills"), lambda line: line.billable_seconds),
        text(_("Billing"), lambda line: billing[line.billable]),
        text(_("Stands out"), lambda line: "; ".join(remark.reason for remark in line.remarks)),
        text(_("Came back because"), lambda line: line.returned_because),
    ]
    if actor.is_one_of(RATES):
        columns += [
            amount(_("Worth"), lambda line: (line.value_minor, line.currency)),
            text(_("Currency"), lambda line: line.currency),
            text(_("Rate"), lambda line: line.problem or line.rate_reason),
        ]
    rows = waiting_lines(session, actor=actor, group=group, filters=filters)
    return Sheet("time to approve", columns, rows)


def locks_sheet(session: Session) -> Sheet[LockLine]:
    """Return the lock dates in force, that of everybody first."""
    company, clients = queries.locks(session)
    columns: list[Column[LockLine]] = [
        text(_("For"), lambda line: line.client_name or _("All clients")),
        day(_("Locked up to and with"), lambda line: line.through),
        text(_("Set by"), lambda line: line.set_by),
        instant(_("Set"), lambda line: line.set_at),
    ]
    return Sheet("lock dates", columns, [*([company] if company else []), *clients])


def _status_names() -> dict[str, str]:
    return {
        "running": _("Running"),
        "draft": _("Draft"),
        "submitted": _("Submitted"),
        "approved": _("Approved"),
        "rejected": _("Rejected"),
        "locked": _("Charged"),
        "reversed": _("Reversed"),
    }
