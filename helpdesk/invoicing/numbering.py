"""The settings of numbers: a pattern for invoices and one for credit notes (docs/billing.md rule 19)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.domain import check_number_pattern
from helpdesk.company.models import Company
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.domain.numbering import Numbering, collision, refuse_same
from helpdesk.invoicing.models import KINDS, Invoice, NumberSeries
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day


def numbering_of(house: Company, kind: str) -> Numbering:
    """Return how documents of a kind are numbered from now on."""
    if kind == "credit_note":
        return Numbering(house.credit_note_number_pattern, house.credit_note_numbers_yearly)
    return Numbering(house.invoice_number_pattern, house.invoice_numbers_yearly)


def renumber(session: Session, *, actor: Actor, now: datetime, invoice: Numbering, credit_note: Numbering) -> None:
    """Number documents otherwise from the next one on; those that are issued keep what they are called.

    Raises:
        RuleViolation: a pattern is none, begins anew each year without the year in it, or could give a number that a
            document has; ``field`` says which one.
    """
    house = company.get_company(session)
    wanted = dict(zip(KINDS, (invoice, credit_note), strict=True))
    for kind, numbering in wanted.items():
        _refuse_unclear(numbering, field=f"{kind}_pattern")
    refuse_same(invoice, credit_note)
    year = local_day(now, ZoneInfo(house.time_zone)).year
    for kind, numbering in wanted.items():
        if numbering != numbering_of(house, kind):
            _refuse_collision(session, kind, numbering, year)
    changed = {
        f"{kind}_numbers": f"{numbering.pattern}, {'yearly' if numbering.begins_anew else 'going on'}"
        for kind, numbering in wanted.items()
        if numbering != numbering_of(house, kind)
    }
    house.invoice_number_pattern, house.invoice_numbers_yearly = invoice.pattern, invoice.yearly
    house.credit_note_number_pattern, house.credit_note_numbers_yearly = credit_note.pattern, credit_note.yearly
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="company", object_id=1, now=now, **changed)


def _refuse_unclear(numbering: Numbering, *, field: str) -> None:
    try:
        check_number_pattern(numbering.pattern)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal
    if numbering.yearly and not numbering.begins_anew:
        message = "Numbers that begin with 1 each year need {year} in them; else those of last year come again."
        raise RuleViolation(message, field=field)


def _refuse_collision(session: Session, kind: str, numbering: Numbering, year: int) -> None:
    rows = session.execute(select(NumberSeries.year, NumberSeries.last_number).where(NumberSeries.kind == kind))
    counted = {row.year: row.last_number for row in rows}
    taken = session.scalars(select(Invoice.number).where(Invoice.number.is_not(None)))
    found = collision(numbering, year=year, counted=counted, taken=[str(number) for number in taken])
    if found is not None:
        message = f"By this pattern a document would be called {found}, as one is already; give it other signs."
        raise RuleViolation(message, field=f"{kind}_pattern")
