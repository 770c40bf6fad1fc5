"""Routes of a project's plan: the picture, the acts on it, and the details of one task.

Moving, stretching and undoing answer a script in JSON with every task that changed, and a form with a redirect.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.desk import plan_page
from helpdesk.desk.overtaking import Difference, last_change, merge, read_seen, seen_of
from helpdesk.desk.plan_forms import BaselineForm, LinkForm, MoveForm, NewTaskForm, PlanDetailsForm
from helpdesk.desk.plan_page import PlanView
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, RETAINERS, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.durations import MINUTE, format_hm, format_hms
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects import service
from helpdesk.projects.domain import picture
from helpdesk.projects.models import Project
from helpdesk.projects.planning import baselines, editing, linking, moving
from helpdesk.projects.planning.reading import TaskRow
from helpdesk.projects.planning.writing import Change

PLANNERS = RETAINERS  # who agrees with a client on what is done, and so keeps what was agreed
ZOOMS = (*picture.DAY_WIDTHS, picture.FIT)


@bp.get("/projects/<int:project_id>/plan")
@policy(DESK)
def plan(project_id: int) -> str:
    """Show the plan of a project."""
    return _page(project_id)


@bp.post("/projects/<int:project_id>/plan/tasks")
@policy(DESK)
def plan_add(project_id: int) -> ResponseReturnValue:
    """Add a task or a milestone to the plan."""
    form = NewTaskForm()
    form.assignee_id.choices = _people()

    def act(session: Session) -> None:
        editing.add(
            session,
            title=form.title.data or "",
            details=form.details(is_milestone=form.kind.data == "milestone"),
            assignee_id=form.assignee_id.data,
            **_who(project_id),
        )

    return _formed(project_id, "task", form, act)


@bp.post("/projects/<int:project_id>/plan/tasks/<int:number>")
@policy(DESK)
def plan_move(project_id: int, number: int) -> ResponseReturnValue:
    """Move or stretch a task."""
    form = MoveForm()
    if not form.validate_on_submit():
        _project(project_id)
        return _refused(project_id, " ".join(str(one) for errors in form.errors.values() for one in errors), 422)

    def act(session: Session) -> list[Change]:
        how = {"number": number, "expected_version": form.version.data, **_who(project_id)}
        if form.due_on.data:
            return moving.stretch(session, due_on=form.due_on.data, **how)
        return moving.move(session, starts_on=form.starts_on.data or date.max, **how)

    return _acted(project_id, act, number)


@bp.post("/projects/<int:project_id>/plan/undo")
@policy(DESK)
def plan_undo(project_id: int) -> ResponseReturnValue:
    """Take back this person's last move in the plan."""
    return _acted(project_id, lambda session: moving.undo(session, **_who(project_id)), None)


@bp.post("/projects/<int:project_id>/plan/links")
@policy(DESK)
def plan_link(project_id: int) -> ResponseReturnValue:
    """Let one task follow another."""
    form = LinkForm()

    def act(session: Session) -> None:
        changes = linking.link(
            session,
            predecessor=form.predecessor.number or 0,
            successor=form.successor.number or 0,
            lag_days=form.lag_days.data or 0,
            in_working_days=form.lag_unit.data == "working_days",
            **_who(project_id),
        )
        flash(_("The link is kept.") + " " + plan_page.said(changes, number=None), "ok")

    return _formed(project_id, "link", form, act)


@bp.post("/projects/<int:project_id>/plan/links/<int:link_id>/remove")
@policy(DESK)
def plan_unlink(project_id: int, link_id: int) -> ResponseReturnValue:
    """Take a link out of the plan."""
    with unit_of_work() as session:
        linking.unlink(session, link_id=link_id, **_who(project_id))
    flash(_("The link is taken out; no task moved."), "ok")
    return back_or("desk.plan", project_id=project_id)


@bp.post("/projects/<int:project_id>/plan/baselines")
@policy(PLANNERS)
def plan_baseline(project_id: int) -> ResponseReturnValue:
    """Keep the plan as it is now, under a name."""
    form = BaselineForm()

    def act(session: Session) -> None:
        baselines.take(session, name=form.name.data or "", **_who(project_id))
        flash(_("The plan as it is now is kept as %(name)s.", name=form.name.data), "ok")

    return _formed(project_id, "baseline", form, act)


