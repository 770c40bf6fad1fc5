"""One expense: written, looked at, changed, deleted."""

from typing import Any
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients.lock_dates import DayIsLockedError
from helpdesk.clients.locks import lock_dates
from helpdesk.company.days import house_day
from helpdesk.company.service import get_company
from helpdesk.expenses import claiming, queries, render, service
from helpdesk.expenses.domain.facts import FieldRefused
from helpdesk.expenses.domain.receipts import NewReceipt
from helpdesk.expenses.forms import DeleteForm, ExpenseForm, ExpenseForOthersForm
from helpdesk.expenses.models import Expense
from helpdesk.expenses.views.blueprint import READERS, bp, told_by_flash
from helpdesk.expenses.views.receipts import received
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import money_filter
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money, exponent_of, plain
from helpdesk.projects import queries as projects


@bp.get("/expenses/new")
@policy(DESK)
def new() -> str:
    """Show the form for a new expense, filled as far as the page that led here knows."""
    return _new_page(_new_form(formdata=None))


@bp.post("/expenses/new")
@policy(DESK)
def add() -> ResponseReturnValue:
    """Add an expense, and submit it where asked; or show the form again with what is wrong."""
    form = _new_form()
    fits = form.validate_on_submit()
    files = received(form)
    if fits:
        try:
            with unit_of_work() as session:
                expense = service.add_expense(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    facts=form.facts(),
                    project_id=form.project_id.data,
                    number=form.number.data,
                    person_id=form.person_id.data if form.person_id else None,
                    uuid=form.uuid.data or None,
                    reason=form.reason.data or "",
                )
                _add_receipts(session, form, expense, files)
            return _kept(form, expense)
        except DayIsLockedError as refusal:
            form.refuse(refusal, "reason")
        except FieldRefused as refusal:
            form.show_refusal(refusal)
        except _FileRefusedError:
            pass  # it stands beside its field already
    return _new_page(form), 422


@bp.get("/expenses/<int:expense_id>")
@policy(READERS)
def show(expense_id: int) -> str:
    """Show one expense: in a form as long as it can change, else as it is."""
    expense = queries.get(read_session(), actor=current_actor(), expense_id=expense_id)
    ask_ahead(
        read_session(),
        projects.choice(current_actor()),
        queries.categories_asked(),
        queries.history_asked(expense_id),
        claiming.live_claim_asked(expense_id),
    )
    return _page(expense, _form_of(expense) if _is_open(expense) else None)


@bp.post("/expenses/<int:expense_id>")
@policy(DESK)
def change(expense_id: int) -> ResponseReturnValue:
    """Change one expense, or show the form again with what is wrong."""
    expense = queries.get(read_session(), actor=current_actor(), expense_id=expense_id, to_change=True)
    status = 422
    form = ExpenseForm()
    form.offer(read_session(), actor=current_actor(), expense=expense)
    fits = form.validate_on_submit()
    files = received(form)
    if fits:
        try:
            with unit_of_work() as session:
                changed = service.change_expense(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    expense_id=expense_id,
                    facts=form.facts(),
                    project_id=form.project_id.data,
                    number=form.number.data,
                    version=int(form.version.data) if form.version.data else None,
                    reason=form.reason.data or "",
                )
                _add_receipts(session, form, changed, files)
            return _kept(form, changed)
        except DayIsLockedError as refusal:
            form.refuse(refusal, "reason")
        except FieldRefused as refusal:
            form.show_refusal(refusal)
        except _FileRefusedError:
            pass  # it stands beside its field already
        except Conflict as refusal:
            form.refuse(str(refusal))
            status = 409
    return _page(expense, form), status


@bp.post("/expenses/<int:expense_id>/delete")
@policy(DESK)
def delete(expense_id: int) -> ResponseReturnValue:
    """Delete one expense."""
    form = DeleteForm()
    form.validate_on_submit()
    try:
        with unit_of_work() as session:
            service.delete_expense(
                session, actor=current_actor(), now=clock.now(), expense_id=expense_id, reason=form.reason.data or ""
            )
    except DayIsLockedError as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("expenses.show", expense_id=expense_id), code=303)
    flash(_("The expense is deleted."), "ok")
    return redirect(url_for("expenses.index"), code=303)


def _kept(form: ExpenseForm, expense: Expense) -> ResponseReturnValue:
    """Say what was kept, hand it in where asked, and show it."""
    amount = money_filter(expense.gross_minor, expense.currency)
    if form.act.data == "submit":
        _submit(expense, amount, form.reason.data or "")
    else:
        flash(_("%(amount)s is kept as a draft.", amount=amount), "ok")
    return redirect(url_for("expenses.show", expense_id=expense.id), code=303)


class _FileRefusedError(RuleViolation):
    """A file that came along is no receipt: nothing is written, though all the rest was right."""


def _add_receipts(session: Session, form: ExpenseForm, expense: Expense, files: list[NewReceipt]) -> None:
    if form.errors:  # only now, so that what else is wrong is told beside it
        raise _FileRefusedError
    service.add_receipts(session, actor=current_actor(), now=clock.now(), expense=expense, files=files)


