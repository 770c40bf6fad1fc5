"""The set-up page: what `helpdesk up` prints the address of, once, before anybody can sign in."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from helpdesk.accounts.service import PASSWORD_LENGTH
from helpdesk.company.forms import time_zones
from helpdesk.expenses import service as expenses
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, capitals
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import SYSTEM, public
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import first_run
from helpdesk.rates import service as rates

bp = Blueprint("first_run", __name__)


class FirstRunForm(StrictForm):
    """The company and its first administrator."""

    token = HiddenField(validators=[InputRequired()])
    company_name = StringField(_l("Company"), validators=[DataRequired(), Length(max=120)])
    currency = StringField(
        _l("Currency"), default="EUR", filters=[capitals], validators=[DataRequired(), Length(max=3)]
    )
    time_zone = SelectField(_l("Time zone"), choices=time_zones(), default="UTC")
    name = StringField(_l("Your name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("Your e-mail"), validators=[DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(), Length(min=PASSWORD_LENGTH, max=1000)])


@bp.get("/setup")
@public
def ask() -> ResponseReturnValue:
    """Show the form to whoever has the token; the token stays good."""
    token = request.args.get("token", "")
    first_run.check_token(read_session(), token=token, now=clock.now())
    return _page(FirstRunForm(formdata=None, token=token))


@bp.post("/setup")
@public
def set_up() -> ResponseReturnValue:
    """Set the house up and lead to the sign-in page, and from there to the first mailbox."""
    form = FirstRunForm()
    first_run.check_token(read_session(), token=form.token.data or "", now=clock.now())
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        with unit_of_work() as session:
            first_run.set_up(session, now=clock.now(), **form.values())
            rates.add_default_work_types(session, actor=SYSTEM, now=clock.now())
            expenses.add_default_categories(session, actor=SYSTEM, now=clock.now())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form), 422
    flash(_("Everything is set up. Sign in with your new password."), "ok")
    return redirect(url_for("accounts.sign_in", next=url_for("intake.mailboxes")), code=303)


def _page(form: FirstRunForm) -> str:
    return render_template("desk/first_run.html", form=form, company_name="")
