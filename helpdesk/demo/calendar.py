"""Days of the demo's last weeks, counted from the one on which it is told."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.kernel.periods import local_day, wall_clock

WEEKEND = 5


@dataclass(frozen=True)
class Days:
    """Working days and instants before ``now``, on the clock of ``zone``."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day on which the demo is told."""
        return local_day(self.now, self.zone)

    def of_week(self, weeks: int, weekday: int) -> date:
        """Return the day so many weeks from this one; Monday is 0: ``of_week(-3, 0)``."""
        return self.today + timedelta(weeks=weeks, days=weekday - self.today.weekday())

    def before(self, count: int) -> date:
        """Return the working day, Monday to Friday, before which ``count - 1`` others lie up to yesterday."""
        day = self.today
        while count:
            day -= timedelta(days=1)
            count -= day.weekday() < WEEKEND
        return day

    def at(self, day: date, clock: str) -> datetime:
        """Return the instant at which clocks show ``16:52`` on a day."""
        return wall_clock(day, time.fromisoformat(clock), self.zone)
