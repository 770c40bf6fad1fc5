"""Routes of the desk: the queue, an item with everything around it, the acts on it, and a client on one page."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from helpdesk.clients import exports as client_exports
from helpdesk.clients import queries as clients
from helpdesk.clients.forms import DomainForm, NewContactForm, NoteTextForm
from helpdesk.desk import (
    beside_queue,
    exports,
    found_in_queue,
    giving,
    item_page,
    queries,
    saved_views,
    service,
    shell,
    snoozing,
)
from helpdesk.desk.beside_queue import Beside
from helpdesk.desk.client_page import client_values
from helpdesk.desk.closing import OpenParts
from helpdesk.desk.conversations_found import Searcher
from helpdesk.desk.forms import AssignForm, GiveForm, NoteForm, ReplyDraftForm, ReplyForm, StartForm, StatusForm
from helpdesk.desk.found_in_queue import FoundTickets
from helpdesk.desk.frame import ClientCount
from helpdesk.desk.item_page import ItemValues
from helpdesk.desk.narrowing import Asked, asked
from helpdesk.desk.ordering import OWN
from helpdesk.desk.overtaken_line import OvertakenLine, overtaken_line
from helpdesk.desk.overtaking import Overtaken
from helpdesk.desk.search_page import problem_words
from helpdesk.desk.view_words import chips, columns, view_names
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.desk.views.files import keep_files, put_each, store_each, to_draft
from helpdesk.desk.views.linking import asks_first
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import (
    ACCOUNT_MANAGER,
    ADMIN,
    APPROVERS,
    BOOKKEEPER,
    DESK,
    MANAGER,
    STAFF,
    TECHNICIAN,
    current_actor,
    policy,
)
from helpdesk.infra.sent_forms import digest_of_form, first_refusal
from helpdesk.infra.web import back_or, is_htmx, zone
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects import teams
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import words_of_misfits
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.queries import entries as time


@bp.get("/")
@policy(STAFF)
def home() -> ResponseReturnValue:
    """Lead to the page that answers this role's first question."""
    actor = current_actor()
    if actor.role == MANAGER and time.waiting_for_approval(read_session()):
        return redirect(url_for("timekeeping.approvals"))
    if actor.role == BOOKKEEPER:
        return redirect(url_for("invoicing.close", month=shell.close_month(read_session(), clock.now())))
    pages = {TECHNICIAN: "desk.queue", ACCOUNT_MANAGER: "retainers.board", MANAGER: "desk.queue", ADMIN: "desk.queue"}
    return redirect(url_for(pages[actor.role]))


def _title_of(session: Session, wanted: Asked) -> str:
    """Return what a view is called that has no name of its own."""
    if wanted.client_id is None:
        return view_names()[wanted.view]
    return clients.get(session, actor=current_actor(), client_id=wanted.client_id).name


def _found(session: Session, wanted: Asked) -> FoundTickets:
    """Return what the search in a view finds; nothing where none is in it."""
    searcher = Searcher(current_actor(), clock.now(), zone())
    return found_in_queue.tickets_found(session, searcher=searcher, typed=wanted.narrowed.search)


def _queue_sheet(session: Session) -> Sheet[queries.QueueRow]:
    wanted = asked(request.args)
    return exports.queue_sheet(
        session,
        actor=current_actor(),
        now=clock.now(),
        asked=wanted,
        name=_title_of(session, wanted),
        found_ids=_found(session, wanted).ids,
    )


