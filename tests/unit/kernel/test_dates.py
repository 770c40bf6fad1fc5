from datetime import date

import pytest

from helpdesk.kernel.dates import format_day

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "30 November 2026"),
        ("de", "30. November 2026"),
        ("de_AT", "30. November 2026"),
        ("es", "30 de noviembre de 2026"),
        ("fr", "30 novembre 2026"),
        ("pt", "30 de novembro de 2026"),
    ],
)
def test_each_language_joins_day_month_and_year_its_own_way(language, written):
    assert format_day(LAST, "d MMMM y", language) == written


@pytest.mark.parametrize(
    ("language", "pattern", "written"),
    [
        ("en", "d", "1"),
        ("en", "d MMM", "1 Nov"),
        ("en", "EEE d MMM", "Sun 1 Nov"),
        ("de", "d", "1."),
        ("de", "d MMM", "1. Nov."),
        ("es", "d", "1"),
        ("es", "d MMM", "1 nov"),
        ("es", "d MMMM", "1 de noviembre"),
        ("fr", "d", "1er"),
        ("fr", "d MMMM y", "1er novembre 2026"),
        ("pt", "d MMM y", "1 de nov. de 2026"),
        ("pt", "EEE d MMM", "dom. 1 de nov."),
    ],
)
def test_parts_of_a_date_are_joined_the_same_way(language, pattern, written):
    assert format_day(FIRST, pattern, language) == written
