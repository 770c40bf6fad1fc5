"""Routes of one's own keys (docs/desk.md rules 52 and 53)."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from helpdesk.accounts import keys
from helpdesk.accounts.views.blueprint import bp
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import STAFF, current_actor, policy


class KeysForm(StrictForm):
    """Whether single keys are on, and for each of ours the one that is pressed instead, or the same."""

    on = BooleanField()


for _key in keys.KEYS:
    setattr(KeysForm, f"key_{ord(_key)}", StringField(validators=[Length(max=8)]))


@bp.get("/account/keys")
@policy(STAFF)
def own_keys() -> str:
    """Show all single keys with what they do."""
    return _page({key: current_user.keys.get(key, key) for key in keys.KEYS}, {}, is_on=current_user.single_keys)


@bp.post("/account/keys")
@policy(STAFF)
def choose_keys() -> ResponseReturnValue:
    """Change keys, or switch all of them off or on; what cannot be says why beside the key."""
    form = KeysForm()
    is_valid, is_on = form.validate_on_submit(), bool(form.on.data)
    typed = {key: str(form[f"key_{ord(key)}"].data or key) for key in keys.KEYS}
    refused = keys.chosen(typed)[1]
    if refused or not is_valid:
        return _page(typed, refused, is_on=is_on), 422
    with unit_of_work() as session:
        keys.choose(session, actor=current_actor(), typed=typed, on=is_on)
    flash(_("Your keys are saved.") if is_on else _("Single keys are off. Nothing happens by one key any more."), "ok")
    return redirect(url_for("accounts.own_keys"), code=303)


@bp.post("/account/keys/reset")
@policy(STAFF)
def reset_keys() -> ResponseReturnValue:
    """Take our keys again."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        keys.reset(session, actor=current_actor())
    flash(_("All keys are as at first, and on."), "ok")
    return redirect(url_for("accounts.own_keys"), code=303)


def _page(typed: dict[str, str], refused: dict[str, str], *, is_on: bool) -> str:
    words = keys.words()
    lines = [(key, ord(key), words[key], typed[key], refused.get(key, "")) for key in words]
    return render_template("accounts/keys.html", lines=lines, is_on=is_on, refused=bool(refused))
