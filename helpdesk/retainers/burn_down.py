"""The burn-down of a month as the pages and the PDF draw it, and the table beside it (docs/billing.md rule 15)."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.statement import DayBurn, Statement
from helpdesk.retainers.words import label_of, label_of_span


@dataclass(frozen=True)
class PictureDay:
    """One day of the burn-down; sums are None after today. ``mark`` stands below the picture, "" for nothing."""

    mark: str
    sum_seconds: int | None
    pending_sum_seconds: int | None
    even_seconds: int


@dataclass(frozen=True)
class TableDay:
    """One line of the table beside the picture."""

    label: str
    used_seconds: int
    pending_seconds: int
    sum_seconds: int
    even_seconds: int


@dataclass(frozen=True)
class Burn:
    """The burn-down as retainers/_burndown.svg.html draws it, and its table."""

    title: str
    description: str
    allowance_seconds: int
    days: tuple[PictureDay, ...]
    today: int | None
    forecast_low_seconds: int | None
    forecast_high_seconds: int | None
    today_label: str
    used_label: str
    forecast_label: str
    rows: tuple[TableDay, ...]


def burn_of(view: MonthView, *, as_of: date) -> Burn:
    """Return the picture and the table of a month, or of its quarter up to it, as ``as_of``, a local day, sees it."""
    title = _("Burn-down of %(client)s, %(month)s", client=view.agreement.client.name, month=label_of_span(view.span))
    return picture_of(view.statement, title=title, as_of=as_of, is_open=view.closed is None)


def picture_of(statement: Statement, *, title: str, as_of: date, is_open: bool) -> Burn:
    """Return the picture and the table of a statement, whosever it is; only an open month has a forecast."""
    days, month = statement.days, statement.period.month
    known_until = min(as_of, month.last_day)
    past = [day for day in days if day.day <= known_until]
    is_running = days[0].day <= as_of <= days[-1].day and month == Month.of(as_of) and is_open
    forecast = statement.forecast if is_running else None
    today = _day_label(as_of)
    used = _("%(hours)s used", hours=format_hm(statement.burned_seconds))
    return Burn(
        title=title,
        description=_(
            "%(used)s, %(pending)s pending, of %(allowance)s.",
            used=used,
            pending=format_hm(statement.pending_seconds),
            allowance=format_hm(statement.allowance_seconds),
        ),
        allowance_seconds=statement.allowance_seconds,
        days=tuple(_picture_day(statement, at, day, known_until) for at, day in enumerate(days, start=1)),
        today=len(past) - 1 if is_running else None,
        forecast_low_seconds=forecast.low_seconds if forecast else None,
        forecast_high_seconds=forecast.high_seconds if forecast else None,
        today_label=_("Today, %(day)s", day=today),
        used_label=used,
        forecast_label=_(
            "%(low)s to %(high)s", low=format_hm(forecast.low_seconds), high=format_hm(forecast.high_seconds)
        )
        if forecast
        else "",
        rows=_table(statement, past, month),
    )


def _picture_day(statement: Statement, at: int, day: DayBurn, as_of: date) -> PictureDay:
    is_past = day.day <= as_of
    return PictureDay(
        mark=mark_of(day.day, statement.days[0].day, statement.span),
        sum_seconds=day.used_seconds if is_past else None,
        pending_sum_seconds=day.used_seconds + day.pending_seconds if is_past else None,
        even_seconds=_even(statement, at),
    )


def mark_of(day: date, first: date, span: Span) -> str:
    """Return what stands below a day of the picture: every fifth day of a month, each month of a quarter."""
    if span.is_quarter:
        return label_of(Month.of(day), "LLL") if day in {first, day.replace(day=1)} else ""
    return str(day.day) if day == first or (day.day % 5 == 0 and day.day - first.day > 2) else ""  # noqa: PLR2004 - room


def _even(statement: Statement, days: int) -> int:
    return statement.allowance_seconds * days // len(statement.days)


def _table(statement: Statement, past: list[DayBurn], month: Month) -> tuple[TableDay, ...]:
    """Return the days of the month, newest first, each with what was used since its span began."""
    rows = []
    used_before = pending_before = 0
    for at, day in enumerate(past, start=1):
        used, pending = day.used_seconds - used_before, day.pending_seconds - pending_before
        if Month.of(day.day) == month:
            rows.append(TableDay(_day_label(day.day), used, pending, day.used_seconds, _even(statement, at)))
        used_before, pending_before = day.used_seconds, day.pending_seconds
    return tuple(rows[::-1])


def _day_label(day: date) -> str:
    return format_date(day, "EEE d", locale=get_locale())
