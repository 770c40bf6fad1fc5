"""Patterns of numbers that could give one twice are found before they do (docs/billing.md rule 19)."""

import pytest

from helpdesk.invoicing.domain.numbering import Numbering, collision, refuse_same
from helpdesk.kernel.errors import RuleViolation

YEARLY = Numbering("INV-{year}-{number:04}", yearly=True)
TAKEN = ["INV-2026-0001", "INV-2026-0002", "R00003"]


@pytest.mark.parametrize(
    ("pattern", "yearly", "counted", "found"),
    [
        ("INV-{year}-{number:04}", True, {2026: 2}, None),
        ("INV-{year}-{number:04}", False, {2026: 2}, "INV-2026-0001"),
        ("INV-{year}-{number:04}", False, {2026: 2, 0: 1}, "INV-2026-0002"),
        ("INV-{year}-{number:04}", False, {2026: 2, 0: 2}, None),
        ("INV-{year}-{number}", True, {2026: 0}, None),
        ("R{number:05}", False, {2026: 2}, "R00003"),
        ("R{number:05}", False, {0: 3}, None),
        ("R{number:04}", False, {}, None),
        ("INV-{number}", False, {}, None),
        ("{number}", True, {}, None),
    ],
)
def test_a_number_that_would_come_again(pattern, yearly, counted, found):
    assert collision(Numbering(pattern, yearly), year=2026, counted=counted, taken=TAKEN) == found


def test_numbers_of_years_that_are_over_come_never_again_where_the_year_stands_in_them():
    assert collision(YEARLY, year=2027, counted={}, taken=TAKEN) is None


@pytest.mark.parametrize("pattern", ["INV-{year}-{number}", "INV-{year}-{number:04}", "INV-{number}", "IN{number:05}"])
def test_invoices_and_credit_notes_never_share_a_number(pattern):
    if pattern in {"INV-{year}-{number}", "INV-{year}-{number:04}"}:
        with pytest.raises(RuleViolation) as refusal:
            refuse_same(YEARLY, Numbering(pattern, yearly=True))
        assert refusal.value.field == "credit_note_pattern"
    else:
        refuse_same(YEARLY, Numbering(pattern, yearly=False))


def test_a_count_begins_anew_only_with_the_year_in_the_number():
    assert [Numbering(pattern, yearly=True).begins_anew for pattern in ("A{year}-{number}", "A{number}")] == [
        True,
        False,
    ]
