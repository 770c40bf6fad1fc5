"""Amounts as people type them, with or without the currency (docs/billing.md rule M5)."""

import re

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

_WITH_CODE = re.compile(r"(?:([A-Za-z]{3})\s*)?(-?[0-9.]+)(?:\s*([A-Za-z]{3}))?")


def typed_amount(text: str, currency: str, *, field: str = "amount") -> Money:
    """Return an amount of ``currency`` as it was typed: ``1234.50``, ``EUR 1234.50`` or ``1234.50 EUR``.

    Raises:
        RuleViolation: another currency, no plain decimal, or finer than the currency; it names ``field``.
    """
    found = _WITH_CODE.fullmatch(text.strip())
    codes = {code.upper() for code in (found[1], found[3]) if code} if found else set()
    if other := sorted(codes - {currency}):
        said = _("This is in %(currency)s, not in %(other)s.", currency=currency, other=other[0])
        raise RuleViolation(said, field=field)
    try:
        return Money.parse(found[2] if found else text, currency)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal
