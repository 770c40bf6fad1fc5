"""Routes of views that are kept under a name, and of the height of rows (docs/desk.md rules 14 to 19)."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import Length

from helpdesk.accounts import service as accounts
from helpdesk.clients.queries import asker
from helpdesk.desk import saved_views, view_words
from helpdesk.desk.narrowing import LONGEST_SEARCH, Asked, asked
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.service import TAG_LENGTH

TYPED = 200


class NameForm(StrictForm):
    """The name of a view."""

    name = StringField(_l("Name"), validators=[Length(max=TYPED)])


class SaveForm(NameForm):
    """A view to be kept, with what it asks for as the address of the queue says it."""

    shared = BooleanField(_l("For everybody on the desk"))
    view = HiddenField()
    client = HiddenField()
    status = HiddenField()
    priority = HiddenField()
    assignee = HiddenField()
    tag = HiddenField(validators=[Length(max=TAG_LENGTH)])
    words = HiddenField(validators=[Length(max=TYPED)])
    project = HiddenField()
    type = HiddenField()
    team = HiddenField()
    search = HiddenField(validators=[Length(max=LONGEST_SEARCH)])
    sort = HiddenField()

    def asked(self) -> Asked:
        """Return what it asks for.

        Raises:
            NotFound: nothing of that kind.
        """
        return asked({field.name: field.data for field in self if isinstance(field, HiddenField) and field.data})


class MoveForm(StrictForm):
    """Where a view goes: up, or down."""

    by = StringField(validators=[Length(max=10)])


@bp.get("/desk/views")
@policy(DESK)
def saved() -> ResponseReturnValue:
    """Show the views that are kept."""
    return _page()


@bp.post("/desk/views")
@policy(DESK)
def save_view() -> ResponseReturnValue:
    """Keep what a page of the queue asks for under a name."""
    form = SaveForm()
    wanted = form.asked()

    def act(session: Session) -> None:
        is_shared = bool(form.shared.data)
        saved_views.save(
            session,
            actor=current_actor(),
            now=clock.now(),
            name=form.name.data or "",
            asked=wanted,
            is_shared=is_shared,
        )

    if _refused(form, act):
        return _page(new=form, new_asked=wanted), 422
    return redirect(url_for("desk.queue", **wanted.args()), code=303)  # type: ignore[arg-type]


@bp.post("/desk/views/<int:view_id>")
@policy(DESK)
def rename_view(view_id: int) -> ResponseReturnValue:
    """Give a view another name."""
    form = NameForm()

    def act(session: Session) -> None:
        saved_views.rename(session, actor=current_actor(), now=clock.now(), view_id=view_id, name=form.name.data or "")

    return (_page(renamed={view_id: form}), 422) if _refused(form, act) else _back()


@bp.post("/desk/views/<int:view_id>/move")
@policy(DESK)
def move_view(view_id: int) -> ResponseReturnValue:
    """Move a view one place up or down."""
    form = MoveForm()
    is_up = form.validate_on_submit() and form.by.data == "up"
    with unit_of_work() as session:
        saved_views.move(session, actor=current_actor(), view_id=view_id, is_up=is_up)
    return _back()


@bp.post("/desk/views/<int:view_id>/delete")
@policy(DESK)
def delete_view(view_id: int) -> ResponseReturnValue:
    """Delete a view."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        name = saved_views.delete(session, actor=current_actor(), now=clock.now(), view_id=view_id)
    flash(_("The view “%(name)s” is deleted; its tickets stay.", name=name), "ok")
    return _back()


class RowsForm(StrictForm):
    """How high rows are: ``dense``, or as they are by themselves."""

    rows = StringField(validators=[Length(max=10)])


@bp.post("/desk/rows")
@policy(DESK)
def choose_rows() -> ResponseReturnValue:
    """Keep how high the rows of the queue are for whoever asks."""
    form = RowsForm()
    with unit_of_work() as session:
        is_dense = form.validate_on_submit() and form.rows.data == "dense"
        accounts.choose_rows(session, actor=current_actor(), dense=is_dense)
    return back_or("desk.queue")


def _refused(form: StrictForm, act: Callable[[Session], None]) -> bool:
    if not form.validate_on_submit():
        return True
    try:
        with unit_of_work() as session:
            act(session)
    except RuleViolation as refusal:
        form.refuse(refusal, "name")
    return bool(form.errors)


def _back() -> ResponseReturnValue:
    return redirect(url_for("desk.saved"), code=303)


def _page(
    *, new: SaveForm | None = None, new_asked: Asked | None = None, renamed: dict[int, NameForm] | None = None
) -> str:
    session, actor = read_session(), current_actor()
    rows = session.execute(saved_views.listed(sees_all=actor.sees_all_clients), asker(actor))
    found = saved_views.lines(rows, actor=actor)
    words = view_words.words_of(session, [one.asked for one in found] + ([new_asked] if new_asked else []), actor=actor)
    forms = {one.id: NameForm(formdata=None, name=one.name) for one in found} | (renamed or {})
    return render_template(
        "desk/saved_views.html",
        views=[(one, forms[one.id], said) for one, said in zip(found, words, strict=False)],
        new=new,
        new_words=words[-1] if new else "",
        may_share=actor.is_one_of(APPROVERS),
    )
