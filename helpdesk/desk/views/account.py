"""Routes of one's own account: on whose clock, and in which language, one is told (docs/desk.md rules 103 to 106)."""

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional

from helpdesk.accounts import service as accounts
from helpdesk.accounts.queries import zone_of
from helpdesk.company import service as company
from helpdesk.company.forms import LANGUAGES
from helpdesk.desk.shell import role_names
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import STAFF, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.zones import place_names, zone_meant
from helpdesk.notices import quiet


class AccountForm(StrictForm):
    """On whose clock one is, empty: that of the company; and the language of mails, unchanged where it is left out."""

    time_zone = StringField(_l("Time zone"), validators=[Length(max=64)])
    language = SelectField(_l("Mails to you are in"), choices=LANGUAGES, validators=[Optional()])


@bp.get("/account")
@policy(STAFF)
def account() -> str:
    """Show who the reader is here, and what they choose."""
    person = accounts.get_person(read_session(), current_actor().person_id or 0)
    values = MultiDict({"time_zone": person.time_zone, "language": person.language})
    return _page(AccountForm(formdata=None, data=values))


@bp.post("/account")
@policy(STAFF)
def change_account() -> ResponseReturnValue:
    """Keep what the reader chose; a zone that there is not says so beside what was typed."""
    form, actor = AccountForm(), current_actor()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        with unit_of_work() as session:
            person = accounts.get_person(session, actor.person_id or 0)
            chosen = zone_meant(form.time_zone.data) if form.time_zone.data else ""
            accounts.choose_own(session, actor=actor, time_zone=chosen, language=form.language.data or person.language)
            quiet.reconsider(session, person_id=person.id, now=clock.now())
            shown = zone_of(session, person).key
    except RuleViolation as refusal:
        form.refuse(refusal, "time_zone")
        return _page(form), 422
    flash(_("Kept. Times are those of %(zone)s.", zone=shown), "ok")
    return back_or("desk.account")


def _page(form: AccountForm) -> str:
    session = read_session()
    person = accounts.get_person(session, current_actor().person_id or 0)
    return render_template(
        "desk/account.html",
        form=form,
        person={"name": person.name, "email": person.email, "role_name": role_names()[person.role]},
        zones=place_names(),
        house_zone=company.get_company(session).time_zone,
        now=clock.now(),
    )