def _submit(expense: Expense, amount: str, reason: str) -> None:
    with told_by_flash(), unit_of_work() as session:
        service.submit(session, actor=current_actor(), now=clock.now(), expense_ids=[expense.id], reason=reason)
        flash(_("%(amount)s is submitted.", amount=amount), "ok")


def _new_form(**more: Any) -> ExpenseForm:  # noqa: ANN401 - what WTForms takes
    session, actor = read_session(), current_actor()
    beginning: dict[str, Any] = {
        "uuid": str(uuid4()),
        "spent_on": house_day(session, clock.now()),
        "currency": get_company(session).currency,
        "number": request.args.get("number", type=int),
        "project_id": request.args.get("project", type=int),
    }
    approves = actor.is_one_of(APPROVERS)
    form = (ExpenseForOthersForm if approves else ExpenseForm)(**beginning, **more)
    form.offer(session, actor=actor)
    if isinstance(form, ExpenseForOthersForm):
        form.offer_people(accounts.choices(session, roles=DESK), chosen=actor.person_id)
    return form


def _form_of(expense: Expense) -> ExpenseForm:
    """Return the form with the expense in it, as it was typed."""
    typed = expense.gross_minor if expense.tax_included else expense.net_minor
    decimals = exponent_of(expense.currency)
    values = {
        "version": str(expense.version),
        "kind": expense.kind,
        "amount": plain(Money(typed, expense.currency).amount, decimals=decimals) if expense.kind == "amount" else "",
        "currency": expense.currency,
        "mileage_rate": expense.rate_id,
        "per_diem_rate": expense.rate_id,
        "distance": expense.distance,
        "full_days": expense.full_days or None,
        "partial_days": expense.partial_days or None,
        "spent_on": expense.spent_on,
        "project_id": expense.project_id,
        "number": expense.work_item.number if expense.work_item else None,
        "category_id": expense.category_id,
        "note": expense.note,
        "billing": expense.billing,
        "markup_percent": expense.markup_percent if expense.billing == "markup" else "",
        "tax_percent": expense.tax_percent if expense.tax_minor else "",
        "tax_included": expense.tax_included,
        "exchange_rate": expense.exchange_rate if expense.currency != expense.company_currency else "",
        "exchange_source": expense.exchange_source,
    }
    form = ExpenseForm(formdata=None, **values)
    form.offer(read_session(), actor=current_actor(), expense=expense)
    return form


def _is_open(expense: Expense) -> bool:
    return expense.status != "locked" and queries.is_changed_by(current_actor(), expense)


def _new_page(form: ExpenseForm) -> str:
    return render_template("expenses/new.html", form=form, company_currency=get_company(read_session()).currency)


def _page(expense: Expense, form: ExpenseForm | None) -> str:
    session, actor = read_session(), current_actor()
    worth = (expense.bill_minor, expense.bill_reason)
    if expense.status not in ("approved", "locked"):
        worth = service.preview(session, expense)
    claim, locked = claiming.live_claim(session, expense.id), lock_dates(session, expense.project.client)
    return render_template(
        "expenses/expense.html",
        expense=render.line(expense, has_receipt=bool(expense.receipts)),
        details={
            "quantity": render.quantity_text(expense),
            "net": money_filter(expense.net_minor, expense.currency),
            "tax": money_filter(expense.tax_minor, expense.currency) if expense.tax_minor else "",
            "tax_percent": expense.tax_percent,
            "exchange": _exchange_text(expense),
            "value": "–" if worth[0] is None else money_filter(worth[0], expense.project.client.currency),
            "why": worth[1],
            "holder": claiming.name_of(session, claim) if claim else "",
            "project_id": expense.project_id,
            "client_id": expense.project.client_id,
        },
        company_currency=expense.company_currency,
        receipts=[
            {
                "id": one.id,
                "name": one.name,
                "is_picture": one.content_type != "application/pdf",
                "bytes": one.size_bytes,
            }
            for one in expense.receipts
        ],
        can_change=_is_open(expense),
        form=form,
        can_delete=_is_open(expense) and not expense.claims,
        locked=locked.words("Expenses") if locked.covers(expense.spent_on) else "",
        can_reopen=expense.status == "approved" and actor.is_one_of(APPROVERS),
        history=[
            {"at": row.at, "text": render.act_text(row.action, row.actor_name), "reason": row.data.get("reason", "")}
            for row in queries.history(session, expense.id)
        ],
    )


def _exchange_text(expense: Expense) -> str:
    """Return by which rate the amount is one in our currency: ``1 USD = 0.92 EUR, ECB, 2026-11-03``."""
    if expense.exchange_rate is None or expense.currency == expense.company_currency:
        return ""
    own, at = expense.company_currency, expense.exchange_rate
    return f"1 {expense.currency} = {at} {own}, {expense.exchange_source}, {expense.exchange_on}"
