"""What of a deposit can be taken off (docs/billing.md rule 21)."""

from helpdesk.invoicing.domain.deposits import Deposit


def deposit(**more: int) -> Deposit:
    values = {"amount_minor": 10000, "credited_minor": 0, "deducted_minor": 0, "owed_minor": 11900, "paid_minor": 11900}
    return Deposit(**{**values, **more})


def test_what_is_paid_whole_is_free_once():
    assert deposit().available_minor == 10000
    assert deposit(deducted_minor=4000).available_minor == 6000
    assert deposit(deducted_minor=4000).creditable_minor == 6000


def test_of_what_is_paid_in_part_a_share_is_free_never_a_cent_more():
    assert deposit(paid_minor=0).available_minor == 0
    assert deposit(paid_minor=5949).available_minor == 4999
    assert deposit(paid_minor=0, deducted_minor=10000).available_minor == -10000


def test_what_is_credited_is_not_free():
    assert deposit(credited_minor=10000, owed_minor=0, paid_minor=0).available_minor == 0
