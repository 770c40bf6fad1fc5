"""Forms of service levels: a calendar, a policy, whom it covers."""

from collections.abc import Mapping
from datetime import date

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from helpdesk.infra.forms import StrictForm, optional_id
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.business_time import written_holidays
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import PRIORITIES
from helpdesk.sla.domain.clocks import TARGETS
from helpdesk.sla.domain.promises import parse_budget, written_budget
from helpdesk.sla.models import BusinessCalendar, SlaPolicy
from helpdesk.sla.render import TARGET_NAMES


def _is_zone(_form: StrictForm, field: Field) -> None:
    if field.data:
        try:
            zone_named(field.data)
        except RuleViolation as refusal:
            raise ValidationError(str(refusal)) from refusal


def _is_budget(_form: StrictForm, field: Field) -> None:
    try:
        parse_budget(field.data or "")
    except RuleViolation as refusal:
        raise ValidationError(str(refusal)) from refusal


class NameForm(StrictForm):
    """What a new policy is called."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=80)])


class CalendarForm(StrictForm):
    """Working time."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=80)])
    time_zone = StringField(_l("Time zone"), [Length(max=60), _is_zone])
    hours = TextAreaField(_l("Hours"), [DataRequired(), Length(max=2000)])
    holidays = TextAreaField(_l("Holidays"), [Length(max=60_000)])

    @classmethod
    def of(cls, row: BusinessCalendar) -> "CalendarForm":
        """Return the form as the calendar is."""
        days = written_holidays((date.fromisoformat(one["day"]), one["name"]) for one in row.holidays)
        return cls(formdata=None, name=row.name, time_zone=row.time_zone, hours=row.hours, holidays=days)


class CoverForm(StrictForm):
    """A client or a project; the view fills the choices."""

    client_id = SelectField(_l("Client"), coerce=optional_id)
    project_id = SelectField(_l("Project"), coerce=optional_id)


class PolicySettings(StrictForm):
    """What a policy is, without its times; the view fills the calendars."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=80)])
    is_on = BooleanField(_l("On: measure tickets that begin from now on"))
    calendar_id = SelectField(_l("Working time"), [InputRequired()], coerce=int)
    at_risk_percent = IntegerField(_l("At risk from so many percent on"), [InputRequired(), NumberRange(1, 99)])
    arrives = DateTimeLocalField(_l("A ticket arrives"), [Optional()], format="%Y-%m-%dT%H:%M")
    act = HiddenField(default="save", validators=[AnyOf(("", "save", "preview"))])


def _with_times() -> type[PolicySettings]:
    """Return the form with a field for each priority and target: ``urgent_first_answer``."""
    fields = {
        f"{priority}_{target}": StringField(TARGET_NAMES[target], [Length(max=20), _is_budget])
        for priority in PRIORITIES
        for target in TARGETS
    }
    return type("PolicyForm", (PolicySettings,), fields)


PolicyForm = _with_times()


def policy_form(row: SlaPolicy) -> PolicySettings:
    """Return the form as the policy is."""
    times = {
        f"{priority}_{target}": written_budget(row.budgets.get(priority, {}).get(target))
        for priority in PRIORITIES
        for target in TARGETS
    }
    return PolicyForm(
        formdata=None,
        name=row.name,
        is_on=row.measured_since is not None,
        calendar_id=row.calendar_id,
        at_risk_percent=row.at_risk_percent,
        **times,
    )


def typed_budgets(form: PolicySettings) -> Mapping[str, Mapping[str, int | None]]:
    """Return the seconds that are typed, by priority and target; the form was right."""
    return {
        priority: {target: parse_budget(form[f"{priority}_{target}"].data or "") for target in TARGETS}
        for priority in PRIORITIES
    }


def priority_names() -> dict[str, str]:
    """Return how priorities are called, the most urgent first."""
    return {"urgent": _("Urgent"), "high": _("High"), "normal": _("Normal"), "low": _("Low")}
