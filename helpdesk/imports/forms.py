"""Forms of imports: the upload, and the columns and choices of one file."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional

from helpdesk.company.forms import time_zones
from helpdesk.imports.domain.columns import FIELDS, Kind
from helpdesk.imports.domain.settings import EACH_PERSON, MAKE, REFUSE, Settings
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l

KIND_NAMES = {
    "clients": _l("Clients"),
    "contacts": _l("Contacts"),
    "projects": _l("Projects"),
    "tasks": _l("Tasks"),
    "time": _l("Time"),
}
SOURCE_NAMES = {"toggl": "Toggl Track", "clockify": "Clockify", "harvest": "Harvest", "kimai": "Kimai"}
COLUMN = "column_"
OF_TIME = ("zone", "invoiced_through", "fallback_client_id", "fallback_project", "fallback_task", "reason")


class UploadForm(StrictForm):
    """A file, and what it holds; empty: as its header says."""

    file = FileField(_l("CSV file"))
    kind = SelectField(
        _l("It holds"), choices=options([("", _l("What its header says")), *KIND_NAMES.items()]), default=""
    )


class ChoicesForm(StrictForm):
    """How a file is read and what becomes of what is not known; fields for its columns are added by kind."""

    kind = SelectField(_l("The file holds"), choices=options(KIND_NAMES.items()))
    order = SelectField(
        _l("Days are written"),
        choices=options(
            [
                ("", _l("As all rows together show")),
                ("dmy", _l("Day first: 29/03/2026")),
                ("mdy", _l("Month first: 03/29/2026")),
            ]
        ),
        default="",
    )
    unknown = SelectField(
        _l("What is not here yet"),
        choices=options([(MAKE, _l("Is made: clients, projects, tasks, work types")), (REFUSE, _l("Is refused"))]),
    )
    zone = SelectField(_l("Times of day are in"))
    invoiced_through = DateField(_l("Invoiced before, up to and with"), validators=[Optional()])
    fallback_client_id = SelectField(_l("Lines without a client belong to"), coerce=optional_id)
    fallback_project = StringField(_l("Lines without a project go to the project"), validators=[Length(max=120)])
    fallback_task = StringField(_l("Lines without a task go to the task"), validators=[Length(max=200)])
    reason = StringField(_l("Why time of locked days may be added"), validators=[Length(max=500)])

    def settings(self) -> Settings:
        """Return what was chosen, once the form is valid."""
        columns = {
            field.name.removeprefix(COLUMN): field.data
            for field in self
            if field.name.startswith(COLUMN) and field.data is not None
        }
        return Settings(
            columns=columns,
            order=self.order.data or "",
            unknown=self.unknown.data,
            zone=self.zone.data,
            invoiced_through=self.invoiced_through.data,
            fallback_client_id=self.fallback_client_id.data,
            fallback_project=self.fallback_project.data or "",
            fallback_task=self.fallback_task.data or "",
            reason=self.reason.data or "",
        )


def choices_form(
    kind: Kind, header: Sequence[str], *, settings: Settings, clients: Sequence[tuple[int, str]]
) -> ChoicesForm:
    """Return the form for a file with this header; it begins with what is set."""
    columns = [("", _("–")), *((at, name or _("Column %(number)s", number=at + 1)) for at, name in enumerate(header))]
    fields: dict[str, Any] = {
        f"{COLUMN}{field.name}": SelectField(_(field.label), choices=options(columns), coerce=optional_id)
        for field in FIELDS[kind]
    }
    begins_with = {f"{COLUMN}{name}": at for name, at in settings.columns.items()}
    begins_with |= {name: value for name, value in vars(settings).items() if name != "columns"}
    form: ChoicesForm = type("ColumnsForm", (ChoicesForm,), fields)(data={**begins_with, "kind": kind})
    form.zone.choices = options([(EACH_PERSON, _("Each person’s own zone")), *_zones()])
    form.fallback_client_id.choices = options([("", _("Nobody: they are refused")), *clients])
    return form


def column_names(kind: Kind) -> list[str]:
    """Return the names of the fields that choose columns, in their order."""
    return [f"{COLUMN}{field.name}" for field in FIELDS[kind]]


def _zones() -> list[tuple[object, object]]:
    return [(choice.value, choice.label) for choice in time_zones()]
