"""What ``helpdesk retainers simulate`` makes of a scenario (docs/billing.md "The simulate contract").

Touches no database and no clock: the same pure code that closes a month answers what-if questions.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from helpdesk.invoicing.domain.lines import Line, LineKind, build_lines
from helpdesk.invoicing.domain.scenario import Scenario, read_scenario
from helpdesk.invoicing.domain.totals import TaxRate, total_up
from helpdesk.kernel.money import Money, format_price
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.domain.engine import EntryResult, Settlement, settle
from helpdesk.retainers.domain.period import PeriodResult
from helpdesk.retainers.domain.pieces import PieceKind

JsonObject = dict[str, Any]


def simulate(text: str) -> str:
    """Return the engine's answer to a scenario as JSON text, the same bytes for the same scenario in any order.

    Problems such as a missing rate are listed in the answer; they are no refusal.

    Raises:
        RuleViolation: the scenario has a fault; the message is ``path: reason``, such as ``entries[0].start: ...``.
    """
    scenario = read_scenario(text)
    settlement = settle(scenario.books)
    lines = {month: _lines(settlement, month, scenario) for month in scenario.close}
    periods = [each for each in settlement.periods if each.month in lines]
    answer = {
        "entries": [_entry(each, scenario.books.currency) for each in settlement.entries],
        "periods": [_period(each, lines[each.month]) for each in periods],
        "invoices": [_invoice(month, lines[month], scenario) for month in scenario.close if lines[month]],
        "problems": [
            {"entry": each.entry_uuid, "code": each.code, "message": each.message} for each in settlement.problems
        ],
    }
    return json.dumps(answer, indent=2)


def _lines(settlement: Settlement, month: Month, scenario: Scenario) -> list[Line]:
    return build_lines(
        settlement,
        month,
        group_by=scenario.group_by,
        currency=scenario.books.currency,
        zone=scenario.books.zone,
    )


def _entry(result: EntryResult, currency: str) -> JsonObject:
    rate = result.rate
    return {
        "id": result.entry.uuid,
        "raw_seconds": result.entry.raw_seconds,
        "billable_seconds": result.billable_seconds,
        "burn_seconds": result.burn_seconds,
        "rate": format_price(rate.amount, currency) if isinstance(rate, RateHit) else None,
        "rate_reason": rate.reason,
        "covered_seconds": result.seconds(PieceKind.COVERED),
        "overage_seconds": result.seconds(PieceKind.OVERAGE),
        "hourly_seconds": result.seconds(PieceKind.HOURLY),
    }


def _period(period: PeriodResult, lines: Iterable[Line]) -> JsonObject:
    """Return the figures of a month; its overage is what the invoice's lines add up to, cent for cent."""
    overage = [line.amount for line in lines if line.kind is LineKind.OVERAGE]
    return {
        "month": str(period.month),
        "granted_seconds": period.granted_seconds,
        "carried_in_seconds": period.carried_in_seconds,
        "topped_up_seconds": period.topped_up_seconds,
        "used_seconds": period.used_seconds,
        "expired_seconds": period.expired_seconds,
        "carried_out_seconds": period.carried_out_seconds,
        "overage_seconds": period.overage_seconds,
        "fee": str(period.fee),
        "overage_amount": str(sum(overage, Money.zero(period.fee.currency))),
    }


def _invoice(month: Month, lines: list[Line], scenario: Scenario) -> JsonObject:
    currency = scenario.books.currency
    rate = TaxRate("S", scenario.tax_percent)
    totals = total_up([(line.amount, rate) for line in lines], currency)
    return {
        "month": str(month),
        "lines": [_line(line, currency) for line in lines],
        "net": str(totals.net),
        "tax": str(totals.tax),
        "total": str(totals.total),
    }


def _line(line: Line, currency: str) -> JsonObject:
    return {
        "kind": line.kind,
        "description": line.description,
        "minutes": _minutes(line.minutes),
        "unit_price": format_price(line.unit_price, currency),
        "amount": str(line.amount),
    }


def _minutes(minutes: Decimal | None) -> int | str | None:
    if minutes is None:
        return None
    return int(minutes) if minutes == int(minutes) else f"{minutes:f}"
