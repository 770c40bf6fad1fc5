"""A ticket that somebody opens while they speak with whoever it is for, or to write first (docs/desk.md rule 82)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from html import escape

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.clients.domain import check_typed_address
from helpdesk.clients.models import Contact
from helpdesk.desk import asker, service, talking
from helpdesk.desk.worked_time import NO_TIME, WorkedTime, log_time
from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import written
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.outbox import queries as outbox
from helpdesk.projects import queries as projects
from helpdesk.projects import service as project_service
from helpdesk.projects import teams, types
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment, typed_people
from helpdesk.tickets.models import TicketForm
from helpdesk.tickets.service import Spoken
from helpdesk.tickets.service.writing import lock

BY_PROJECT = "project"
"""The team of a new ticket that is the one of its project."""
CHANNELS = ("call", "visit", "mail", "own")
HOW = {"call": ", on the phone", "visit": ", in person", "mail": ", for a mail", "own": ""}
ELSEWHERE = "a contact of another client; the tickets of clients stay apart."


@dataclass(frozen=True, slots=True)
class Whom:
    """Who a ticket is for, as typed: a contact that was chosen, else what names one, else somebody new."""

    typed: str = ""
    contact_id: int | None = None
    name: str = ""
    email: str = ""
    phone: str = ""
    client_id: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether somebody new was typed."""
        return self.contact_id is None and bool(self.name or self.email or self.phone)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said or is written, how, and the time that it took; ``key`` is that of the form."""

    key: str
    subject: str = ""
    text: str = ""
    html: str = ""
    channel: str = "call"
    time: WorkedTime = NO_TIME
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What else a new ticket has, and what is mailed when it opens.

    ``team`` is the id of one, 0 for none, or ``BY_PROJECT``.
    """

    project_id: int | None = None
    type_id: int | None = None
    priority: str = "normal"
    tags: str = ""
    assignee_id: int | None = None
    team: str = BY_PROJECT
    cc: str = ""
    reporter: str = ""
    reporter_in_copy: bool = False
    confirm: bool = False
    words: str = ""
    first_message: bool = False
    to_new_outside: bool = False


def open_by_hand(session: Session, *, actor: Actor, now: datetime, whom: Whom, said: Said, facts: Facts) -> WorkItem:
    """Open a ticket with all that was typed, or nothing of it; a form that is sent again gives what it opened.

    Raises:
        NotFound: no such contact, client, project, type or person, or not for this actor.
        Conflict: the form opened one before with something else.
        RuleViolation: what cannot be; it names its field.
    """
    form = tickets.begin_form(session, actor=actor, now=now, key=said.key)
    if (opened := _opened(session, form, whom, said)) is not None:
        return opened
    known = meant(session, actor=actor, whom=whom)
    project = _project(session, actor, whom, facts, known)
    requester = contact_at(session, actor=actor, now=now, whom=whom, known=known, project=project)
    reporter = _reporter(session, actor, now, facts, project) if facts.reporter.strip() else None
    item = tickets.open_ticket(
        session,
        actor=actor,
        now=now,
        project_id=project.id,
        requester_id=requester.id,
        title=said.subject,
        text="",
        priority=facts.priority,
        assignee_id=facts.assignee_id,
        team=_team(session, project, facts.team),
        reasons=_reasons(actor, said, facts, reporter),
    )
    session.flush()
    form.work_item_id = item.id
    types.set_type(session, actor=actor, now=now, item_id=item.id, type_id=facts.type_id)
    project_service.add_tags(session, item_id=item.id, tags=_tags(facts.tags))
    _let_in(session, actor, now, item, facts, reporter)
    files = tickets.take_form_files(session, form=form)
    if facts.first_message:
        _write_first(session, actor, now, item, said, facts, files)
    else:
        _note(session, actor, now, item, said, files, spoke_with=reporter or requester, opens=True)
    if facts.confirm and not facts.first_message:
        tickets.confirm(session, actor=actor, now=now, item=item, noted=facts.words)
    if said.status and not facts.first_message:
        service.set_status(session, actor=actor, now=now, number=item.number, status=said.status)
    return item


def _team(session: Session, project: Project, wanted: str) -> teams.Default | None:
    """Return the team that was chosen; None where it is for the project to say."""
    if wanted == BY_PROJECT:
        return None
    try:
        return teams.chosen(session, project=project, team_id=int(wanted) or None)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="team") from refusal


