"""Forms of projects and tasks."""

from wtforms import DateField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.durations import parse_typed_duration
from helpdesk.kernel.errors import RuleViolation

BILLING_NAMES = {
    "hourly": _l("By the hour"),
    "retainer": _l("Retainer"),
    "fixed_fee": _l("Fixed fee"),
    "internal": _l("Internal"),
}
STATUS_NAMES = {"active": _l("Active"), "paused": _l("Paused"), "done": _l("Done")}


class ProjectForm(StrictForm):
    """A new project; the view fills the clients."""

    client_id = SelectField(_l("Client"), coerce=int, validators=[InputRequired()])
    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    billing = SelectField(_l("Billing"), choices=options(BILLING_NAMES.items()), default="hourly")


class AddressForm(StrictForm):
    """What stands behind the plus in the project's own mail address; empty for none."""

    slug = StringField(_l("Behind the plus"), validators=[Length(max=60)])


class TaskForm(StrictForm):
    """A new task; the view fills the people. An estimate is typed as time is, and may stay empty."""

    title = StringField(_l("Task"), validators=[DataRequired(), Length(max=200)])
    assignee_id = SelectField(_l("Who"), coerce=optional_id)
    estimate = StringField(_l("Estimate"), validators=[Length(max=20)])
    due_on = DateField(_l("Due"), validators=[Optional()])

    @property
    def estimate_seconds(self) -> int | None:
        """The estimate in seconds; None where none was typed."""
        return parse_typed_duration(self.estimate.data) if self.estimate.data else None

    def validate_estimate(self, _field: StringField) -> None:
        """Refuse what is no duration, at the field."""
        try:
            _ = self.estimate_seconds
        except RuleViolation as refusal:
            raise ValidationError(str(refusal)) from refusal
