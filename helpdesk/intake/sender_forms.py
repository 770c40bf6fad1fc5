"""Forms of the senders page: a domain for a client, and a client for contacts."""

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import lazy_gettext as _l


class SenderDomainForm(StrictForm):
    """A mail domain and the client whose it is; the view fills the choices."""

    domain = StringField(_l("Domain"), [DataRequired(), Length(max=253)])
    client_id = SelectField(_l("Client"), coerce=int)


class PlaceContactsForm(StrictForm):
    """Contacts that get a client; the view fills the choices."""

    contact_ids = SelectMultipleField(_l("Contacts"), [InputRequired()], coerce=int)
    client_id = SelectField(_l("Client"), coerce=int)