def put_onto(session: Session, *, actor: Actor, now: datetime, number: int, whom: Whom, said: Said) -> WorkItem:
    """Note what was typed on a ticket that is there already, as a call, a visit or a note, with its files and time.

    Raises:
        NotFound: no such ticket or contact, or not for this actor.
        Conflict: it was merged into another ticket, it would be done while parts of it are open, or the form opened or
            noted something else before.
        RuleViolation: nothing is typed, or time that cannot be logged.
    """
    form = tickets.begin_form(session, actor=actor, now=now, key=said.key)
    if (noted := _opened(session, form, whom, said, number)) is not None:
        return noted
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    tickets.refuse_merged(session, item)
    contact = meant(session, actor=actor, whom=whom)
    is_elsewhere = contact is not None and contact.client_id not in (None, item.project.client_id)
    if contact is not None and is_elsewhere and not item.project.client.is_internal:
        message = f"{contact.name} is {ELSEWHERE}"
        raise RuleViolation(message, field="who")
    form.work_item_id = item.id
    files = tickets.take_form_files(session, form=form)
    name = whom.name or whom.email or whom.phone or whom.typed
    _note(session, actor, now, item, _with_subject(said), files, spoke_with=contact, name=name, opens=False)
    if said.status:
        service.set_status(session, actor=actor, now=now, number=item.number, status=said.status)
    return item


class Used(Conflict):
    """The form was sent before, with something else than now."""


def _opened(session: Session, form: TicketForm, whom: Whom, said: Said, number: int | None = None) -> WorkItem | None:
    """Return what the form opened before with just that; None where it did not, and it is noted that it does now."""
    digest = sha256(repr((whom, said, number)).encode("utf-8", "backslashreplace")).hexdigest()
    if form.work_item_id is None:
        form.said = digest
        return None
    item = session.get_one(WorkItem, form.work_item_id)
    if form.said not in (None, digest):
        message = f"This form was sent before: it is on #{item.number}. Send what stands here now for another ticket."
        raise Used(message)
    return item


def meant(session: Session, *, actor: Actor, whom: Whom) -> Contact | None:
    """Return the contact that is meant; None for somebody new.

    Raises:
        NotFound: no such contact, or not for this actor.
        RuleViolation: nobody is named, or nobody or several people are found by that.
    """
    if whom.contact_id is not None:
        return clients.get_contact(session, actor=actor, contact_id=whom.contact_id)
    if whom.is_new:
        return None
    typed = whom.typed.strip()
    if not typed:
        message = "Say who it is for."
        raise RuleViolation(message, field="who")
    found = asker.find(session, actor=actor, typed=typed)
    known = asker.exactly(found, typed)
    if known is not None:
        return known
    if found:
        message = "Choose who is meant, or add somebody new."
        raise RuleViolation(message, field="who")
    if asker.typed_address(typed)[1]:
        return None
    message = "Nobody is found by that. Write it otherwise, or add somebody new."
    raise RuleViolation(message, field="who")


def client_for(session: Session, *, whom: Whom) -> int | None:
    """Return the client of somebody new: the one that was chosen, else the one to which their domain belongs."""
    address = whom.email or asker.typed_address(whom.typed)[1]
    if whom.client_id is not None or not address:
        return whom.client_id
    owner = clients.client_of_domain(session, address.rpartition("@")[2].strip())
    return owner.id if owner is not None else None


def _project(session: Session, actor: Actor, whom: Whom, facts: Facts, known: Contact | None) -> Project:
    """Return the project that was chosen, else the one in which mail of whoever it is for lands."""
    if facts.project_id is not None:
        return projects.get_project(session, actor=actor, project_id=facts.project_id)
    client_id = known.client_id if known is not None else client_for(session, whom=whom)
    found = projects.default_project(session, client_id) if client_id is not None else None
    with suppress(NotFound):
        if found is not None:
            return projects.get_project(session, actor=actor, project_id=found.id)
    message = "Choose the project: nobody knows in which one their mail lands."
    raise RuleViolation(message, field="project_id")


def contact_at(
    session: Session, *, actor: Actor, now: datetime, whom: Whom, known: Contact | None, project: Project
) -> Contact:
    """Return who asks, placed at the client of the project; somebody new is added there.

    Raises:
        RuleViolation: they are a contact of another client, or nothing that somebody new needs was typed.
    """
    client_id = None if project.client.is_internal else project.client_id
    contact = known if known is not None else _somebody_new(session, actor, now, whom, client_id)
    if client_id is not None:
        client_service.place(session, actor=actor, now=now, contact=contact, client_id=client_id)
        if contact.client_id != client_id:
            message = f"{contact.name} is {ELSEWHERE}" if known is not None else f"That address belongs to {ELSEWHERE}"
            raise RuleViolation(message, field="who" if known is not None or not whom.email else "new_email")
    _refuse_unseen(session, actor, contact, field="new_email" if known is None and whom.email else "who")
    return contact


def _refuse_unseen(session: Session, actor: Actor, contact: Contact, *, field: str) -> None:
    """Refuse whom the actor does not see, and who has left; a project of ours takes people of any client."""
    session.flush()
    try:
        clients.get_contact(session, actor=actor, contact_id=contact.id)
    except NotFound as missing:
        message = f"That address belongs to {ELSEWHERE}"
        raise RuleViolation(message, field=field) from missing
    if contact.retired_at is not None:
        message = f"{contact.name} has left; their page says so, and can say otherwise."
        raise RuleViolation(message, field=field)


