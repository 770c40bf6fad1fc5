"""What the palette and the page of the search show: what was found and what can be done, in groups."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from helpdesk.automation import queries as automation
from helpdesk.desk import commands
from helpdesk.desk.commands import Command
from helpdesk.desk.completing import suggestions
from helpdesk.desk.finding import Found, FoundInvoice, FoundItem, FoundProject, find
from helpdesk.desk.places import Place
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, Actor
from helpdesk.infra.web import money_filter
from helpdesk.invoicing.words import month_label
from helpdesk.kernel.periods import Month
from helpdesk.kernel.words import asked_words, begins, marked, words_of
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.queries.entries import RecentItem

STARTED_AGAIN = 3
STATUS_ICONS = {
    "new": "circle-dashed",
    "open": "circle",
    "in_progress": "circle-half-2",
    "waiting": "hourglass",
    "solved": "circle-check",
    "closed": "circle-check",
}


@dataclass(frozen=True)
class Hit:
    """One line: its text in pieces (marked: what was asked for), and what choosing it does.

    ``act`` is empty where it leads to ``url``. ``number`` is the item that the timer can start on; ``status`` is
    told to those who do not see the icon; ``macro`` is one that the page of a ticket applies. ``completes`` is what
    stands in the box once it is taken.
    """

    icon: str
    text: list[tuple[str, bool]]
    url: str = ""
    ref: str = ""
    note: str = ""
    status: str = ""
    number: int | None = None
    act: str = ""
    keys: str = ""
    macro: int | None = None
    completes: str = ""


@dataclass(frozen=True)
class Group:
    """Some lines under a heading."""

    key: str
    label: str
    hits: list[Hit]


def groups_of(
    session: Session, *, actor: Actor, places: list[Place], found: Found, typed: str, on: str = ""
) -> list[Group]:
    """Return what was found, in groups; commands come first where what was typed begins one of them.

    ``on`` the page of a ticket or task its macros come before all, once their name is typed (docs/desk.md rule 80).
    """
    listed = _commands(session, actor, places, found, typed)
    acts = Group("commands", _("Commands"), [_command(each, found.words) for each in listed])
    begun = any(words_of(each.label)[: len(found.words)] == found.words for each in listed)
    things = [
        Group("items", _("Tickets and tasks"), [_item(item, found.words) for item in found.items]),
        Group("messages", _("In messages"), _in_messages(found, typed)),
        Group("clients", _("Clients"), [_client(each.id, each.name, found.words) for each in found.clients]),
        Group("projects", _("Projects"), [_project(project, found.words) for project in found.projects]),
        Group(
            "people",
            _("People"),
            [
                Hit("user", marked(each.name, found.words), _contact_url(each.id), note=each.client_name)
                for each in found.contacts
            ],
        ),
        Group("invoices", _("Invoices"), [_invoice(invoice, found.words) for invoice in found.invoices]),
    ]
    macros = [_macros(session, actor, found.words, on)] if on and found.words and actor.is_one_of(DESK) else []
    groups = [*macros, *([acts, *things] if begun or not found.words else [*things, acts])]
    return [group for group in groups if group.hits]


def completions(session: Session, *, actor: Actor, typed: str) -> list[Group]:
    """Return what the value behind an operator may become, as one group; none where nothing is begun."""
    operator, found = suggestions(session, actor=actor, typed=typed)
    words = asked_words(typed)
    hits = [
        Hit("search", marked(one.value, words), note=one.note, act="complete", completes=one.typed) for one in found
    ]
    return [Group("completions", f"{operator}:", hits)] if hits else []


def _macros(session: Session, actor: Actor, words: list[str], on: str) -> Group:
    """Return the macros whose words begin with all that was typed, used most first; on a task those that fit."""
    asked = session.execute(automation.macro_choice(), {"person_id": actor.person_id})
    word = _("macro")
    known = [one for one in asked if one.fits_tasks or on != "task"]
    fitting = [one for one in known if all(begins(each, words_of(f"{one.name} {word}")) for each in words)]
    hits = [
        Hit("player-play", marked(one.name, words), note=_("Apply it here"), act="macro", macro=one.id)
        for one in fitting[: commands.SHOWN]
    ]
    return Group("macros", _("Macros"), hits)


def _commands(session: Session, actor: Actor, places: list[Place], found: Found, typed: str) -> list[Command]:
    timer = timer_state.current(session, actor.person_id) if actor.is_one_of(DESK) else None
    number = timer.work_item.number if timer is not None and timer.ended_at is None else None
    known = commands.commands(actor, places, running_number=number)
    plain = commands.asked_for(known, found.words)
    if not actor.is_one_of(DESK):
        return plain
    return [*_verbs(session, actor, typed), *plain, *_about(found)]


def _verbs(session: Session, actor: Actor, typed: str) -> list[Command]:
    """Return the commands of a sentence: ``start printer``, ``move printer``, ``new task web``, ``new ticket ann``.

    Without more they are on what one worked last.
    """
    words = asked_words(typed)
    timer = words_of(_("start the timer on"))
    if not words:
        return _starts(time.recent_items(session, actor=actor)[:STARTED_AGAIN])
    if len(words[0]) > 1 and timer[0].startswith(words[0]):
        rest = " ".join(word for word in words[1:] if word not in timer)
        return _starts(
            find(session, actor=actor, typed=rest).items if rest else time.recent_items(session, actor=actor)
        )
    if len(words) > 1 and words[0] == words_of(_("move"))[0]:
        meant = find(session, actor=actor, typed=" ".join(words[1:])).items
        return [commands.move(item.number, item.title) for item in meant]
    return _begun(session, actor, words) if len(words) > 1 else []


def _begun(session: Session, actor: Actor, words: list[str]) -> list[Command]:
    """Return what is begun for people or in projects: ``new ticket ann``, ``new task web``."""
    ticket, task = words_of(_("new ticket for")), words_of(_("new task in"))
    if words[0] == ticket[0] and len(words[1]) > 1 and ticket[1].startswith(words[1]):
        rest = " ".join(word for word in words[2:] if word not in ticket)
        meant_people = find(session, actor=actor, typed=rest).contacts if rest else []
        return [commands.new_for(one.id, one.name) for one in meant_people]
    if words[0] == task[0] and task[1].startswith(words[1]):
        rest = " ".join(word for word in words[2:] if word not in task)
        if rest:
            return [_new_in(project)[1] for project in find(session, actor=actor, typed=rest).near]
        last = {item.project_id: item for item in time.recent_items(session, actor=actor)}
        return [
            commands.new_in(project_id, f"{each.client_name} · {each.project_name}")[1]
            for project_id, each in last.items()
        ]
    return []


def _about(found: Found) -> list[Command]:
    """Return what can be done with what was found first."""
    open_ones = [project for project in found.near if project.status == "active"]
    for_them = [commands.new_for(one.id, one.name) for one in found.contacts[:1]]
    return [*_starts(found.items[:1]), *for_them, *(_new_in(open_ones[0]) if open_ones else [])]


def _starts(items: Iterable[RecentItem | FoundItem]) -> list[Command]:
    return [commands.start(item.number, item.title) for item in items]


def _new_in(project: FoundProject) -> list[Command]:
    return commands.new_in(project.id, f"{project.client_name} · {project.name}")


def _command(command: Command, words: list[str]) -> Hit:
    return Hit(
        command.icon,
        marked(command.label, words),
        command.url,
        number=command.number,
        act=command.act,
        keys=command.keys,
    )


def _item(item: FoundItem, words: list[str]) -> Hit:
    client = item.client_name
    return Hit(
        STATUS_ICONS[item.status],
        marked(item.title, words),
        url_for("desk.item", number=item.number),
        ref=f"#{item.number}",
        note=_("Task, %(client)s", client=client) if item.kind == "task" else client,
        status=item.status,
        number=item.number,
    )


def _in_messages(found: Found, typed: str) -> list[Hit]:
    """Return conversations that are not found by their subject or number already, and where the others are."""
    known = {item.number for item in found.items}
    rest = [Hit("search", [(_("All that has these words"), False)], url_for("desk.search", q=typed))]
    hits = [
        Hit(
            STATUS_ICONS[one.status],
            marked(one.title, found.words),
            url_for("desk.item", number=one.number, at=one.message_id, _anchor=f"m{one.message_id}")
            if one.message_id is not None
            else url_for("desk.item", number=one.number),
            ref=f"#{one.number}",
            note=one.client_name,
            status=one.status,
            number=one.number,
        )
        for one in found.conversations.rows
        if one.number not in known
    ]
    return [*hits, *(rest if found.conversations.older is not None else [])]


def _client(client_id: int, name: str, words: list[str]) -> Hit:
    return Hit("building", marked(name, words), _client_url(client_id))


def _contact_url(contact_id: int) -> str:
    return url_for("desk.contact", contact_id=contact_id)


def _client_url(client_id: int | None) -> str:
    return url_for("desk.client", client_id=client_id)


def _project(project: FoundProject, words: list[str]) -> Hit:
    url = url_for("desk.project", project_id=project.id)
    return Hit("layout-kanban", marked(project.name, words), url, note=project.client_name)


def _invoice(invoice: FoundInvoice, words: list[str]) -> Hit:
    month = f", {month_label(Month.of(invoice.month))}" if invoice.month else ""
    return Hit(
        "file-invoice",
        [*marked(invoice.number or _("Draft"), words), (month, False)],
        url_for("invoicing.show", invoice_id=invoice.id),
        note=f"{invoice.client_name}, {money_filter(invoice.total_minor, invoice.currency)}",
    )
