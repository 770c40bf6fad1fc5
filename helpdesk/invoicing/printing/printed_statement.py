"""The retainer statement of an invoice as it is printed: figures, picture, what was covered (billing.md rule 22)."""

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.invoicing.domain.drafting import month_name
from helpdesk.kernel.durations import format_hm, to_minutes
from helpdesk.kernel.periods import Month

Document = dict[str, Any]


@dataclass(frozen=True)
class BurnDay:
    """One day of the picture: what is used up to here, and what even use would be; ``mark`` stands below it."""

    mark: str
    sum_seconds: int
    pending_sum_seconds: int
    even_seconds: int


@dataclass(frozen=True)
class Burn:
    """A closed month as ``retainers/_burndown.svg.html`` draws it."""

    title: str
    description: str
    allowance_seconds: int
    days: list[BurnDay]
    used_label: str
    today: int | None = None
    today_label: str = ""
    forecast_low_seconds: int | None = None
    forecast_high_seconds: int | None = None
    forecast_label: str = ""


@dataclass(frozen=True)
class Figure:
    """One number of the statement; ``over`` marks overage."""

    label: str
    value: str
    over: bool = False


@dataclass(frozen=True)
class CoveredRow:
    """A ticket or task that the retainer covers."""

    ref: str
    title: str
    minutes: str
    seconds: int


@dataclass(frozen=True)
class PrintedStatement:
    """The page of one retainer period."""

    title: str
    lead: str
    figures: list[Figure]
    burn: Burn
    rows: list[CoveredRow]
    fine: str
    total_minutes: str = field(init=False)
    total_seconds: int = field(init=False)

    def __post_init__(self) -> None:
        seconds = sum(row.seconds for row in self.rows)
        object.__setattr__(self, "total_seconds", seconds)
        object.__setattr__(self, "total_minutes", _minutes(seconds))


def statement_of(statement: Document) -> PrintedStatement:
    """Return the page of one closed month, in the present language."""
    name, month = statement["name"], month_name(Month.parse(statement["month"]), str(get_locale()))
    allowance, used = allowance_of(statement), sum(statement["burned_by_day"])
    figures = [
        Figure(_("Carried in"), format_hm(statement["carried_in_seconds"])),
        Figure(_("Allowance"), format_hm(statement["granted_seconds"] + statement["topped_up_seconds"])),
        Figure(_("Used"), format_hm(used)),
        Figure(_("Over"), format_hm(statement["overage_seconds"]), over=statement["overage_seconds"] > 0),
        Figure(_("Expired"), format_hm(statement["expired_seconds"])),
        Figure(_("Carried on"), format_hm(statement["carried_out_seconds"])),
    ]
    return PrintedStatement(
        title=_("Retainer statement, %(month)s", month=month),
        lead=_lead(statement, name),
        figures=figures,
        burn=_burn(statement, allowance, used),
        rows=[
            CoveredRow(row["reference"], row["description"], _minutes(row["seconds"]), row["seconds"])
            for row in statement["covered"]
        ],
        fine=_("On every line with minutes, minutes × price ÷ 60 is the amount."),
    )


def _lead(statement: Document, name: str) -> str:
    said = _("%(name)s. The month is that of %(zone)s.", name=name, zone=statement["time_zone"])
    if "quarter" not in statement:
        return said
    first, last = (month_name(Month.parse(statement["quarter"][end]), str(get_locale())) for end in ("first", "last"))
    quarter = f"{first} \N{EN DASH} {last}"
    shared = _("The hours are those of %(quarter)s, as far as they were left.", quarter=quarter)
    return f"{said} {shared}"


def _burn(statement: Document, allowance: int, used: int) -> Burn:
    days = list(accumulate(statement["burned_by_day"]))
    even = [allowance * at // len(days) for at in range(len(days) + 1)]
    said = _("%(used)s of %(allowed)s hours used", used=format_hm(used), allowed=format_hm(allowance))
    return Burn(
        title=_("Hours used by day"),
        description=said,
        allowance_seconds=allowance,
        days=[BurnDay(_mark(at), total, total, even[at]) for at, total in enumerate(days, start=1)],
        used_label=_("%(used)s used", used=format_hm(used)),
    )


def _mark(day: int) -> str:
    return str(day) if day == 1 or day % 5 == 0 else ""


def allowance_of(statement: Document) -> int:
    """Return the burn seconds that were there to be drawn: granted, carried in and topped up."""
    return int(statement["granted_seconds"] + statement["carried_in_seconds"] + statement["topped_up_seconds"])


def _minutes(seconds: int) -> str:
    return str(format_decimal(to_minutes(seconds), format="#,##0.####", locale=get_locale()))
