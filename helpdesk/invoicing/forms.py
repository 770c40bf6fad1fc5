"""Forms of the invoicing slice."""

from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Optional, Regexp

from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import lazy_gettext as _l


class ActForm(StrictForm):
    """A button alone: nothing but the token comes with it."""


class IssueForm(StrictForm):
    """The button that issues; ``version`` is the state of the draft that somebody has looked at."""

    version = HiddenField(validators=[Optional(), Regexp("[0-9]{1,9}$")])


class VoidForm(StrictForm):
    """Why an invoice is void, or a draft dropped."""

    reason = StringField(_l("Reason"), validators=[DataRequired(_l("Say why; the reason stays with the invoice."))])