@bp.post("/projects/<int:project_id>/plan/baselines/<int:baseline_id>/discard")
@policy(PLANNERS)
def plan_discard_baseline(project_id: int, baseline_id: int) -> ResponseReturnValue:
    """Forget a baseline."""
    with unit_of_work() as session:
        name = baselines.discard(session, baseline_id=baseline_id, **_who(project_id))
    flash(_("The baseline %(name)s is gone.", name=name), "ok")
    return redirect(url_for("desk.plan", project_id=project_id), code=303)


@bp.get("/projects/<int:project_id>/plan/tasks/<int:number>")
@policy(DESK)
def plan_task(project_id: int, number: int) -> str:
    """Show what the plan knows of a task, to be edited."""
    view = _look(read_session(), _project(project_id))
    row = view.stored.by_number(number)
    return _task_page(view, row, _details_form(view, row))


@bp.post("/projects/<int:project_id>/plan/tasks/<int:number>/details")
@policy(DESK)
def plan_edit(project_id: int, number: int) -> ResponseReturnValue:
    """Set what a task is called and what the plan knows of it; a refused form keeps what was typed."""
    view, form = _look(read_session(), _project(project_id)), PlanDetailsForm()
    row = view.stored.by_number(number)
    if not form.validate_on_submit():
        return _task_page(view, row, form), 422
    found = _merge(view, row, form)
    if found:
        return _task_page(view, row, form, overtaken=found), 409
    try:
        with unit_of_work() as session:
            changes = editing.edit(
                session,
                number=number,
                details=form.details(is_milestone=form.is_milestone.data, remaining_seconds=form.remaining_seconds),
                worked_seconds=view.worked.get(row.id, 0),
                expected_version=row.version,
                **_who(project_id),
            )
            service.describe(
                session,
                actor=current_actor(),
                now=clock.now(),
                item_id=row.id,
                title=form.title.data or "",
                priority=form.priority.data,
            )
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return _task_page(view, row, form), 409 if isinstance(refusal, Conflict) else 422
    flash(
        _("%(name)s is saved.", name=f"#{number} {form.title.data}")
        + (" " + plan_page.said(changes, number=number) if changes else ""),
        "ok",
    )
    return redirect(url_for("desk.plan", project_id=project_id, _anchor=f"t{number}"), code=303)


def _project(project_id: int) -> Project:
    return projects.get_project(read_session(), actor=current_actor(), project_id=project_id)


def _today(project: Project) -> date:
    """Return the day that it is for the client: days of a plan are theirs."""
    return local_day(clock.now(), zone_named(project.client.time_zone))


def _look(session: Session, project: Project) -> PlanView:
    return plan_page.look(
        session,
        actor=current_actor(),
        project=project,
        today=_today(project),
        baseline_id=request.args.get("baseline", type=int),
    )


def _who(project_id: int) -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now(), "project_id": project_id}


def _formed(project_id: int, name: str, form: StrictForm, act: Callable[[Session], None]) -> ResponseReturnValue:
    """Act on a form and lead back, or show the page with what is wrong at it."""
    _project(project_id)
    if not form.validate_on_submit():
        return _page(project_id, **{name: form}), 422
    try:
        with unit_of_work() as session:
            act(session)
    except (RuleViolation, NotFound) as refusal:
        form.refuse(str(refusal))
        return _page(project_id, **{name: form}), 422
    return back_or("desk.plan", project_id=project_id)


def _acted(project_id: int, act: Callable[[Session], list[Change]], number: int | None) -> ResponseReturnValue:
    """Act on days, and say what changed: in JSON to a script, beside the plan to a form."""
    try:
        with unit_of_work() as session:
            changes = act(session)
            said = plan_page.said(changes, number=number)
    except (Conflict, RuleViolation) as refusal:
        return _refused(project_id, str(refusal), 409 if isinstance(refusal, Conflict) else 422)
    if _asks_for_json():
        session = read_anew()
        return jsonify(said=said, **plan_page.answer(_look(session, _project(project_id)), changes))
    flash(said, "ok")
    return redirect(url_for("desk.plan", project_id=project_id), code=303)


