"""The lists that expenses are made from: categories, mileage and per-diem tables, rates of exchange."""

from collections.abc import Callable
from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from helpdesk.clients.forms import TAXES
from helpdesk.company.days import house_day
from helpdesk.company.service import get_company
from helpdesk.expenses import queries, service
from helpdesk.expenses.forms import ActForm, CategoryForm, ChangedCategoryForm, ExchangeForm, RateForm, StepForm
from helpdesk.expenses.models import ExchangeRate, ExpenseCategory, ExpenseRate
from helpdesk.expenses.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.kernel.errors import RuleViolation

SHOWN = 60


@bp.get("/expenses/lists")
@policy(APPROVERS)
def lists() -> str:
    """Show the lists, each with a form for one more."""
    return _page()


@bp.post("/expenses/lists/categories")
@policy(APPROVERS)
def add_category() -> ResponseReturnValue:
    """Add a category."""
    return _done(CategoryForm(), service.add_category, "category")


@bp.post("/expenses/lists/categories/usual")
@policy(APPROVERS)
def add_usual_categories() -> ResponseReturnValue:
    """Add the usual categories, as far as they are missing."""
    return _done(ActForm(), service.add_default_categories, "category")


@bp.post("/expenses/lists/categories/<int:category_id>")
@policy(APPROVERS)
def change_category(category_id: int) -> ResponseReturnValue:
    """Change a category, or take it out of use."""
    return _done(ChangedCategoryForm(), service.change_category, "category", category_id=category_id)


@bp.post("/expenses/lists/rates")
@policy(APPROVERS)
def add_rate() -> ResponseReturnValue:
    """Add a table of mileage or days."""
    return _done(RateForm(), service.add_rate, "rate")


@bp.post("/expenses/lists/rates/<int:rate_id>")
@policy(APPROVERS)
def set_rate_step(rate_id: int) -> ResponseReturnValue:
    """Say what a table pays from a day on."""
    return _done(StepForm(), service.set_rate_step, "step", rate_id=rate_id)


@bp.post("/expenses/lists/exchange")
@policy(APPROVERS)
def set_exchange_rate() -> ResponseReturnValue:
    """Enter a rate of exchange."""
    return _done(ExchangeForm(), service.set_exchange_rate, "exchange")


def _done(form: StrictForm, act: Callable[..., object], name: str, **more: int) -> ResponseReturnValue:
    """Do what the form says and lead back to the lists; or show them with what is wrong and what was typed."""
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                act(session, actor=current_actor(), now=clock.now(), **more, **form.values())
            flash(_("Saved."), "ok")
            return redirect(url_for("expenses.lists"), code=303)
        except RuleViolation as refusal:
            form.refuse(refusal)
    return _page(**{name: form}, refused_id=next(iter(more.values()), None)), 422


def _page(
    *,
    category: StrictForm | None = None,
    rate: RateForm | None = None,
    step: StepForm | None = None,
    exchange: ExchangeForm | None = None,
    refused_id: int | None = None,
) -> str:
    session = read_session()
    today = house_day(session, clock.now())
    own = get_company(session).currency
    return render_template(
        "expenses/lists.html",
        categories=[
            {
                "row": one,
                "tax": _tax_text(one),
                "form": category
                if category is not None and refused_id == one.id
                else ChangedCategoryForm(formdata=None, obj=one, in_use=one.archived_at is None),
            }
            for one in queries.categories(session, archived_too=True)
        ],
        tables=_tables(today),
        exchanges=session.scalars(
            select(ExchangeRate).order_by(ExchangeRate.effective_on.desc(), ExchangeRate.currency).limit(SHOWN)
        ).all(),
        own=own,
        category_form=category if isinstance(category, CategoryForm) and refused_id is None else _blank(CategoryForm),
        rate_form=rate or _blank(RateForm, currency=own, effective_on=today),
        step_form=step or _blank(StepForm, effective_on=today),
        exchange_form=exchange or _blank(ExchangeForm, effective_on=today),
        refused_id=refused_id,
    )


def _tax_text(category: ExpenseCategory) -> str:
    """Return the tax of a category on invoices: ``the client's``, ``19 %``, ``Exempt from tax: § 4 UStG``."""
    if not category.tax_category:
        return _("the client's")
    if category.tax_category == "S":
        return f"{category.tax_percent} %"
    label = str(dict(TAXES)[category.tax_category])
    return f"{label}: {category.tax_reason}" if category.tax_reason else label


def _blank(kind: type[StrictForm], **values: object) -> StrictForm:
    return kind(formdata=None, **values)


def _tables(today: date) -> list[dict[str, object]]:
    query = select(ExpenseRate).options(selectinload(ExpenseRate.steps)).order_by(func.lower(ExpenseRate.name))
    return [
        {
            "id": rate.id,
            "name": rate.name,
            "unit": rate.unit,
            "currency": rate.currency,
            "steps": [
                {
                    "effective_on": step.effective_on,
                    "amount": step.amount,
                    "partial": step.partial_amount if rate.unit == "day" else "",
                    "current": step is _current(rate, today),
                }
                for step in reversed(rate.steps)
            ],
        }
        for rate in read_session().scalars(query)
    ]


def _current(rate: ExpenseRate, today: date) -> object:
    return next((step for step in reversed(rate.steps) if step.effective_on <= today), None)
