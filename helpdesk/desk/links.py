"""To what an item leads: linked by people, merged, split off, of the same mail, possibly related. One query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from helpdesk.infra.i18n import gettext as _
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets.models import ItemLink, Message, TicketDetails, TicketMerge

SAME_MAIL = "the same mail came to"
SPLIT_OFF = "split off by"
BY_PEOPLE = ("related", "part", "whole", "duplicate", "original")


@dataclass(frozen=True)
class Link:
    """An item to which another leads.

    ``how`` is what this page's item is to it: related, part, whole, duplicate or original, where people said so; merged
    (this one into it) or took_in (it into this one); origin or offspring where one came of the other. ``why`` are the
    reasons of the one that came. ``since`` counts what was written since a merge on the ticket that goes on.
    """

    number: int
    title: str
    status: str
    how: str
    why: tuple[str, ...] = ()
    since: int = 0

    @property
    def words(self) -> str:
        """What this page's item is to it, so that the number follows."""
        said = {
            "related": _("Related to"),
            "part": _("Part of"),
            "whole": _("Has as a part"),
            "duplicate": _("The same as"),
            "original": _("The same is asked in"),
            "merged": _("Merged into"),
            "took_in": _("Merged in:"),
            "origin": _("Possibly related to"),
            "offspring": _("Possibly related:"),
        }
        if self._begins(SAME_MAIL):
            return _("The same mail opened")
        if self._begins(SPLIT_OFF):
            return _("Split off from") if self.how == "origin" else _("Split off:")
        return said[self.how]

    @property
    def is_by_people(self) -> bool:
        """Whether somebody made the link, and can take it away."""
        return self.how in BY_PEOPLE

    def _begins(self, words: str) -> bool:
        return self.how in ("origin", "offspring") and any(reason.startswith(words) for reason in self.why)


def links_asked(item_id: BindParameter[int], seen: ColumnElement[bool]) -> Select[Any]:
    """Return the question to what an item leads, by number, of items whose client is ``seen``; `links_of` reads it."""
    ends = _ends(item_id).subquery()
    columns: list[Any] = [WorkItem.number, WorkItem.title, WorkItem.status, ends.c.how, ends.c.why, ends.c.since]
    query = select(*columns).join(ends, ends.c.id == WorkItem.id).join(WorkItem.project).join(Project.client)
    return query.where(seen).order_by(WorkItem.number)


def links_of(rows: Iterable[Any]) -> list[Link]:
    """Return what the rows of `links_asked` say."""
    return [Link(row.number, row.title, row.status, row.how, tuple(row.why or ()), row.since) for row in rows]


def _ends(item_id: BindParameter[int]) -> CompoundSelect[int, str, list[str], int]:
    """Return ids of items with how the item is tied to each, and the reasons of the one that came of the other."""
    mine, theirs, link = TicketDetails.work_item_id == item_id, TicketDetails, ItemLink
    unsaid, none = cast(null(), JSON), literal(0)
    since = (
        select(func.count(Message.id))
        .select_from(TicketMerge)
        .join(Message, and_(Message.work_item_id == TicketMerge.into_id, Message.posted_at > TicketMerge.merged_at))
        .where(TicketMerge.work_item_id == theirs.work_item_id, TicketMerge.undone_at.is_(None))
        .where(TicketMerge.into_id == theirs.merged_into_id, Message.kind != "event")
        .correlate(theirs)
        .scalar_subquery()
    )
    return union_all(
        select(
            theirs.related_to_id.label("id"),
            literal("origin").label("how"),
            theirs.reasons.label("why"),
            none.label("since"),
        ).where(mine, theirs.related_to_id.is_not(None)),
        select(theirs.work_item_id, literal("offspring"), theirs.reasons, none).where(theirs.related_to_id == item_id),
        select(theirs.merged_into_id, literal("merged"), unsaid, since).where(mine, theirs.merged_into_id.is_not(None)),
        select(theirs.work_item_id, literal("took_in"), unsaid, since).where(theirs.merged_into_id == item_id),
        select(link.other_id, link.kind, unsaid, none).where(link.work_item_id == item_id),
        select(link.work_item_id, literal("related"), unsaid, none).where(
            link.other_id == item_id, link.kind == "related"
        ),
        select(link.work_item_id, literal("whole"), unsaid, none).where(link.other_id == item_id, link.kind == "part"),
        select(link.work_item_id, literal("original"), unsaid, none).where(
            link.other_id == item_id, link.kind == "duplicate"
        ),
    )
