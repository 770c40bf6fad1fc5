"""A scenario of ``helpdesk retainers simulate``: its form, its defaults and its refusals (docs/billing.md)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from helpdesk.invoicing.domain import fields
from helpdesk.invoicing.domain.fields import Fields, choice, integer, list_of, or_null, refuse
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.kernel.durations import MINUTE, RoundingMode
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import check_currency
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RateCard, RoundingPolicy, RoundingScope
from helpdesk.retainers.domain.engine import Books
from helpdesk.retainers.domain.spans import MONTHLY, POOL_MONTHS
from helpdesk.retainers.domain.terms import (
    AfterHours,
    Agreement,
    DrawOrder,
    FeeTiming,
    Multiplier,
    OverageBasis,
    Terms,
    TopUp,
)
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry

CLIENT = "client"  # a scenario has one client; its rates say only whether they are the client's

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WALL_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_END_OF_DAY = "24:00"
_LATEST = datetime(fields.LAST_YEAR + 1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was asked: the books for the engine, the tax, the months to close and how lines are grouped."""

    books: Books
    tax_percent: Decimal
    close: tuple[Month, ...]
    group_by: GroupBy


def read_scenario(text: str) -> Scenario:
    """Return the scenario that a JSON text describes.

    Raises:
        RuleViolation: the first fault, as ``entries[0].start: reason``.
    """
    top = Fields(
        fields.parse_json(text),
        "",
        "currency time_zone tax_percent rounding rates retainer top_ups entries close invoice_group_by",
    )
    currency = top.get("currency", fields.checked(check_currency), "EUR")
    zone = top.get("time_zone", fields.checked(zone_named), zone_named("UTC"))
    tax_percent = top.get("tax_percent", fields.decimal, Decimal(0))
    rounding = top.get("rounding", _rounding, RoundingPolicy())
    cards = top.get("rates", lambda value, path: _rates(value, path, currency), ())
    agreement = top.get("retainer", or_null(_agreement), None)
    top_ups = top.get("top_ups", lambda value, path: tuple(list_of(_top_up)(value, path)), ())
    if agreement is None and top_ups:
        refuse("top_ups", "need a retainer that they top up")
    entries = top.get("entries", _entries, ())
    close = top.get("close", _close, ())
    books = Books(
        entries=entries,
        zone=zone,
        currency=currency,
        rounding=rounding,
        rate_cards=cards,
        agreement=replace(agreement, top_ups=top_ups) if agreement else None,
        client=CLIENT,
        through=max(close, default=None),
    )
    group_by = top.get("invoice_group_by", choice(GroupBy), GroupBy.ENTRY)
    return Scenario(books, tax_percent, tuple(sorted(close)), group_by)


def _rounding(value: object, path: str) -> RoundingPolicy:
    given = Fields(value, path, "mode step_minutes minimum_minutes scope grace_seconds")
    return RoundingPolicy(
        mode=given.get("mode", choice(RoundingMode), RoundingMode.UP),
        step_seconds=given.get("step_minutes", integer(1, 1440), 1) * MINUTE,
        minimum_seconds=given.get("minimum_minutes", integer(), 0) * MINUTE,
        scope=given.get("scope", choice(RoundingScope), RoundingScope.ENTRY),
        grace_seconds=given.get("grace_seconds", integer(), 0),
    )


def _rates(value: object, path: str, currency: str) -> tuple[RateCard, ...]:
    seen = set()
    cards = []

    def read(item: object, at: str) -> None:
        card = _rate(item, at, currency)
        if card.identity in seen:
            refuse(at, "is the second rate with the same fields and the same from")
        seen.add(card.identity)
        cards.append(card)

    list_of(read)(value, path)
    return tuple(cards)


def _rate(value: object, path: str, currency: str) -> RateCard:
    given = Fields(value, path, "amount project person work_type client from")
    amount = given.get("amount", fields.decimal)
    project = given.get("project", or_null(fields.text), None)
    person = given.get("person", or_null(fields.text), None)
    work_type = given.get("work_type", or_null(fields.text), None)
    is_clients = given.get("client", fields.boolean, default=False)
    effective_from = given.get("from", or_null(fields.day), None)
    try:
        return RateCard(
            amount=amount,
            currency=currency,
            project=project,
            client=CLIENT if is_clients else None,
            person=person,
            work_type=work_type,
            effective_from=effective_from,
            label=_label(project=project, is_clients=is_clients, person=person, work_type=work_type),
        )
    except RuleViolation as error:
        refuse(path, str(error))


def _label(*, project: str | None, is_clients: bool, person: str | None, work_type: str | None) -> str:
    named = (("project", project), ("person", person), ("work type", work_type))
    parts = [f"{what} {key}" for what, key in named if key is not None]
    return " + ".join([CLIENT, *parts] if is_clients else parts)