@bp.get("/desk")
@policy(DESK)
@exported(_queue_sheet)
def queue() -> ResponseReturnValue:
    """Show a page of one view of the queue."""
    session, actor = read_session(), current_actor()
    wanted = asked(request.args)
    now = clock.now()
    beside = beside_queue.read(session, actor=actor, now=now, asked=wanted, zone=zone())
    saved, title = beside.saved, beside.client_name or view_names()[wanted.view]
    shown = saved_views.shown(saved, wanted)
    counts = shell.queue_counts(session, actor, now)
    known, found = counts.of_view(wanted), _found(session, wanted)
    counted = [wanted, *saved_views.counted(saved)]
    total, *of_saved = queries.totals(session, actor=actor, now=now, asked=counted, known=known, found_ids=found.ids)
    page = queries.queue(
        session,
        actor=actor,
        now=now,
        asked=wanted,
        before=request.args.get("before"),
        after=request.args.get("after"),
        found_ids=found.ids,
    )
    shell.look_at(view=wanted.view if shown is None else None, client_id=wanted.client_id)
    return render_template(
        "desk/queue.html",
        title=shown.name if shown else title,
        total=total,
        groups=[{"title": "", "count": len(page.rows), "rows": page.rows}],
        page={
            "newer_url": _queue_url(wanted, after=page.newer_key),
            "older_url": _queue_url(wanted, before=page.older_key),
            "is_by_change": not wanted.sort and wanted.view not in OWN,
        },
        now=now,
        people=beside.people,
        teams=beside.teams,
        presence=beside.presence,
        projects=beside.projects,
        types=beside.types,
        tags=beside.tags,
        macros=beside.macros,
        view=wanted.view,
        client_id=wanted.client_id,
        narrowed=wanted.narrowed,
        chips=chips(wanted, _names_of(beside, counts.clients)),
        found=found,
        problems=[problem_words(each) for each in found.problems],
        asked=wanted.args(),
        columns=columns(wanted),
        dense_rows=current_user.dense_rows,
        saved=saved_views.with_counts(saved, of_saved),
        shown_id=shown.id if shown else None,
        is_saved=shown is not None and shown.asked == wanted,
        may_share=actor.is_one_of(APPROVERS),
        done=request.args.get("done", type=int),
        here=_here(),
        snooze_choices=snoozing.choices(beside.working_time, now),
        last_mail_at=beside.last_mail_at,
        needs_mailbox=not (page.rows or wanted.narrowed or request.args.get("before") or beside.has_mailbox),
    )


def _names_of(beside: Beside, clients: Sequence[ClientCount]) -> dict[str, dict[str, str]]:
    """Return the names of what can narrow the queue, by ids as its address has them."""
    pairs = {"assignee": beside.people, "team": beside.teams, "type": beside.types, "project": beside.projects}
    named = {key: {str(each): name for each, name in found} for key, found in pairs.items()}
    return {**named, "client": {str(one.id): one.name for one in clients}}


@bp.get("/items/<int:number>")
@policy(DESK)
def item(number: int) -> str:
    """Show one ticket or task."""
    return _item_page(number)


@bp.post("/items/<int:number>/reply")
@policy(DESK)
def reply(number: int) -> ResponseReturnValue:
    """Send a reply, with its time and the status afterwards in the same act; a refused one keeps what was typed.

    Where it says who is to get the answer, that is done, and what is typed is the draft (docs/answering.md rule 12).
    """
    item_id = projects.get_item(read_session(), actor=current_actor(), number=number).id
    form = ReplyForm()
    if form.changes_people():
        return _change_people(number, item_id)
    form.offer(read_session())

    def act(session: Session) -> None:
        service.reply(
            session,
            actor=current_actor(),
            now=clock.now(),
            number=number,
            text=form.body.data or "",
            html=form.html.data or "",
            last_seen_message_id=form.last_seen(),
            to_new_outside=bool(form.to_new_outside.data),
            status=form.status.data or "",
            time=form.time(),
        )

    refused = _refused(form, number, item_id, "reply", act)
    return (_item_page(number, reply_form=form), refused) if refused else to_item(number)


def _change_people(number: int, item_id: int) -> ResponseReturnValue:
    form = ReplyDraftForm()
    form.offer(read_session())
    if not form.validate_on_submit():
        return _item_page(number, reply_form=form), 422
    for words in keep_files(item_id, "reply", form.files.data or ()):
        flash(words, "danger")
    try:
        with unit_of_work() as session:
            service.keep_draft_with_people(
                session,
                actor=current_actor(),
                now=clock.now(),
                number=number,
                typed=form.typed(),
                last_seen_id=form.last_seen(),
                added=form.people.data or "",
                taken_off_id=form.taken_off(),
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "people")
        return _item_page(number, reply_form=form), 422
    return to_item(number, anchor="reply-body")


