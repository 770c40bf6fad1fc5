"""Forms of our own company."""

from functools import cache
from typing import Any

from wtforms import BooleanField, EmailField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from helpdesk.company.domain import check_iban
from helpdesk.company.models import BUSINESS_HOURS
from helpdesk.infra.forms import StrictForm, capitals, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.zones import place_names

ROUNDING_WORDS = (("sum", _l("Once for each rate, on the sum of its lines")), ("line", _l("On each line")))
BASIS_WORDS = (("net", _l("Without tax; it comes on top")), ("gross", _l("What the client pays, tax and all")))
LANGUAGES = options([("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français"), ("pt", "Português")])


@cache
def time_zones() -> Any:  # noqa: ANN401 - choices of a select field
    """Return the choices of IANA zones that places have, such as Europe/Berlin, and UTC."""
    return options((name, name.replace("_", " ")) for name in place_names())


def _true_iban(_form: object, field: StringField) -> None:
    try:
        check_iban(field.data or "")
    except RuleViolation as refusal:
        raise ValidationError(str(refusal)) from refusal


class LetterForm(StrictForm):
    """How a mail is worded; ``act`` saves it, or shows how it would look."""

    subject = StringField(_l("Subject"), validators=[Length(max=200)])
    text = TextAreaField(_l("Text"), validators=[Length(max=5000)])
    act = StringField(validators=[Length(max=10)])


class CompanyForm(StrictForm):
    """What stands on our invoices, and our defaults. The names are those of `CompanyProfile`."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    legal_name = StringField(_l("Legal name"), validators=[Length(max=200)])
    address = TextAreaField(_l("Address"), validators=[Length(max=500)])
    country = StringField(_l("Country"), filters=[capitals], validators=[Length(max=2)])
    vat_id = StringField(_l("VAT ID"), validators=[Length(max=40)])
    tax_number = StringField(_l("Tax number"), validators=[Length(max=40)])
    registration = StringField(_l("Registration"), validators=[Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[Length(max=254)])
    website = StringField(_l("Website"), validators=[Length(max=200)])
    bank_name = StringField(_l("Bank"), validators=[Length(max=120)])
    iban = StringField(_l("IBAN"), validators=[Length(max=42), _true_iban])
    bic = StringField(_l("BIC"), validators=[Length(max=11)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[DataRequired(), Length(max=3)])
    time_zone = SelectField(_l("Time zone"), choices=time_zones())
    language = SelectField(_l("Language"), choices=LANGUAGES)
    payment_days = IntegerField(_l("Payment is due after days"), validators=[InputRequired(), NumberRange(0, 365)])
    tax_percent = StringField(_l("Tax in percent"), validators=[DataRequired(), Length(max=20)])
    tax_rounding = SelectField(_l("Tax is rounded"), choices=options(ROUNDING_WORDS), default="sum")
    price_basis = SelectField(_l("Rates and fees are"), choices=options(BASIS_WORDS), default="net")
    invoice_terms = TextAreaField(_l("Terms on invoices"), validators=[Length(max=2000)])
    factur_x = BooleanField(_l("PDFs are electronic invoices, too (Factur-X)"))
    timer_idle_minutes = IntegerField(
        _l("A timer asks after minutes without its person"),
        validators=[InputRequired(), NumberRange(0, 1440)],
    )
    timer_limit_hours = IntegerField(_l("A timer asks after hours"), validators=[InputRequired(), NumberRange(0, 24)])
    business_hours = StringField(
        _l("Business hours"), default=BUSINESS_HOURS, validators=[DataRequired(), Length(max=200)]
    )
    approved_by = SelectField(
        _l("Time is approved by"),
        default="managers",
        choices=options(
            [
                ("managers", _l("Managers")),
                ("project_manager", _l("The manager of the project, and managers")),
                ("account_manager", _l("The client's account manager, and managers")),
            ]
        ),
    )
    undo_seconds = IntegerField(
        _l("An answer can be taken back for seconds"), default=10, validators=[InputRequired(), NumberRange(0, 60)]
    )
    typing_assigns = BooleanField(_l("Who begins a reply on a ticket that nobody has gets the ticket"), default=True)
    notes_reading = BooleanField(_l("Time that people read a ticket or task is proposed to them"), default=True)
    self_approval = BooleanField(_l("People may approve their own time"))
