"""Countries by the two letters of ISO 3166."""

from babel import Locale

from helpdesk.kernel.errors import RuleViolation

_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
"""What CLDR has names for beside those that ISO 3166 assigns: groups, reserved and made-up codes."""


def check_country(code: str) -> str:
    """Return the code of a country as it is, or empty where none is given.

    Raises:
        RuleViolation: no country has it, such as ``UK`` or ``XX``; the message is for the field ``country``.
    """
    if code and (len(code) != 2 or code in _NO_COUNTRIES or code not in Locale("en").territories):  # noqa: PLR2004 - ISO 3166-1 alpha-2
        message = f"{code!r} is no code of a country; write the two letters of ISO 3166, such as DE or GB"
        raise RuleViolation(message, field="country")
    return code
