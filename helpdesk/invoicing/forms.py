"""Forms of the invoicing slice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp

from helpdesk.infra.forms import StrictForm, has_control_characters, optional_id, options, refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.invoicing.crediting import Wish
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

REASON_CHARACTERS = 300


class ActForm(StrictForm):
    """A button alone: nothing but the token comes with it."""


class IssueForm(StrictForm):
    """The button that issues; ``version`` is the state of the draft that somebody has looked at."""

    version = HiddenField(validators=[Optional(), Regexp("[0-9]{1,9}$")])


class VoidForm(StrictForm):
    """Why an invoice is void, or a draft dropped."""

    reason = StringField(_l("Reason"), validators=[DataRequired(_l("Say why; the reason stays with the invoice."))])


class PaymentForm(StrictForm):
    """What a client paid of an invoice; ``key`` is made with the page, so that a button pressed twice notes it once."""

    key = HiddenField(validators=[DataRequired(), Regexp("[0-9a-f]{32}$")])
    amount = StringField(
        _l("Amount"), validators=[DataRequired(_l("Write what came, such as 1234.50.")), Length(max=20)]
    )
    received_on = DateField(_l("Day"), validators=[DataRequired(_l("Choose the day on which it came."))])
    method = SelectField(
        _l("How"),
        choices=options(
            [("bank", _l("Bank")), ("card", _l("Card")), ("cash", _l("Cash")), ("other", _l("Another way"))]
        ),
    )
    reference = StringField(_l("Reference"), validators=[Length(max=140)])


class RefundForm(StrictForm):
    """What was paid back of a client's credit; ``key`` is made with the page, as for a payment."""

    key = HiddenField(validators=[DataRequired(), Regexp("[0-9a-f]{32}$")])
    amount = StringField(
        _l("Amount"), validators=[DataRequired(_l("Write what was paid back, such as 1234.50.")), Length(max=20)]
    )
    paid_on = DateField(_l("Day"), validators=[DataRequired(_l("Choose the day on which it left."))])
    method = SelectField(
        _l("How"),
        choices=options(
            [("bank", _l("Bank")), ("card", _l("Card")), ("cash", _l("Cash")), ("other", _l("Another way"))]
        ),
    )
    reference = StringField(_l("Reference"), validators=[Length(max=140)])
    reason = StringField(
        _l("Because"), validators=[DataRequired(_l("Say why; the reason stays with it.")), Length(max=300)]
    )


class SendAccountForm(StrictForm):
    """The button that mails an account; ``key`` is made with the page, so that pressing it twice sends one mail."""

    key = HiddenField(validators=[DataRequired(), Regexp("[0-9a-f]{32}$")])


class TakeBackForm(StrictForm):
    """Why a payment that was noted does not count."""

    reason = StringField(_l("Reason"), validators=[DataRequired(_l("Say why; the reason stays with the payment."))])


@dataclass
class CreditForm:
    """What somebody chose of an invoice's lines: entries, whole lines, amounts by line as typed.

    ``key`` is made with the page, so that a button pressed twice issues one credit note; ``is_final`` says that it is
    to be issued, not only shown.
    """

    key: str
    reason: str = ""
    is_final: bool = False
    charges: dict[int, set[int]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    amounts: dict[int, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, *, key: str) -> Self:
        """Return a form in which nothing is chosen."""
        return cls(key)

    @classmethod
    def sent(cls, form: MultiDict[str, str], *, line_ids: Iterable[int]) -> Self:
        """Return what was sent: ``whole`` names lines, ``entry`` a line and a charge, ``amount-7`` an amount of line 7.

        Raises:
            RuleViolation: a field that this form does not have, or one that says nothing it could.
        """
        names = {f"amount-{line_id}": line_id for line_id in line_ids}
        refuse_unknown(form, known=["key", "reason", "act", "whole", "entry", *names])
        found = cls(form.get("key", ""), form.get("reason", "").strip(), form.get("act") == "issue")
        if len(found.reason) > REASON_CHARACTERS:
            raise RuleViolation(_("A reason has at most %(most)s characters.", most=REASON_CHARACTERS))
        if not re.fullmatch("[0-9a-f]{32}", found.key) or has_control_characters(found.reason, lines=False):
            raise RuleViolation(_("This page was not sent as it was shown. Open it again."))
        for name, line_id in names.items():
            found.amounts[line_id] = form.get(name, "").strip()
        try:
            found.whole = {int(each) for each in form.getlist("whole")}
            for each in form.getlist("entry"):
                line, _dot, charge = each.partition(".")
                found.charges.setdefault(int(line), set()).add(int(charge))
        except ValueError as error:
            raise RuleViolation(_("This page was not sent as it was shown. Open it again.")) from error
        return found

    def wishes(self, currency: str) -> dict[int, Wish]:
        """Return what is to be taken back, by line.

        Raises:
            RuleViolation: an amount is none.
        """
        chosen = {*self.whole, *self.charges, *(line_id for line_id, text in self.amounts.items() if text)}
        return {
            line_id: Wish(
                charge_ids=frozenset(self.charges.get(line_id, ())),
                whole=line_id in self.whole,
                amount=Money.parse(text, currency) if (text := self.amounts.get(line_id, "")) else None,
            )
            for line_id in chosen
        }


class WhatIfForm(StrictForm):
    """A scenario to be tried; its fields are texts as the simulate contract takes them (docs/billing.md)."""

    agreement_id = SelectField(_l("Real time of"), coerce=optional_id)
    first = StringField(_l("First month"), validators=[DataRequired(), Length(max=7)])
    last = StringField(_l("Last month"), validators=[DataRequired(), Length(max=7)])
    hours_per_month = StringField(_l("Hours a month"), validators=[Length(max=40)])
    pool_months = SelectField(
        _l("They are shared by"),
        choices=options([("", _l("each month alone")), ("3", _l("the three months of a quarter"))]),
        default="",
    )
    fee = StringField(_l("Fee a month"), validators=[Length(max=40)])
    overage_rate = StringField(_l("Price of an hour beyond that"), validators=[Length(max=40)])
    rollover_months = StringField(_l("Unused hours live so many more months"), validators=[Length(max=10)])
    rollover_cap_hours = StringField(_l("Hours carried on at most"), validators=[Length(max=40)])
    carry_deficit = BooleanField(_l("Carry what is over into the next month instead of billing it"))
    currency = StringField(_l("Currency"), default="EUR", validators=[Length(max=10)])
    time_zone = StringField(_l("Time zone"), default="UTC", validators=[Length(max=60)])
    tax_percent = StringField(_l("Tax in percent"), default="0", validators=[Length(max=40)])
    time = TextAreaField(_l("Other time"), validators=[Length(max=400_000)])
    show = SubmitField(_l("Try it"))
    download = SubmitField(_l("Download the scenario"))
