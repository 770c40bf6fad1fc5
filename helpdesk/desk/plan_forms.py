"""Forms of a project's plan."""

import re
from datetime import date
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.durations import parse_typed_duration
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.workdays import FIRST_DAY, LAST_DAY
from helpdesk.projects.models import PRIORITIES
from helpdesk.projects.planning.editing import Details
from helpdesk.projects.planning.linking import MOST_LAG
from helpdesk.projects.words import priority_names

_NUMBER = re.compile(r"#?([0-9]{1,9})(\s.*)?")
LAG_UNITS = {"working_days": _l("working days"), "days": _l("days")}


def number_of(text: str | None) -> int | None:
    """Return the number in what was typed or chosen for a task: ``12``, ``#12`` or ``#12 Copy``; None of nothing."""
    match = _NUMBER.fullmatch(text or "")
    return int(match[1]) if match else None


class _TaskField(StringField):
    """A task of the plan, named by its number."""

    def pre_validate(self, _form: object) -> None:
        """Refuse what names no task."""
        if self.data and number_of(self.data) is None:
            raise ValidationError(_("Name a task by its number, such as #12."))

    @property
    def number(self) -> int | None:
        """The number; None where nothing was typed."""
        return number_of(self.data)


def _in_range(_form: StrictForm, field: DateField) -> None:
    if isinstance(field.data, date) and not FIRST_DAY <= field.data <= LAST_DAY:
        raise ValidationError(_("Choose a day between 1990 and 2199."))


def _is_duration(_form: StrictForm, field: StringField) -> None:
    try:
        _seconds(field)
    except RuleViolation as refusal:
        raise ValidationError(str(refusal)) from refusal


def _seconds(field: StringField) -> int | None:
    return parse_typed_duration(field.data) if field.data else None


class _PlannedForm(StrictForm):
    """What a new task of a plan and an edited one share."""

    parent = _TaskField(_l("Part of"), validators=[Length(max=220)])
    starts_on = DateField(_l("Start"), validators=[Optional(), _in_range])
    due_on = DateField(_l("Due"), validators=[Optional(), _in_range])
    estimate = StringField(_l("Estimate"), validators=[Length(max=20), _is_duration])

    def validate_due_on(self, field: DateField) -> None:
        """Refuse an end before the start, at the field."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(_("A task is not due before it starts."))

    def details(self, *, is_milestone: bool, remaining_seconds: int | None = None) -> Details:
        """Return what was said of the task."""
        return Details(
            parent=self.parent.number,
            starts_on=self.starts_on.data,
            due_on=self.due_on.data,
            estimate_seconds=_seconds(self.estimate),
            remaining_seconds=remaining_seconds,
            is_milestone=is_milestone,
        )


class NewTaskForm(_PlannedForm):
    """A new task or milestone; the view fills the people."""

    title = StringField(_l("Task"), validators=[DataRequired(), Length(max=200)])
    kind = RadioField(
        _l("Kind"), choices=options([("task", _l("Task")), ("milestone", _l("Milestone"))]), default="task"
    )
    assignee_id = SelectField(_l("Who"), coerce=optional_id)


class PlanDetailsForm(_PlannedForm):
    """What a task is called and what the plan knows of it; ``version`` is that of the task when the form was opened.

    ``seen`` is what the form showed then. ``keep`` decides, after somebody else changed the same, whose holds in the
    version ``decided``: mine or theirs.
    """

    version = HiddenField(validators=[DataRequired()])
    seen = HiddenField(validators=[Length(max=2000)])
    decided = HiddenField(validators=[Length(max=12)])
    keep = StringField(validators=[Length(max=10)])
    title = StringField(_l("Task"), validators=[DataRequired(), Length(max=200)])
    priority = SelectField(_l("Priority"))
    remaining = StringField(_l("What is left"), validators=[Length(max=20), _is_duration])
    is_milestone = BooleanField(_l("Milestone: takes no time"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - what WTForms takes
        super().__init__(*args, **kwargs)
        words = priority_names()
        self.priority.choices = options((key, words[key]) for key in PRIORITIES)

    def texts(self) -> dict[str, str]:
        """Return what stands in the fields, to be compared."""
        names = ("title", "priority", "parent", "starts_on", "due_on", "estimate", "remaining", "is_milestone")
        return {name: str(self[name].data or "") for name in names}

    @property
    def expected_version(self) -> int:
        """The version that somebody looked at; 0 where it is no number."""
        said = str(self.version.data)
        return int(said) if said.isdecimal() else 0

    @property
    def remaining_seconds(self) -> int | None:
        """What is said to be left, in seconds; None where it is to be computed."""
        return _seconds(self.remaining)


class MoveForm(StrictForm):
    """Where a task goes: a start (it keeps its length) or an end (it keeps its start)."""

    starts_on = DateField(validators=[Optional(), _in_range])
    due_on = DateField(validators=[Optional(), _in_range])
    version = IntegerField(validators=[InputRequired()])

    def validate_due_on(self, field: DateField) -> None:
        """Refuse neither and both."""
        if (self.starts_on.data is None) == (field.data is None):
            raise ValidationError(_("Say where the task starts, or when it is due: one of both."))


class LinkForm(StrictForm):
    """One task follows another."""

    predecessor = _TaskField(_l("First"), validators=[DataRequired(), Length(max=220)])
    successor = _TaskField(_l("Then"), validators=[DataRequired(), Length(max=220)])
    lag_days = IntegerField(
        _l("Days between"), default=0, validators=[InputRequired(), NumberRange(-MOST_LAG, MOST_LAG)]
    )
    lag_unit = SelectField(_l("Counted in"), choices=options(LAG_UNITS.items()), default="working_days")


class BaselineForm(StrictForm):
    """A name for the plan as it is now."""

    name = StringField(_l("Name of the baseline"), validators=[DataRequired(), Length(max=80)])
