"""A number or a day in an address that no database has is not found, like one that is not there."""

import pytest

LONG = "9" * 25


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/contacts/{contact}?before=" + LONG,
        "/contacts/{contact}/merge?into=" + LONG,
        "/satisfaction?before=" + LONG,
        "/satisfaction?client=" + LONG,
        "/files/1/mail/" + "9" * 4_500,
    ],
)
def test_it_is_not_found(office, sign_in_as, path):
    answer = sign_in_as(office.manager).get(path.format(contact=office.acme_contact.id))

    assert answer.status_code == 404


@pytest.mark.on_sqlite
@pytest.mark.parametrize("year", ["9999", "0001"])
def test_a_month_of_no_use_is_none(office, sign_in_as, year):
    assert sign_in_as(office.manager).get(f"/satisfaction?from={year}-12&to={year}-12").status_code == 200
