"""The days of the house: what is one for all who look, wherever they are (docs/desk.md rule 104)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.kernel.periods import Month, local_day, local_month, zone_named


def house_zone(session: Session) -> ZoneInfo:
    """Return the zone of our own company.

    Raises:
        NotFound: nobody has set it up yet.
    """
    return zone_named(company.get_company(session).time_zone)


def house_day(session: Session, now: datetime) -> date:
    """Return the day that it is at our own company."""
    return local_day(now, house_zone(session))


def house_month(session: Session, now: datetime) -> Month:
    """Return the month that it is at our own company."""
    return local_month(now, house_zone(session))
