"""What the palette does beside finding: sections, pages between them, the timer, new things; only what one may."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app, url_for

from helpdesk.desk.places import Place
from helpdesk.infra import settings_pages
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor, Policy
from helpdesk.kernel.words import begins, words_of

SHOWN = 7


@dataclass(frozen=True)
class Command:
    """One command. ``act`` is empty where it leads to ``url``, else start, stop or theme; ``also``: other words."""

    label: str
    icon: str
    url: str = ""
    keys: str = ""
    act: str = ""
    number: int | None = None
    also: str = ""


def commands(actor: Actor, sections: list[Place], *, running_number: int | None) -> list[Command]:
    """Return every command that the actor may give, the likeliest first."""
    return [*_timer(running_number), *_acts(actor), *_sections(sections), *_pages(actor), _theme()]


def asked_for(known: list[Command], words: Collection[str]) -> list[Command]:
    """Return the commands whose words begin with all that was asked for; without words the first ones."""
    found = [each for each in known if all(begins(word, words_of(f"{each.label} {each.also}")) for word in words)]
    return found[:SHOWN]


def start(number: int, title: str) -> Command:
    """Return the command that starts the timer on an item."""
    label = _("Start the timer on #%(number)s %(title)s", number=number, title=title)
    return Command(label, "player-play", act="start", number=number)


def move(number: int, title: str) -> Command:
    """Return the command that moves an item to another project."""
    label = _("Move #%(number)s %(title)s to another project", number=number, title=title)
    return Command(label, "arrow-back-up", url_for("desk.preview_move", number=number))


def new_in(project_id: int, name: str) -> list[Command]:
    """Return the commands that begin something in a project; ``name`` says which, with its client."""
    return [
        Command(_("New ticket in %(name)s", name=name), "plus", url_for("desk.new_ticket", project=project_id)),
        Command(
            _("New task in %(name)s", name=name), "plus", url_for("desk.project", project_id=project_id, _anchor="add")
        ),
    ]


def new_for(contact_id: int, name: str) -> Command:
    """Return the command that begins a ticket for somebody at a client."""
    return Command(_("New ticket for %(name)s", name=name), "plus", url_for("desk.new_ticket", contact=contact_id))


def may(actor: Actor, endpoint: str) -> bool:
    """Return whether the policy of that page lets the actor in."""
    declared: Policy = cast("Any", current_app.view_functions[endpoint]).policy
    return actor.is_one_of(declared.roles)


def _timer(running_number: int | None) -> Iterator[Command]:
    if running_number is not None:
        yield Command(_("Stop the timer on #%(number)s", number=running_number), "player-stop", act="stop")


def _acts(actor: Actor) -> Iterator[Command]:
    for endpoint, label, icon, also in (
        ("desk.new_ticket", _("New ticket"), "plus", _("create open call")),
        ("expenses.new", _("New expense"), "receipt", _("create receipt mileage per diem")),
        ("timekeeping.week", _("My week"), "clock-hour-4", _("timesheet hours")),
        ("proposals.index", _("Nothing slips"), "history", _("proposals time")),
        ("clients.new", _("New client"), "building", _("create")),
        ("projects.new", _("New project"), "layout-kanban", _("create")),
        ("projects.templates", _("Project templates"), "copy", ""),
    ):
        if may(actor, endpoint):
            yield Command(label, icon, url_for(endpoint), also=also)


def _sections(sections: list[Place]) -> Iterator[Command]:
    for place in sections:
        yield Command(place.label, place.icon, place.url, place.keys, also=_("go to"))


def _pages(actor: Actor) -> Iterator[Command]:
    for endpoint, label, icon in (
        ("projects.task_list", _("Tasks"), "checkbox"),
        ("projects.calendar", _("Calendar of tasks"), "calendar-due"),
        ("expenses.approvals", _("Approve expenses"), "receipt"),
        ("expenses.lists", _("Lists of expenses"), "receipt"),
        ("timekeeping.locks", _("Lock dates"), "lock"),
        ("accounts.hours", _("Weekly hours"), "clock-hour-4"),
        ("rates.work_types", _("Work types"), "coin"),
        ("rates.rounding", _("Rounding"), "coin"),
        ("rates.costs", _("Cost rates"), "coin"),
        ("accounts.password", _("Change password"), "lock"),
    ):
        if may(actor, endpoint):
            yield Command(label, icon, url_for(endpoint))
    if may(actor, "timekeeping.timer"):
        yield Command(_("Pocket timer"), "clock-hour-4", url_for("timekeeping.pocket"))
    for endpoint, label in settings_pages.pages().items():
        if may(actor, endpoint):
            yield Command(_("Settings: %(page)s", page=label), "settings", url_for(endpoint))


def _theme() -> Command:
    return Command(_("Switch the theme"), "moon", act="theme", also=_("dark light system colours"))
