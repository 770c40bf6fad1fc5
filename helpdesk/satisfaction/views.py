"""Routes of the question whether clients are content: their page without sign-in, the report, the setting."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, SETTINGS, current_actor, policy, public
from helpdesk.infra.settings_pages import nav
from helpdesk.infra.visits import Visits
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, day_start, local_month, zone_named
from helpdesk.satisfaction import exports, queries, service
from helpdesk.satisfaction.forms import AnswerForm, AskingForm
from helpdesk.satisfaction.models import SatisfactionQuestion
from helpdesk.satisfaction.queries import Narrowed

bp = Blueprint("satisfaction", __name__)

VISITS = Visits(60)
"""From one address, whatever the links: nobody guesses 128 bits, and nobody shall try."""
MONTHS = 12
YEARS = range(1970, 2200)


@bp.get("/rate/<token>")
@public
def rate(token: str) -> str:
    """Show what is asked, and what was answered so far; nothing is answered by looking."""
    _count_visit()
    asked = service.open_link(read_session(), token=token, now=clock.now())
    form = AnswerForm(formdata=None, answer=asked.answer, comment=asked.comment)
    return _page(asked, form, thanks=bool(asked.answer) and "thanks" in request.args)


@bp.post("/rate/<token>")
@public
def answer(token: str) -> ResponseReturnValue:
    """Keep the answer, or another one than before."""
    _count_visit()
    asked, form = service.open_link(read_session(), token=token, now=clock.now()), AnswerForm()
    if not form.validate_on_submit():
        return _page(asked, form), 422
    try:
        with unit_of_work() as session:
            says, comment = form.answer.data or "", form.comment.data or ""
            service.answer(session, now=clock.now(), token=token, says=says, comment=comment)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(asked, form), 422
    return redirect(url_for("satisfaction.rate", token=token, thanks=1), code=303)


@bp.get("/satisfaction")
@policy(APPROVERS)
@exported(lambda session: exports.answers_sheet(session, actor=current_actor(), narrowed=_narrowed()))
def report() -> str:
    """Show what answers come to by month, person and client, and what was said."""
    session, narrowed = read_session(), _narrowed()
    zone = zone_named(get_company(session).time_zone)
    found = queries.report(
        session, actor=current_actor(), narrowed=narrowed, month_of=lambda at: local_month(at, zone).first_day
    )
    before = request.args.get("before", type=int)
    said = queries.answers(session, actor=current_actor(), narrowed=narrowed, before=before, commented=True)
    is_more = len(said) == queries.COMMENTS
    return render_template(
        "satisfaction/report.html",
        report=found,
        said=said,
        older=said[-1].id if is_more else None,
        is_first=before is None,
        setting=queries.setting(session),
        asked={name: request.args.get(name, "") for name in ("from", "to", "client", "person")},
        clients=clients.choices(session, condition=clients.visible(current_actor())),
        people=accounts.choices(session, roles=DESK),
        months=_months(),
        may_set=current_actor().is_one_of(SETTINGS),
    )


@bp.get("/settings/satisfaction")
@policy(SETTINGS)
def settings() -> str:
    """Show whether and when is asked."""
    told = queries.setting(read_session())
    return _settings_page(AskingForm(obj=told, is_on=told.since is not None), is_on=told.since is not None)


@bp.post("/settings/satisfaction")
@policy(SETTINGS)
def set_asking() -> ResponseReturnValue:
    """Say whether and when is asked."""
    form, is_on = AskingForm(), queries.setting(read_session()).since is not None
    if not form.validate_on_submit():
        return _settings_page(form, is_on=is_on), 422
    with unit_of_work() as session:
        service.set_asking(session, actor=current_actor(), now=clock.now(), **form.values())
    flash(_("Clients are asked from now on.") if form.is_on.data else _("Nobody is asked."), "ok")
    return redirect(url_for("satisfaction.settings"), code=303)


def _page(asked: SatisfactionQuestion, form: AnswerForm, *, thanks: bool = False) -> str:
    item = asked.work_item
    with force_locale(asked.language):
        return render_template(
            "satisfaction/rate.html",
            number=item.number,
            title=item.title,
            form=form,
            thanks=thanks,
            answered=bool(asked.answer),
            path=request.path,
        )


def _count_visit() -> None:
    if VISITS.take(request.remote_addr or "", clock.now()):
        abort(429, _("Please try again in a quarter of an hour."))


def _months() -> tuple[Month, Month]:
    """Return the first and the last month that the address asks for, else the last twelve."""
    zone = zone_named(get_company(read_session()).time_zone)
    first, last = (request.args.get(name, type=_month) for name in ("from", "to"))
    last = last or local_month(clock.now(), zone)
    return first or last.plus(1 - MONTHS), last


def _month(typed: str) -> Month:
    month = Month.parse(typed)
    if month.year not in YEARS:
        raise ValueError(typed)
    return month


def _narrowed() -> Narrowed:
    zone = zone_named(get_company(read_session()).time_zone)
    first, last = _months()
    return Narrowed(
        begin=day_start(first.first_day, zone),
        end=day_start(last.plus(1).first_day, zone),
        client_id=request.args.get("client", type=int),
        person_id=request.args.get("person", type=int),
    )


def _settings_page(form: AskingForm, *, is_on: bool) -> str:
    return render_template(
        "settings/form.html",
        section="settings",
        heading=_("Satisfaction"),
        intro=_("One question by mail after a ticket is done, answered with a click on a page of its own."),
        back=None,
        form=form,
        groups=[{"legend": _("Question"), "names": ["is_on", "after_hours", "every_days"], "hint": ""}],
        hints={
            "is_on": _("Asked about no spam, merged ticket, machine or ticket of our own, and about none from before."),
            "after_hours": _("A ticket that is open again by then is not asked about."),
        },
        submit=_("Save"),
        links=[{"url": url_for("satisfaction.report"), "label": _("Answers")}] if is_on else [],
        nav=nav("satisfaction.settings"),
    )
