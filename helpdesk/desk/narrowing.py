"""What narrows a view of the queue, as the address of the page says it (docs/desk.md rule 4)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, false, func, select

from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import ITEM_STATUSES, PRIORITIES, ItemTag, WorkItem

NOBODY = "nobody"
LONGEST_ID = 10


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What tickets of a view must be as well; empty says nothing. ``assignee`` is an id, or nobody."""

    status: str = ""
    priority: str = ""
    assignee: str = ""
    tag: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Narrowing()

    def args(self) -> dict[str, str]:
        """Return what is asked for, as the address of a page says it."""
        return {key: value for key, value in asdict(self).items() if value}

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a ticket must fulfil; every word of the subject's is in it somewhere, in any case."""
        found: list[ColumnElement[bool]] = []
        if self.status:
            found.append(WorkItem.status == self.status)
        if self.priority:
            found.append(WorkItem.priority == self.priority)
        if self.assignee:
            found.append(
                WorkItem.assignee_id.is_(None)
                if self.assignee == NOBODY
                else WorkItem.assignee_id == int(self.assignee)
            )
        if self.tag:
            found.append(WorkItem.id.in_(select(ItemTag.work_item_id).where(ItemTag.tag == self.tag)))
        title = func.lower(WorkItem.title)
        found.extend(title.contains(word.lower(), autoescape=True) for word in self.words.split())
        return [false()] if "\x00" in self.tag + self.words else found


def narrowing(args: Mapping[str, str]) -> Narrowing:
    """Read what the address of a page asks for.

    Raises:
        NotFound: there is no such status, priority or person.
    """
    asked = Narrowing(
        status=args.get("status", ""),
        priority=args.get("priority", ""),
        assignee=args.get("assignee", ""),
        tag=" ".join(args.get("tag", "").split()).lower(),
        words=" ".join(args.get("words", "").split()[:10]),
    )
    is_id = asked.assignee.isascii() and asked.assignee.isdigit() and len(asked.assignee) < LONGEST_ID
    if (
        asked.status not in ("", *ITEM_STATUSES)
        or asked.priority not in ("", *PRIORITIES)
        or not (asked.assignee in ("", NOBODY) or is_id)
    ):
        message = "There is no such view of the queue."
        raise NotFound(message)
    return asked
