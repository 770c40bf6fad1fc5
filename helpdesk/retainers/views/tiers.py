"""Routes of the tiers that we sell: the list, a new one, one changed."""

from decimal import Decimal

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, RETAINERS, current_actor, policy
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import exponent_of
from helpdesk.retainers.advice import words as tier_words
from helpdesk.retainers.forms import ChangedTierForm, TierForm
from helpdesk.retainers.models import Tier
from helpdesk.retainers.service import tiers as service
from helpdesk.retainers.views.blueprint import bp


@bp.get("/retainers/tiers")
@policy(RETAINERS)
def tiers() -> str:
    """Show what we sell, and to who may, a form for one more."""
    return _list(TierForm(formdata=None, currency=get_company(read_session()).currency))


@bp.post("/retainers/tiers")
@policy(APPROVERS)
def add_tier() -> ResponseReturnValue:
    """Add a tier."""
    form = TierForm()
    if not form.validate_on_submit():
        return _list(form), 422
    try:
        with unit_of_work() as session:
            service.add_tier(
                session, actor=current_actor(), now=clock.now(), name=form.name.data or "", terms=form.terms()
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _list(form), 422
    return redirect(url_for("retainers.tiers"), code=303)


@bp.get("/retainers/tiers/<int:tier_id>")
@policy(APPROVERS)
def tier(tier_id: int) -> str:
    """Show one tier in a form."""
    found = service.get_tier(read_session(), tier_id)
    return _page(found, ChangedTierForm(formdata=None, **_typed(found)))


@bp.post("/retainers/tiers/<int:tier_id>")
@policy(APPROVERS)
def change_tier(tier_id: int) -> ResponseReturnValue:
    """Change a tier, or stop selling it."""
    found, form = service.get_tier(read_session(), tier_id), ChangedTierForm()
    if not form.validate_on_submit():
        return _page(found, form), 422
    try:
        with unit_of_work() as session:
            service.change_tier(
                session,
                actor=current_actor(),
                now=clock.now(),
                tier_id=tier_id,
                name=form.name.data or "",
                terms=form.terms(),
                in_use=form.in_use.data,
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(found, form), 422
    flash(_("Saved. Agreements keep what was agreed."), "ok")
    return redirect(url_for("retainers.tiers"), code=303)


def _list(form: TierForm) -> str:
    may_change = current_actor().is_one_of(APPROVERS)
    return render_template(
        "retainers/tiers.html",
        rows=[tier_words.row_of(each) for each in service.tiers(read_session(), archived_too=True)],
        form=form if may_change else None,
        may_change=may_change,
        hints=_hints(),
    )


def _page(found: Tier, form: ChangedTierForm) -> str:
    return render_template(
        "settings/form.html",
        section="retainers",
        heading=found.name,
        intro=_("Advice is given by what we sell now; agreements keep what was agreed."),
        back={"url": url_for("retainers.tiers"), "label": _("Tiers")},
        form=form,
        groups=[
            {"legend": _("Tier"), "names": ("name", "in_use"), "hint": ""},
            {
                "legend": _("Hours and prices"),
                "names": ("currency", "hours_per_month", "fee", "overage_rate"),
                "hint": "",
            },
            {
                "legend": _("From month to month"),
                "names": ("rollover_months", "rollover_cap_hours", "carry_deficit"),
                "hint": "",
            },
        ],
        hints=_hints(),
        submit=_("Save"),
    )


def _hints() -> dict[str, str]:
    return {
        "currency": _("Advice compares tiers in the currency of the agreement."),
        "overage_rate": _("Empty: overage is billed at the rate of the work."),
        "rollover_months": _("0: they expire at the end of the month."),
        "rollover_cap_hours": _("Empty: no cap."),
        "in_use": _("What is not sold any more is left out of the advice."),
    }


def _typed(found: Tier) -> dict[str, object]:
    """Return the tier as somebody would type it."""
    decimals = exponent_of(found.currency)
    rate, cap = found.overage_rate_minor, found.rollover_cap_seconds
    return {
        "name": found.name,
        "currency": found.currency,
        "hours_per_month": _in_hours(found.allowance_seconds),
        "fee": Decimal(found.fee_minor).scaleb(-decimals),
        "overage_rate": None if rate is None else Decimal(rate).scaleb(-decimals),
        "rollover_months": found.rollover_months,
        "rollover_cap_hours": None if cap is None else _in_hours(cap),
        "carry_deficit": found.carry_deficit,
        "in_use": found.archived_at is None,
    }


def _in_hours(seconds: int) -> Decimal:
    return Decimal(f"{(Decimal(seconds) / HOUR).quantize(Decimal('0.0001')).normalize():f}")
