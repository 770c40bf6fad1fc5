"""Forms of proposed time."""

from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import UUID, DataRequired, InputRequired, Length, NumberRange

from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.timekeeping.forms import NOTE_LENGTH, WORKED_LENGTH, billing_choices, offer_work_types

KEY_LENGTH = 60
DAY_SECONDS = 24 * 60 * 60


class DismissForm(StrictForm):
    """Which proposal is meant, by the key of its first act."""

    key = HiddenField(validators=[DataRequired(), Length(max=KEY_LENGTH)])


class AcceptForm(DismissForm):
    """The entry that a proposal becomes."""

    worked = StringField(_l("Worked"), validators=[DataRequired(), Length(max=WORKED_LENGTH)])
    note = StringField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="billable")

    def offer(self, session: Session) -> None:
        """Fill the choices."""
        offer_work_types(self.work_type_id, session)
        self.billable.choices = options(billing_choices())


class ReadingForm(StrictForm):
    """A while of reading, as the page tells it: its uuid, and how long it has lasted so far."""

    span = StringField(validators=[DataRequired(), UUID()])
    seconds = IntegerField(validators=[InputRequired(), NumberRange(1, DAY_SECONDS)])


class SwitchForm(StrictForm):
    """Whether one's reading is noted."""

    on = BooleanField()
