"""The form of one rule: when it acts, a few rows of conditions of which empty ones do not count, and what it does."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from helpdesk.automation.domain.rules import Condition, Field
from helpdesk.automation.models import AutomationRule
from helpdesk.automation.naming import Names, name_of, read_condition
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.changing import TEXT_LENGTH, Changes, read_tags
from helpdesk.automation.service.rules import MOST_CONDITIONS, NAME_LENGTH, SUBJECT_LENGTH, RuleSettings
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.errors import RuleViolation

ROWS = MOST_CONDITIONS
CHOSEN = ("status", "priority", "assignee", "team", "type")
TRIGGERS = {
    "opened_by_mail": _l("A ticket came in by mail"),
    "opened_by_hand": _l("A ticket was opened by hand"),
    "client_answered": _l("The client answered"),
    "we_answered": _l("We answered"),
    "noted": _l("A note was written"),
    "status_changed": _l("The status changed"),
    "assigned": _l("It was assigned"),
    "tagged": _l("A tag was added"),
    "priority_changed": _l("The priority changed"),
    "at_risk": _l("A promise is at risk"),
    "missed": _l("A promise was missed"),
    "since_client": _l("The client has waited for our answer"),
    "since_answer": _l("We have waited for the client since our answer"),
    "since_status": _l("The status has not changed"),
}
UNITS = {"days": _l("days"), "hours": _l("hours"), "working_hours": _l("working hours")}
FIELDS = {
    "": _l("Nothing"),
    "client": _l("Client"),
    "project": _l("Project"),
    "mailbox": _l("Our mailbox"),
    "domain": _l("Requester’s domain"),
    "subject": _l("Subject"),
    "body": _l("What was written last"),
    "status": _l("Status"),
    "priority": _l("Priority"),
    "assignee": _l("Assigned to"),
    "team": _l("Team"),
    "type": _l("Type"),
    "tag": _l("Tag"),
}
OPERATORS = {
    "is": _l("is"),
    "is_not": _l("is not"),
    "contains": _l("contains"),
    "contains_not": _l("does not contain"),
}


class FileForm(StrictForm):
    """A file of rules and macros."""

    file = FileField(_l("JSON file"))


class ChangesForm(StrictForm):
    """What becomes of a ticket, of a rule as of a macro."""

    status = SelectField(_l("Set the status"), default="")
    priority = SelectField(_l("Set the priority"), default="")
    assignee = SelectField(_l("Assign to"), default="")
    team = SelectField(_l("Give to the team"), default="")
    type = SelectField(_l("Set the type"), default="")
    add_tags = StringField(_l("Add tags"), [Length(max=400)])
    remove_tags = StringField(_l("Take tags off"), [Length(max=400)])
    snooze_days = IntegerField(_l("Snooze for days"), [Optional()])
    note = TextAreaField(_l("Write an internal note"), [Length(max=TEXT_LENGTH)])

    def offer(self, named: Names) -> None:
        """Fill the choices."""
        for name in CHOSEN:
            self[name].choices = options([("", _("As it is")), *named[Field(name)].items()])

    def show_changes(self, changes: Changes) -> None:
        """Fill the fields from what is kept."""
        for name in (*CHOSEN, "note"):
            self[name].data = getattr(changes, name)
        self.add_tags.data, self.remove_tags.data = ", ".join(changes.add_tags), ", ".join(changes.remove_tags)
        self.snooze_days.data = changes.snooze_days or None

    def changes(self) -> dict[str, Any]:
        """Return what was entered, by the names of ``Changes``.

        Raises:
            RuleViolation: a tag makes no sense; its field is named.
        """
        return {
            **{name: self[name].data or "" for name in (*CHOSEN, "note")},
            "add_tags": read_tags(self.add_tags.data or "", field="add_tags"),
            "remove_tags": read_tags(self.remove_tags.data or "", field="remove_tags"),
            "snooze_days": self.snooze_days.data or 0,
        }


class RuleForm(ChangesForm):
    """One rule; the fields of its conditions are numbered: ``field_0``, ``operator_0``, ``value_0`` …."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=NAME_LENGTH)])
    trigger = SelectField(_l("When"), choices=options(TRIGGERS.items()), default="since_answer")
    amount = IntegerField(_l("For how long"), [Optional()])
    unit = SelectField(_l("Counted in"), choices=options(UNITS.items()), default="days")
    any_condition = RadioField(
        _l("The ticket meets"),
        choices=options((("all", _l("all of these conditions")), ("any", _l("any one of them")))),
        default="all",
    )
    mail_subject = StringField(_l("Subject of a mail to the requester"), [Length(max=SUBJECT_LENGTH)])
    mail_text = TextAreaField(_l("Text of that mail"), [Length(max=TEXT_LENGTH)])
    stops = BooleanField(_l("No later rule acts on the ticket then"))
    act = StringField(default="save")

    def show(self, rule: AutomationRule, named: Names) -> None:
        """Fill the fields from a rule."""
        acts = Acts.of(rule.acts)
        self.show_changes(acts)
        self.mail_subject.data, self.mail_text.data = acts.mail_subject, acts.mail_text
        self.name.data, self.trigger.data, self.stops.data = rule.name, rule.trigger, rule.stops
        self.amount.data, self.unit.data = rule.amount or None, rule.unit or "days"
        self.any_condition.data = "any" if rule.any_condition else "all"
        for number, one in enumerate(rule.conditions[:ROWS]):
            self[f"field_{number}"].data, self[f"operator_{number}"].data = one["field"], one["operator"]
            self[f"value_{number}"].data = name_of(named, one["field"], one["value"])

    def settings(self, named: Names) -> RuleSettings:
        """Return the rule as it was entered.

        Raises:
            RuleViolation: a condition or a tag makes no sense; its field is named.
        """
        return RuleSettings(
            name=self.name.data or "",
            trigger=self.trigger.data,
            amount=self.amount.data or 0,
            unit=self.unit.data,
            conditions=self._conditions(named),
            any_condition=self.any_condition.data == "any",
            acts=Acts(
                **self.changes(),
                mail_subject=self.mail_subject.data or "",
                mail_text=self.mail_text.data or "",
            ),
            stops=bool(self.stops.data),
        )

    def _conditions(self, named: Names) -> tuple[Condition, ...]:
        found: list[Condition] = []
        for number in range(ROWS):
            field, value = self[f"field_{number}"].data or "", self[f"value_{number}"].data or ""
            if not field:
                continue
            try:
                one = read_condition(named, field=field, operator=self[f"operator_{number}"].data or "", typed=value)
            except RuleViolation as refusal:
                raise RuleViolation(str(refusal), field=f"value_{number}") from refusal
            found.append(one)
        return tuple(found)


for _number in range(ROWS):
    setattr(RuleForm, f"field_{_number}", SelectField(_l("Look at"), choices=options(FIELDS.items()), default=""))
    setattr(RuleForm, f"operator_{_number}", SelectField(_l("How"), choices=options(OPERATORS.items()), default="is"))
    setattr(
        RuleForm,
        f"value_{_number}",
        StringField(_l("What"), [Length(max=220)], render_kw={"list": "names"}),
    )
