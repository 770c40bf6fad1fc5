"""From priced seconds of entries to the lines of a draft: pure (docs/billing.md rules 3, 16 and 18)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_skeleton

from helpdesk.invoicing.domain.lines import GroupBy, LineKind
from helpdesk.kernel.dates import format_day
from helpdesk.kernel.durations import format_hm, to_minutes
from helpdesk.kernel.money import Money, format_price
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import amount_for

PRINT_ORDER = tuple(LineKind)

Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class BilledItem:
    """The ticket or task that a line is about."""

    id: int
    number: int
    title: str
    is_ticket: bool


@dataclass(frozen=True, order=True, slots=True)
class Named:
    """A project or a work type as a line says it."""

    name: str
    id: int


NOTHING = Named("", 0)


@dataclass(frozen=True, slots=True)
class Priced:
    """A half-open range of one entry's billable seconds that goes on the invoice at one price per hour.

    ``quantity_seconds`` is what is printed and priced: the range itself, or what it burns where overage is
    weighted. Work at no charge has a price of zero, its worked seconds as quantity, and an empty range: nothing
    of it is billable. ``charge_id`` is the charge that holds it, where one does.
    """

    entry_id: int
    item: BilledItem
    kind: LineKind
    from_second: int
    to_second: int
    burn_seconds: int
    quantity_seconds: int
    price: Decimal
    worked_on: date
    person: str
    period_id: int | None = None
    person_id: int = 0
    project: Named = NOTHING
    work_type: Named = NOTHING
    charge_id: int | None = None

    @property
    def is_charged(self) -> bool:
        """Whether there are billable seconds to hold."""
        return self.to_second > self.from_second


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line of a draft: ``minutes`` x ``unit_price`` / 60 = ``amount`` to the minor unit.

    ``item`` is the ticket or task, where the line is about one alone.
    """

    kind: LineKind
    description: str
    minutes: Decimal
    unit_price: Decimal
    amount: Money
    item: BilledItem | None
    period_id: int | None
    pieces: tuple[Priced, ...]


def draft_lines(
    priced: Iterable[Priced], *, currency: str, group_by: GroupBy = GroupBy.TICKET, language: str = "en"
) -> list[DraftLine]:
    """Return the lines: one for each kind, closed period, group, and price (rule 18). Tickets come before tasks.

    3 x 20 min at 100.00 on three tickets are 3 lines of 33.33; on one ticket, or by person, one line of 100.00.
    Work at no charge stays with its ticket, whatever the rest is grouped by.
    """
    groups: dict[tuple[int, int, Key, Decimal], list[Priced]] = defaultdict(list)
    for each in priced:
        groups[PRINT_ORDER.index(each.kind), each.period_id or 0, _key(each, group_by), each.price].append(each)
    return [_line(groups[key], currency, group_by, language) for key in sorted(groups)]


def _key(each: Priced, group_by: GroupBy) -> Key:
    """Return what shares a line with the piece; the keys of one grouping sort as the lines are printed."""
    if group_by is GroupBy.TICKET or not each.is_charged:
        return (int(group_by is not GroupBy.TICKET), int(not each.item.is_ticket), each.item.number)
    keys: dict[GroupBy, Key] = {
        GroupBy.ENTRY: (each.worked_on.isoformat(), each.entry_id),
        GroupBy.PROJECT: (each.project.name, each.project.id),
        GroupBy.WORK_TYPE: (each.work_type.name, each.work_type.id),
        GroupBy.PERSON: (each.person, each.person_id),
        GroupBy.DAY: (each.worked_on.isoformat(),),
        GroupBy.RATE: (),
    }
    return (0, *keys[group_by])


def _line(pieces: Sequence[Priced], currency: str, group_by: GroupBy, language: str) -> DraftLine:
    first = pieces[0]
    seconds = sum(each.quantity_seconds for each in pieces)
    is_of_one = len({each.item.id for each in pieces}) == 1
    by_item = group_by in {GroupBy.TICKET, GroupBy.ENTRY} or not first.is_charged
    return DraftLine(
        kind=first.kind,
        description=first.item.title if by_item else _text_of(first, group_by, currency, language),
        minutes=to_minutes(seconds),
        unit_price=first.price,
        amount=amount_for(seconds, first.price, currency),
        item=first.item if by_item and is_of_one else None,
        period_id=first.period_id,
        pieces=tuple(sorted(pieces, key=lambda each: (each.worked_on, each.entry_id, each.from_second))),
    )


def _text_of(piece: Priced, group_by: GroupBy, currency: str, language: str) -> str:
    texts = {
        GroupBy.PROJECT: piece.project.name,
        GroupBy.WORK_TYPE: piece.work_type.name or piece.project.name,
        GroupBy.PERSON: piece.person,
        GroupBy.DAY: format_day(piece.worked_on, "EEEE d MMMM y", _locale(language)),
        GroupBy.RATE: f"{format_price(piece.price, currency)} {currency}/h",
    }
    return str(texts[group_by])


def detail_of(pieces: Iterable[Priced], language: str) -> str:
    """Return when and by whom, in the reader's language: ``2 Nov – 27 Nov, Ann 2:30, Ben 1:00``."""
    listed = list(pieces)
    days = sorted({each.worked_on for each in listed})
    seconds: dict[str, int] = defaultdict(int)
    for each in listed:
        seconds[each.person] += each.quantity_seconds
    first, last = (format_day(day, "d MMM", _locale(language)) for day in (days[0], days[-1]))
    when = first if first == last else f"{first} – {last}"
    return ", ".join([when, *(f"{person} {format_hm(worked)}" for person, worked in sorted(seconds.items()))])


def fee_description(name: str, month: Month, language: str) -> str:
    """Return what a retainer fee is for: ``Managed workplace, December 2026``."""
    return f"{name}, {month_name(month, language)}"


def month_name(month: Month, language: str) -> str:
    """Return the month as people of the language write it: ``November 2026``, ``novembre 2026``."""
    return str(format_skeleton("yMMMM", month.first_day, locale=_locale(language)))


def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))
