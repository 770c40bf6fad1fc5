"""What a project writes to its manager: the mail about a budget."""

from collections.abc import Sequence

from flask import current_app
from flask_babel import force_locale

from helpdesk.infra.i18n import SOURCE_LANGUAGE, letter_language
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.dates import format_day
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.projects.alerts import HOURS
from helpdesk.projects.domain.budget import FORECAST, Outlook
from helpdesk.projects.models import Project


def amount_of(project: Project, measure: str, amount: int, *, language: str = SOURCE_LANGUAGE) -> str:
    """Return an amount of a budget as people write it: ``120:00 h`` or ``€12,000.00``."""
    if measure == HOURS:
        return f"{format_hm(amount)} h"
    return format_money(Money(amount, project.client.currency), language)


def budget_mail(
    project: Project, *, measure: str, thresholds: Sequence[str], view: Outlook, language: str
) -> tuple[str, str]:
    """Return subject and text of the mail about one budget that has come to one or more thresholds."""
    written_in = letter_language(language)
    with force_locale(written_in):
        name = f"{project.client.name}, {project.name}"
        levels = [threshold for threshold in thresholds if threshold != FORECAST]
        if levels:
            subject = _("%(name)s: %(level)s %% of the budget is gone", name=name, level=levels[-1])
        else:
            subject = _("%(name)s: the forecast is above the budget", name=name)
        text = "\n".join(_facts(project, measure, view, written_in))
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n\n{base_url}/projects/{project.id}" if base_url else ""
    return subject, f"{text}{link}\n"


def _facts(project: Project, measure: str, view: Outlook, language: str) -> list[str]:
    def amount(value: int) -> str:
        return amount_of(project, measure, value, language=language)

    lines = [
        _("Budget: %(amount)s", amount=amount(view.budget)),
        _("Approved: %(amount)s (%(percent)s %%)", amount=amount(view.spent.used), percent=view.used_percent),
        _("Not approved yet: %(amount)s", amount=amount(view.spent.pending)),
        _("Left: %(amount)s", amount=amount(view.left)),
    ]
    if view.used_up_on is not None:
        day = format_day(view.used_up_on, "d MMMM y", language)
        lines.append(_("At the pace of the last weeks it is used up on %(day)s.", day=day))
    if view.projected is not None:
        lines.append(_("In the end it comes to %(amount)s.", amount=amount(view.projected)))
    return lines
