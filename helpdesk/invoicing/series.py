"""Numbers of documents: without gaps, given at issue from a locked counter (docs/billing.md rule 19)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.infra.db import insert_of
from helpdesk.invoicing.domain.documents import format_number
from helpdesk.invoicing.models import Invoice, NumberSeries
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day

EVERY_YEAR = 0
"""The year of a series whose pattern names none: its numbers go on and on."""


def take_number(session: Session, house: Company, year: int, kind: str = "invoice") -> tuple[NumberSeries, int, str]:
    """Return the series of that kind of document and year, its next number, and that number as it is printed.

    The series is made on first use from the company's pattern, and locked until the transaction ends: two issues
    at once wait for each other, and one that fails gives its number back.

    Raises:
        RuleViolation: the pattern gives a number that another document has.
    """
    pattern = _pattern_of(house, kind)
    its_year = _year_of_series(pattern, year)
    session.execute(
        insert_of(session, NumberSeries)
        .values(kind=kind, year=its_year, pattern=pattern, last_number=0)
        .on_conflict_do_nothing()
    )
    series_id, taken = session.execute(
        update(NumberSeries)
        .where(NumberSeries.kind == kind, NumberSeries.year == its_year)
        .values(last_number=NumberSeries.last_number + 1)
        .returning(NumberSeries.id, NumberSeries.last_number)
        .execution_options(synchronize_session=False)
    ).one()
    series = session.get_one(NumberSeries, series_id)
    number = format_number(series.pattern, year=year, number=taken)
    _refuse_taken(session, number)
    return series, taken, number


def next_numbers(session: Session, *, now: datetime, count: int = 1, kind: str = "invoice") -> list[str]:
    """Return what the next ``count`` documents of that kind would be called if nobody is faster."""
    house = company.get_company(session)
    year = local_day(now, ZoneInfo(house.time_zone)).year
    pattern, last = _pattern_of(house, kind), 0
    series = session.scalar(
        select(NumberSeries).where(NumberSeries.kind == kind, NumberSeries.year == _year_of_series(pattern, year))
    )
    if series is not None:
        pattern, last = series.pattern, series.last_number
    return [format_number(pattern, year=year, number=last + step) for step in range(1, count + 1)]


def _pattern_of(house: Company, kind: str) -> str:
    return house.credit_note_number_pattern if kind == "credit_note" else house.invoice_number_pattern


def _year_of_series(pattern: str, year: int) -> int:
    return year if "{year" in pattern else EVERY_YEAR


def _refuse_taken(session: Session, number: str) -> None:
    if session.scalar(select(Invoice.id).where(Invoice.number == number)) is not None:
        message = f"The number {number} is taken; give the documents another pattern in the settings of the company."
        raise RuleViolation(message)
