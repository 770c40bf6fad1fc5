"""Whether a pattern of numbers can give one that a document has already (docs/billing.md rule 19)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpdesk.invoicing.domain.documents import format_number
from helpdesk.kernel.errors import RuleViolation

_FIELDS = re.compile(r"\{(year|number)(?::0[1-9])?\}")
_SAMPLES = tuple(int("123456789"[:length]) for length in range(1, 10))
_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the documents of one kind are numbered: by which pattern, and whether each year begins with 1."""

    pattern: str
    yearly: bool

    @property
    def begins_anew(self) -> bool:
        """Whether each year has a count of its own; numbers without the year in them always go on."""
        return self.yearly and "{year" in self.pattern

    def number(self, year: int, count: int) -> str:
        """Return the number of a document."""
        return format_number(self.pattern, year=year, number=count)


def refuse_same(invoice: Numbering, credit_note: Numbering) -> None:
    """Refuse patterns by which an invoice and a credit note could share a number.

    Raises:
        RuleViolation: they could; the message says which number.
    """
    for one, other in ((invoice, credit_note), (credit_note, invoice)):
        read = _reader(one.pattern)
        for sample in _SAMPLES:
            number = other.number(_YEAR, sample)
            found = read.fullmatch(number)
            if found and one.number(int(found.groupdict().get("year") or 0), int(found["number"])) == number:
                message = f"An invoice and a credit note could both be called {number}; give one of them other signs."
                raise RuleViolation(message, field="credit_note_pattern")


def collision(numbering: Numbering, *, year: int, counted: Mapping[int, int], taken: Iterable[str]) -> str | None:
    """Return a number that a document has and that would be given again from ``year`` on; None where there is none.

    ``counted`` says by year how many numbers were given, under 0 those that go on and on.
    """
    read = _reader(numbering.pattern)
    for number in taken:
        found = read.fullmatch(number)
        if found is None:
            continue
        its_year, count = int(found.groupdict().get("year") or year), int(found["number"])
        if its_year < year or numbering.number(its_year, count) != number:
            continue
        if count > counted.get(its_year if numbering.begins_anew else 0, 0):
            return number
    return None


def _reader(pattern: str) -> re.Pattern[str]:
    """Return what reads year and count out of the numbers of a pattern."""
    parts, at = [], 0
    for field in _FIELDS.finditer(pattern):
        parts.append(re.escape(pattern[at : field.start()]))
        parts.append("(?P<year>[0-9]{4})" if field[1] == "year" else "(?P<number>[0-9]+)")
        at = field.end()
    return re.compile("".join([*parts, re.escape(pattern[at:])]))
