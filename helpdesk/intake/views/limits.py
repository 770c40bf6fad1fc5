"""Settings: how much mail of one sender is too much, how large a mail may be, and how long raw mail is kept."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake.limit_forms import LimitsForm
from helpdesk.intake.service import limits as service
from helpdesk.intake.views.blueprint import bp


@bp.get("/settings/mail-limits")
@policy(SETTINGS)
def limits() -> str:
    """Show the limits that hold."""
    return _page(LimitsForm(obj=service.current(read_session())))


@bp.post("/settings/mail-limits")
@policy(SETTINGS)
def change_limits() -> ResponseReturnValue:
    """Change them; they hold from the next mail on."""
    form = LimitsForm()
    if not form.validate_on_submit():
        return _page(form), 422
    with unit_of_work() as session:
        service.change(session, actor=current_actor(), now=clock.now(), values=form.values())
    flash(_("The limits are saved and hold from the next mail on."), "ok")
    return redirect(url_for("intake.limits"), code=303)


def _page(form: LimitsForm) -> str:
    loops = _("They keep two machines from writing to each other without end. A sender beyond them loses no mail.")
    return render_template(
        "settings/form.html",
        section="settings",
        heading=_("Mail limits"),
        intro=_("What they do is always said: on the ticket and in the inbound log."),
        back=None,
        form=form,
        groups=[
            {"legend": _("Against loops and floods"), "names": _LOOPS, "hint": loops},
            {"legend": _("Conversations"), "names": ["reopens_within_days"], "hint": ""},
            {"legend": _("Size and storage"), "names": ["largest_mail_mb", "retention_days"], "hint": ""},
        ],
        hints=_hints(),
        submit=_("Save"),
        nav=nav("intake.limits"),
    )


_LOOPS = [
    "acknowledgement_pause_minutes",
    "acknowledgements_a_day",
    "reopenings_an_hour",
    "new_tickets_an_hour",
]


def _hints() -> dict[str, str]:
    return {
        "acknowledgements_a_day": _("0 acknowledges nothing."),
        "reopenings_an_hour": _("Further answers join the ticket, which stays as it is."),
        "new_tickets_an_hour": _("Further mail is held as a group in the inbound log, until somebody decides."),
        "reopens_within_days": _("A later answer opens a new ticket, linked to the old one."),
        "largest_mail_mb": _("A larger one stays on the server: its headers become a ticket that says so."),
        "retention_days": _(
            "Empty keeps it for ever. After that many days the mail as it came, its sender and its subject are erased "
            "from the inbound log; tickets with their messages and files stay."
        ),
    }
