"""Forms of projects and tasks."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.durations import parse_typed_duration
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, parse_decimal
from helpdesk.projects.domain.hours import parse_hours
from helpdesk.projects.settings import ProjectSettings

BILLING_NAMES = {
    "hourly": _l("By the hour"),
    "retainer": _l("Retainer"),
    "fixed_fee": _l("Fixed fee"),
    "internal": _l("Internal"),
}
STATUS_NAMES = {"active": _l("Active"), "paused": _l("Paused"), "done": _l("Done")}
LIMIT_NAMES = {"warn": _l("Warn, and take it"), "refuse": _l("Refuse it")}


class ProjectForm(StrictForm):
    """What a project is set to; the view fills the people and says in which ``currency`` its budget is."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    status = SelectField(_l("Status"), choices=options(STATUS_NAMES.items()), default="active")
    billing = SelectField(_l("Billing"), choices=options(BILLING_NAMES.items()), default="hourly")
    manager_id = SelectField(_l("Manager"), coerce=optional_id)
    member_ids = SelectMultipleField(_l("Team"), coerce=int)
    team_id = SelectField(_l("New tickets go to"), coerce=optional_id)
    starts_on = DateField(_l("Starts"), validators=[Optional()])
    due_on = DateField(_l("Due"), validators=[Optional()])
    budget_hours = StringField(_l("Budget in hours"), validators=[Length(max=20)])
    budget_amount = StringField(_l("Budget in money"), validators=[Length(max=30)])
    max_billable_hours = StringField(_l("Billable hours at most"), validators=[Length(max=20)])
    over_limit = SelectField(_l("Time beyond them"), choices=options(LIMIT_NAMES.items()), default="warn")
    currency = "EUR"

    def settings(self) -> ProjectSettings:
        """Return what was typed, once the form is valid."""
        return ProjectSettings(
            name=self.name.data or "",
            status=self.status.data or "",
            billing=self.billing.data or "",
            manager_id=self.manager_id.data,
            member_ids=frozenset(self.member_ids.data or ()),
            starts_on=self.starts_on.data,
            due_on=self.due_on.data,
            budget_seconds=parse_hours(self.budget_hours.data or ""),
            budget_minor=self._money(),
            max_billable_seconds=parse_hours(self.max_billable_hours.data or ""),
            over_limit=self.over_limit.data or "",
            team_id=self.team_id.data,
        )

    def validate_budget_hours(self, field: StringField) -> None:
        """Refuse what are no hours, at the field."""
        at_field(lambda: parse_hours(field.data or ""))

    def validate_max_billable_hours(self, field: StringField) -> None:
        """Refuse what are no hours, at the field."""
        at_field(lambda: parse_hours(field.data or ""))

    def validate_budget_amount(self, _field: StringField) -> None:
        """Refuse what is no amount of the client's currency, at the field."""
        at_field(self._money)

    def _money(self) -> int | None:
        text = (self.budget_amount.data or "").strip()
        return Money.parse(text, self.currency).minor if text else None


class WholeFeeForm(StrictForm):
    """What a project costs in all."""

    whole = StringField(_l("Fixed fee"), validators=[DataRequired(), Length(max=30)])


class FeeForm(StrictForm):
    """An instalment of a fixed fee."""

    text = StringField(_l("Text"), validators=[DataRequired(), Length(max=200)])
    due_on = DateField(_l("To be billed from"), validators=[DataRequired()])
    percent = StringField(_l("Percent of the fee"), validators=[Length(max=20)])
    amount = StringField(_l("Or an amount"), validators=[Length(max=30)])


class RemoveFeeForm(StrictForm):
    """A button alone: nothing but the token comes with it."""


def decimal_of(field: StringField) -> Decimal | None:
    """Return the number in a field; None where it is empty.

    Raises:
        RuleViolation: it is none; it names the field.
    """
    return _read(field, lambda text: parse_decimal(text.replace(",", ".")))


def money_of(field: StringField, currency: str) -> int | None:
    """Return the amount in a field, in minor units; None where it is empty.

    Raises:
        RuleViolation: it is none of the currency; it names the field.
    """
    return _read(field, lambda text: Money.parse(text.replace(",", "."), currency).minor)


Read = TypeVar("Read")


def _read(field: StringField, reader: Callable[[str], Read]) -> Read | None:
    text = (field.data or "").strip()
    try:
        return reader(text) if text else None
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field.name) from refusal


class NewProjectForm(ProjectForm):
    """A new project; the view fills the clients too."""

    client_id = SelectField(_l("Client"), coerce=int, validators=[InputRequired()])


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
        at_field(lambda: self.estimate_seconds)


def at_field(read: Callable[[], object]) -> None:
    """Let what ``read`` refuses stand at the field that is validated.

    Raises:
        ValidationError: it was refused.
    """
    try:
        read()
    except RuleViolation as refusal:
        raise ValidationError(str(refusal)) from refusal


class TemplateForm(StrictForm):
    """The name of a template."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])


class BeginForm(StrictForm):
    """A project that begins from a template; the view fills the clients."""

    client_id = SelectField(_l("Client"), coerce=int, validators=[InputRequired()])
    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    starts_on = DateField(_l("Starts"), validators=[InputRequired()])
