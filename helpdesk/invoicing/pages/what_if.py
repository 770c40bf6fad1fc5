"""Scenarios of the simulate contract, made of a form and of real or typed time (docs/billing.md).

Nothing is stored: what the page shows is what ``helpdesk retainers simulate`` makes of the text that it hands out.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.kernel.durations import HOUR, MINUTE
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import plain
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.books import WEEKDAYS, engine_agreement
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.domain.terms import AfterHours, Terms
from helpdesk.retainers.domain.work import WorkEntry
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.queries import books_of
from helpdesk.retainers.replay import past_of

JsonObject = dict[str, Any]

TERMS = ("starts_on", "hours_per_month", "pool_months", "fee", "overage_rate", "rollover_months", "rollover_cap_hours")
INTEGERS = {"pool_months", "rollover_months", "seconds"}
BOOLEANS = {"true": True, "false": False}
MOST_MONTHS = 24


def months_between(first: str, last: str) -> list[Month]:
    """Return the months from ``first`` to ``last``, such as ``2026-03``.

    Raises:
        RuleViolation: one is no month, they are the wrong way round, or they are more than two years.
    """
    begins, ends = Month.parse(first), Month.parse(last)
    months = [begins]
    while months[-1] < ends and len(months) <= MOST_MONTHS:
        months.append(months[-1].next)
    if ends < begins or len(months) > MOST_MONTHS:
        message = f"close: {first} to {last} are no months from one to {MOST_MONTHS}"
        raise RuleViolation(message)
    return months


def prefilled(agreement: Agreement, month: Month) -> JsonObject:
    """Return the terms of an agreement in a month as the form shows them: texts, and a boolean for the deficit."""
    terms = engine_agreement(agreement).terms_in(month)
    cap, rate = terms.rollover_cap_seconds, terms.overage_rate
    return {
        "currency": agreement.currency,
        "time_zone": agreement.time_zone,
        "hours_per_month": _hours(terms.allowance_seconds),
        "pool_months": "" if terms.pool_months == MONTHLY else str(terms.pool_months),
        "fee": f"{terms.fee:f}",
        "overage_rate": "" if rate is None else f"{rate:f}",
        "rollover_months": str(terms.rollover_months),
        "rollover_cap_hours": "" if cap is None else _hours(cap),
        "carry_deficit": terms.carry_deficit,
    }


def scenario_text(
    form: Mapping[str, Any], months: Sequence[Month], *, entries: Sequence[JsonObject], more: Mapping[str, Any]
) -> str:
    """Return the scenario as JSON: the form's terms, ``more`` from an agreement (rounding, factors), time and months.

    What was typed stands in it as it was typed, so that a fault names the field as the command does.
    """
    retainer: JsonObject = {"starts_on": str(months[0].first_day), **more.get("retainer", {})}
    retainer |= {name: _typed(name, form[name]) for name in TERMS if form.get(name)}
    retainer["carry_deficit"] = bool(form.get("carry_deficit"))
    scenario = {
        "currency": form.get("currency") or "EUR",
        "time_zone": form.get("time_zone") or "UTC",
        "tax_percent": form.get("tax_percent") or "0",
        "rounding": more.get("rounding", {}),
        "retainer": retainer,
        "entries": list(entries),
        "close": [str(month) for month in months],
    }
    return json.dumps(scenario, indent=1)


def more_of(session: Session, agreement: Agreement, months: Sequence[Month]) -> JsonObject:
    """Return what the form does not ask for: rounding, factors, basis, draw order, proration and the work types."""
    engine = engine_agreement(agreement)
    terms, rounding = engine.terms_in(months[-1]), books_of(session, agreement, through=months[-1]).books.rounding
    return {
        "rounding": {
            "mode": str(rounding.mode),
            "step_minutes": max(rounding.step_seconds // MINUTE, 1),
            "minimum_minutes": rounding.minimum_seconds // MINUTE,
            "scope": str(rounding.scope),
            "grace_seconds": rounding.grace_seconds,
        },
        "retainer": _more_terms(terms) | {"work_types": sorted(engine.work_types) if engine.work_types else None},
    }


def real_entries(session: Session, agreement: Agreement, months: Sequence[Month]) -> list[JsonObject]:
    """Return the client's approved time of the months in the form of the contract, each entry at its own rate.

    Of a retainer of certain projects the time of others is left out, as a scenario covers all of its projects.
    """
    past = past_of(session, client=agreement.client, months=months, agreement=agreement)
    zone = ZoneInfo(agreement.time_zone)
    covered = [each for each in past.entries if past.projects is None or each.project in past.projects]
    return [_entry(each, zone) for each in sorted(covered, key=lambda each: each.order)]


def typed_entries(text: str) -> list[JsonObject]:
    """Return time that was typed: a JSON list of the contract's entries, or CSV with their fields in its first line.

    Raises:
        RuleViolation: neither of the two; the message names ``entries`` or the entry.
    """
    if text.lstrip().startswith(("[", "{")):
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            message = f"scenario: is no JSON: {error.msg} in line {error.lineno}"
            raise RuleViolation(message) from error
        return found if isinstance(found, list) else [found]
    return [_line(row, at) for at, row in enumerate(csv.DictReader(io.StringIO(text.strip()), skipinitialspace=True))]


def _line(row: dict[Any, Any], at: int) -> JsonObject:
    if None in row or any(value is None for value in row.values()):
        message = f"entries[{at}]: has more or fewer fields than the first line names"
        raise RuleViolation(message)
    return {name.strip(): _typed(name.strip(), value.strip()) for name, value in row.items() if value.strip()}


def _typed(name: str, value: str) -> object:
    """Return the JSON value that a text stands for; what is none stays a text, and is refused by its name."""
    if name in INTEGERS and value.isascii() and value.isdecimal():
        return int(value)
    return BOOLEANS.get(value, value) if name == "billable" else value


def _entry(entry: WorkEntry, zone: ZoneInfo) -> JsonObject:
    rate = entry.fixed_rate
    found = {
        "id": entry.uuid,
        "person": entry.person,
        "project": entry.project,
        "ticket": entry.ticket,
        "work_type": entry.work_type,
        "start": _instant(entry.started_at, zone),
        "end": _instant(entry.ended_at, zone),
    }
    return found | ({"rate": f"{rate.amount:f}"} if isinstance(rate, RateHit) else {})


def _instant(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")


def _more_terms(terms: Terms) -> JsonObject:
    return {
        "fee_timing": str(terms.fee_timing),
        "overage_basis": str(terms.overage_basis),
        "draw_order": str(terms.draw_order),
        "prorate": terms.prorate,
        "multipliers": [{"work_type": each.work_type, "factor": f"{each.factor:f}"} for each in terms.multipliers],
        "after_hours": _after_hours(terms.after_hours),
    }


def _after_hours(found: AfterHours | None) -> JsonObject | None:
    if found is None:
        return None
    hours = zip(WEEKDAYS, found.business_hours, strict=True)
    return {
        "factor": f"{found.factor:f}",
        "business_hours": {day: [_clock(edge) for edge in edges] for day, edges in hours if edges},
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _hours(seconds: int) -> str:
    text = plain(seconds * 10_000 // HOUR, decimals=0)
    whole, part = divmod(int(text), 10_000)
    return f"{whole}.{part:04}".rstrip("0").rstrip(".")
