"""Settings: rules that act on tickets by themselves, tried out before they act, and the log of what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.automation import queries
from helpdesk.automation.forms import ROWS, FileForm, RuleForm
from helpdesk.automation.models import AutomationRule
from helpdesk.automation.naming import Names, names
from helpdesk.automation.pages import rule_line, run_line
from helpdesk.automation.service import dry_run, exchanging
from helpdesk.automation.service import rules as service
from helpdesk.automation.service.dry_run import Trial
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.policy import APPROVERS, SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import Group, nav
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.fields import field
from helpdesk.sla import queries as sla
from helpdesk.tickets.domain import TICKET_FIELDS

bp = Blueprint("automation", __name__)

TRIAL_SECONDS = 8.0
LONGEST_ID = 10


@dataclass(frozen=True)
class Sent:
    """A form that was sent, and the rule that it changes; None for a new one."""

    form: RuleForm
    named: Names
    rule: AutomationRule | None


@bp.get("/settings/rules")
@policy(APPROVERS)
def rules() -> str:
    """Show the rules in their order."""
    session = read_session()
    named = names(session)
    return render_template(
        "settings/rules.html", nav=_nav(), rules=[rule_line(one, named) for one in queries.rules(session)]
    )


@bp.get("/settings/rules/new")
@policy(APPROVERS)
def new_rule() -> str:
    """Show the form for one more rule."""
    return _form_page(_form(None, submitted=False), None)


@bp.post("/settings/rules/new")
@policy(APPROVERS)
def add_rule() -> ResponseReturnValue:
    """Add a rule, or try it out first."""
    return _sent(_form(None, submitted=True))


@bp.get("/settings/rules/<int:rule_id>")
@policy(APPROVERS)
def rule(rule_id: int) -> str:
    """Show the form of a rule, with what it would do if that was asked for."""
    ask_ahead(read_session(), queries.rule_asked(rule_id), *service.row_asked(), sla.working_hours())
    shown = _form(rule_id, submitted=False)
    if shown.rule is not None:
        shown.form.show(shown.rule, shown.named)
    return _form_page(shown, _tried(shown, shown.form.settings(shown.named)) if "try" in request.args else None)


@bp.post("/settings/rules/<int:rule_id>")
@policy(APPROVERS)
def change_rule(rule_id: int) -> ResponseReturnValue:
    """Change a rule, or try the change out first."""
    return _sent(_form(rule_id, submitted=True))


@bp.post("/settings/rules/<int:rule_id>/<act>")
@policy(APPROVERS)
def act_on_rule(rule_id: int, act: str) -> ResponseReturnValue:
    """Switch a rule on or off, move it up or down, or delete it."""
    StrictForm().validate_on_submit()
    acts: dict[str, Callable[..., object]] = {
        "on": lambda **how: service.switch_rule(**how, active=True),
        "off": lambda **how: service.switch_rule(**how, active=False),
        "up": lambda **how: service.move_rule(**how, up=True),
        "down": lambda **how: service.move_rule(**how, up=False),
        "delete": service.delete_rule,
    }
    if act not in acts:
        raise RuleViolation(_("A rule can be switched on or off, moved up or down, or deleted."))
    with unit_of_work() as session:
        acts[act](session=session, actor=current_actor(), now=clock.now(), rule_id=rule_id)
    if act == "delete":
        flash(_("The rule is deleted. What it did stays as it is, and so does its log."), "ok")
    return redirect(url_for("automation.rules"), code=303)


@bp.get("/settings/rules/log")
@policy(APPROVERS)
def log() -> str:
    """Show what rules did, newest first; of one rule or one ticket if that is asked for."""
    session, asked = read_session(), {name: _id(name) for name in ("rule", "ticket", "before")}
    named = names(session)
    found = queries.runs(
        session, actor=current_actor(), rule_id=asked["rule"], number=asked["ticket"], before=asked["before"]
    )
    return render_template(
        "settings/rules_log.html",
        nav=_nav(),
        runs=[run_line(one, named) for one in found[: queries.PAGE]],
        more=found[queries.PAGE - 1].id if len(found) > queries.PAGE else None,
        rules=queries.rules(session),
        rule_id=asked["rule"],
        number=asked["ticket"],
    )


@bp.get("/settings/rules/exchange")
@policy(APPROVERS)
def exchange() -> str:
    """Show where rules and shared macros leave as a file, and come in."""
    return _exchange_page(FileForm(formdata=None))


@bp.get("/settings/rules/helpdesk-rules.json")
@policy(APPROVERS)
def export() -> Response:
    """Return all rules and the shared macros as a file."""
    answer = Response(exchanging.written(read_session(), actor=current_actor()), mimetype="application/json")
    name_file(answer.headers, "helpdesk-rules.json")
    return answer


@bp.post("/settings/rules/exchange")
@policy(APPROVERS)
def bring_in() -> ResponseReturnValue:
    """Add the rules and macros of a file, or say all that is wrong with it."""
    form, faults = FileForm(), [_("Choose a file.")]
    if form.validate_on_submit() and form.file.data:
        try:
            raw = form.file.data.read(exchanging.MOST_BYTES + 1)
            with unit_of_work() as session:
                done = exchanging.bring_in(session, actor=current_actor(), now=clock.now(), raw=raw)
        except exchanging.Unfit as unfit:
            faults = [*unfit.faults]
        else:
            _tell(done)
            return redirect(url_for("automation.rules"), code=303)
    return _exchange_page(form, faults), 422


def _tell(done: exchanging.Brought) -> None:
    came = (
        ngettext("%(num)s rule came in, switched off.", "%(num)s rules came in, switched off.", done.rules),
        ngettext("%(num)s macro came in.", "%(num)s macros came in.", done.macros),
    )
    flash(" ".join(came), "ok")


def _exchange_page(form: FileForm, faults: Sequence[str] = ()) -> str:
    return render_template("settings/rules_exchange.html", nav=_nav(), form=form, faults=faults)


def _id(name: str) -> int | None:
    """Return a number of the address; None where there is none.

    Raises:
        NotFound: it is no number.
    """
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < LONGEST_ID):
        raise NotFound(_("There is no such rule or ticket."))
    return int(text) if text else None


def _nav() -> list[Group]:
    return nav("automation.rules") if current_actor().is_one_of(SETTINGS) else []


def _form(rule_id: int | None, *, submitted: bool) -> Sent:
    session = read_session()
    rule = queries.get_rule(session, rule_id) if rule_id is not None else None
    form, named = RuleForm() if submitted else RuleForm(formdata=None), names(session)
    form.offer(named)
    return Sent(form, named, rule)


def _sent(sent: Sent) -> ResponseReturnValue:
    if not sent.form.validate_on_submit():
        return _form_page(sent, None), 422
    try:
        settings = sent.form.settings(sent.named)
        if sent.form.act.data == "try":
            return _form_page(sent, _tried(sent, settings))
        _save(settings, sent.rule)
    except RuleViolation as refusal:
        sent.form.refuse(refusal)
        return _form_page(sent, None), 422
    flash(_("The rule is saved.") if sent.rule else _("The rule is saved. Switch it on when it is right."), "ok")
    return redirect(url_for("automation.rules"), code=303)


def _save(settings: RuleSettings, rule: AutomationRule | None) -> None:
    with unit_of_work() as session:
        if rule is None:
            service.add_rule(session, actor=current_actor(), now=clock.now(), settings=settings)
        else:
            service.change_rule(session, actor=current_actor(), now=clock.now(), rule_id=rule.id, settings=settings)


def _tried(sent: Sent, settings: RuleSettings) -> Trial:
    """Return what the rule would do by now."""
    session, until = read_session(), monotonic() + TRIAL_SECONDS
    row = service.row_of(session, settings, rule=sent.rule, now=clock.now())
    return dry_run.try_rule(session, rule=row, now=clock.now(), has_time=lambda: monotonic() < until)


def _form_page(sent: Sent, trial: Trial | None) -> str:
    return render_template(
        "settings/rule.html",
        nav=_nav(),
        form=sent.form,
        rule=sent.rule,
        rows=range(ROWS),
        trial=trial,
        known=sorted({name for values in sent.named.values() for name in values.values()}, key=str.casefold),
        variables=[field(name) for name in TICKET_FIELDS],
    )
