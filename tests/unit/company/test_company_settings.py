import pytest

from helpdesk.company.domain import check_iban, check_number_pattern, check_percent
from helpdesk.company.service import CompanyProfile
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize("pattern", ["INV-{year}-{number:04}", "{number}", "HO {number:06}", "{year}/{number:05}-A"])
def test_a_number_pattern_has_the_number_and_maybe_the_year_before_it(pattern):
    assert check_number_pattern(pattern).format(year=2026, number=7)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "INV-{year}",
        "INV-1",
        "{number}{number}",
        "{number.__class__}",
        "{number!r}",
        "{number:99999999}",
        "{0}",
        "{{number}}",
        "{number}\r\nBcc: x",
        "{number}\n",
    ],
)
def test_a_number_pattern_runs_nothing_else(pattern):
    with pytest.raises(RuleViolation, match="no pattern of numbers"):
        check_number_pattern(pattern)


def test_credit_notes_have_numbers_that_no_invoice_has():
    with pytest.raises(RuleViolation, match="numbers of their own"):
        CompanyProfile(name="Halden", credit_note_number_pattern="INV-{year}-{number:04}")


@pytest.mark.parametrize("number", ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "026009593 / 1234", ""])
def test_an_account_is_an_iban_that_fits_or_a_number_of_another_kind(number):
    assert check_iban(number) == number


@pytest.mark.parametrize("number", ["DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0523 0130 00", "DE89", "DE89-3704"])
def test_an_iban_with_a_wrong_sign_is_none(number):
    with pytest.raises(RuleViolation, match="at least one sign is wrong"):
        check_iban(number)


@pytest.mark.parametrize("percent", ["0", "19", "9.975", "100"])
def test_a_tax_rate_is_a_plain_decimal(percent):
    assert check_percent(percent) == percent


@pytest.mark.parametrize("percent", ["", "-1", "100.01", "19%", "1e1", "NaN", "19,5"])
def test_anything_else_is_no_tax_rate(percent):
    with pytest.raises(RuleViolation):
        check_percent(percent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"currency": "EURO"},
        {"time_zone": "Berlin"},
        {"tax_percent": "much"},
        {"payment_days": -1},
        {"timer_idle_minutes": -1},
        {"timer_limit_hours": 25},
        {"undo_seconds": 61},
        {"undo_seconds": -1},
        {"invoice_number_pattern": "none"},
    ],
)
def test_a_company_with_a_wrong_setting_is_none(wrong):
    with pytest.raises(RuleViolation):
        CompanyProfile(**({"name": "Halden & Okoye"} | wrong))
