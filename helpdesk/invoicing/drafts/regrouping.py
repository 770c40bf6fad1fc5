"""Group the time of a draft anew: other lines over the same seconds (docs/billing.md rule 18)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.domain.drafting import draft_lines
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.invoicing.drafts.month import ranges_of, time_line
from helpdesk.invoicing.drafts.opening import add_line, close_draft, drop_line, open_draft, put_in_order
from helpdesk.invoicing.drafts.percents import TAX
from helpdesk.invoicing.drafts.pieces import pieces_of
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import charging


def regroup(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, group_by: GroupBy
) -> Invoice:
    """Make the lines of time anew, grouped by ``group_by``, and return the draft; every other line stays as it is.

    They come where the first line of time was, and hold the seconds that the lines before held, at the same prices.
    Their texts are new. Work shown at no charge stays with its ticket.

    Raises:
        NotFound, Conflict: as `open_draft`.
        RuleViolation: a discount in percent is of single lines of time, which would be gone.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    pieces = pieces_of(session, invoice, invoice.lines)
    old = [line for line in invoice.lines if pieces[line.id]]
    _refuse_what_names_lines(invoice, {line.id for line in old})
    at = next((place for place, line in enumerate(invoice.lines) if line in old), len(invoice.lines))
    before = list(invoice.lines[:at])
    after = [line for line in invoice.lines[at:] if line not in old]
    drafted = draft_lines(
        [piece for line in old for piece in pieces[line.id]],
        currency=invoice.currency,
        group_by=group_by,
        language=letter_language(invoice.client.language),
    )
    for line in old:
        charging.release(session, now=now, holder=(HOLDER, line.id))
    made = []
    for each in drafted:
        line = time_line(each, invoice.client, invoice.currency)
        for name in TAX:
            setattr(line, name, getattr(old[0], name))
        made.append(add_line(session, invoice, line))
        charging.hold(session, now=now, holder=(HOLDER, line.id), ranges=ranges_of(each))
    for line in old:
        drop_line(session, invoice, line)
    put_in_order(session, invoice, [*before, *made, *after])
    invoice.group_by = group_by.value
    return close_draft(
        session, actor=actor, now=now, invoice=invoice, action="regrouped", group_by=group_by.value, lines=len(made)
    )


def _refuse_what_names_lines(invoice: Invoice, gone: set[int]) -> None:
    named: list[InvoiceLine] = [line for line in invoice.lines if gone.intersection(line.adjusts_lines or ())]
    if named:
        message = f"{named[0].description} is of single lines of time. Take it off first, then group the time anew."
        raise RuleViolation(message, field="group_by")
