"""The form of the caps and limits of incoming mail."""

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import lazy_gettext as _l


class LimitsForm(StrictForm):
    """The names are those of `IntakeLimits`' columns."""

    acknowledgement_pause_minutes = IntegerField(
        _l("Minutes between two acknowledgements to one sender"), [InputRequired(), NumberRange(1, 1440)]
    )
    acknowledgements_a_day = IntegerField(
        _l("Acknowledgements to one sender a day"), [InputRequired(), NumberRange(0, 100)]
    )
    reopenings_an_hour = IntegerField(_l("Reopenings of one ticket an hour"), [InputRequired(), NumberRange(1, 100)])
    new_tickets_an_hour = IntegerField(
        _l("New tickets of one sender an hour"), [InputRequired(), NumberRange(1, 10_000)]
    )
    reopens_within_days = IntegerField(
        _l("Days in which an answer reopens a solved ticket"), [InputRequired(), NumberRange(0, 3650)]
    )
    largest_mail_mb = IntegerField(_l("Largest mail in MB"), [InputRequired(), NumberRange(1, 200)])
    retention_days = IntegerField(_l("Days that raw mail is kept"), [Optional(), NumberRange(1, 36_500)])
