"""Forms of the question whether clients are content."""

from wtforms import BooleanField, IntegerField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.satisfaction.domain import ANSWERS, LONGEST_COMMENT, MOST_DAYS, MOST_HOURS


class AskingForm(StrictForm):
    """Whether and when is asked."""

    is_on = BooleanField(_l("Ask whether the requester is content"))
    after_hours = IntegerField(
        _l("Hours after a ticket is solved or closed"),
        validators=[InputRequired(), NumberRange(0, MOST_HOURS)],
    )
    every_days = IntegerField(
        _l("Each contact at most once in days"), validators=[InputRequired(), NumberRange(1, MOST_DAYS)]
    )


class AnswerForm(StrictForm):
    """What somebody answers."""

    answer = RadioField(choices=options([(each, each) for each in ANSWERS]), validators=[InputRequired()])
    comment = TextAreaField(validators=[Length(max=LONGEST_COMMENT)])
