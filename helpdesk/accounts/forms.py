"""Forms of the accounts slice."""

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length

from helpdesk.accounts.service import PASSWORD_LENGTH
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import lazy_gettext as _l

ROLE_NAMES = {
    "technician": _l("Technician"),
    "account_manager": _l("Account manager"),
    "bookkeeper": _l("Bookkeeper"),
    "manager": _l("Manager"),
    "admin": _l("Administrator"),
}
ROLE_CHOICES = options(ROLE_NAMES.items())


class SignInForm(StrictForm):
    """Address and password, and where to go afterwards."""

    email = EmailField(_l("E-mail"), validators=[DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(), Length(max=1000)])
    next = HiddenField()


class PersonForm(StrictForm):
    """A new member of staff."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[DataRequired(), Length(max=254)])
    role = SelectField(_l("Role"), choices=ROLE_CHOICES, default="technician")


class HoursForm(StrictForm):
    """How long somebody means to work in a week; the view fills the people, empty is all without an own figure."""

    person_id = SelectField(_l("Whose"), coerce=optional_id)
    effective_on = DateField(_l("From"), validators=[InputRequired()])
    hours = StringField(_l("Hours a week"), validators=[DataRequired(), Length(max=10)])


class RoleForm(StrictForm):
    """What a member of staff may do, and whether they are still here."""

    role = SelectField(_l("Role"), choices=ROLE_CHOICES)
    active = BooleanField(_l("May sign in"))
    mail_notifications = BooleanField(_l("Gets notifications by mail, as they choose"))


class PasswordForm(StrictForm):
    """One's own new password."""

    current = PasswordField(
        _l("Password until now"),
        validators=[InputRequired(), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        validators=[InputRequired(), Length(min=PASSWORD_LENGTH, max=1000)],
        render_kw={"autocomplete": "new-password"},
    )


class OfferForm(StrictForm):
    """Whether a team is given something new: ``yes``, or not."""

    offered = StringField(validators=[Length(max=10)])


class TeamForm(StrictForm):
    """A new team."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    person_ids = SelectMultipleField(_l("Members"), coerce=int)


class MembersForm(StrictForm):
    """What a team is called, and who is in it."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    person_ids = SelectMultipleField(_l("Members"), coerce=int)