def _somebody_new(session: Session, actor: Actor, now: datetime, whom: Whom, client_id: int | None) -> Contact:
    typed_name, typed_email = ("", "") if whom.is_new else asker.typed_address(whom.typed)
    email, name = whom.email or typed_email, whom.name or typed_name
    if not email:
        try:
            return client_service.add_caller(
                session, actor=actor, now=now, name=whom.name, phone=whom.phone, client_id=client_id
            )
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="new_name") from refusal
    try:
        address = check_typed_address(email)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="new_email" if whom.email else "who") from refusal
    if address.lower() in outbox.own_addresses(session):
        message = f"{address} is one of our own mailboxes."
        raise RuleViolation(message, field="new_email" if whom.email else "who")
    return client_service.add_person(
        session, actor=actor, now=now, name=name, email=address, phone=whom.phone, client_id=client_id
    )


def _reporter(session: Session, actor: Actor, now: datetime, facts: Facts, project: Project) -> Contact:
    """Return who told us of it for somebody else: a contact of the client by name, address or number, or a new one."""
    typed = facts.reporter.strip()
    name, address = asker.typed_address(typed)
    client_id = None if project.client.is_internal else project.client_id
    if address:
        try:
            contact = client_service.add_typed_contact(
                session, actor=actor, now=now, name=name, email=address, client_id=client_id
            )
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="reporter") from refusal
    else:
        found = [one for one in asker.find(session, actor=actor, typed=typed) if client_id in (None, one.client_id)]
        known = asker.exactly(found, typed)
        if known is None:
            message = "Nobody at the client is called that. Write their mail address, with their name before it."
            raise RuleViolation(message, field="reporter")
        contact = known
    if client_id is not None and contact.client_id != client_id:
        message = f"That is {ELSEWHERE}"
        raise RuleViolation(message, field="reporter")
    _refuse_unseen(session, actor, contact, field="reporter")
    return contact


def _reasons(actor: Actor, said: Said, facts: Facts, reporter: Contact | None) -> tuple[str, ...]:
    how = ", to write first" if facts.first_message else HOW[said.channel]
    opened = f"opened by {actor.name}{how}"
    return (opened, f"reported by {reporter.name}") if reporter is not None else (opened,)


def _tags(typed: str) -> list[str]:
    try:
        return [project_service.tag_of(one) for one in typed.split(",") if one.strip()]
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="tags") from refusal


def _let_in(
    session: Session, actor: Actor, now: datetime, item: WorkItem, facts: Facts, reporter: Contact | None
) -> None:
    """Let those in copy take part, and note who reported it."""
    details = ticket_queries.details(session, item.id)
    if reporter is not None and details is not None and reporter.id != details.requester_id:
        details.reporter_id = reporter.id
        if facts.reporter_in_copy:
            tickets.add_participants(session, now=now, item=item, contact_ids=[reporter.id], added_by="staff")
    try:
        for name, email in typed_people(facts.cc):
            check_typed_address(email)
            tickets.add_by_staff(session, actor=actor, now=now, item_id=item.id, email=email, name=name)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="cc") from refusal


def _write_first(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    said: Said,
    facts: Facts,
    files: Sequence[NewAttachment],
) -> None:
    """Send what was typed as the first mail; it can be taken back as any answer (docs/answering.md rule 8)."""
    if not (said.text or said.html):
        message = "Nothing is written yet."
        raise RuleViolation(message, field="body")
    tickets.give_draft(session, actor=actor, now=now, item_id=item.id, kind="reply", files=files)
    service.reply(
        session,
        actor=actor,
        now=now,
        number=item.number,
        text=said.text,
        html=said.html,
        to_new_outside=facts.to_new_outside,
        status=said.status,
        time=said.time,
    )


def _note(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    said: Said,
    files: Sequence[NewAttachment],
    *,
    spoke_with: Contact | None,
    name: str = "",
    opens: bool,
) -> None:
    """Write down what was said, with its time: as a call or a visit, else as a note; without a word the subject."""
    text, html = (said.text, said.html) if said.text or said.html else (said.subject, "")
    if said.channel in ("call", "visit"):
        talking.write_with_time(
            session,
            actor=actor,
            now=now,
            item=item,
            spoken=Spoken(said.channel, text, direction="in", who=name, html=html, contact=spoke_with),
            at=None,
            time=said.time,
            opens=opens,
            files=files,
        )
    elif said.text or said.html or files or said.time.worked:
        note = tickets.add_note(session, actor=actor, now=now, item_id=item.id, text=text, html=html, attachments=files)
        try:
            log_time(session, actor=actor, now=now, item=item, message=note, time=said.time)
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="worked") from refusal


def _with_subject(said: Said) -> Said:
    """Return what was typed with its subject before it: the ticket that it goes onto has another one."""
    if not said.subject:
        return said
    body = written(said.text, said.html)
    html = f"<p>{escape(said.subject)}</p>{body.html}" if body.html else ""
    return replace(said, text="\n\n".join(filter(None, (said.subject, body.text.strip()))), html=html)
