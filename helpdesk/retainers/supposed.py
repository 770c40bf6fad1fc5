"""What a retainer would make of work that is only supposed: the same engine, and nothing is written."""

from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers import first_rows, queries
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.engine import EntryResult, settle
from helpdesk.retainers.domain.work import WorkEntry
from helpdesk.retainers.models import Agreement

AFTER_ALL = "~supposed"  # the order of uuids is by code point: what is supposed is drawn last


@dataclass(frozen=True)
class Supposed:
    """What becomes of supposed work under the agreement that covers it.

    ``month`` is the one that would settle it: a closed one leaves it to the next (rule 12). ``factor`` is that of its
    work type in business hours, ``after_hours_factor`` the one outside of them, None where there is none.
    """

    agreement: Agreement
    month: Month
    is_late: bool
    factor: Decimal
    after_hours_factor: Decimal | None
    result: EntryResult


def suppose(session: Session, *, client: Client, work: WorkEntry) -> Supposed | None:
    """Return what the narrowest agreement that covers ``work`` makes of it; None where none does (rules 8 to 12)."""
    day = local_day(work.started_at, ZoneInfo(client.time_zone))
    rows = first_rows.rows_of(session, [client.id], with_rates=True)
    covering = queries.covering_among(
        rows.agreements,
        project_id=int(work.project or 0),
        work_type_id=int(work.work_type) if work.work_type else None,
        on=day,
    )
    if covering is None:
        return None
    shelf = queries.shelf_of(session, client_ids=[client.id], month=Month.of(day), rows=rows)
    closed = shelf.closed.get(covering.id, {})
    is_late = Month.of(day) in closed
    month = max(closed).next if is_late else Month.of(day)
    books = shelf.books_of(covering, through=month).books
    entry = replace(work, uuid=AFTER_ALL, settle_in=month if is_late else None)
    settlement = settle(replace(books, entries=(*books.entries, entry)))
    terms = engine_agreement(covering).terms_in(Month.of(day))
    return Supposed(
        agreement=covering,
        month=month,
        is_late=is_late,
        factor=terms.factor_for(work.work_type, is_after_hours=False),
        after_hours_factor=terms.factor_for(work.work_type, is_after_hours=True) if terms.after_hours else None,
        result=next(each for each in settlement.entries if each.entry.uuid == AFTER_ALL),
    )
