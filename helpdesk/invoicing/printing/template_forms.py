"""The form of an invoice template."""

from wtforms import BooleanField, FileField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from helpdesk.clients.forms import GROUPS
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.invoicing.domain.layout import ACCENT, AS_EVER, Layout

LANGUAGES = [
    ("", _l("That of the client")),
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
]
LINE_COLUMN_WORDS = (
    ("position", _l("Position")),
    ("detail", _l("Days and people, below the text")),
    ("quantity", _l("Quantity")),
    ("price", _l("Price")),
    ("tax", _l("Tax in percent")),
)
COLUMN_WORDS = (
    ("day", _l("Day")),
    ("person", _l("Person")),
    ("work_type", _l("Kind of work")),
    ("note", _l("What was done")),
    ("worked", _l("Time worked")),
    ("billed", _l("Time billed")),
    ("rate", _l("Price of an hour")),
)


class InvoiceTemplateForm(StrictForm):
    """How an invoice looks; a preview shows the logo of the template ``template_id``, as ``act`` says."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=80)])
    accent = StringField(
        _l("Colour"), default=ACCENT, filters=[lambda text: (text or "").lower()], validators=[Length(max=20)]
    )
    logo = FileField(_l("Logo"))
    without_logo = BooleanField(_l("Without a logo of its own"))
    paper = SelectField(
        _l("Sheet"), choices=options([("", _l("As usual in the client's country")), ("A4", "A4"), ("Letter", "Letter")])
    )
    language = SelectField(_l("Language"), choices=options([*LANGUAGES, ("pt", "Português")]))
    above = TextAreaField(_l("Text above the lines"), validators=[Length(max=2000)])
    below = TextAreaField(_l("Text below the total"), validators=[Length(max=2000)])
    terms = TextAreaField(_l("Terms of payment"), validators=[Length(max=2000)])
    grouping_label = StringField(_l("Words beside the work"), validators=[Length(max=80)])
    line_columns = SelectMultipleField(
        _l("Columns beside text and amount"), choices=options(LINE_COLUMN_WORDS), default=AS_EVER
    )
    group_by = SelectField(
        _l("Time shares a line by"), choices=options([("", _l("As ever: ticket or task")), *GROUPS[1:]]), default=""
    )
    columns = SelectMultipleField(_l("Columns"), choices=options(COLUMN_WORDS))
    is_default = BooleanField(_l("For every client without a template of its own"))
    client_ids = SelectMultipleField(_l("For these clients"), coerce=int)
    template_id = IntegerField(validators=[Optional()])
    act = StringField(validators=[Length(max=10)])

    def layout(self, logo_sha256: str) -> Layout:
        """Return what is typed as a layout.

        Raises:
            RuleViolation: see `Layout`; it names the field.
        """
        return Layout(
            accent=self.accent.data or "",
            logo_sha256=logo_sha256,
            paper=self.paper.data,
            language=self.language.data,
            above=_plain(self.above.data),
            below=_plain(self.below.data),
            terms=_plain(self.terms.data),
            grouping_label=self.grouping_label.data or "",
            line_columns=tuple(self.line_columns.data or ()),
            columns=tuple(self.columns.data or ()),
        )


def _plain(text: str | None) -> str:
    return "\n".join(line.rstrip() for line in (text or "").strip().splitlines())
