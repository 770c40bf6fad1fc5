"""Names of time zones as people look for them and type them (docs/desk.md rule 103)."""

from functools import cache
from zoneinfo import available_timezones

from helpdesk.kernel.errors import RuleViolation

UTC_NAME = "UTC"


@cache
def place_names() -> tuple[str, ...]:
    """Return the IANA zones that places have, such as Europe/Berlin, by name, and UTC before them."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (UTC_NAME, *names)


def zone_meant(typed: str) -> str:
    """Return the name of the zone that somebody typed: the whole name, or the place alone where only one has it.

    Case, and spaces for underscores, make no difference: ``america/new york`` and ``New York`` are America/New_York.

    Raises:
        RuleViolation: no zone is called so, or several are, which it names.
    """
    wanted = _folded(typed)
    if wanted in _by_name():
        return _by_name()[wanted]
    of_place = _by_place().get(wanted, ())
    if len(of_place) == 1:
        return of_place[0]
    if of_place:
        message = f"“{typed}” may be {' or '.join(of_place)}. Choose one of them."
    else:
        message = f"There is no time zone “{typed}”. Choose one of the list, such as Europe/Berlin."
    raise RuleViolation(message)


def _folded(name: str) -> str:
    return "_".join(name.split()).casefold()


@cache
def _by_name() -> dict[str, str]:
    return {_folded(name): name for name in (*available_timezones() - {"localtime"}, *place_names())}


@cache
def _by_place() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in place_names():
        place = _folded(name.rpartition("/")[2])
        found[place] = (*found.get(place, ()), name)
    return found
