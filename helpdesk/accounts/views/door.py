"""The door: sign in, sign out, one's own password."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from helpdesk.accounts import process, service
from helpdesk.accounts.forms import PasswordForm, SignInForm
from helpdesk.accounts.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import STAFF, current_actor, policy, public
from helpdesk.infra.web import back_or, own_path

ASKED_BY_PAGES = {
    "static",
    "timekeeping.timer",
    "timekeeping.pocket_session",
    "desk.live_stream",
    "desk.live_events",
    "desk.live_timer",
    "desk.bell",
    "desk.read_here",
}
"""What browsers ask without anybody there. A person who is away is away, however many pages are open."""


@bp.before_app_request
def note_use() -> None:
    """Note that the session is in use, at most once a minute; what a page asks by itself is no use of it."""
    by_itself = request.endpoint in ASKED_BY_PAGES or "Live-Refresh" in request.headers
    if by_itself or not current_user.is_authenticated:
        return
    now = clock.now()
    if service.needs_touch(current_user, now=now):
        with unit_of_work() as work:
            service.touch(work, token=current_user.token, now=now)


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in page; who is in already goes where they wanted to."""
    target = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for("desk.home"))
    return render_template("accounts/sign_in.html", form=SignInForm(formdata=None, next=target or ""), problem=None)


@bp.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Begin a session, or say how many tries are left."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form, problem=None), 422
    outcome = process.sign_in(
        unit_of_work,
        email=form.email.data or "",
        password=form.password.data or "",
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        now=clock.now(),
        previous_token=current_user.token if current_user.is_authenticated else None,
    )
    if outcome.who is None:
        page = render_template("accounts/sign_in.html", form=form, problem=_problem(outcome))
        return page, 429 if outcome.locked else 422
    session.clear()  # a new session has a new cookie and a new CSRF token (OWASP ASVS 5.0 7.2.4)
    login_user(outcome.who)
    return back_or("desk.home")


@bp.post("/sign-out")
@policy(STAFF)
def sign_out() -> ResponseReturnValue:
    """End this session, here and in the database."""
    with unit_of_work() as work:
        service.sign_out(work, token=current_user.token, now=clock.now())
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), code=303)


def _problem(outcome: process.Outcome) -> str:
    if outcome.locked:
        return _("Too many attempts. Try again in 15 minutes.")
    return _("The e-mail address or the password is wrong. Tries left: %(left)s.", left=outcome.tries_left)


@bp.get("/account/password")
@policy(STAFF)
def password() -> ResponseReturnValue:
    """Show the form for one's own new password."""
    return _password_page(PasswordForm())


@bp.post("/account/password")
@policy(STAFF)
def change_password() -> ResponseReturnValue:
    """Change one's own password: every session ends, this one too (OWASP ASVS 5.0 7.4.3)."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _password_page(form), 422
    changed = process.change_own_password(unit_of_work, actor=current_actor(), **form.values(), now=clock.now())
    if not changed:
        form.refuse(_("That is not your password until now."), "current")
        return _password_page(form), 422
    logout_user()
    session.clear()
    flash(_("Your password is changed. Sign in with the new one."), "ok")
    return redirect(url_for("accounts.sign_in"), code=303)


def _password_page(form: PasswordForm) -> str:
    return render_template(
        "settings/form.html",
        section="account",
        heading=_("Your password"),
        intro=_("You will be signed out everywhere, and sign in with the new one."),
        back=None,
        form=form,
        groups=[{"legend": _("Password"), "names": ["current", "new"], "hint": ""}],
        hints={"new": _("At least 12 characters; a short sentence is good.")},
        submit=_("Change it"),
    )
