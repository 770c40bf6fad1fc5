"""Settings: the rules over incoming mail, tried out over stored mail before they act."""

from collections.abc import Callable
from time import monotonic

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import queries as accounts
from helpdesk.infra import blobs, clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.policy import DESK, SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake import queries, rule_queries
from helpdesk.intake.domain.rules import Rule
from helpdesk.intake.models import MailRule
from helpdesk.intake.rule_forms import PRIORITY_NAMES, ROWS, BlockForm, RuleForm
from helpdesk.intake.service import dry_run, rules
from helpdesk.intake.service.dry_run import Trial
from helpdesk.intake.service.rules import RuleSettings
from helpdesk.intake.views import exports
from helpdesk.intake.views.blueprint import bp
from helpdesk.intake.views.rule_words import rule_line
from helpdesk.kernel.errors import RuleViolation

TRIAL_SECONDS = 8.0


@bp.get("/settings/mail-rules")
@policy(SETTINGS)
@exported(exports.rules_sheet)
def mail_rules() -> str:
    """Show the rules in their order, and the blocked senders."""
    return rules_page(BlockForm(formdata=None))


@bp.get("/settings/mail-rules/new")
@policy(SETTINGS)
def new_mail_rule() -> str:
    """Show the form for one more rule."""
    return _form_page(_form(submitted=False), None, None)


@bp.post("/settings/mail-rules/new")
@policy(SETTINGS)
def add_mail_rule() -> ResponseReturnValue:
    """Add a rule, or try it out first."""
    return _sent(None)


@bp.get("/settings/mail-rules/<int:rule_id>")
@policy(SETTINGS)
def mail_rule(rule_id: int) -> str:
    """Show the form of a rule, with what it would have done if that was asked for."""
    ask_ahead(
        read_session(),
        rule_queries.rule_asked(rule_id),
        queries.project_choices_asked(),
        accounts.choice_of(DESK),
        *rule_queries.mail_rules_asked(),
        *dry_run.asked(),
    )
    rule = rule_queries.get_rule(read_session(), rule_id)
    form = _form(submitted=False)
    form.show(rule)
    return _form_page(form, rule, _tried(form.settings(), rule) if "try" in request.args else None)


@bp.post("/settings/mail-rules/<int:rule_id>")
@policy(SETTINGS)
def change_mail_rule(rule_id: int) -> ResponseReturnValue:
    """Change a rule, or try the change out first."""
    return _sent(rule_queries.get_rule(read_session(), rule_id))


@bp.post("/settings/mail-rules/<int:rule_id>/<act>")
@policy(SETTINGS)
def act_on_mail_rule(rule_id: int, act: str) -> ResponseReturnValue:
    """Switch a rule on or off, move it up or down, or delete it."""
    StrictForm().validate_on_submit()
    acts: dict[str, Callable[..., object]] = {
        "on": lambda **how: rules.switch_rule(**how, active=True),
        "off": lambda **how: rules.switch_rule(**how, active=False),
        "up": lambda **how: rules.move_rule(**how, up=True),
        "down": lambda **how: rules.move_rule(**how, up=False),
        "delete": rules.delete_rule,
    }
    if act not in acts:
        raise RuleViolation(_("A rule can be switched on or off, moved up or down, or deleted."))
    with unit_of_work() as session:
        acts[act](session=session, actor=current_actor(), now=clock.now(), rule_id=rule_id)
    if act == "delete":
        flash(_("The rule is deleted. Tickets that it placed stay as they are."), "ok")
    return redirect(url_for("intake.mail_rules"), code=303)


def rules_page(form: BlockForm) -> str:
    """Return the page of rules and blocked senders."""
    session = read_session()
    return render_template(
        "settings/mail_rules.html",
        nav=nav("intake.mail_rules"),
        rules=[rule_line(rule) for rule in rule_queries.mail_rules(session)],
        blocked=rule_queries.blocked_senders(session),
        form=form,
    )


def _sent(rule: MailRule | None) -> ResponseReturnValue:
    form = _form(submitted=True)
    if not form.validate_on_submit():
        return _form_page(form, rule, None), 422
    try:
        settings = form.settings(active=rule.active if rule else True)
        if form.act.data == "try":
            return _form_page(form, rule, _tried(settings, rule))
        _save(settings, rule)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _form_page(form, rule, None), 422
    flash(_("The rule is saved. It counts for the next mail."), "ok")
    return redirect(url_for("intake.mail_rules"), code=303)


def _save(settings: RuleSettings, rule: MailRule | None) -> None:
    with unit_of_work() as session:
        if rule is None:
            rules.add_rule(session, actor=current_actor(), now=clock.now(), settings=settings)
        else:
            rules.change_rule(session, actor=current_actor(), now=clock.now(), rule_id=rule.id, settings=settings)


def _tried(settings: RuleSettings, rule: MailRule | None) -> Trial:
    """Return what the rule would have done, behind the rules that come before it and are switched on."""
    session, until = read_session(), monotonic() + TRIAL_SECONDS
    known = rule_queries.rules_alone(session)
    before = [one for one in known if one.active and (rule is None or one.position < rule.position)]
    return dry_run.try_rule(
        session,
        store=blobs.store(),
        rule=Rule(0, settings.conditions, settings.any_condition),
        settings=settings,
        before=[rules.asked(one) for one in before],
        has_time=lambda: monotonic() < until,
    )


def _form(*, submitted: bool) -> RuleForm:
    form = RuleForm() if submitted else RuleForm(formdata=None)
    form.offer(read_session())
    return form


def _form_page(form: RuleForm, rule: MailRule | None, trial: Trial | None) -> str:
    return render_template(
        "settings/mail_rule.html",
        nav=nav("intake.mail_rules"),
        form=form,
        rule=rule,
        rows=range(ROWS),
        trial=trial,
        priorities=PRIORITY_NAMES,
    )
