"""The form of one mail rule: a few rows of conditions, of which empty ones do not count, and what the rule does."""

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from helpdesk.accounts import queries as accounts
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK
from helpdesk.intake import queries
from helpdesk.intake.models import MailRule
from helpdesk.intake.service.rules import NAME_LENGTH, REASON_LENGTH, RuleSettings, read_conditions, read_tags
from helpdesk.projects.models import PRIORITIES

ROWS = 5
FIELDS = {
    "": _l("Nothing"),
    "sender": _l("Sender's address"),
    "sender_domain": _l("Sender's domain"),
    "recipient": _l("Recipient's address"),
    "subject": _l("Subject"),
    "header": _l("Another header"),
    "mailbox": _l("Our mailbox"),
}
OPERATORS = {
    "is": _l("is"),
    "contains": _l("contains"),
    "starts_with": _l("starts with"),
    "ends_with": _l("ends with"),
    "in_domain": _l("lies in the domain"),
    "exists": _l("is there"),
}
PRIORITY_NAMES = {"low": _l("Low"), "normal": _l("Normal"), "high": _l("High"), "urgent": _l("Urgent")}


class RuleForm(StrictForm):
    """One rule; the fields of its conditions are numbered: ``field_0``, ``operator_0``, ``header_0``, ``value_0`` …."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=NAME_LENGTH)])
    any_condition = RadioField(
        _l("The mail meets"),
        choices=options((("all", _l("all of these conditions")), ("any", _l("any one of them")))),
        default="all",
    )
    project_id = SelectField(_l("Project"), coerce=optional_id, default=None)
    assignee_id = SelectField(_l("Assign to"), coerce=optional_id, default=None)
    priority = SelectField(_l("Priority"), default="")
    tags = StringField(_l("Tags"), [Length(max=200)])
    automatic_may_open = BooleanField(_l("A machine may open tickets"))
    ignore_reason = StringField(_l("Ignore the mail, because"), [Length(max=REASON_LENGTH)])
    act = StringField(default="save")

    def offer(self, session: Session) -> None:
        """Fill the choices."""
        places = [(str(project_id), name) for project_id, name in queries.project_choices(session)]
        people = accounts.choices(session, roles=DESK)
        self.project_id.choices = options([("", _("As without the rule")), *places])
        self.assignee_id.choices = options([("", _("Nobody")), *people])
        self.priority.choices = options([("", _("As it is")), *((key, PRIORITY_NAMES[key]) for key in PRIORITIES)])

    def show(self, rule: MailRule) -> None:
        """Fill the fields from a rule."""
        for name in ("name", "project_id", "assignee_id", "automatic_may_open", "ignore_reason"):
            self[name].data = getattr(rule, name)
        self.priority.data, self.tags.data = rule.priority or "", ", ".join(rule.tags)
        self.any_condition.data = "any" if rule.any_condition else "all"
        for number, one in enumerate(rule.conditions[:ROWS]):
            for name in ("field", "operator", "header", "value"):
                self[f"{name}_{number}"].data = one[name]

    def settings(self, *, active: bool = True) -> RuleSettings:
        """Return the rule as it was entered.

        Raises:
            RuleViolation: a condition makes no sense, or there are too many tags.
        """
        return RuleSettings(
            name=self.name.data or "",
            conditions=read_conditions(
                (
                    self[f"field_{number}"].data or "",
                    self[f"operator_{number}"].data or "",
                    self[f"header_{number}"].data or "",
                    self[f"value_{number}"].data or "",
                )
                for number in range(ROWS)
            ),
            any_condition=self.any_condition.data == "any",
            active=active,
            project_id=self.project_id.data,
            assignee_id=self.assignee_id.data,
            priority=self.priority.data or None,
            tags=read_tags(self.tags.data or ""),
            ignore_reason=self.ignore_reason.data or "",
            automatic_may_open=bool(self.automatic_may_open.data),
        )


for _number in range(ROWS):
    setattr(RuleForm, f"field_{_number}", SelectField(_l("Look at"), choices=options(FIELDS.items()), default=""))
    setattr(RuleForm, f"operator_{_number}", SelectField(_l("How"), choices=options(OPERATORS.items()), default="is"))
    setattr(RuleForm, f"header_{_number}", StringField(_l("Name of the header"), [Length(max=80)]))
    setattr(RuleForm, f"value_{_number}", StringField(_l("Text"), [Length(max=220)]))


class BlockForm(StrictForm):
    """An address or a domain whose mail is spam from now on."""

    pattern = StringField(_l("Address or domain"), [InputRequired(), Length(max=254)])
    sure = BooleanField(_l("Block it although it is a client's"))
