"""What people type for a time zone (docs/desk.md rule 103)."""

from zoneinfo import ZoneInfo

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.zones import place_names, zone_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Lisbon", "Europe/Lisbon"),
        ("europe/lisbon", "Europe/Lisbon"),
        ("america/new york", "America/New_York"),
        ("  New   York ", "America/New_York"),
        ("lisbon", "Europe/Lisbon"),
        ("buenos_aires/", ""),
        ("utc", "UTC"),
        ("Etc/GMT+12", "Etc/GMT+12"),
    ],
)
def test_a_zone_is_its_name_or_its_place_whatever_the_case(typed, meant):
    try:
        found = zone_meant(typed)
    except RuleViolation:
        found = ""

    assert found == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Mars/Olympus", "There is no time zone “Mars/Olympus”."),
        ("", "There is no time zone “”."),
        ("localtime", "There is no time zone “localtime”."),
        ("../../etc/passwd", "There is no time zone"),
        ("Nicosia", "“Nicosia” may be Asia/Nicosia or Europe/Nicosia."),
    ],
)
def test_what_is_no_zone_or_several_is_refused_with_what_there_is(typed, says):
    with pytest.raises(RuleViolation, match=r"\w") as refused:
        zone_meant(typed)

    assert str(refused.value).startswith(says)


def test_every_zone_that_is_offered_is_one_and_means_itself():
    names = place_names()

    assert (names[0], len(set(names))) == ("UTC", len(names))
    assert [zone_meant(name) for name in names] == list(names)
    assert all(ZoneInfo(name).key == name for name in names)
