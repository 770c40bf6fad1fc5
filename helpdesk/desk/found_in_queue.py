"""A search in a view of the queue: the tickets that it finds now, and which view keeps it (docs/desk.md rule 102)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk.desk.conversations_found import Searcher, ticket_ids
from helpdesk.desk.domain.typed_search import Problem, Typed, read

MOST = 2_000
VIEWS = {"closed": "closed", "spam": "spam", "snoozed": "snoozed"}
"""What a search asks for that is in a view of its own, and in no other."""


@dataclass(frozen=True)
class FoundTickets:
    """What a search finds, the newest first; ``problems`` are what of it cannot be asked, and then nothing is found."""

    ids: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_whole: bool = True


def tickets_found(session: Session, *, searcher: Searcher, typed: str) -> FoundTickets:
    """Return what is found now, at most :data:`MOST`; nothing without a search.

    A name that nobody has any more finds nothing: a view shows never more than was meant.
    """
    if not typed:
        return FoundTickets()
    ids, asked, is_whole = ticket_ids(session, searcher=searcher, typed=read(typed), most=MOST)
    return FoundTickets((), asked.problems) if asked.problems else FoundTickets(tuple(ids), (), is_whole)


def view_to_keep(asked: Typed) -> str:
    """Return the view in which a search can be kept; empty where none can: a part of it cannot be asked, or is a task.

    Tasks stand in no view.
    """
    wanted = {piece.value for piece in asked.of("is", "status") if not piece.is_left_out}
    if not asked.pieces or asked.problems or "task" in wanted:
        return ""
    if wanted & {"solved", "closed"}:
        return "closed"
    return next((VIEWS[each] for each in sorted(wanted) if each in VIEWS), "all")