def _refused(project_id: int, why: str, status: int) -> ResponseReturnValue:
    if _asks_for_json():
        return jsonify(said=why), status
    flash(why, "danger")
    return _page(project_id), status


def _asks_for_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _page(project_id: int, **forms: StrictForm) -> str:
    project = _project(project_id)
    view = _look(read_session(), project)
    zoom = request.args.get("zoom")
    scale = view.scale(zoom if zoom in ZOOMS else None)
    task = forms.get("task") or NewTaskForm(formdata=None)
    task.assignee_id.choices = _people()
    may_keep = current_actor().is_one_of(PLANNERS)
    return render_template(
        "desk/plan.html",
        project=project,
        view=view,
        rows=plan_page.rows(view),
        scale=scale,
        drawing=plan_page.drawing(view, scale),
        picture=picture,
        zooms={"day": _("Days"), "week": _("Weeks"), "month": _("Months"), "fit": _("One sheet")},
        summary=plan_page.summary(view),
        task_form=task,
        link_form=forms.get("link") or LinkForm(formdata=None),
        baseline_form=(forms.get("baseline") or BaselineForm(formdata=None)) if may_keep else None,
        wrong=next(iter(forms), ""),
    )


def _merge(view: PlanView, row: TaskRow, form: PlanDetailsForm) -> list[Difference]:
    """Take into the form what others changed since it was opened; return what both changed, until that is decided."""
    if form.expected_version == row.version:
        return []
    current, wanted = _details_form(view, row), form.texts()
    now = current.texts()
    was = {**dict.fromkeys(now, "?"), **read_seen(form.seen.data)}  # who does not say what they saw saw something else
    merged = merge(was, now, wanted)
    is_decided = form.decided.data == str(row.version)
    for name in (*merged.theirs, *(merged.both if is_decided and form.keep.data == "theirs" else ())):
        form[name].data = current[name].data
    form.decided.data = str(row.version)
    if is_decided and form.keep.data:
        return []
    return [
        Difference(form[name].label.text, was[name], now[name], wanted[name], last_change(read_session(), row.id, name))
        for name in merged.both
    ]


def _task_page(view: PlanView, row: TaskRow, form: PlanDetailsForm, overtaken: Sequence[Difference] = ()) -> str:
    link = LinkForm(formdata=None, predecessor="", successor=f"#{row.number}")
    return render_template(
        "desk/plan_task.html",
        project=view.project,
        view=view,
        row=row,
        effort=view.effort(row),
        is_summary=view.plan.is_summary(row.id),
        days=plan_page.days_text(row.span),
        slack=plan_page.slack_text(view, row.id),
        before=[
            (one, view.stored.by_id[one.predecessor_id]) for one in view.stored.links if one.successor_id == row.id
        ],
        after=[(one, view.stored.by_id[one.successor_id]) for one in view.stored.links if one.predecessor_id == row.id],
        form=form,
        link_form=link,
        overtaken=overtaken,
    )


def _details_form(view: PlanView, row: TaskRow) -> PlanDetailsForm:
    above = view.stored.by_id.get(row.parent_id or 0)
    left = view.effort(row).remaining_seconds if row.stated_remaining_seconds is not None else None
    form = PlanDetailsForm(
        formdata=None,
        version=str(row.version),
        title=row.title,
        priority=projects.get_item(read_session(), actor=current_actor(), number=row.number).priority,
        parent=above.name if above else "",
        starts_on=row.starts_on,
        due_on=row.due_on,
        estimate=_typed(row.estimate_seconds),
        remaining=_typed(left),
        is_milestone=row.is_milestone,
    )
    form.seen.data = seen_of(form.texts())
    return form


def _typed(seconds: int | None) -> str:
    return "" if seconds is None else format_hms(seconds) if seconds % MINUTE else format_hm(seconds)


def _people() -> Any:  # noqa: ANN401 - choices of a select field
    return options([("", _("Nobody")), *accounts.choices(read_session(), roles=DESK)])
