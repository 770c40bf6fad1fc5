"""Which two letters are a country."""

import pytest

from helpdesk.kernel.countries import check_country
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize("code", ["", "DE", "GB", "US", "PT", "TW"])
def test_codes_of_iso_3166_are_countries(code):
    assert check_country(code) == code


@pytest.mark.parametrize("code", ["UK", "EU", "XX", "ZZ", "XK", "de", "DEU", "00", "D"])
def test_what_iso_3166_gives_no_country_is_refused_at_its_field(code):
    with pytest.raises(RuleViolation, match="two letters of ISO 3166") as refused:
        check_country(code)

    assert refused.value.field == "country"
