"""Forms of the page on which a draft is changed; each brings the version that somebody has looked at."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from werkzeug.datastructures import MultiDict
from wtforms import DateField, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length, Optional, Regexp

from helpdesk.clients.forms import GROUPS
from helpdesk.infra.forms import StrictForm, has_control_characters, options, refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.invoicing.drafts.acting import ACTS
from helpdesk.invoicing.drafts.days import DaysWish
from helpdesk.invoicing.drafts.discounts import Adjustment
from helpdesk.invoicing.drafts.lines import FreeLine
from helpdesk.invoicing.drafts.opening import TEXT_CHARACTERS
from helpdesk.invoicing.drafts.span import Span
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, parse_decimal


class DraftForm(StrictForm):
    """A form about a draft; ``version`` is the state that somebody has seen."""

    version = HiddenField(validators=[DataRequired(), Regexp("[0-9]{1,9}$")])

    @property
    def seen(self) -> int:
        """The version as a number."""
        return int(self.version.data or 0)


class FreeLineForm(DraftForm):
    """A line of one's own."""

    text = StringField(_l("Text"), validators=[DataRequired(_l("Write what it is for."))])
    quantity = StringField(_l("Quantity"), validators=[Optional(), Length(max=20)])
    price = StringField(_l("Price or amount, net"), validators=[DataRequired(_l("Write a price, such as 49.90."))])
    tax_percent = StringField(_l("Tax in percent"), validators=[Optional(), Length(max=20)])

    def wanted(self) -> FreeLine:
        """Return the line.

        Raises:
            RuleViolation: a number is none; it names its field.
        """
        return FreeLine(
            text=self.text.data or "",
            quantity=number_of(self.quantity) if self.quantity.data else Decimal(1),
            price=number_of(self.price),
            tax_percent=f"{number_of(self.tax_percent):f}" if self.tax_percent.data else None,
        )


class AdjustForm(DraftForm):
    """A discount or a surcharge, of all lines or of those that are ticked."""

    kind = SelectField(_l("Kind"), choices=options([("discount", _l("Discount")), ("surcharge", _l("Surcharge"))]))
    text = StringField(_l("Text"), validators=[DataRequired(_l("Write what the client is to read."))])
    percent = StringField(_l("Percent"), validators=[Optional(), Length(max=20)])
    amount = StringField(_l("Or an amount, net"), validators=[Optional(), Length(max=20)])
    lines = SelectMultipleField(_l("Only of these lines"), coerce=int)

    def wanted(self, currency: str) -> Adjustment:
        """Return what is to be added.

        Raises:
            RuleViolation: a number is none; it names its field.
        """
        return Adjustment(
            kind=self.kind.data,
            text=self.text.data or "",
            percent=number_of(self.percent) if self.percent.data else None,
            amount=Money.parse(f"{number_of(self.amount):f}", currency) if self.amount.data else None,
            line_ids=tuple(self.lines.data) if self.lines.data else None,
        )


class GroupForm(DraftForm):
    """By what time shares a line."""

    group_by = SelectField(_l("One line for each"), choices=options(GROUPS))


class DeductForm(DraftForm):
    """The button that takes a deposit off."""

    deposit = HiddenField(validators=[DataRequired(), Regexp("[0-9]{1,9}$")])


class DepositForm(StrictForm):
    """An invoice over a deposit; ``key`` is made with the page."""

    key = HiddenField(validators=[DataRequired(), Regexp("[0-9a-f]{32}$")])
    client_id = SelectField(_l("Client"), coerce=int)
    text = StringField(_l("Text"), validators=[DataRequired(_l("Write what it is for."))])
    amount = StringField(
        _l("Amount, as the client is billed"), validators=[DataRequired(_l("Write an amount.")), Length(max=20)]
    )


class DaysForm(StrictForm):
    """For whom, of which days, and what; ``key`` is made with the page, so that a button pressed twice drafts once."""

    key = HiddenField(validators=[DataRequired(), Regexp("[0-9a-f]{32}$")])
    act = HiddenField(validators=[Optional(), Regexp("(preview|draft)$")])
    client_id = SelectField(_l("Client"), coerce=int)
    first_day = DateField(_l("From"), validators=[DataRequired(_l("Choose the first day."))])
    last_day = DateField(_l("To"), validators=[DataRequired(_l("Choose the last day."))])
    takes = SelectMultipleField(
        _l("What it takes"),
        choices=options(
            [
                ("time", _l("Hourly time")),
                ("expenses", _l("Expenses")),
                ("overage", _l("Overage of closed months")),
                ("fees", _l("Fees of retainers")),
                ("blocks", _l("Blocks of hours")),
                ("fixed_fees", _l("Fixed fees of projects")),
            ]
        ),
    )

    def wish(self) -> DaysWish:
        """Return what is to be drafted.

        Raises:
            RuleViolation: the days are not in their order.
        """
        first, last = self.first_day.data, self.last_day.data
        if first is None or last is None:
            raise RuleViolation(_("Choose the days."), field="first_day")
        return DaysWish(self.client_id.data, Span(first, last), frozenset(self.takes.data or ()))


@dataclass
class LineForm:
    """What was sent about one line: its text, the button, and the entries that are ticked."""

    version: int
    text: str
    act: str
    entry_ids: set[int] = field(default_factory=set)

    @classmethod
    def sent(cls, form: MultiDict[str, str]) -> Self:
        """Return what was sent.

        Raises:
            RuleViolation: a field that this form does not have, or one that says nothing it could.
        """
        refuse_unknown(form, known=["version", "text", "act", "entry"])
        version, act, entries = form.get("version", ""), form.get("act", "text"), form.getlist("entry")
        text = form.get("text", "").strip()
        if (
            not all(re.fullmatch("[0-9]{1,9}", each) for each in (version, *entries))
            or act not in ACTS
            or has_control_characters(text, lines=False)
            or len(text) > 2 * TEXT_CHARACTERS
        ):
            raise RuleViolation(_("This page was not sent as it was shown. Open it again."))
        return cls(int(version), text, act, {int(each) for each in entries})


def number_of(field_: Any) -> Decimal:  # noqa: ANN401 - the fields of WTForms have no types here
    """Return the number in a field; a comma may stand for the point.

    Raises:
        RuleViolation: it is none; it names the field.
    """
    try:
        return parse_decimal((field_.data or "").replace(",", "."))
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field_.name) from refusal


def line_choices(lines: Iterable[dict[str, Any]]) -> Any:  # noqa: ANN401 - as `options`
    """Return the lines that can be discounted, to choose from."""
    return options((line["id"], line["text"]) for line in lines if line["can_choose"])
