"""Forms of expenses: one expense, the lists it is made from, acts of approval."""

from collections.abc import Sequence
from datetime import date

from flask_wtf.file import FileField
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from helpdesk.clients.forms import TAXES
from helpdesk.expenses import queries
from helpdesk.expenses.domain.facts import BILLING, KINDS, MOST_DAYS, NOTE_LENGTH, Facts, FieldRefused
from helpdesk.expenses.models import Expense, ExpenseRate
from helpdesk.expenses.render import rate_label
from helpdesk.infra.forms import StrictForm, capitals, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import Actor
from helpdesk.projects import queries as projects

MOST_NUMBER = 2**31 - 1
NUMBER_LENGTH = 30
FORM_FIELD = {"mileage": "mileage_rate", "per_diem": "per_diem_rate"}


class ExpenseForm(StrictForm):
    """One expense. Which fields count depends on the kind; what was typed into the others is left aside."""

    person_id: SelectField | None = None
    uuid = HiddenField(validators=[Optional(), Regexp("[0-9a-f-]{36}$")])
    version = HiddenField(validators=[Optional(), Regexp("[0-9]{1,9}$")])
    act = HiddenField(validators=[Optional(), Regexp("(save|submit)$")])
    kept = HiddenField(validators=[Optional(), Length(max=10_000)])
    kept_names: Sequence[str] = ()
    photo = FileField(_l("Photograph the receipt"))
    receipt = FileField(_l("Receipt"))
    kind = RadioField(_l("Kind"), default="amount", validators=[InputRequired()])
    amount = StringField(_l("Amount"), validators=[Length(max=NUMBER_LENGTH)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[Length(max=3)])
    mileage_rate = SelectField(_l("Vehicle"), coerce=optional_id, validate_choice=False)
    distance = StringField(_l("Distance"), validators=[Length(max=NUMBER_LENGTH)])
    per_diem_rate = SelectField(_l("Where"), coerce=optional_id, validate_choice=False)
    full_days = IntegerField(_l("Whole days"), validators=[Optional(), NumberRange(0, MOST_DAYS)])
    partial_days = IntegerField(_l("Partial days"), validators=[Optional(), NumberRange(0, MOST_DAYS)])
    spent_on = DateField(_l("Day"), validators=[InputRequired()])
    project_id = SelectField(_l("Project"), coerce=optional_id)
    number = IntegerField(_l("Ticket or task"), validators=[Optional(), NumberRange(min=1, max=MOST_NUMBER)])
    category_id = SelectField(_l("Category"), coerce=optional_id)
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])
    billing = SelectField(_l("Billing"), default="as_is")
    markup_percent = StringField(_l("Markup in percent"), validators=[Length(max=NUMBER_LENGTH)])
    tax_percent = StringField(_l("Tax in percent"), validators=[Length(max=NUMBER_LENGTH)])
    tax_included = BooleanField(_l("The amount includes the tax"), default=True)
    exchange_rate = StringField(_l("Rate of exchange"), validators=[Length(max=NUMBER_LENGTH)])
    exchange_source = StringField(_l("Where the rate is from"), validators=[Length(max=80)])
    reason = StringField(_l("Why"), validators=[Length(max=NOTE_LENGTH)])

    def offer(self, session: Session, *, actor: Actor, expense: Expense | None = None) -> None:
        """Fill the choices; those of ``expense`` stay even where they are not offered any more."""
        kinds = {"amount": _("Amount"), "mileage": _("Mileage"), "per_diem": _("Per diem")}
        self.kind.choices = options((kind, kinds[kind]) for kind in KINDS)
        words = {
            "markup": _("Billable with a markup"),
            "as_is": _("Billable as it is"),
            "not_billable": _("Not billable"),
        }
        self.billing.choices = options(
            (key, words[key]) for key in ("as_is", "markup", "not_billable") if key in BILLING
        )
        self._offer_rates(session, expense)
        places = projects.choices(session, actor=actor)
        kinds_of_cost = [(one.id, one.name) for one in queries.categories(session)]
        if expense is not None:
            _keep(places, expense.project_id, f"{expense.project.client.name} · {expense.project.name}")
            _keep(kinds_of_cost, expense.category_id, expense.category.name)
        self.project_id.choices = options([("", _("Choose, or name a ticket or task")), *places])
        self.category_id.choices = options([("", _("Choose")), *kinds_of_cost])

    def facts(self) -> Facts:
        """Return what was typed about the expense."""
        kind, day = self.kind.data, self.spent_on.data
        rate_field = FORM_FIELD.get(kind)
        if day is None:
            raise FieldRefused(field="spent_on", message="Say on which day it was.")
        return Facts(
            kind=kind,
            spent_on=day,
            category_id=self.category_id.data,
            note=self.note.data or "",
            billing=self.billing.data,
            markup_percent=self.markup_percent.data or "",
            amount=self.amount.data or "",
            currency=self.currency.data or "",
            tax_percent=self.tax_percent.data or "",
            tax_included=self.tax_included.data,
            exchange_rate=self.exchange_rate.data or "",
            exchange_source=self.exchange_source.data or "",
            rate_id=self[rate_field].data if rate_field else None,
            distance=self.distance.data or "",
            full_days=self.full_days.data,
            partial_days=self.partial_days.data,
        )

    def show_refusal(self, refusal: FieldRefused) -> None:
        """Put a refusal of the facts beside the field that it is about."""
        name = FORM_FIELD.get(self.kind.data, "kind") if refusal.field == "rate_id" else refusal.field
        self.refuse(str(refusal), name)

    def _offer_rates(self, session: Session, expense: Expense | None) -> None:
        query = select(ExpenseRate).options(joinedload(ExpenseRate.steps)).order_by(func.lower(ExpenseRate.name))
        on = self.spent_on.data or (expense.spent_on if expense else date.max)
        tables = [
            rate
            for rate in session.scalars(query).unique()
            if rate.archived_at is None or (expense is not None and expense.rate_id == rate.id)
        ]
        for kind, name in FORM_FIELD.items():
            listed = [(rate.id, rate_label(rate, on)) for rate in tables if rate.kind == kind]
            self[name].choices = options([*([] if listed else [("", _("None yet"))]), *listed])


