"""Forms of proof of work: a client's question, and what is set about links."""

from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.invoicing.proof.links import MOST_DAYS
from helpdesk.invoicing.proof.questions import LONGEST


class QuestionForm(StrictForm):
    """What a client asks. ``website`` is a field that no person sees: what fills it is no person."""

    question = TextAreaField(_l("Your question"), validators=[DataRequired(), Length(max=LONGEST)])
    website = StringField(_l("Leave this empty"))


class ProofForm(StrictForm):
    """How long links are good, and what their pages show."""

    days = IntegerField(_l("A link is good for days"), validators=[InputRequired(), NumberRange(0, MOST_DAYS)])
    shows_names = BooleanField(_l("The page shows names; else initials"))
    shows_notes = BooleanField(_l("The page shows the notes of time"))
