"""What the page of the search shows: tickets and tasks with the place where it was found, and what else there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from helpdesk.desk.conversations_found import FoundConversation, Searcher
from helpdesk.desk.domain.snippets import snippet
from helpdesk.desk.domain.typed_search import CHOICES, OPERATORS, Problem, Typed
from helpdesk.desk.finding import Found, FoundItem, find_in_all
from helpdesk.desk.found_in_queue import view_to_keep
from helpdesk.desk.palette import STATUS_ICONS, Group, completions, groups_of
from helpdesk.desk.places import Place
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK
from helpdesk.kernel.words import marked

Pieces = list[tuple[str, bool]]


@dataclass(frozen=True)
class Row:
    """A ticket or task on the page; ``snippet`` is empty where it is found by its subject or by what it is."""

    number: int
    title: Pieces
    url: str
    icon: str
    status: str
    kind: str
    client_name: str
    author_name: str = ""
    is_note: bool = False
    is_held: bool = False
    posted_at: datetime | None = None
    snippet: Pieces | None = None


def search_values(
    session: Session, *, searcher: Searcher, places: list[Place], typed: str, before: int | None
) -> dict[str, Any]:
    """Return all that the page shows of what was typed; ``before`` is the key of the page before."""
    found = find_in_all(session, searcher=searcher, typed=typed, before=before)
    page, asked = found.conversations, found.typed
    rows = _rows(found, asked)
    is_plain = asked.is_plain and before is None
    groups = groups_of(session, actor=searcher.actor, places=places, found=found, typed=typed) if is_plain else []
    older = url_for("desk.search", q=typed, before=page.older) if page.older is not None else None
    return {
        "typed": typed,
        "rows": rows,
        "count": len(rows) if before is None and older is None and (rows and not found.items) else None,
        "groups": [group for group in groups if group.key not in ("items", "messages")],
        "problems": [problem_words(each) for each in asked.problems],
        "older_url": older,
        "is_cut": page.is_cut,
        "newest_url": url_for("desk.search", q=typed) if before is not None else None,
        "operators": _operators(),
        "completes": searcher.actor.is_one_of(DESK),
        "keep_in": view_to_keep(asked) if searcher.actor.is_one_of(DESK) else "",
        "may_share": searcher.actor.is_one_of(APPROVERS),
    }


def palette_groups(
    session: Session, *, searcher: Searcher, places: list[Place], typed: str, rows: int, on: str
) -> list[Group]:
    """Return the lines of the palette, the newest conversations that have what was typed among them.

    What completes the typed comes first.
    """
    found = find_in_all(session, searcher=searcher, typed=typed, rows=rows)
    groups = groups_of(session, actor=searcher.actor, places=places, found=found, typed=typed, on=on)
    return [*completions(session, actor=searcher.actor, typed=typed), *groups]


def _rows(found: Found, asked: Typed) -> list[Row]:
    """Return what is found by number and subject first, then the rest, newest first."""
    rest = {one.number: one for one in found.conversations.rows}
    first = [
        _conversation(rest.pop(item.number), asked) if item.number in rest else _item(item, asked)
        for item in found.items
    ]
    return [*first, *(_conversation(one, asked) for one in rest.values())]


def _item(item: FoundItem, asked: Typed) -> Row:
    return Row(
        item.number,
        marked(item.title, _words(asked)),
        url_for("desk.item", number=item.number),
        STATUS_ICONS[item.status],
        item.status,
        item.kind,
        item.client_name,
    )


def _conversation(one: FoundConversation, asked: Typed) -> Row:
    title = _words(asked) + [word for piece in asked.of("subject") for word in piece.words]
    if one.message_id is None:
        url = url_for("desk.item", number=one.number)
    else:
        url = url_for("desk.item", number=one.number, at=one.message_id, _anchor=f"m{one.message_id}")
    return Row(
        one.number,
        marked(one.title, title),
        url,
        STATUS_ICONS[one.status],
        one.status,
        one.kind,
        one.client_name,
        one.author_name,
        one.message_kind == "note",
        one.held,
        one.posted_at,
        snippet(one.text, asked.sought) if one.message_id is not None else None,
    )


def _words(asked: Typed) -> list[str]:
    return [word for phrase in asked.sought for word in phrase]


def problem_words(problem: Problem) -> str:
    """Return what of the typed cannot be asked, and what is possible, in the reader's language."""
    possible = ", ".join(problem.possible)
    if not problem.operator:
        return _(
            "There is no operator in %(typed)s, so its words are sought. There are: %(possible)s",
            typed=problem.typed,
            possible=possible,
        )
    if problem.possible:
        return _("%(typed)s is left out. Possible is: %(possible)s", typed=problem.typed, possible=possible)
    return _("%(typed)s is left out: nobody and nothing that you see has that name.", typed=problem.typed)


def _operators() -> list[tuple[str, str, str]]:
    """Return each operator with what it finds, and with what can stand behind it."""
    says = {
        "client": _("tickets of a client"),
        "project": _("tickets and tasks of a project"),
        "status": _("by status"),
        "priority": _("by priority"),
        "type": _("by type"),
        "assignee": _("by who has it: me, nobody or a name"),
        "team": _("by team: me for mine, nobody or a name"),
        "from": _("messages of a person, at a client or of us"),
        "to": _("messages to a person, a mailbox or an address, in copy too"),
        "tag": _("with a tag"),
        "subject": _("words of the subject"),
        "file": _("words of the name of a file"),
        "has": _("with a file"),
        "is": _("what it is"),
        "before": _("written before a day"),
        "after": _("written from a day on"),
    }
    examples = {
        "client": 'client:"Acme Ltd"', "project": "project:website", "type": "type:question", "assignee": "assignee:me",
        "team": "team:me", "from": "from:ann", "to": "to:ann", "tag": "tag:vip", "subject": "subject:printer",
        "file": "file:invoice.pdf",
        "before": "before:2026-01-31", "after": "after:2026-01-01",
    }  # fmt: skip
    return [
        (examples.get(name) or f"{name}:{CHOICES[name][0]}", says[name], ", ".join(CHOICES.get(name, ())))
        for name in OPERATORS
    ]
