"""Forms of clients."""

from wtforms import EmailField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from helpdesk.company.forms import BASIS_WORDS, LANGUAGES, ROUNDING_WORDS, time_zones
from helpdesk.infra.forms import StrictForm, capitals, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l

TAXES = (
    ("S", _l("Standard or reduced rate")),
    ("Z", _l("Zero rate")),
    ("E", _l("Exempt from tax")),
    ("AE", _l("Reverse charge: the client owes the tax")),
    ("K", _l("Supply within the EU")),
    ("G", _l("Export out of the EU")),
    ("O", _l("Not subject to tax")),
)
"""The kinds of tax that an invoice can have (docs/billing.md rule 20)."""
GROUPS = (
    ("ticket", _l("Ticket or task")),
    ("entry", _l("Entry")),
    ("project", _l("Project")),
    ("work_type", _l("Work type")),
    ("person", _l("Person")),
    ("day", _l("Day")),
    ("rate", _l("Rate")),
)
"""By what time can share a line of an invoice."""
AS_THE_COMPANY = ("company", _l("As the company has set it"))
E_INVOICES = options(
    [
        AS_THE_COMPANY,
        ("always", _l("Always")),
        ("never", _l("Never")),
    ]
)


class ClientForm(StrictForm):
    """A client; the names are those of `ClientProfile`. The view fills the choices of people and teams."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    legal_name = StringField(_l("Legal name"), validators=[Length(max=200)])
    address = TextAreaField(_l("Address"), validators=[Length(max=500)])
    country = StringField(_l("Country"), filters=[capitals], validators=[Length(max=2)])
    vat_id = StringField(_l("VAT ID"), validators=[Length(max=40)])
    customer_number = StringField(_l("Customer number"), validators=[Length(max=60)])
    purchase_order = StringField(_l("Purchase order"), validators=[Length(max=60)])
    invoice_email = EmailField(_l("Invoices go to"), validators=[Length(max=254)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[DataRequired(), Length(max=3)])
    time_zone = SelectField(_l("Time zone"), choices=time_zones())
    language = SelectField(_l("Language"), choices=LANGUAGES)
    tax_percent = StringField(_l("Tax in percent"), validators=[DataRequired(), Length(max=20)])
    tax_category = SelectField(_l("Kind of tax"), choices=options(TAXES), default="S")
    tax_reason = StringField(_l("Why there is no tax"), validators=[Length(max=200)])
    invoice_group_by = SelectField(
        _l("Time shares a line by"), choices=options([("", _l("As its invoice template says")), *GROUPS]), default=""
    )
    factur_x = SelectField(_l("Electronic invoices (Factur-X)"), choices=E_INVOICES, default="company")
    tax_rounding = SelectField(
        _l("Tax is rounded"), choices=options([AS_THE_COMPANY, *ROUNDING_WORDS]), default="company"
    )
    price_basis = SelectField(
        _l("Rates and fees are"), choices=options([AS_THE_COMPANY, *BASIS_WORDS]), default="company"
    )
    payment_days = IntegerField(_l("Payment is due after days"), validators=[InputRequired(), NumberRange(0, 365)])
    business_hours = StringField(_l("Business hours"), validators=[Length(max=200)])
    account_manager_id = SelectField(_l("Account manager"), coerce=optional_id)
    restricted_team_id = SelectField(_l("Seen by"), coerce=optional_id)


class ContactForm(StrictForm):
    """A person at a client."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[DataRequired(), Length(max=254)])


class NewContactForm(StrictForm):
    """Somebody new at a client, with an address or without (docs/desk.md rule 84)."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[Length(max=254)])
    phone = StringField(_l("Phone"), validators=[Length(max=60)])


class DomainForm(StrictForm):
    """A mail domain of a client."""

    domain = StringField(_l("Domain"), validators=[DataRequired(), Length(max=253)])


class DetailsForm(StrictForm):
    """What we know of a person at a client; the names are those of `ContactDetails`."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    title = StringField(_l("Role or title"), validators=[Length(max=120)])
    phone = StringField(_l("Phone"), validators=[Length(max=200)])
    language = SelectField(_l("Language of mails"), choices=[])
    time_zone = SelectField(_l("Time zone"), choices=[])

    def offer(self) -> None:
        """Fill the choices: a language or zone of their own, or what the client has."""
        self.language.choices = [*options([("", _("As the client"))]), *LANGUAGES]
        self.time_zone.choices = [*options([("", _("As the client"))]), *time_zones()]


class AddressForm(StrictForm):
    """A further mail address of a contact."""

    email = EmailField(_l("E-mail"), validators=[DataRequired(), Length(max=254)])


class NoteTextForm(StrictForm):
    """A note about a contact or a client."""

    text = TextAreaField(_l("Note"), validators=[DataRequired(), Length(max=10_000)])
