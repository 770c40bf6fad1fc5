"""What is open of an invoice, what a payment settles, and how old a debt is (docs/billing.md rule 21)."""

import pytest

from helpdesk.invoicing.domain.settling import Account, age_of, by_age, spread


@pytest.mark.parametrize(
    ("account", "open_minor", "status"),
    [
        (Account(11900, 0, 0), 11900, "issued"),
        (Account(11900, 0, 5000), 6900, "part_paid"),
        (Account(11900, 0, 11900), 0, "paid"),
        (Account(11900, 1900, 10000), 0, "paid"),
        (Account(11900, 1900, 0), 10000, "issued"),
        (Account(11900, 11899, 0, is_taken_back=True), 0, "credited"),
        (Account(11900, 3500, 11900), -3500, "paid"),
    ],
)
def test_an_invoice_stands_by_its_credit_notes_and_payments(account, open_minor, status):
    assert (account.open_minor, account.status) == (open_minor, status)


def test_what_is_taken_comes_from_the_first_that_has_it():
    assert spread(700, [(1, 500), (2, 0), (3, 900)]) == [(1, 500), (3, 200)]
    assert spread(700, [(1, 500)]) == [(1, 500)]
    assert spread(0, [(1, 500)]) == []


def test_debts_are_summed_by_age():
    assert [age_of(days) for days in (0, 1, 30, 31, 60, 61, 90, 91)] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert by_age([(0, 1), (1, 10), (30, 20), (91, 300)]) == [1, 30, 0, 0, 300]
