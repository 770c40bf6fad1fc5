"""The mail that carries a statement: our words in each language, and what is filled in (docs/billing.md rule 10)."""

from collections.abc import Mapping

from babel.dates import format_skeleton
from flask_babel import force_locale, get_locale
from sqlalchemy.orm import Session

from helpdesk.company import letter_texts
from helpdesk.company.letter_texts import LetterKind, Wording
from helpdesk.company.models import Company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.i18n import letter_language
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.periods import Month
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.models import RetainerPeriod

KIND = "retainer_statement"
FIELDS = {
    "client": _l("The client's name"),
    "retainer": _l("The agreement's name"),
    "month": _l("The month, such as November 2026"),
    "figures": _l("The hours of the month, used, left or beyond them, a line each"),
    "allowance": _l("The hours of the month"),
    "used": _l("The hours used"),
    "left": _l("The hours left, 0:00 where none are"),
    "over": _l("The hours beyond them, 0:00 where none are"),
    "company": _l("Our name"),
}


def values_of(view: MonthView, closed: RetainerPeriod, house: Company) -> dict[str, str]:
    """Return what is filled into the mail of a closed month, in the client's language."""
    client = view.agreement.client
    allowance = closed.granted_seconds + closed.carried_in_seconds + closed.topped_up_seconds
    return _values(
        client=client.legal_name or client.name,
        retainer=view.agreement.name,
        month=view.month,
        allowance=allowance,
        used=allowance - closed.expired_seconds - closed.carried_out_seconds + _over(view),
        left=max(closed.expired_seconds + closed.carried_out_seconds, 0),
        over=_over(view) + max(-closed.carried_out_seconds, 0),
        is_of_quarter=view.span.is_quarter,
        company=house.name,
        language=client.language,
    )


def _over(view: MonthView) -> int:
    return (
        sum(row.seconds for row in view.closed.rows if row.kind == "overage" and not row.reverses) if view.closed else 0
    )


def _values(
    *,
    client: str,
    retainer: str,
    month: Month,
    allowance: int,
    used: int,
    left: int,
    over: int,
    company: str,
    language: str,
    is_of_quarter: bool = False,
) -> dict[str, str]:
    """Return the fields in the language. A block that came too late for the work leaves hours beside overage."""
    with force_locale(letter_language(language)):
        figures = [
            _("Hours of the quarter at the beginning of the month: %(hours)s h", hours=format_hm(allowance))
            if is_of_quarter
            else _("Hours of the month: %(hours)s h", hours=format_hm(allowance)),
            _(
                "Used: %(hours)s h (%(percent)s %%)",
                hours=format_hm(used),
                percent=100 * used // allowance if allowance else 100,
            ),
        ]
        if over:
            figures.append(_("Beyond them: %(hours)s h", hours=format_hm(over)))
        if left or not over:
            figures.append(_("Left: %(hours)s h", hours=format_hm(left)))
        return {
            "client": client,
            "retainer": retainer,
            "month": str(format_skeleton("yMMMM", month.first_day, locale=str(get_locale()))),
            "figures": "\n".join(figures),
            "allowance": format_hm(allowance),
            "used": format_hm(used),
            "left": format_hm(left),
            "over": format_hm(over),
            "company": company,
        }


def _ours(_session: Session) -> Wording:
    text = _(
        "Hello,\n\nattached is the statement of {{retainer}} for {{month}}, every posting opened to its work.\n\n"
        "{{figures}}\n\nQuestions about a posting? Reply to this mail.\n\n{{company}}"
    )
    return Wording(_("{{retainer}}: statement of {{month}}"), text)


def _sample() -> Mapping[str, str]:
    return _values(
        client="Kühn Präzision GmbH",
        retainer="Managed workplace",
        month=Month(2026, 11),
        allowance=40 * HOUR,
        used=37 * HOUR + HOUR // 2,
        left=2 * HOUR + HOUR // 2,
        over=0,
        company="Halden & Okoye",
        language=str(get_locale()),
    )


letter_texts.offer(LetterKind(KIND, _l("Statement of a retainer"), FIELDS, _ours, _sample))
