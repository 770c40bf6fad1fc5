"""Numbers of documents: without gaps, given at issue from a locked counter (docs/billing.md rule 19)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.infra.ahead import models_of
from helpdesk.infra.db import insert_of
from helpdesk.invoicing.domain.numbering import Numbering
from helpdesk.invoicing.models import Invoice, NumberSeries
from helpdesk.invoicing.numbering import numbering_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day

EVERY_YEAR = 0
"""The year of a series whose numbers go on and on."""


def take_number(session: Session, house: Company, year: int, kind: str = "invoice") -> tuple[NumberSeries, int, str]:
    """Return the series of that kind of document and year, its next number, and that number as it is printed.

    The series is made on first use, takes the company's pattern as it is now, and is locked until the transaction
    ends: two issues at once wait for each other, and one that fails gives its number back.

    Raises:
        RuleViolation: the pattern gives a number that another document has.
    """
    numbering = numbering_of(house, kind)
    its_year = _year_of_series(numbering, year)
    session.execute(
        insert_of(session, NumberSeries)
        .values(kind=kind, year=its_year, pattern=numbering.pattern, last_number=0)
        .on_conflict_do_nothing()
    )
    series_id, taken = session.execute(
        update(NumberSeries)
        .where(NumberSeries.kind == kind, NumberSeries.year == its_year)
        .values(last_number=NumberSeries.last_number + 1, pattern=numbering.pattern)
        .returning(NumberSeries.id, NumberSeries.last_number)
        .execution_options(synchronize_session=False)
    ).one()
    series = session.get_one(NumberSeries, series_id, populate_existing=True)
    number = numbering.number(year, taken)
    _refuse_taken(session, number)
    return series, taken, number


def next_numbers(session: Session, *, now: datetime, count: int = 1, kind: str = "invoice") -> list[str]:
    """Return what the next ``count`` documents of that kind would be called if nobody is faster."""
    house = company.get_company(session)
    year, numbering = _year(house, now), numbering_of(house, kind)
    last = next((row.last_number for row in models_of(session, series_asked(session, now=now, kind=kind))), 0)
    return [numbering.number(year, last + step) for step in range(1, count + 1)]


def series_asked(session: Session, *, now: datetime, kind: str = "invoice") -> Select[NumberSeries]:
    """Return the question for the series that `next_numbers` goes on with, to be asked together with others."""
    house = company.get_company(session)
    year = _year_of_series(numbering_of(house, kind), _year(house, now))
    return select(NumberSeries).where(NumberSeries.kind == kind, NumberSeries.year == year)


def _year(house: Company, now: datetime) -> int:
    return local_day(now, ZoneInfo(house.time_zone)).year


def _year_of_series(numbering: Numbering, year: int) -> int:
    return year if numbering.begins_anew else EVERY_YEAR


def _refuse_taken(session: Session, number: str) -> None:
    if session.scalar(select(Invoice.id).where(Invoice.number == number)) is not None:
        message = f"The number {number} is taken; give the documents another pattern in the settings of numbers."
        raise RuleViolation(message)