@bp.post("/items/<int:number>/note")
@policy(DESK)
def add_note(number: int) -> ResponseReturnValue:
    """Add an internal note with its time; a refused one keeps what was typed."""
    item_id = projects.get_item(read_session(), actor=current_actor(), number=number).id
    form = NoteForm()
    form.offer(read_session())

    def act(session: Session) -> None:
        note = service.add_note(
            session,
            actor=current_actor(),
            now=clock.now(),
            number=number,
            text=form.body.data or "",
            html=form.html.data or "",
            time=form.time(),
        )
        for name in tickets.names_not_told(session, note):
            flash(_("%(name)s may not see this, and was not told.", name=name), "warn")

    refused = _refused(form, number, item_id, "note", act)
    return (_item_page(number, note_form=form), refused) if refused else to_item(number)


@bp.post("/items/<int:number>/status")
@policy(DESK)
def set_status(number: int) -> ResponseReturnValue:
    """Set the status of a ticket or task."""
    form = StatusForm()
    status = (form.status.data or "") if form.validate_on_submit() else ""
    try:
        with unit_of_work() as session:
            once_on(session, number)
            service.set_status(
                session, actor=current_actor(), now=clock.now(), number=number, status=status, was=form.was.data
            )
    except OpenParts:
        return asks_first(number, status)
    except Overtaken as overtaken:
        return _overtaken_page(number, overtaken)
    return to_item(number)


@bp.post("/items/<int:number>/assign")
@policy(DESK)
def assign(number: int) -> ResponseReturnValue:
    """Give a ticket or task to somebody, or to nobody."""
    form = AssignForm()
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            projects.get_item(session, actor=current_actor(), number=number)
            if not form.validate_on_submit():
                raise RuleViolation(_("There is no such person."))
            wanted = form.assignee_id.data
            done = giving.to_person(
                session, actor=current_actor(), now=clock.now(), number=number, assignee_id=wanted, was=form.was.data
            )
            return leads_to(sent, to_item(number, done=done))
    except Overtaken as overtaken:
        return _overtaken_page(number, overtaken)


@bp.post("/items/<int:number>/team")
@policy(DESK)
def set_team(number: int) -> ResponseReturnValue:
    """Give a ticket or task to a team, or to none."""
    form = GiveForm()
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            projects.get_item(session, actor=current_actor(), number=number)
            if not form.validate_on_submit():
                raise NotFound(teams.NO_TEAM)
            wanted = form.team_id.data
            done = giving.to_team(
                session, actor=current_actor(), now=clock.now(), number=number, team_id=wanted, was=form.was.data
            )
            return leads_to(sent, to_item(number, done=done))
    except Overtaken as overtaken:
        return _overtaken_page(number, overtaken)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
        return to_item(number)


@bp.post("/timer/start")
@policy(DESK)
def start_timer() -> ResponseReturnValue:
    """Start the timer on an item; the one that ran stops at the same instant."""
    form = StartForm()
    if not form.validate_on_submit():
        flash(_("Write the number of the ticket or task."), "danger")
        return back_or("desk.queue")
    try:
        with unit_of_work() as session:
            entry = service.start_timer(session, actor=current_actor(), now=clock.now(), number=form.number.data or 0)
            if warning := limits.warning_of(session, entry):
                flash(warning, "warn")
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return back_or("desk.queue")