def _agreement(value: object, path: str) -> Agreement:
    given = Fields(
        value,
        path,
        "starts_on ends_on hours_per_month fee fee_timing overage_rate overage_basis rollover_months"
        " rollover_cap_hours draw_order carry_deficit prorate work_types multipliers after_hours pool_months",
    )
    starts_on = given.get("starts_on", fields.day)
    ends_on = given.get("ends_on", or_null(fields.day), None)
    if ends_on is not None and ends_on < starts_on:
        refuse(given.path("ends_on"), "lies before starts_on")
    overage_rate = given.get("overage_rate", or_null(fields.decimal), None)
    basis = given.get("overage_basis", choice(OverageBasis), OverageBasis.WORKED)
    if basis is OverageBasis.WEIGHTED and overage_rate is None:
        refuse(given.path("overage_rate"), "is required where overage_basis is weighted")
    terms = Terms(
        effective_on=starts_on,
        allowance_seconds=given.get("hours_per_month", fields.hours, 0),
        fee=given.get("fee", fields.decimal, Decimal(0)),
        fee_timing=given.get("fee_timing", choice(FeeTiming), FeeTiming.ADVANCE),
        overage_rate=overage_rate,
        overage_basis=basis,
        rollover_months=given.get("rollover_months", integer(), 0),
        rollover_cap_seconds=given.get("rollover_cap_hours", or_null(fields.hours), None),
        draw_order=given.get("draw_order", choice(DrawOrder), DrawOrder.EARLIEST_EXPIRY),
        carry_deficit=given.get("carry_deficit", fields.boolean, default=False),
        prorate=given.get("prorate", fields.boolean, default=True),
        multipliers=given.get("multipliers", _multipliers, ()),
        after_hours=given.get("after_hours", or_null(_after_hours), None),
        pool_months=given.get("pool_months", _pool_months, MONTHLY),
    )
    work_types = given.get("work_types", or_null(list_of(fields.text)), None)
    return Agreement(starts_on, (terms,), ends_on, work_types=None if work_types is None else frozenset(work_types))


def _pool_months(value: object, path: str) -> int:
    months = integer()(value, path)
    if months not in POOL_MONTHS:
        refuse(path, "must be 1 or 3: hours of a month, or of a quarter")
    return months


def _multipliers(value: object, path: str) -> tuple[Multiplier, ...]:
    found: dict[str, Multiplier] = {}

    def read(item: object, at: str) -> None:
        given = Fields(item, at, "work_type factor")
        work_type = given.get("work_type", fields.text)
        if work_type in found:
            refuse(given.path("work_type"), f"{work_type!r} has a multiplier already")
        found[work_type] = Multiplier(work_type, given.get("factor", fields.decimal))

    list_of(read)(value, path)
    return tuple(found.values())


def _after_hours(value: object, path: str) -> AfterHours:
    given = Fields(value, path, "factor business_hours")
    return AfterHours(given.get("factor", fields.decimal), given.get("business_hours", _business_hours))


def _business_hours(value: object, path: str) -> tuple[tuple[int, int] | None, ...]:
    given = Fields(value, path, " ".join(_WEEKDAYS))
    return tuple(given.get(weekday, _open_hours, None) for weekday in _WEEKDAYS)


def _open_hours(value: object, path: str) -> tuple[int, int]:
    minutes = list_of(_minute_of_day)(value, path)
    if len(minutes) != len(("opens", "closes")) or minutes[0] >= minutes[1]:
        refuse(path, 'must be one range of times that ends after it starts, such as ["09:00", "17:00"]')
    return minutes[0], minutes[1]


def _minute_of_day(value: object, path: str) -> int:
    if value == _END_OF_DAY and path.endswith("[1]"):
        return 24 * 60
    match = _WALL_CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        refuse(path, "must be a time of day such as 09:00; the end of a range may be 24:00")
    return int(match[1]) * 60 + int(match[2])


def _top_up(value: object, path: str) -> TopUp:
    given = Fields(value, path, "hours from expires")
    seconds = given.get("hours", fields.hours)
    valid_from = given.get("from", fields.day)
    expires_on = given.get("expires", fields.day)
    if expires_on < valid_from:
        refuse(given.path("expires"), "lies before from")
    return TopUp(f"{valid_from}/{expires_on}/{seconds}", seconds, valid_from, expires_on)


def _entries(value: object, path: str) -> tuple[WorkEntry, ...]:
    seen: set[str] = set()

    def read(item: object, at: str) -> WorkEntry:
        entry = _entry(item, at)
        if entry.uuid in seen:
            refuse(f"{at}.id", f"{entry.uuid!r} is the id of an entry before it")
        seen.add(entry.uuid)
        return entry

    return tuple(list_of(read)(value, path))


def _entry(value: object, path: str) -> WorkEntry:
    given = Fields(value, path, "id person project ticket work_type start end seconds billable status rate")
    identity = given.get("id", fields.text)
    started_at = given.get("start", fields.instant)
    return WorkEntry(
        uuid=identity,
        started_at=started_at,
        ended_at=_end(given, path, started_at),
        person=given.get("person", or_null(fields.text), None),
        project=given.get("project", or_null(fields.text), None),
        ticket=given.get("ticket", or_null(fields.text), None),
        work_type=given.get("work_type", or_null(fields.text), None),
        is_billable=given.get("billable", fields.boolean, default=True),
        status=given.get("status", choice(EntryStatus), EntryStatus.APPROVED),
        own_rate=given.get("rate", or_null(fields.decimal), None),
    )


def _end(given: Fields, path: str, started_at: datetime) -> datetime:
    end = given.get("end", or_null(fields.instant), None)
    seconds = given.get("seconds", or_null(integer()), None)
    if end is not None and seconds is None:
        if end < started_at:
            refuse(given.path("end"), "lies before start")
        return end
    if seconds is None or end is not None:
        refuse(path, "must have exactly one of end and seconds")
    end = started_at + timedelta(seconds=min(seconds, (_LATEST - started_at).total_seconds()))
    if end >= _LATEST:
        refuse(given.path("seconds"), f"must end by the year {fields.LAST_YEAR}")
    return end


def _close(value: object, path: str) -> tuple[Month, ...]:
    months: list[Month] = []

    def read(item: object, at: str) -> None:
        found = fields.month(item, at)
        if found in months:
            refuse(at, f"{found} is in the list already")
        months.append(found)

    list_of(read)(value, path)
    return tuple(months)
