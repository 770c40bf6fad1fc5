"""Forms of retainers."""

from dataclasses import replace
from decimal import Decimal

from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from helpdesk.infra.forms import StrictForm, capitals, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, round_half_up
from helpdesk.retainers.domain.spans import MONTHLY, QUARTERLY
from helpdesk.retainers.render import CAP_NAMES
from helpdesk.retainers.service import NewTerms
from helpdesk.retainers.service.blocks import NOTE_CHARACTERS, NewBlock
from helpdesk.retainers.service.tiers import TierTerms

ZERO = Decimal(0)
MOST_HOURS = 10_000
MOST_MONEY = 10**9


class EndForm(StrictForm):
    """The last month of an agreement; `helpdesk.retainers.service.end_agreement` says which may be."""

    month = StringField(_l("Ends with"), validators=[InputRequired(), Length(max=7)])


class ReopenForm(StrictForm):
    """The newest closed month of an agreement, and why it is reopened (docs/billing.md rule 12)."""

    month = StringField(_l("Month"), validators=[InputRequired(), Length(max=7)])
    reason = StringField(_l("Reason"), validators=[InputRequired(), Length(max=500)])


class WriteOffForm(StrictForm):
    """Late time that nobody pays for, and why (docs/billing.md rule 12)."""

    entry_ids = SelectMultipleField(coerce=int, validate_choice=False)
    reason = StringField(_l("Reason"), validators=[InputRequired(), Length(max=500)])


class AskForm(StrictForm):
    """More hours for a month that the client is asked for (docs/billing.md rule 14)."""

    month = StringField(_l("Month"), validators=[InputRequired(), Length(max=7)])
    hours = DecimalField(_l("Hours"), places=None, validators=[InputRequired(), NumberRange(min=0, max=1000)])

    def seconds(self) -> int:
        """Return the hours in seconds."""
        return round_half_up((self.hours.data or ZERO) * HOUR)


class AskingForm(StrictForm):
    """For how many hours an agreement asks by itself; none for not at all."""

    hours = DecimalField(
        _l("Ask by itself for hours"), places=None, validators=[Optional(), NumberRange(min=0, max=1000)]
    )

    def seconds(self) -> int | None:
        """Return the hours in seconds, None for none."""
        return round_half_up((self.hours.data or ZERO) * HOUR) or None


class RevokeForm(StrictForm):
    """What was asked or granted is taken back, and why; ``month`` leads back."""

    month = StringField(_l("Month"), validators=[InputRequired(), Length(max=7)])
    reason = StringField(_l("Reason"), validators=[InputRequired(), Length(max=500)])


class BlockForm(StrictForm):
    """A block of hours beside the allowance; ``key``, made with the page, keeps it from being added twice."""

    key = HiddenField(validators=[InputRequired(), Regexp("[0-9a-f]{32}$")])
    hours = DecimalField(_l("Hours"), places=None, validators=[InputRequired(), NumberRange(min=0, max=MOST_HOURS)])
    valid_from = DateField(_l("Valid from"), validators=[InputRequired()])
    expires_on = DateField(_l("Last day"), validators=[InputRequired()])
    price = DecimalField(_l("Price"), places=None, validators=[Optional(), NumberRange(min=0, max=MOST_MONEY)])
    note = StringField(_l("Note"), validators=[Optional(), Length(max=NOTE_CHARACTERS)])

    def block(self, currency: str) -> NewBlock:
        """Return the block as the service takes it.

        Raises:
            RuleViolation: a day is missing.
        """
        first, last = self.valid_from.data, self.expires_on.data
        if first is None or last is None:
            raise RuleViolation(_("Choose the days."), field="valid_from")
        return NewBlock(
            seconds=round_half_up((self.hours.data or ZERO) * HOUR),
            valid_from=first,
            expires_on=last,
            price_minor=None if self.price.data is None else Money.rounded(self.price.data, currency).minor,
            note=self.note.data or "",
        )


class TakeBackForm(StrictForm):
    """Why a block is taken back."""

    reason = StringField(_l("Reason"), validators=[InputRequired(), Length(max=500)])


class AnswerForm(StrictForm):
    """What a client answers that was asked for more hours, and who does; the page labels it in the client's words."""

    name = StringField(validators=[InputRequired(), Length(max=120)])
    note = TextAreaField(validators=[Optional(), Length(max=1000)])
    answer = SelectField(choices=options([("yes", ""), ("no", "")]), validators=[InputRequired()])


class AlertsForm(StrictForm):
    """Of what an agreement tells, and whom beside the account manager (docs/billing.md rule 14)."""

    thresholds = SelectMultipleField(
        _l("Tell of"),
        choices=options(
            [
                ("50", "50 %"),
                ("80", "80 %"),
                ("100", "100 %"),
                ("forecast", _l("a forecast beyond the hours")),
            ]
        ),
    )
    tell_client = BooleanField(_l("Tell the client, too"))


class StatementsForm(StrictForm):
    """Whether the client gets the statement of each month that is closed (docs/billing.md rule 10)."""

    mailed = BooleanField(_l("Mail the statement of each month to the client once it is closed"))


class StatementAgainForm(StrictForm):
    """A statement that is mailed by hand: of which month, and the how many-th it is."""

    month = StringField(validators=[InputRequired(), Length(max=7)])
    ordinal = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=1000)])


TERM_FIELDS = (
    "hours_per_month",
    "pool_months",
    "fee",
    "fee_timing",
    "overage_rate",
    "rollover_months",
    "rollover_cap_hours",
    "carry_deficit",
    "at_cap",
)
"""What `TermsForm` asks of the terms themselves, in its order."""


