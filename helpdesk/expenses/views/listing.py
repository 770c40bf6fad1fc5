"""The list of expenses with its filters and sums, and the drafts that are handed in from it."""

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.expenses import exports, queries, render, service
from helpdesk.expenses.forms import TickedForm
from helpdesk.expenses.models import STATUSES
from helpdesk.expenses.queries import Filters
from helpdesk.expenses.views.blueprint import READERS, bp, told_by_flash
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import back_or, money_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects import queries as projects


@bp.get("/expenses")
@policy(READERS)
@exported(lambda session: exports.expenses_sheet(session, actor=current_actor(), filters=_filters()))
def index() -> str:
    """Show the expenses that this person may read, narrowed as asked, latest day first."""
    session, actor, filters = read_session(), current_actor(), _filters()
    ask_ahead(
        session,
        *queries.choices_asked(actor),
        queries.sums_asked(actor, filters),
        queries.submitted_count(),
        projects.choice(actor),
    )
    rows, older = queries.page(session, actor=actor, filters=filters, before=_before())
    people, clients = queries.choices(session, actor=actor)
    lines = [render.line(each.expense, has_receipt=each.has_receipt) for each in rows]
    own = [] if actor.person_id is None else queries.own_drafts(session, person_id=actor.person_id)
    return render_template(
        "expenses/list.html",
        rows=lines,
        sums=[
            {"count": each.count, "amount": money_filter(each.gross_minor, each.currency)}
            for each in queries.sums(session, actor=actor, filters=filters)
        ],
        drafts={"ids": [one.id for one in own if one.status == "draft"], "sums": render.sums_text(own)},
        filters={**asdict(filters), "month": str(filters.month or "")},
        people=people,
        clients=clients,
        projects=projects.choices(session, actor=actor),
        statuses=render.status_names(),
        writes=actor.is_one_of(DESK),
        approves=actor.is_one_of(APPROVERS),
        waiting=queries.waiting_count(session) if actor.is_one_of(APPROVERS) else 0,
        page={"newer_url": _url() if _before() else None, "older_url": _url(older) if older else None},
    )


@bp.post("/expenses/submit")
@policy(DESK)
def submit() -> ResponseReturnValue:
    """Submit the drafts that were named: all of them or none."""
    form = TickedForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is no list of expenses."))
    with told_by_flash(), unit_of_work() as session:
        done = service.submit(session, actor=current_actor(), now=clock.now(), expense_ids=form.ids.data or [])
        said = ngettext("%(num)s expense is submitted.", "%(num)s expenses are submitted.", len(done))
        flash(said, "ok" if done else "warn")
    return back_or("expenses.index")


def _filters() -> Filters:
    asked = request.args
    status = asked.get("status", "")
    return Filters(
        month=Month.parse(asked["month"]) if asked.get("month") else None,
        person_id=asked.get("person", type=int),
        client_id=asked.get("client", type=int),
        project_id=asked.get("project", type=int),
        status=status if status in STATUSES else "",
    )


def _before() -> tuple[date, int] | None:
    """Return the key of the page that is asked for: day and id of the last expense before it."""
    day, _dot, row_id = request.args.get("before", "").partition(".")
    try:
        return date.fromisoformat(day), int(row_id)
    except ValueError:
        return None


def _url(before: tuple[date, int] | None = None) -> str:
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "before" and value}
    return url_for("expenses.index", **kept, before=f"{before[0]}.{before[1]}" if before else None)
