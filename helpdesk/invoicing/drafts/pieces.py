"""The seconds behind the lines of a draft, as they were priced, so that lines can be made of them anew (rule 18)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.i18n import letter_language
from helpdesk.invoicing.domain.drafting import Priced, detail_of
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts import selection
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.durations import to_minutes
from helpdesk.rates.domain import amount_for
from helpdesk.timekeeping.models import Charge
from helpdesk.timekeeping.queries import entries as timekeeping


def pieces_of(session: Session, invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[int, list[Priced]]:
    """Return by line the seconds that it holds now, at its price; none for a line that holds no time."""
    by_id = {line.id: line for line in lines}
    query = select(Charge).where(
        Charge.holder_kind == HOLDER, Charge.holder_id.in_(by_id), Charge.released_at.is_(None)
    )
    charges = session.scalars(query.order_by(Charge.id)).all()
    entries = {
        entry.id: entry for entry in timekeeping.entries_by_id(session, {charge.time_entry_id for charge in charges})
    }
    weighted = selection.weighted_periods(
        session, {line.retainer_period_id for line in lines if line.retainer_period_id}
    )
    found: dict[int, list[Priced]] = defaultdict(list, {line.id: [] for line in lines})
    for charge in charges:
        line = by_id[charge.holder_id]
        seconds = charge.to_second - charge.from_second
        found[line.id].append(
            selection.priced_of(
                entries[charge.time_entry_id],
                invoice.client,
                LineKind(line.kind),
                (charge.from_second, charge.to_second),
                Decimal(line.unit_price),
                burn_seconds=charge.burn_seconds,
                quantity_seconds=charge.burn_seconds if line.retainer_period_id in weighted else seconds,
                period_id=line.retainer_period_id,
                charge_id=charge.id,
            )
        )
    return found


def write_time(line: InvoiceLine, pieces: Iterable[Priced], invoice: Invoice) -> None:
    """Let a line of time bill these seconds, at its price; its text stays."""
    listed = sorted(pieces, key=lambda each: (each.worked_on, each.entry_id, each.from_second))
    seconds = sum(piece.quantity_seconds for piece in listed)
    line.minutes = f"{to_minutes(seconds):f}"
    line.amount_minor = amount_for(seconds, Decimal(line.unit_price), invoice.currency).minor
    line.detail = detail_of(listed, letter_language(invoice.client.language))
