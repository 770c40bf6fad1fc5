"""Forms of time: a new entry, a changed one, a rejection."""

from collections.abc import Sequence

from sqlalchemy.orm import Session
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.rates import queries as rates
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.models import BILLABLE

NOTE_LENGTH = 2000
WORKED_LENGTH = 40
MOST_NUMBER = 2**31 - 1


def billing_choices() -> list[tuple[str, str]]:
    """Return (key, words) of the ways in which time is billed."""
    words = {"billable": _("Billable"), "not_billable": _("Not billable"), "no_charge": _("No charge, but shown")}
    return [(key, words[key]) for key in BILLABLE]


def new_billing_choices() -> list[tuple[str, str]]:
    """Return the ways in which new time is billed: first of all what its work type says."""
    return [("", _("As the work type says")), *billing_choices()]


def offer_work_types(field: SelectField, session: Session, *, chosen: WorkType | None = None) -> None:
    """Fill a select field with the work types in use, and the chosen one even where it is not any more."""
    kinds = rates.work_types(session)
    if chosen is not None and chosen not in kinds:
        kinds.append(chosen)
    field.choices = options([("", _("No work type")), *((kind.id, kind.name) for kind in kinds)])


def default_work_type(session: Session) -> int | None:
    """Return the work type that a new entry begins with."""
    return next((kind.id for kind in rates.work_types(session) if kind.is_default), None)


class WorkForm(StrictForm):
    """What was worked: the fields that a new and a changed entry share."""

    day = DateField(_l("Day"), validators=[InputRequired()])
    worked = StringField(_l("Worked"), validators=[DataRequired(), Length(max=WORKED_LENGTH)])
    note = StringField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="billable")
    reason = StringField(_l("Why"), validators=[Length(max=NOTE_LENGTH)])

    def offer(self, session: Session, *, chosen: WorkType | None = None) -> None:
        """Fill the choices."""
        offer_work_types(self.work_type_id, session, chosen=chosen)
        self.billable.choices = options(billing_choices())


class EntryForm(WorkForm):
    """A new entry. ``person_id`` is there for managers only."""

    person_id: SelectField | None = None
    billable = SelectField(_l("Billing"), default="")
    number = IntegerField(_l("Ticket or task"), validators=[InputRequired(), NumberRange(min=1, max=MOST_NUMBER)])

    def offer(self, session: Session, *, chosen: WorkType | None = None) -> None:
        """Fill the choices; at first the work type says how it is billed."""
        super().offer(session, chosen=chosen)
        self.billable.choices = options(new_billing_choices())


class EntryForOthersForm(EntryForm):
    """A new entry that a manager may write for somebody else."""

    person_id = SelectField(_l("Person"), coerce=int)

    def offer_people(self, people: Sequence[tuple[int, str]], *, chosen: int) -> None:
        """Fill the people, the one whose week it is chosen."""
        self.person_id.choices = options(people)
        if not self.person_id.raw_data:
            self.person_id.data = chosen


class ApproveForm(StrictForm):
    """The entries that were ticked."""

    ids = SelectMultipleField(coerce=int, validate_choice=False)


class RejectForm(StrictForm):
    """Why an entry goes back."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=NOTE_LENGTH)])


class RejectManyForm(RejectForm):
    """Why everything that is ticked goes back."""

    ids = SelectMultipleField(coerce=int, validate_choice=False)


class PlainForm(StrictForm):
    """What of all that waits is approved where it stands out in no way."""

    person, client, project, manager = (StringField(validators=[Length(max=10)]) for _name in range(4))


class SubmitForm(StrictForm):
    """The week that is done."""

    week = StringField(validators=[InputRequired()])


class ReopenForm(StrictForm):
    """Why an approval is taken back, and to where."""

    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=NOTE_LENGTH)])
    to = StringField(validators=[AnyOf(["draft", "submitted"])], default="draft")


class ReasonForm(StrictForm):
    """Why something is done that needs a reason."""

    reason = StringField(_l("Reason"), validators=[Length(max=NOTE_LENGTH)])


class LockForm(StrictForm):
    """The last day that is locked; none opens all days."""

    through = DateField(_l("Locked up to and with"), validators=[Optional()])
    client_id = SelectField(_l("For"), coerce=optional_id)
    reason = StringField(_l("Why"), validators=[Length(max=NOTE_LENGTH)])

    def offer(self, clients: Sequence[tuple[int, str]]) -> None:
        """Fill the clients; no choice means everybody."""
        self.client_id.choices = options([("", _("All clients")), *clients])


class TimerForm(StrictForm):
    """What is said about the running or paused timer, in the header of every page."""

    note = StringField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"))

    def offer(self, session: Session) -> None:
        """Fill the choices; a type that is in the archive meanwhile can stay."""
        names = rates.work_type_names(session)
        self.work_type_id.choices = options([("", _("No work type")), *names.items()])
        self.billable.choices = options(billing_choices())
