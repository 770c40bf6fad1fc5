"""What people type about an expense, read and refused at the field that is wrong. Pure (docs/billing.md rule E1)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from helpdesk.kernel.dates import day_words
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, check_currency, parse_decimal

KINDS = ("amount", "mileage", "per_diem")
BILLING = ("markup", "as_is", "not_billable")
UNITS = ("km", "mi", "day")
FIRST_DAY = date(2000, 1, 1)
MOST_AMOUNT = 1_000_000_000
MOST_DISTANCE = 100_000
MOST_DAYS = 366
MOST_MARKUP = 1000
NOTE_LENGTH = 2000


class FieldRefused(RuleViolation):
    """A refusal that stands beside one field of the form; ``field`` is its name."""

    def __init__(self, *, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Facts:
    """An expense as it is typed; numbers are the texts of the form. What does not belong to the kind is left aside."""

    kind: str = "amount"
    spent_on: date
    category_id: int | None = None
    note: str = ""
    billing: str = "as_is"
    markup_percent: str = ""
    amount: str = ""
    currency: str = ""
    tax_percent: str = ""
    tax_included: bool = True
    exchange_rate: str = ""
    exchange_source: str = ""
    rate_id: int | None = None
    distance: str = ""
    full_days: int | None = None
    partial_days: int | None = None


def check_facts(facts: Facts, *, today: date) -> None:
    """Refuse what no expense can be, whatever its project; ``today`` is the client's.

    Raises:
        FieldRefused: an unknown kind or way of billing, a day to come or long gone, a note that is too long.
    """
    if facts.kind not in KINDS:
        raise FieldRefused(field="kind", message=f"{facts.kind!r} is none of {', '.join(KINDS)}.")
    if facts.billing not in BILLING:
        raise FieldRefused(field="billing", message=f"{facts.billing!r} is none of {', '.join(BILLING)}.")
    if facts.spent_on > today:
        raise FieldRefused(
            field="spent_on",
            message=f"{day_words(facts.spent_on)} is not here yet where the client is; it is {day_words(today)} there.",
        )
    if facts.spent_on < FIRST_DAY:
        raise FieldRefused(field="spent_on", message=f"{day_words(facts.spent_on)} is too long ago; is the year right?")
    if len(facts.note) > NOTE_LENGTH:
        raise FieldRefused(field="note", message=f"The note is longer than {NOTE_LENGTH} characters.")


def read_amount(text: str, currency: str) -> Money:
    """Return a typed amount, with a point or a comma: ``12,50`` and ``12.50`` EUR are 1250 cents.

    Raises:
        FieldRefused: at ``currency`` no ISO 4217 code; at ``amount`` no number, nothing, or finer than the currency.
    """
    try:
        check_currency(currency)
    except RuleViolation as refusal:
        raise FieldRefused(field="currency", message=f"{refusal}.") from refusal
    value = read_number(text, "amount", most=MOST_AMOUNT)
    if not value:
        raise FieldRefused(field="amount", message="Say how much was paid; it is more than nothing.")
    try:
        return Money.parse(f"{value:f}", currency)
    except RuleViolation as refusal:
        raise FieldRefused(field="amount", message=f"{refusal}.") from refusal


def read_number(text: str, field: str, *, most: int) -> Decimal:
    """Return a number that people type, with a point or one comma; an empty text is 0.

    Raises:
        FieldRefused: it is none, negative, or more than ``most``.
    """
    plain = text.strip()
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        value = parse_decimal(plain or "0")
    except RuleViolation as refusal:
        raise FieldRefused(
            field=field, message=f"{text!r} is no number; write digits with a point, such as 1234.50."
        ) from refusal
    if not 0 <= value <= most:
        raise FieldRefused(field=field, message=f"{text} is not between 0 and {most}.")
    return value


def read_percent(text: str, field: str, *, most: int = 100) -> Decimal:
    """Return a percentage as it is typed, with or without its sign: ``19``, ``8,1 %``.

    Raises:
        FieldRefused: it is none, or not between 0 and ``most``.
    """
    return read_number(text.strip().removesuffix("%"), field, most=most)
