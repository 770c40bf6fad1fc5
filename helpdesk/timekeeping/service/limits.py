"""What no typed entry may say: more hours than a day has, a work type that nobody knows (docs/billing.md rule 1)."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from helpdesk.kernel.dates import format_day
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import day_instants, zone_named
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.domain.worked import DAY_SECONDS
from helpdesk.timekeeping.queries import weeks


def refuse_overfull_day(
    session: Session,
    *,
    person_id: int,
    item: WorkItem,
    day: date,
    seconds: int,
    now: datetime,
    entry_id: int | None = None,
) -> None:
    """Let nobody work more than a day in a day; where the clocks go back it has 25 hours.

    Raises:
        RuleViolation: with these seconds the day would have more; it says how many are there already.
    """
    others = weeks.seconds_on(session, person_id=person_id, day=day, but_for=entry_id, now=now)
    start, end = day_instants(day, zone_named(item.project.client.time_zone))
    if others + seconds > max(DAY_SECONDS, int((end - start).total_seconds())):
        shown = format_day(day, "EEE d MMM", "en")
        message = (
            f"{format_hm(seconds)} more on {shown} would make {format_hm(others + seconds)}, which is more than a day; "
            f"{format_hm(others)} is written already."
        )
        raise RuleViolation(message)


def refuse_unknown_type(session: Session, work_type_id: int | None) -> None:
    """Keep time off work types that do not exist.

    Raises:
        RuleViolation: there is none of that id.
    """
    if work_type_id is not None and session.get(WorkType, work_type_id) is None:
        message = f"There is no work type {work_type_id}; choose one of the list, or none."
        raise RuleViolation(message)
