"""Interest on what is paid late: by days, on what was open each day (docs/billing.md rule M2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from helpdesk.kernel.money import plain, round_half_up

YEAR_DAYS = 365
ONE_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which the same amount was open."""

    open_minor: int
    days: int


def stretches(changes: Iterable[tuple[date, int]], *, first: date, until: date) -> Sequence[Stretch]:
    """Return what was open from ``first`` on and before ``until``, stretch by stretch; days without a debt are none.

    A change is a day and by how much the open amount changed on it; it counts for that day already.
    """
    known = sorted((max(day, first), minor) for day, minor in changes if day < until)
    edges = sorted({first, *(day for day, _minor in known), until})
    found = []
    for begins, ends in pairwise(edges):
        open_minor = sum(minor for day, minor in known if day <= begins)
        if open_minor > 0:
            found.append(Stretch(open_minor, (ends - begins) // ONE_DAY))
    return found


def interest(parts: Iterable[Stretch], *, yearly_percent: Decimal, share: Fraction = Fraction(1)) -> int:
    """Return the interest on the stretches in minor units: the exact sum, rounded half up once.

    119.00 open for 16 days at 9 percent: 119.00 × 9 / 100 × 16 / 365 = 0.47. ``share`` is the part of the open amount
    that bears interest: net / total where it is reckoned on the net.
    """
    exact = sum((part.open_minor * part.days * share for part in parts), Fraction(0))
    return round_half_up(exact * Fraction(yearly_percent) / 100 / YEAR_DAYS)


def formula(
    parts: Iterable[Stretch], *, yearly_percent: Decimal, decimals: int, share: tuple[int, int] | None = None
) -> str:
    """Return how the interest came about: ``119.00 × 9 % × 16 / 365 + 19.00 × 9 % × 4 / 365``.

    ``share`` is net and total where it is reckoned on the net: each open amount is multiplied by one over the other.
    """
    units = 10**decimals
    net = "" if share is None else " × " + " / ".join(plain(Fraction(each, units), decimals=decimals) for each in share)
    return " + ".join(
        f"{plain(Fraction(part.open_minor, units), decimals=decimals)}{net}"
        f" × {yearly_percent.normalize():f} % × {part.days} / {YEAR_DAYS}"
        for part in parts
    )