class ExpenseForOthersForm(ExpenseForm):
    """A new expense that a manager may write for somebody else."""

    person_id = SelectField(_l("Person"), coerce=int)

    def offer_people(self, people: Sequence[tuple[int, str]], *, chosen: int | None) -> None:
        """Fill the people, the manager chosen."""
        self.person_id.choices = options(people)
        if not self.person_id.raw_data:
            self.person_id.data = chosen


class TickedForm(StrictForm):
    """The expenses that were ticked."""

    ids = SelectMultipleField(coerce=int, validate_choice=False)


class ReasonForm(StrictForm):
    """Why an expense goes back."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=NOTE_LENGTH)])


class ActForm(StrictForm):
    """A button alone: nothing but the token comes with it."""


class DeleteForm(StrictForm):
    """Why an expense goes, where its day is locked."""

    reason = StringField(_l("Why"), validators=[Length(max=NOTE_LENGTH)])


AS_THE_CLIENT = ("", _l("That of the client"))


class CategoryForm(StrictForm):
    """A category, and the tax that the client's invoice has for it."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=80)])
    tax_category = SelectField(_l("Tax on invoices"), choices=options([AS_THE_CLIENT, *TAXES]), default="")
    tax_percent = StringField(_l("In percent"), validators=[Length(max=NUMBER_LENGTH)])
    tax_reason = StringField(_l("Why there is no tax"), validators=[Length(max=200)])


class ChangedCategoryForm(CategoryForm):
    """A category that there is already."""

    in_use = BooleanField(_l("In use"))


class StepForm(StrictForm):
    """What a table pays from a day on."""

    effective_on = DateField(_l("From"), validators=[InputRequired()])
    amount = StringField(_l("Amount"), validators=[DataRequired(), Length(max=NUMBER_LENGTH)])
    partial_amount = StringField(_l("For a partial day"), validators=[Length(max=NUMBER_LENGTH)])


class RateForm(StepForm):
    """A new table of mileage or of days."""

    unit = SelectField(
        _l("Pays for"), choices=options([("km", _l("A kilometre")), ("mi", _l("A mile")), ("day", _l("A day"))])
    )
    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=80)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[DataRequired(), Length(max=3)])


class ExchangeForm(StrictForm):
    """What one unit of another currency is in ours."""

    currency = StringField(_l("One"), filters=[capitals], validators=[DataRequired(), Length(max=3)])
    rate = StringField(_l("Is worth"), validators=[DataRequired(), Length(max=NUMBER_LENGTH)])
    effective_on = DateField(_l("On"), validators=[InputRequired()])
    source = StringField(_l("Source"), validators=[DataRequired(), Length(max=80)])


def _keep(listed: list[tuple[int, str]], row_id: int, name: str) -> None:
    if row_id not in {one for one, _name in listed}:
        listed.append((row_id, name))
