"""Money: whole minor units of one currency, rounded half up on the absolute value (docs/billing.md "Units")."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Self

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol, is_currency

from helpdesk.kernel.errors import RuleViolation

Exact = int | Decimal | Fraction

# ISO 4217 table A.1: every currency that does not have two decimals. CLDR rounds more of them for display,
# an invoice may not.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?")


def round_half_up(value: Exact) -> int:
    """Return the nearest whole number; a tie goes away from zero, so that a credit mirrors its invoice.

    2.5 -> 3, -2.5 -> -3, 2.4 -> 2. Exact for numbers of any size.
    """
    exact = Fraction(value)
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def exponent_of(currency: str) -> int:
    """Return the decimals of a currency by ISO 4217: EUR 2, JPY 0, KWD 3, CLF 4; 2 where the list is silent."""
    return _EXPONENTS.get(currency, 2)


@cache
def check_currency(code: str) -> str:
    """Return ``code`` where it is an ISO 4217 code in capitals, past currencies included.

    Raises:
        RuleViolation: it is none, such as ``eur``, ``EURO`` or ``ABC``.
    """
    if not re.fullmatch("[A-Z]{3}", code) or not is_currency(code):
        message = f"{code!r} is no ISO 4217 currency; write three capitals such as EUR"
        raise RuleViolation(message)
    return code


def parse_decimal(text: str) -> Decimal:
    """Return the number that a plain decimal such as ``1234.50`` or ``-3`` stands for, exactly.

    At most 18 digits before the point and 10 after it.

    Raises:
        RuleViolation: anything else: an exponent, a thousands sign, a comma, NaN, an empty text.
    """
    if not _PLAIN_DECIMAL.fullmatch(text):
        message = f"{text!r} is no plain decimal; write digits with a point, such as 1234.50"
        raise RuleViolation(message)
    return Decimal(text)


def plain(value: Exact, *, decimals: int) -> str:
    """Return ``value`` rounded half up to exactly ``decimals`` places: 1234.5 with 2 -> ``1234.50``."""
    units = round_half_up(Fraction(value) * 10**decimals)
    digits = str(abs(units)).rjust(decimals + 1, "0")
    sign = "-" if units < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def format_price(amount: Decimal, currency: str) -> str:
    """Return a price with at least the currency's decimals and no needless zeros after them.

    A price may be finer than its currency: 100 EUR -> ``100.00``, 0.1250 EUR -> ``0.125``, 90.0 JPY -> ``90``.
    """
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(exponent_of(currency), "0")
    return f"{whole}.{fraction}" if fraction else whole


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole minor units (cents, yen, fils) of one ISO 4217 currency.

    Two amounts meet only in one currency: ``Money(100, "EUR") + Money(1, "USD")`` is refused, not converted.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        check_currency(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in ``currency``."""
        return cls(0, currency)

    @classmethod
    def rounded(cls, amount: Exact, currency: str) -> Self:
        """Return ``amount`` of major units to the minor unit, half up: 33.335 EUR -> 33.34."""
        return cls(round_half_up(Fraction(amount) * 10 ** exponent_of(currency)), currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Return the amount that a plain decimal says: ``"1234.5"`` EUR -> 123450 cents.

        Raises:
            RuleViolation: no plain decimal, or finer than the currency's minor unit.
        """
        amount = parse_decimal(text)
        money = cls.rounded(amount, currency)
        if money.amount != amount:
            message = f"{text} is finer than {currency} allows ({exponent_of(currency)} decimals)"
            raise RuleViolation(message)
        return money

    @property
    def amount(self) -> Decimal:
        """The amount in major units, exactly: 123450 cents -> ``Decimal("1234.50")``."""
        return Decimal(str(self))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return plain(Fraction(self.minor, 10 ** exponent_of(self.currency)), decimals=exponent_of(self.currency))

    def times(self, factor: Exact) -> "Money":
        """Return the product to the minor unit, half up: 140.00 times 0.09975 -> 13.97."""
        return Money(round_half_up(self.minor * Fraction(factor)), self.currency)

    def _minor_of(self, other: "Money") -> int:
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} do not add up; convert one of them first"
            raise RuleViolation(message)
        return other.minor


@lru_cache(maxsize=4096)
def format_money(money: Money, locale: Locale | str) -> str:
    """Return the amount as people of ``locale`` write it, with exactly the currency's decimals.

    1234.50 EUR is ``€1,234.50`` for ``en`` and ``1.234,50 €`` for ``de``; 1500 JPY is ``¥1,500`` for ``en``.
    """
    decimals = exponent_of(money.currency)
    written = Locale.parse(locale)
    fraction = "0." + "0" * decimals if decimals else "0"
    pattern = written.currency_formats["standard"].pattern.replace("0.00", fraction)
    if get_currency_symbol(money.currency, written)[-1].isalpha():
        pattern = pattern.replace("\N{CURRENCY SIGN}#", "\N{CURRENCY SIGN}\N{NO-BREAK SPACE}#")  # CLDR currencySpacing
    return format_currency(money.amount, money.currency, format=pattern, locale=written, currency_digits=False)
