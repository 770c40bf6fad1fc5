"""The what-if page: terms and time in, what the engine makes of them out; nothing is stored."""

import json
from datetime import date
from typing import Any

from flask import make_response, render_template, request
from sqlalchemy.orm import Session

from helpdesk.company.days import house_month
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.invoicing.domain.scenario import read_scenario
from helpdesk.invoicing.forms import WhatIfForm
from helpdesk.invoicing.pages import what_if as scenarios
from helpdesk.invoicing.simulate import simulate
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import burn_down, queries, words
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.statement import open_statement

ENTRIES_AT_ONCE = 200


@bp.get("/retainers/what-if")
@policy(RETAINERS)
def what_if() -> str:
    """Show the form, with the terms of an agreement where one is named."""
    asked = request.args.get("agreement", "")
    last = house_month(read_session(), clock.now()).previous
    values: dict[str, Any] = {"first": str(last.plus(-2)), "last": str(last)}
    if asked.isdecimal():
        found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=int(asked))
        begins = engine_agreement(found).span_of(last.plus(-2)).first
        values |= {"agreement_id": found.id, "first": str(begins)} | scenarios.prefilled(found, last.next)
    return _page(WhatIfForm(formdata=None, **values))


@bp.post("/retainers/what-if")
@policy(RETAINERS)
def try_what_if() -> Answer:
    """Show what the engine makes of the scenario, or hand its text out; a fault names its field."""
    form = WhatIfForm()
    _offer(form, read_session())
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        text = _scenario(form)
        answer = simulate(text)
    except RuleViolation as refusal:
        form.refuse(str(refusal))
        return _page(form), 422
    if form.download.data:
        response = make_response(text)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        response.headers["Content-Disposition"] = "attachment; filename=scenario.json"
        return response
    return _page(form, text=text, answer=answer)


def _scenario(form: WhatIfForm) -> str:
    """Return the scenario that the form describes; a whole one that was typed is taken as it is."""
    typed = (form.time.data or "").strip()
    if typed.startswith("{"):
        return typed
    months = scenarios.months_between(form.first.data or "", form.last.data or "")
    session, more, entries = read_session(), {}, []
    if form.agreement_id.data:
        found = queries.get_agreement(session, actor=current_actor(), agreement_id=form.agreement_id.data)
        more = scenarios.more_of(session, found, months)
        entries = [] if typed else scenarios.real_entries(session, found, months)
    if typed:
        entries = scenarios.typed_entries(typed)
    return scenarios.scenario_text(form.data, months, entries=entries, more=more)


def _offer(form: WhatIfForm, session: Session) -> None:
    found = queries.visible_agreements(session, actor=current_actor())
    names = [(each.id, f"{each.client.name}, {each.name}") for each in found]
    form.agreement_id.choices = options([("", _("None")), *names])


def _page(form: WhatIfForm, *, text: str = "", answer: str = "") -> str:
    _offer(form, read_session())
    result = json.loads(answer) if answer else None
    return render_template(
        "invoicing/what_if.html",
        form=form,
        result=result,
        answer=answer,
        currency=read_scenario(text).books.currency if text else "",
        burn=_picture(text) if text else None,
        entries=result["entries"][:ENTRIES_AT_ONCE] if result else [],
        left_out=max(len(result["entries"]) - ENTRIES_AT_ONCE, 0) if result else 0,
    )


def _picture(text: str) -> burn_down.Burn | None:
    """Return the burn-down of the last month that is closed; None without a retainer."""
    scenario = read_scenario(text)
    if not scenario.close:
        return None
    month: Month = scenario.close[-1]
    as_of: date = month.last_day
    statement = open_statement(scenario.books, month, as_of=as_of)
    if statement is None:
        return None
    title = _("Burn-down of %(month)s", month=words.label_of(month))
    return burn_down.picture_of(statement, title=title, as_of=as_of, is_open=False)
