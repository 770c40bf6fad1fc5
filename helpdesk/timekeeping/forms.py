"""Forms of time: a new entry, a changed one, a rejection."""

import re
from collections.abc import Sequence
from datetime import date

from flask import request
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from helpdesk.infra.db import once
from helpdesk.infra.forms import StrictForm, optional_id, options, refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates import queries as rates
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.domain.timesheet import RowKey, Typed
from helpdesk.timekeeping.models import BILLABLE
from helpdesk.timekeeping.service.cells import CellEdit

NOTE_LENGTH = 2000
WORKED_LENGTH = 40
ITEM_LENGTH = 220
MOST_NUMBER = 2**31 - 1
USUAL = "usual"

_NUMBER = re.compile(r"#?\s*([0-9]{1,9})(?:\s*\N{MIDDLE DOT}.*)?")
_CELL = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WAS = "was."


def number_in(words: str) -> int | None:
    """Return the number that alone names an item: ``4871``, ``#4871`` or ``#4871 · Printer``; else None."""
    named = _NUMBER.fullmatch(words.strip())
    return int(named[1]) if named else None


def billing_choices() -> list[tuple[str, str]]:
    """Return (key, words) of the ways in which time is billed."""
    words = {"billable": _("Billable"), "not_billable": _("Not billable"), "no_charge": _("No charge, but shown")}
    return [(key, words[key]) for key in BILLABLE]


def new_billing_choices() -> list[tuple[str, str]]:
    """Return the ways in which new time is billed: first of all what its work type says."""
    return [("", _("As the work type says")), *billing_choices()]


def offer_work_types(
    field: SelectField, session: Session, *, chosen: WorkType | None = None, first: Sequence[tuple[str, str]] = ()
) -> None:
    """Fill a select field with the work types in use, and the chosen one even where it is not any more.

    ``first`` are choices that come before all types.
    """
    kinds = _work_types(session)
    if chosen is not None and chosen not in kinds:
        kinds.append(chosen)
    field.choices = options([*first, ("", _("No work type")), *((kind.id, kind.name) for kind in kinds)])


def default_work_type(session: Session) -> int | None:
    """Return the work type that a new entry begins with."""
    return next((kind.id for kind in _work_types(session) if kind.is_default), None)


def _work_types(session: Session) -> list[WorkType]:
    """Return the work types in use; the forms of one page ask once."""
    return list(once(session, "work types", read=lambda: rates.work_types(session)))  # or foreseen: by its columns


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
    """A new entry, on what ``number`` names or what was picked of several. ``person_id`` is there for managers only."""

    person_id: SelectField | None = None
    billable = SelectField(_l("Billing"), default="")
    number = StringField(_l("Ticket or task"), validators=[Length(max=ITEM_LENGTH)])
    pick = IntegerField(validators=[Optional(), NumberRange(min=1, max=MOST_NUMBER)])

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
    """The week that is done, or which days and rows of it: none ticked is all of them."""

    week = StringField(validators=[InputRequired()])
    days = SelectMultipleField(validate_choice=False)
    rows = SelectMultipleField(validate_choice=False)


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
    despite = BooleanField(_l("Lock these days nevertheless"))

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


class SheetForm(StrictForm):
    """A week whose cells are sent: for each a field ``4871.2.2026-11-16``, and what it showed as ``was.…``."""

    week = StringField(validators=[InputRequired()])
    person_id = IntegerField(validators=[Optional()])

    def edits(self) -> list[CellEdit]:
        """Return what was typed into cells that were sent, in their order.

        Raises:
            RuleViolation: the form says no week, or names a field that no sheet has.
        """
        sent = {name: text for name, text in request.form.items() if _CELL.fullmatch(name)}
        were = {f"{_WAS}{name}" for name in sent}
        refuse_unknown((*request.form, *request.files), known=[field.name for field in self] + [*sent, *were])
        if not self.validate():
            raise RuleViolation(_("That is no timesheet; reload the page."))
        return [_edit(name, text) for name, text in sent.items()]


def _row_type(value: str | int | None) -> str | int | None:
    return USUAL if value == USUAL else optional_id(value)


class RowForm(StrictForm):
    """A row for the week: a number or some letters, or the one that was picked of several."""

    week = StringField(validators=[InputRequired()])
    person_id = IntegerField(validators=[Optional()])
    item = StringField(_l("Add a row"), validators=[Length(max=ITEM_LENGTH)])
    pick = IntegerField(validators=[Optional(), NumberRange(min=1, max=MOST_NUMBER)])
    row_type_id = SelectField(_l("Work type of the row"), coerce=_row_type, default=USUAL)

    def offer(self, session: Session) -> None:
        """Fill the choices; at first an item that is in the week stays on its row."""
        default = next((kind.name for kind in _work_types(session) if kind.is_default), _("none"))
        usual = _("That of its row, else %(name)s", name=default)
        offer_work_types(self.row_type_id, session, first=[(USUAL, usual)])


class RemoveRowForm(StrictForm):
    """A row that goes out of the week again."""

    week = StringField(validators=[InputRequired()])
    person_id = IntegerField(validators=[Optional()])
    row = StringField(validators=[InputRequired()])


class CopyForm(StrictForm):
    """The week to fill from the one before, with or without its hours."""

    week = StringField(validators=[InputRequired()])
    person_id = IntegerField(validators=[Optional()])
    what = SelectField(choices=options([("rows", "rows"), ("hours", "hours")]), default="rows")


def _edit(name: str, text: str) -> CellEdit:
    row, _dot, day = name.rpartition(".")
    seen, _bar, shown = request.form.get(_WAS + name, "").partition("|")
    try:
        return CellEdit(RowKey.parse(row), date.fromisoformat(day), Typed(text.strip()[:WORKED_LENGTH], shown, seen))
    except ValueError:
        raise RuleViolation(_("%(day)s is no day.", day=day)) from None
