"""Forms of rates, costs, rounding and work types."""

from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from helpdesk.infra.forms import StrictForm, capitals, optional_id, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.rates.render import MODE_NAMES, SCOPE_NAMES


class RateForm(StrictForm):
    """A price per hour and what it is for; the view fills the choices."""

    amount = StringField(_l("Amount"), validators=[DataRequired(), Length(max=30)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[DataRequired(), Length(max=3)])
    effective_on = DateField(_l("From"), validators=[InputRequired()])
    client_id = SelectField(_l("Client"), coerce=optional_id)
    project_id = SelectField(_l("Project"), coerce=optional_id)
    person_id = SelectField(_l("Person"), coerce=optional_id)
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)


class EndForm(StrictForm):
    """The last day of a rate."""

    ends_on = DateField(_l("Last day"), validators=[InputRequired()])


class CostForm(StrictForm):
    """What an hour of somebody costs us; the view fills the people."""

    person_id = SelectField(_l("Person"), coerce=int, validators=[InputRequired()])
    amount = StringField(_l("Amount"), validators=[DataRequired(), Length(max=30)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[DataRequired(), Length(max=3)])
    effective_on = DateField(_l("From"), validators=[InputRequired()])


class RoundingForm(StrictForm):
    """How time is rounded; the view fills the clients."""

    client_id = SelectField(_l("Client"), coerce=optional_id)
    mode = SelectField(_l("Rounding"), choices=options(MODE_NAMES.items()), default="up")
    step_minutes = IntegerField(_l("Step in minutes"), default=15, validators=[InputRequired(), NumberRange(1, 1440)])
    minimum_minutes = IntegerField(
        _l("At least minutes"), default=0, validators=[InputRequired(), NumberRange(0, 1440)]
    )
    grace_seconds = IntegerField(_l("Seconds of grace"), default=0, validators=[InputRequired(), NumberRange(0, 3600)])
    scope = SelectField(_l("Once for"), choices=options(SCOPE_NAMES.items()), default="entry")
    effective_on = DateField(_l("From"), validators=[InputRequired()])


class AgreementRoundingForm(RoundingForm):
    """How the time that an agreement covers is rounded."""

    client_id = None  # type: ignore[assignment] # takes the field away


class WorkTypeForm(StrictForm):
    """A kind of work."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=60)])
    billable = BooleanField(_l("Billable"), default=True)
    is_default = BooleanField(_l("What new time begins with"))
