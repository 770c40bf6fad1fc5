"""Forms of reminders."""

from wtforms import BooleanField, DateField, IntegerField, StringField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.invoicing.domain.reminding import MOST_DAYS


class RemindForm(StrictForm):
    """The button that sends the next reminder; ``level`` is the one that was shown."""

    level = IntegerField(validators=[DataRequired()])


class HoldForm(StrictForm):
    """Why an invoice is not reminded of, and for how long."""

    through = DateField(_l("Until"), validators=[Optional()])
    reason = StringField(_l("Because"), validators=[DataRequired(_l("Say why; the reason stays.")), Length(max=300)])
    disputed = BooleanField(_l("The client disputes it"))


class ByItselfForm(StrictForm):
    """Whether reminders go to the client of an invoice by themselves."""

    allowed = BooleanField()


def _days(label: str) -> IntegerField:
    return IntegerField(label, validators=[Optional(), NumberRange(1, MOST_DAYS)])


def _fee(label: str) -> StringField:
    return StringField(label, validators=[Length(max=20)])


class RulesForm(StrictForm):
    """After how many days each reminder goes out, whether by itself, and what being late costs."""

    days_1 = _days(_l("First reminder, days after the due day"))
    days_2 = _days(_l("Second"))
    days_3 = _days(_l("Third"))
    days_4 = _days(_l("Fourth"))
    days_5 = _days(_l("Fifth"))
    automatic = BooleanField(_l("Reminders go out by themselves"))
    fee_1 = _fee(_l("Late fee with the first"))
    fee_2 = _fee(_l("With the second"))
    fee_3 = _fee(_l("With the third"))
    fee_4 = _fee(_l("With the fourth"))
    fee_5 = _fee(_l("With the fifth"))
    yearly_percent = StringField(_l("Interest, percent a year"), validators=[Length(max=20)])
    interest_on_net = BooleanField(_l("Interest is on the net"))

    def days(self) -> list[int | None]:
        """Return the days of each place, None where it is empty."""
        return [self.days_1.data, self.days_2.data, self.days_3.data, self.days_4.data, self.days_5.data]

    def fees(self) -> list[str]:
        """Return the late fee of each place, empty where there is none."""
        fields = (self.fee_1, self.fee_2, self.fee_3, self.fee_4, self.fee_5)
        return [each.data or "" for each in fields]
