"""Tickets and tasks that are found by what stands in their messages, and by what is so of them (docs/desk.md rule 30).

What was typed becomes questions that are asked together with others: first who is meant by names, then which messages
fit. However many fit, only so many of the newest are looked at; the page says so and leads further back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, String, and_, cast, func, literal, not_, null, or_, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import visible
from helpdesk.desk.domain.typed_search import ME, NOBODY, OF_MESSAGES, Piece, Problem, Typed
from helpdesk.infra.finding import Term, newest_found
from helpdesk.infra.full_text import Newest, Wanted, fitting, mark, newest_texts
from helpdesk.infra.policy import Actor
from helpdesk.infra.together import Together
from helpdesk.kernel.words import begins, words_of
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import OPEN_STATUSES, ItemTag, Project, TicketType, WorkItem
from helpdesk.sla import queries as sla
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.tickets.service.finding import AUTHOR, COLLEAGUE, PROJECT, REQUESTER, WITH_FILE, mark_of_recipient

PAGE_ROWS = 25
READ = 500
"""So many of the newest with a name are looked at for what the actor may see."""
MEANT = 60
"""So many clients, projects or people a word may stand for."""
STAFF_READ = 500
FITTING = 300
"""So many messages are put together to tickets at once."""
LOOKED_AT, LOOKED_AT_NARROWED = 1_000, 10_000
"""So many of the newest messages that fit are looked at, and where the ticket has to fit as well."""
SHOWN_LETTERS = 12_000
Question = Select[*tuple[Any, ...]]

NAMED = ("client", "project", "from", "to", "assignee", "type", "team")


@dataclass(frozen=True)
class Searcher:
    """Who looks for something, when, and by which clock their days begin."""

    actor: Actor
    now: datetime
    zone: ZoneInfo

    def begin_of(self, day: date) -> datetime:
        """Return when a day begins by their clock."""
        return datetime.combine(day, time(), self.zone)


@dataclass(frozen=True)
class FoundConversation:
    """A ticket or task with the newest of its messages that fits; no ``message_id``: it fits by itself."""

    id: int
    number: int
    kind: str
    title: str
    status: str
    client_name: str
    message_id: int | None
    message_kind: str
    held: bool
    author_name: str
    posted_at: datetime
    text: str


@dataclass(frozen=True)
class Conversations:
    """A page of what was found; ``older`` is the key of the next one, ``is_cut``: there not all were looked at."""

    rows: list[FoundConversation]
    older: int | None
    is_cut: bool


@dataclass(frozen=True)
class Meant:
    """Who is meant by the names in what was typed, and the marks of those that each word stands for."""

    typed: Typed
    ids: dict[Piece, tuple[int, ...]]
    marks: dict[str, tuple[str, ...]]
    colleagues: dict[Piece, tuple[int, ...]]
    addresses: dict[Piece, tuple[str, ...]]


def questions_of_names(session: Session, *, actor: Actor, typed: Typed) -> dict[str, Question]:
    """Return what has to be asked before anything can be looked for; :func:`meant_by` reads the answers."""
    asked = {
        f"named_{number}": _of_name(session, actor, piece)
        for number, piece in enumerate(typed.pieces)
        if piece.kind in ("client", "project", "from", "to")
    }
    words = [word for piece in typed.of("words") for word in piece.words]
    if typed.of("to"):
        asked["mailboxes"] = select(Mailbox.name, Mailbox.address).order_by(Mailbox.id)
    if words or typed.of("from", "to", "assignee"):
        asked["staff"] = (
            select(Person.id, Person.name, Person.email).order_by(Person.active.desc(), Person.id).limit(STAFF_READ)
        )
    if typed.of("type"):
        asked["types"] = select(TicketType.id, TicketType.name).order_by(TicketType.id)
    if typed.of("team"):
        asked["teams"] = select(Team.id, Team.name).order_by(Team.id)
    if words:
        terms = [Term(word) for word in dict.fromkeys(words)]
        of_client = newest_found(session, Client.id, terms, any_term=True, limit=MEANT)
        by_name = newest_found(session, Project.id, terms, any_term=True, limit=MEANT)
        projects = (
            select(Project.id, Project.name, Client.name.label("client"), Client.legal_name, Client.customer_number)
            .join(Client, Client.id == Project.client_id)
            .where(or_(Project.id.in_(by_name), Project.client_id.in_(of_client)), visible(actor))
            .order_by(Project.id.desc())
            .limit(MEANT)
        )
        asked["projects"] = projects
        people = newest_found(session, Contact.id, terms, any_term=True, limit=READ)
        asked["people"] = _contacts(actor, Contact.id.in_(people))
    return asked


def _of_name(session: Session, actor: Actor, piece: Piece) -> Question:
    terms = [Term(word) for word in piece.words]
    if piece.kind == "client":
        ids = newest_found(session, Client.id, terms, limit=READ)
        return select(Client.id).where(Client.id.in_(ids), visible(actor)).order_by(Client.id.desc()).limit(MEANT)
    if piece.kind == "project":
        ids = newest_found(session, Project.id, terms, limit=READ)
        query = select(Project.id).join(Client, Client.id == Project.client_id)
        return query.where(Project.id.in_(ids), visible(actor)).order_by(Project.id.desc()).limit(MEANT)
    ids = newest_found(session, Contact.id, terms, limit=READ)
    if piece.kind == "to":
        also = select(func.coalesce(Contact.same_as_id, Contact.id)).where(Contact.id.in_(ids))
        return _contacts(actor, or_(Contact.id.in_(also), Contact.same_as_id.in_(also)))
    return _contacts(actor, Contact.id.in_(ids))


def _contacts(actor: Actor, which: ColumnElement[bool]) -> Question:
    """Return the question for contacts whom the actor may see; a further address leads to whose it is."""
    return (
        select(func.coalesce(Contact.same_as_id, Contact.id).label("id"), Contact.name, Contact.email)
        .outerjoin(Client, Client.id == Contact.client_id)
        .where(which, or_(Contact.client_id.is_(None), visible(actor)))
        .order_by(Contact.id.desc())
        .limit(MEANT)
    )


def meant_by(actor: Actor, typed: Typed, answers: Mapping[str, list[Any]]) -> Meant:
    """Return who is meant; a name that nobody has is a problem, and is not asked for."""
    ids: dict[Piece, tuple[int, ...]] = {}
    colleagues: dict[Piece, tuple[int, ...]] = {}
    addresses: dict[Piece, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for number, piece in enumerate(typed.pieces):
        if piece.kind not in NAMED:
            continue
        known = {"type": "types", "team": "teams"}.get(piece.kind)
        rows = _having(piece, answers[known]) if known else answers.get(f"named_{number}", ())
        ids[piece] = tuple(dict.fromkeys(row.id for row in rows))
        if piece.kind == "team" and piece.value.lower() == ME:
            ids[piece] = tuple(sorted(actor.team_ids))
        if piece.kind in ("from", "assignee"):
            colleagues[piece] = _colleagues(actor, piece, answers["staff"])
        if piece.kind == "to":
            addresses[piece] = _addresses(actor, piece, rows, answers)
        is_nobody = piece.kind in ("assignee", "team") and piece.value.lower() == NOBODY
        if not (ids[piece] or colleagues.get(piece) or addresses.get(piece) or is_nobody):
            problems.append(Problem(f"{piece.kind}:{piece.value}", piece.kind, piece.value))
    unknown = {(each.operator, each.value) for each in problems}
    kept = tuple(piece for piece in typed.pieces if (piece.kind, piece.value) not in unknown)
    words = {word for piece in typed.of("words") for word in piece.words}
    marks = {word: _marks(word, answers) for word in words}
    return Meant(replace(typed, pieces=kept, problems=(*typed.problems, *problems)), ids, marks, colleagues, addresses)


def _colleagues(actor: Actor, piece: Piece, staff: Iterable[Any]) -> tuple[int, ...]:
    if piece.value.lower() == ME:
        return (actor.person_id,) if actor.person_id is not None else ()
    return tuple(row.id for row in _having(piece, staff))


def _addresses(
    actor: Actor, piece: Piece, contacts: Iterable[Any], answers: Mapping[str, list[Any]]
) -> tuple[str, ...]:
    """Return the addresses of contacts, colleagues and mailboxes that a name stands for, and one that was typed."""
    ours = set(_colleagues(actor, piece, answers["staff"]))
    found = [
        *(row.email for row in contacts),
        *(row.email for row in answers["staff"] if row.id in ours),
        *(row.address for row in answers["mailboxes"] if _begin(piece, f"{row.name} {row.address}")),
        *([piece.value] if "@" in piece.value else []),
    ]
    return tuple(dict.fromkeys(each for each in found if each))


def _having(piece: Piece, rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if _begin(piece, row.name)]


def _begin(piece: Piece, text: str) -> bool:
    words = words_of(text)
    return all(begins(word, words) for word in piece.words)


def _marks(word: str, answers: Mapping[str, list[Any]]) -> tuple[str, ...]:
    def having(name: str, *columns: str) -> list[int]:
        rows = answers.get(name, ())
        return [row.id for row in rows if begins(word, words_of(" ".join(getattr(row, each) for each in columns)))]

    people = having("people", "name", "email")
    return (
        *(mark(PROJECT, one) for one in having("projects", "name", "client", "legal_name", "customer_number")),
        *(mark(letter, one) for one in people for letter in (AUTHOR, REQUESTER)),
        *(mark(COLLEAGUE, one) for one in having("staff", "name")),
    )


def ticket_ids(session: Session, *, searcher: Searcher, typed: Typed, most: int) -> tuple[list[int], Typed, bool]:
    """Return the tickets and tasks of the newest that fit, at most so many; what was meant; and whether that is all.

    Nothing is found where nothing of the typed can be asked.
    """
    names = questions_of_names(session, actor=searcher.actor, typed=typed)
    meant = meant_by(searcher.actor, typed, Together(**names).read(session) if names else {})
    asked = questions(session, searcher=searcher, meant=meant, rows=most, fitting=most)
    if not asked:
        return [], meant.typed, True
    asked["found"] = asked["found"].with_only_columns(WorkItem.id, maintain_column_froms=True)
    answers = Together(**asked).read(session)
    ids, looked = [row.id for row in answers["found"]], answers["looked"][0] if answers.get("looked") else None
    is_cut = len(ids) > most or (looked is not None and (looked.fitting == most or looked.has_more))
    return ids[:most], meant.typed, not is_cut


def questions(
    session: Session, *, searcher: Searcher, meant: Meant, before: int | None = None, rows: int, fitting: int = FITTING
) -> dict[str, Question]:
    """Return what asks for a page of what fits, below a key; :func:`conversations` reads the answers.

    ``fitting`` is how many messages are put together to tickets at once.
    """
    if not meant.typed.pieces:
        return {}
    of_messages = [piece for piece in meant.typed.pieces if piece.kind in OF_MESSAGES]
    of_tickets = _conditions(searcher, meant)
    if all(piece.kind == "subject" and not piece.is_left_out for piece in of_messages):
        titles = [Term(word) for piece in of_messages for word in piece.words]
        return {"found": _by_itself(session, searcher, meant, of_tickets, titles, before, rows)}
    return _by_messages(session, searcher, meant, of_tickets, before, rows, fitting)


def conversations(answers: Mapping[str, list[Any]], *, rows: int) -> Conversations:
    """Return the page that the answers are."""
    found = [FoundConversation(*row) for row in answers.get("found", ())]
    looked = answers["looked"][0] if answers.get("looked") else None
    if len(found) > rows:
        last = found[rows - 1]
        return Conversations(found[:rows], last.id if last.message_id is None else last.message_id, is_cut=False)
    if looked is not None and looked.fitting == FITTING:
        return Conversations(found, looked.last_fitting, is_cut=True)
    if looked is not None and looked.has_more:
        return Conversations(found, looked.until, is_cut=True)
    return Conversations(found, None, is_cut=False)


def _by_messages(
    session: Session,
    searcher: Searcher,
    meant: Meant,
    of_tickets: list[ColumnElement[bool]],
    before: int | None,
    rows: int,
    most: int,
) -> dict[str, Question]:
    dialect, wanted = session.get_bind().dialect.name, _wanted(meant)
    looked_at = LOOKED_AT_NARROWED if len(of_tickets) > 1 else LOOKED_AT  # what is spam is asked always
    newest = newest_texts(dialect, wanted, below=_below(searcher, meant, before), most=looked_at)
    fits = (
        select(Message.id, Message.work_item_id)
        .join_from(newest.ids, Message, Message.id == newest.ids.c.id)
        .join(WorkItem, WorkItem.id == Message.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(visible(searcher.actor), *of_tickets, *_days(searcher, meant, Message.posted_at))
        .order_by(Message.id.desc())
        .limit(most)
    )
    if before is not None:
        fits = fits.where(~_was_shown(dialect, searcher, meant, wanted, before))
    fitting_ones = fits.cte("fitting").prefix_with("MATERIALIZED")
    of_item = (
        select(func.max(fitting_ones.c.id).label("id"))
        .group_by(fitting_ones.c.work_item_id)
        .order_by(func.max(fitting_ones.c.id).desc())
        .limit(rows + 1)
        .subquery("newest_of_item")
    )
    text = func.substr(
        func.coalesce(func.nullif(Message.reply_text, ""), func.nullif(Message.trimmed_text, ""), Message.text),
        1,
        SHOWN_LETTERS,
        type_=String(),
    )
    author, colleague = aliased(Contact), aliased(Person)
    found = (
        select(
            WorkItem.id,
            WorkItem.number,
            WorkItem.kind,
            WorkItem.title,
            WorkItem.status,
            Client.name.label("client_name"),
            Message.id.label("message_id"),
            Message.kind.label("message_kind"),
            Message.held,
            func.coalesce(author.name, colleague.name, "", type_=String()).label("author_name"),
            Message.posted_at,
            text.label("text"),
        )
        .join_from(of_item, Message, Message.id == of_item.c.id)
        .join(WorkItem, WorkItem.id == Message.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(author, author.id == Message.contact_id)
        .outerjoin(colleague, colleague.id == Message.person_id)
        .order_by(Message.id.desc())
    )
    return {"found": found, "looked": _looked(newest, fitting_ones)}


def _below(searcher: Searcher, meant: Meant, before: int | None) -> list[Any]:
    """Return what the ids of messages are below: the key of a page, and the first one since a day.

    Mail that was imported is older than its id says, so the last message before the day counts, not the first after.
    The sum leads the databases to the index of instants; they would walk back over all younger messages else.
    """
    days = [searcher.begin_of(piece.day) for piece in meant.typed.of("before") if piece.day and not piece.is_left_out]
    last = (select(func.max(Message.id + 0) + 1).where(Message.posted_at < day).scalar_subquery() for day in days)
    return [*([before] if before is not None else []), *last]


def _looked(newest: Newest, fitting_ones: Any) -> Question:  # noqa: ANN401 - a part of the statement
    def of(value: ColumnElement[Any]) -> Any:  # noqa: ANN401 - as above
        return select(value).select_from(fitting_ones).scalar_subquery()

    return select(
        of(func.count()).label("fitting"),
        of(func.min(fitting_ones.c.id)).label("last_fitting"),
        newest.until.label("until"),
        newest.has_more.label("has_more"),
    )


def _was_shown(
    dialect: str, searcher: Searcher, meant: Meant, wanted: list[Wanted], before: int
) -> ColumnElement[bool]:
    """Return the condition that a page before had the ticket, for a newer one of its messages."""
    newer = aliased(Message)
    days = _days(searcher, meant, newer.posted_at)
    return (
        select(newer.id)
        .where(newer.work_item_id == WorkItem.id, newer.id >= before, *days, fitting(dialect, wanted, newer.id))
        .correlate(WorkItem)
        .exists()
    )


def _by_itself(
    session: Session,
    searcher: Searcher,
    meant: Meant,
    of_tickets: list[ColumnElement[bool]],
    titles: list[Term],
    before: int | None,
    rows: int,
) -> Question:
    """Return what asks for tickets and tasks that fit by what they are, newest first."""
    which = select(WorkItem.id).where(*of_tickets, *_days(searcher, meant, WorkItem.created_at))
    if not searcher.actor.sees_all_clients:
        which = which.where(
            WorkItem.project_id.in_(select(Project.id).join(Project.client).where(visible(searcher.actor)))
        )
    if titles:
        which = which.where(WorkItem.id.in_(newest_found(session, WorkItem.id, titles, limit=LOOKED_AT_NARROWED)))
    if before is not None:
        which = which.where(WorkItem.id < before)
    page = which.order_by(WorkItem.id.desc()).limit(rows + 1).subquery()
    return (
        select(
            WorkItem.id,
            WorkItem.number,
            WorkItem.kind,
            WorkItem.title,
            WorkItem.status,
            Client.name.label("client_name"),
            cast(null(), Integer).label("message_id"),
            literal("").label("message_kind"),
            literal(value=False).label("held"),
            func.coalesce(Contact.name, "").label("author_name"),
            WorkItem.created_at,
            literal("").label("text"),
        )
        .join_from(page, WorkItem, WorkItem.id == page.c.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .outerjoin(Contact, Contact.id == TicketDetails.requester_id)
        .order_by(WorkItem.id.desc())
    )


def _wanted(meant: Meant) -> list[Wanted]:
    """Return what a message must have, and must not."""
    made: dict[str, Callable[[Piece], Wanted]] = {
        "words": lambda piece: Wanted(piece.words, piece.begins, marks=_of_words(meant, piece)),
        "subject": lambda piece: Wanted(piece.words, piece.begins, "subject"),
        "file": lambda piece: Wanted(piece.words, piece.begins, "files"),
        "has": lambda _piece: Wanted(marks=(WITH_FILE,)),
        "from": lambda piece: Wanted(marks=_marks_of_authors(meant, piece)),
        "to": lambda piece: Wanted(marks=tuple(map(mark_of_recipient, meant.addresses[piece]))),
        "project": lambda piece: Wanted(marks=tuple(mark(PROJECT, one) for one in meant.ids[piece])),
    }
    return [
        replace(made[piece.kind](piece), is_left_out=piece.is_left_out)
        for piece in meant.typed.pieces
        if piece.kind in made
    ]


def _of_words(meant: Meant, piece: Piece) -> tuple[str, ...]:
    """Return the marks of whom all of the words stand for; a phrase in quotes is sought in what is written."""
    if piece.is_quoted:
        return ()
    first, *others = (meant.marks.get(word, ()) for word in piece.words)
    return tuple(one for one in first if all(one in other for other in others))


def _marks_of_authors(meant: Meant, piece: Piece) -> tuple[str, ...]:
    contacts = (mark(AUTHOR, one) for one in meant.ids[piece])
    return (*contacts, *(mark(COLLEAGUE, one) for one in meant.colleagues[piece]))


def _days(searcher: Searcher, meant: Meant, instant: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column
    """Return from when, and until when; a day begins as the clock of who looks says."""
    found = []
    for piece in meant.typed.of("before", "after"):
        if piece.day is not None:
            begin = searcher.begin_of(piece.day)
            is_before = (piece.kind == "before") != piece.is_left_out
            found.append(instant < begin if is_before else instant >= begin)
    return found


def _conditions(searcher: Searcher, meant: Meant) -> list[ColumnElement[bool]]:
    """Return what the ticket must be: spam is found where it is asked for alone."""
    spam = WorkItem.id.in_(select(TicketDetails.work_item_id).where(TicketDetails.spam_at.is_not(None)))
    asks_for_spam = any(piece.value == "spam" for piece in meant.typed.of("is"))
    found: list[ColumnElement[bool]] = [] if asks_for_spam else [~spam]
    for piece in meant.typed.pieces:
        condition = _condition(searcher, meant, piece, spam)
        if condition is not None:
            found.append(not_(condition) if piece.is_left_out else condition)
    return found


def _condition(searcher: Searcher, meant: Meant, piece: Piece, spam: ColumnElement[bool]) -> ColumnElement[bool] | None:
    assignee, is_open = func.coalesce(WorkItem.assignee_id, 0), WorkItem.status.in_(OPEN_STATUSES)
    states = {
        "open": is_open,
        "closed": ~is_open,
        "unassigned": and_(is_open, assignee == 0),
        "waiting_on_us": and_(is_open, WorkItem.status != "waiting", WorkItem.snoozed_until.is_(None)),
        "at_risk": and_(is_open, sla.is_at_risk(searcher.now)),
        "overdue": and_(is_open, sla.is_overdue(searcher.now)),
        "snoozed": WorkItem.snoozed_until.is_not(None),
        "spam": spam,
        "ticket": WorkItem.kind == "ticket",
        "task": WorkItem.kind == "task",
    }
    made: dict[str, Callable[[], ColumnElement[bool]]] = {
        "number": lambda: WorkItem.number == piece.number,
        "status": lambda: WorkItem.status == piece.value,
        "priority": lambda: WorkItem.priority == piece.value,
        "is": lambda: states[piece.value],
        "assignee": lambda: assignee.in_(meant.colleagues[piece] or (0,)),
        "tag": lambda: WorkItem.id.in_(select(ItemTag.work_item_id).where(ItemTag.tag == piece.value)),
        "client": lambda: WorkItem.project_id.in_(select(Project.id).where(Project.client_id.in_(meant.ids[piece]))),
        "project": lambda: WorkItem.project_id.in_(meant.ids[piece]),
        "team": lambda: func.coalesce(WorkItem.team_id, 0).in_(meant.ids[piece] or (0,)),
        "type": lambda: func.coalesce(WorkItem.type_id, 0).in_(meant.ids[piece]),
    }
    return made[piece.kind]() if piece.kind in made else None