@bp.post("/timer/stop")
@policy(DESK)
def stop_timer() -> ResponseReturnValue:
    """Stop the timer."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        service.stop_timer(session, actor=current_actor(), now=clock.now())
    return back_or("desk.queue")


@bp.get("/clients/<int:client_id>")
@policy(STAFF)
@exported(
    lambda session, **path: client_exports.contacts_sheet(session, actor=current_actor(), **path), what=_l("contacts")
)
def client(client_id: int) -> str:
    """Show everything about one client that this person may see."""
    since, through = (request.args.get(name, type=date.fromisoformat) for name in ("from", "to"))
    values = client_values(
        read_session(), actor=current_actor(), client_id=client_id, now=clock.now(), since=since, through=through
    )
    return render_template(
        "clients/client.html",
        contact_form=NewContactForm(formdata=None),
        domain_form=DomainForm(formdata=None),
        note_form=NoteTextForm(formdata=None),
        **values,
    )


def _refused(form: NoteForm, number: int, item_id: int, kind: str, act: Callable[[Session], None]) -> int | None:
    """Do ``act`` with a valid form in one unit, once; return the status of a refusal, whose words stand on the form.

    The files that came with it are those of the draft before; where it is refused they stay so, and what was typed
    becomes the draft. Of two such forms that are refused at once one keeps its files.
    A part of a page (htmx) gets 422 for a conflict too: with 409 it would leave the page, and the words, out.
    """
    digest_of_form()  # while its files can be read
    is_valid = form.validate_on_submit()
    files, misfits = store_each(form.files.data or ())
    refusal: Conflict | RuleViolation | None = None
    if is_valid and not misfits:
        try:
            with unit_of_work() as session:
                once_on(session, number)
                for file in files:
                    to_draft(item_id, kind)(session, file)
                act(session)
        except (Conflict, RuleViolation) as why:
            refusal = why
        else:
            return None
    with unit_of_work() as session:
        if first_refusal(session, now=clock.now()):
            misfits += put_each(session, files, to_draft(item_id, kind))
        if is_valid:
            tickets.save_draft(
                session,
                actor=current_actor(),
                now=clock.now(),
                item_id=item_id,
                kind=kind,
                typed=form.typed(),
                last_seen_id=ticket_queries.last_message_id(session, item_id),
            )
    read_anew()
    for words in words_of_misfits(misfits):
        form.refuse(words, "files")
    if refusal is not None and not misfits:
        form.refuse(str(refusal))
    return 409 if isinstance(refusal, Conflict) and not is_htmx() else 422


def _overtaken_page(number: int, overtaken: Overtaken) -> ResponseReturnValue:
    """Show an item, and above it what somebody else made of what was to be changed."""
    line = overtaken_line(read_anew(), number, overtaken.difference)
    return _item_page(number, overtaken=line), 422 if is_htmx() else 409


def _item_page(
    number: int,
    *,
    reply_form: ReplyForm | None = None,
    note_form: NoteForm | None = None,
    overtaken: OvertakenLine | None = None,
) -> str:
    """Show an item, with a refused form as it was typed; what came since it was begun counts as seen from now on."""
    at = request.args.get("at", type=int)
    values = item_page.values(read_session(), actor=current_actor(), number=number, now=clock.now(), zone=zone(), at=at)
    return render_template("desk/item.html", **item_context(values, reply_form, note_form, overtaken))


def item_context(
    values: ItemValues,
    reply_form: ReplyForm | None = None,
    note_form: NoteForm | None = None,
    overtaken: OvertakenLine | None = None,
) -> dict[str, Any]:
    """Return all that the page of an item reads, with its forms as they begin where none was refused."""
    session = read_session()
    since = []
    if reply_form is not None:
        since = [line for line in values.messages if line.kind != "event" and line.id > (reply_form.last_seen() or 0)]
        reply_form.last_seen_id.data = str(values.last_seen_id or "")
    else:
        reply_form = ReplyForm(formdata=None, last_seen_id=str(values.last_seen_id or ""))
        reply_form.offer(session)
        reply_form.begin_with(values.drafts.get("reply"))
    if note_form is None:
        note_form = NoteForm(formdata=None, last_seen_id=str(values.last_seen_id or ""))
        note_form.offer(session)
        note_form.begin_with(values.drafts.get("note"))
    shell.look_at(item_number=values.item.number)
    return {
        **vars(values),
        "done": request.args.get("done", type=int),
        "plain_box": current_user.plain_box,
        "can_act": not (values.ticket and values.ticket.is_merged),
        "reply_form": reply_form if values.ticket else None,
        "since": since,
        "note_form": note_form,
        "overtaken": overtaken,
    }


def _queue_url(wanted: Asked, **keys: str | None) -> str | None:
    values: dict[str, Any] = {**wanted.args(), **keys}
    return url_for("desk.queue", **values) if any(keys.values()) else None


def _here() -> str:
    """Return this page of the queue, without the act that led to it."""
    return url_for("desk.queue", **{key: value for key, value in request.args.items() if key != "done"})  # type: ignore[arg-type]
