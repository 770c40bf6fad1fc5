"""The route that answers what an hour on a ticket would cost, and why."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from helpdesk.accounts import queries as accounts
from helpdesk.company.days import house_day
from helpdesk.desk import price_page
from helpdesk.desk.forms import PriceForm
from helpdesk.desk.price_page import PriceAnswer, Work
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, RATES, current_actor, policy
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.rates import queries as rates
from helpdesk.rates.render import LEVEL_NAMES
from helpdesk.rates.service.rounding import policies_asked
from helpdesk.rates.views.blueprint import tabs


@bp.get("/rates/ask")
@policy(RATES)
def ask_price() -> ResponseReturnValue:
    """Answer what an hour costs; without a question, show the form."""
    session, asked = read_session(), "person_id" in request.args
    ask_ahead(session, accounts.choice_of(DESK), rates.work_types_asked(), policies_asked())
    form = _form(session, asked=asked)
    found = _answer(session, form) if asked and form.validate() else None
    status = 422 if asked and found is None else 200
    return render_template(
        "desk/price.html",
        form=form,
        answer=found,
        level_names=LEVEL_NAMES,
        verdicts=_verdicts(),
        card_text=price_page.card_text,
        tabs=tabs("desk.ask_price"),
    ), status


def _answer(session: Session, form: PriceForm) -> PriceAnswer | None:
    try:
        return price_page.answer(session, actor=current_actor(), work=Work(**form.values()))
    except NotFound as refusal:
        form.refuse(str(refusal), "number")
    except RuleViolation as refusal:
        form.refuse(refusal)
    return None


def _form(session: Session, *, asked: bool) -> PriceForm:
    begins_with = {"on": house_day(session, clock.now()).isoformat(), "worked": "1:00"}
    form = PriceForm(MultiDict(begins_with | request.args.to_dict()), meta={"csrf": False})
    form.offer(session, accounts.choices(session, roles=DESK), asked=asked)
    return form


def _verdicts() -> dict[str, str]:
    return {
        "hit": _("decides"),
        "other_currency": _("another currency, does not count"),
        "begins_later": _("begins later"),
        "replaced": _("replaced by a later one"),
        "ended": _("has ended"),
        "outranked": _("a level before it has decided"),
    }
