"""What narrows a view of the queue, as the address of the page says it (docs/desk.md rule 4)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, Integer, bindparam, false, func, select

from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import ITEM_STATUSES, PRIORITIES, ItemTag, Project, WorkItem

NOBODY = "nobody"
MINE = "mine"
"""The teams of whoever looks."""
LONGEST_ID = 10
LONGEST_SEARCH = 400
NO_VIEW = "There is no such view of the queue."
PROMISED = ("due", "at_risk", "overdue")
"""Views of what is promised: none of them is there before something is (docs/sla.md rule 23)."""
VIEWS = (
    *("all", "mine", "my_teams", "unassigned", "waiting_on_us", "waiting"),
    *(*PROMISED, "snoozed", "closed", "spam", "client"),
)
SORTS = ("priority", "number", "status", "subject", "client", "assignee", "team", "changed")
COUNTED = frozenset(VIEWS) - {"closed", "spam"}
"""Views of open tickets; the others only grow, and are counted on their own page alone (docs/desk.md rule 2)."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What tickets of a view must be as well; empty says nothing.

    ``client``, ``project`` and ``type`` are ids, ``assignee`` is one, or nobody, and ``team`` one, nobody or mine.
    ``search`` is what the search would be asked: whoever reads a view with it gives the ids of what is found, as
    ``found_ids`` (`helpdesk.desk.found_in_queue`).
    """

    status: str = ""
    priority: str = ""
    assignee: str = ""
    tag: str = ""
    words: str = ""
    client: str = ""
    project: str = ""
    type: str = ""
    team: str = ""
    search: str = ""

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
        if self.client:
            of_client = select(Project.id).where(Project.client_id == int(self.client))
            found.append(WorkItem.project_id.in_(of_client))
        if self.project:
            found.append(WorkItem.project_id == int(self.project))
        if self.type:
            found.append(WorkItem.type_id == int(self.type))
        if self.team == MINE:
            found.append(of_my_teams())
        elif self.team:
            found.append(WorkItem.team_id.is_(None) if self.team == NOBODY else WorkItem.team_id == int(self.team))
        title = func.lower(WorkItem.title)
        found.extend(title.contains(word.lower(), autoescape=True) for word in self.words.split())
        return [false()] if "\x00" in self.tag + self.words + self.search else found


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the queue asks for: a view, of which client where it is one of a client, what narrows it.

    ``sort`` is one of :data:`SORTS`, falling with a dash before it; empty is the order that the view has by itself.
    """

    view: str = "all"
    client_id: int | None = None
    narrowed: Narrowing = Narrowing()
    sort: str = ""

    def args(self) -> dict[str, str]:
        """Return that as the address says it."""
        client = {"client": str(self.client_id)} if self.client_id is not None else {}
        sort = {"sort": self.sort} if self.sort else {}
        return {"view": self.view, **client, **self.narrowed.args(), **sort}

    @property
    def of_client_id(self) -> int | None:
        """The client of whom tickets are asked for, by the view or by what narrows it."""
        return self.client_id if self.client_id is not None else int(self.narrowed.client or 0) or None

    def is_same_but_sorted(self, other: "Asked") -> bool:
        """Return whether another asks for the same tickets, in whatever order."""
        return replace(self, sort="") == replace(other, sort="")


def of_my_teams() -> ColumnElement[bool]:
    """Return the condition of a ticket that belongs to a team of the `clients.queries.asker`."""
    return WorkItem.team_id.in_(bindparam("team_ids", expanding=True, type_=Integer()))


def asked(args: Mapping[str, str]) -> Asked:
    """Read what the address of the queue asks for; a project is asked for together with its client.

    Raises:
        NotFound: there is no such view, status, priority, client, project, type, team or person.
    """
    view, client, sort = args.get("view", "all"), args.get("client", ""), args.get("sort", "")
    if args.get("project") and not client:
        raise NotFound(NO_VIEW)
    is_sort = sort.removeprefix("-") in ("", *SORTS) and sort != "-"
    if view not in VIEWS or not is_sort or (view == "client" and not _is_id(client)):
        raise NotFound(NO_VIEW)
    if view != "client":
        return Asked(view, None, narrowing(args), sort)
    return Asked(view, int(client), narrowing({**args, "client": ""}), sort)


def narrowing(args: Mapping[str, str]) -> Narrowing:
    """Read what the address of a page asks for besides the view.

    Raises:
        NotFound: there is no such status, priority, client, project, type, team or person.
    """
    found = Narrowing(
        status=args.get("status", ""),
        priority=args.get("priority", ""),
        assignee=args.get("assignee", ""),
        tag=" ".join(args.get("tag", "").split()).lower(),
        words=" ".join(args.get("words", "").split()[:10]),
        client=args.get("client", ""),
        project=args.get("project", ""),
        type=args.get("type", ""),
        team=args.get("team", ""),
        search=" ".join(args.get("search", "").split())[:LONGEST_SEARCH],
    )
    if (
        found.status not in ("", *ITEM_STATUSES)
        or found.priority not in ("", *PRIORITIES)
        or not (found.assignee in ("", NOBODY) or _is_id(found.assignee))
        or not (found.team in ("", NOBODY, MINE) or _is_id(found.team))
        or any(each and not _is_id(each) for each in (found.client, found.project, found.type))
    ):
        raise NotFound(NO_VIEW)
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < LONGEST_ID