class TermsForm(StrictForm):
    """Terms of an agreement (docs/billing.md rule 8). Sent with ``show`` it is looked at, and nothing is saved."""

    show = StringField(validators=[Optional(), Length(max=1)])
    hours_per_month = DecimalField(
        _l("Hours a month"), places=None, validators=[InputRequired(), NumberRange(min=0, max=MOST_HOURS)]
    )
    pool_months = SelectField(
        _l("They are shared by"),
        coerce=int,
        choices=options([(MONTHLY, _l("each month alone")), (QUARTERLY, _l("the three months of a quarter"))]),
        default=MONTHLY,
    )
    fee = DecimalField(
        _l("Fee a month"), places=None, default=ZERO, validators=[Optional(), NumberRange(min=0, max=MOST_MONEY)]
    )
    fee_timing = SelectField(
        _l("The fee is drafted"), choices=options([("advance", _l("in advance")), ("arrears", _l("after the month"))])
    )
    overage_rate = DecimalField(
        _l("Price of an hour beyond that"), places=None, validators=[Optional(), NumberRange(min=0, max=MOST_MONEY)]
    )
    rollover_months = IntegerField(
        _l("Unused hours live so many more months"), default=0, validators=[Optional(), NumberRange(min=0, max=36)]
    )
    rollover_cap_hours = DecimalField(
        _l("Unused hours that live on at most"),
        places=None,
        validators=[Optional(), NumberRange(min=0, max=MOST_HOURS)],
    )
    carry_deficit = BooleanField(_l("Carry what is over into the next month instead of billing it"))

    at_cap = SelectField(_l("At the cap"), choices=options(CAP_NAMES.items()), default="warn")

    def terms(self, currency: str, base: NewTerms | None = None) -> NewTerms:
        """Return the terms as the service takes them, amounts in minor units of ``currency``.

        What this form does not ask stays as in ``base``.
        """
        rate, cap = self.overage_rate.data, self.rollover_cap_hours.data
        return replace(
            base or NewTerms(allowance_seconds=0),
            allowance_seconds=round_half_up((self.hours_per_month.data or ZERO) * HOUR),
            fee_minor=Money.rounded(self.fee.data or ZERO, currency).minor,
            fee_timing=self.fee_timing.data,
            overage_rate_minor=None if rate is None else Money.rounded(rate, currency).minor,
            rollover_months=self.rollover_months.data or 0,
            rollover_cap_seconds=None if cap is None else round_half_up(cap * HOUR),
            carry_deficit=self.carry_deficit.data,
            at_cap=self.at_cap.data or "warn",
            pool_months=self.pool_months.data or MONTHLY,
        )


class TierForm(StrictForm):
    """A tier that we sell: a name and its terms (docs/billing.md rule 15)."""

    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=80)])
    currency = StringField(_l("Currency"), filters=[capitals], validators=[InputRequired(), Length(max=3)])
    hours_per_month = DecimalField(
        _l("Hours a month"), places=None, validators=[InputRequired(), NumberRange(min=0, max=MOST_HOURS)]
    )
    fee = DecimalField(_l("Fee a month"), places=None, validators=[InputRequired(), NumberRange(min=0, max=MOST_MONEY)])
    overage_rate = DecimalField(
        _l("Price of an hour beyond that"), places=None, validators=[Optional(), NumberRange(min=0, max=MOST_MONEY)]
    )
    rollover_months = IntegerField(
        _l("Unused hours live so many more months"), default=0, validators=[Optional(), NumberRange(min=0, max=36)]
    )
    rollover_cap_hours = DecimalField(
        _l("Hours carried on at most"), places=None, validators=[Optional(), NumberRange(min=0, max=MOST_HOURS)]
    )
    carry_deficit = BooleanField(_l("Carry what is over into the next month instead of billing it"))

    def terms(self) -> TierTerms:
        """Return the terms as the service takes them, amounts in the currency of the form."""
        cap = self.rollover_cap_hours.data
        return TierTerms(
            currency=self.currency.data or "",
            allowance_seconds=round_half_up((self.hours_per_month.data or ZERO) * HOUR),
            fee=self.fee.data or ZERO,
            overage_rate=self.overage_rate.data,
            rollover_months=self.rollover_months.data or 0,
            rollover_cap_seconds=None if cap is None else round_half_up(cap * HOUR),
            carry_deficit=self.carry_deficit.data,
        )


class ChangedTierForm(TierForm):
    """The same of a tier that there is, with whether we still sell it."""

    in_use = BooleanField(_l("We sell it"))


class AdviceMailForm(StrictForm):
    """The mail that offers a tier, as the account manager edits it; ``key`` keeps it from being sent twice."""

    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    subject = StringField(_l("Subject"), validators=[InputRequired(), Length(max=200)])
    text = TextAreaField(_l("Text"), validators=[InputRequired(), Length(max=10_000)])


class ChangeForm(TermsForm):
    """New terms of an agreement from a month on; the view offers the months, and fills in those that count now.

    Another month than those offered is refused by the service, which says why.
    """

    month = SelectField(_l("From"), validators=[InputRequired()], validate_choice=False)


class AgreementForm(TermsForm):
    """A new agreement with its first terms (docs/billing.md rule 8); the view fills the choices."""

    client_id = SelectField(_l("Client"), coerce=int, validators=[InputRequired()])
    name = StringField(_l("Name"), default="Support retainer", validators=[InputRequired(), Length(max=120)])
    project_ids = SelectMultipleField(_l("Only these projects"), coerce=int)
    starts_on = DateField(_l("From"), validators=[InputRequired()])
    ends_on = DateField(_l("Until"), validators=[Optional()])
