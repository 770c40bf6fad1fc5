"""What the conversations of items say of a move: of those that went, and of those that lost a link by it.

Items that stay are called by their numbers alone: who reads the one that went need not see its old project.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.expenses.models import Expense
from helpdesk.infra.policy import Actor
from helpdesk.projects.planning.leaving import Leave
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping.service.moving import Returned


def write(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    leave: Leave,
    returned: Sequence[Returned],
    paid: Sequence[Expense],
) -> None:
    """Say in each conversation what the move was to it."""
    said = {leave.item.id: [_moved(leave, returned, paid)]}
    for each in leave.items[1:]:
        said[each.id] = [f"moved this along with #{leave.item.number} to {_place(leave)}"]
    for torn in leave.links:
        said[torn.going.id].append(f"it {'follows' if torn.waits else 'precedes'} #{torn.staying.number} no longer")
        lost = f"#{torn.going.number} moved away; this {'precedes' if torn.waits else 'follows'} it no longer"
        said.setdefault(torn.staying.id, []).append(lost)
    for each, _why in leave.unassigned:
        said[each.id].append("nobody is assigned any more")
    for each, _why in leave.teamless:
        said[each.id].append("it belongs to its team no longer")
    if leave.gets is not None and leave.item.team is not None:
        said[leave.item.id].append(f"it belongs to the team {leave.item.team.name} now")
    for item_id, parts in said.items():
        tickets.add_event(session, actor=actor, now=now, item_id=item_id, text="; ".join(parts))


def _moved(leave: Leave, returned: Sequence[Returned], paid: Sequence[Expense]) -> str:
    text = f"moved this to {_place(leave)}"
    if leave.items[1:]:
        text += f" with {', '.join(f'#{each.number}' for each in leave.items[1:])} below it"
    if leave.above is not None:
        text += f"; it is part of #{leave.above.number} no longer"
    if returned:
        names = sorted({each.entry.person.name for each in returned})
        text += f"; time of {', '.join(names)} that was approved waits for approval again"
    if paid:
        names = sorted({each.person.name for each in paid})
        text += f"; expenses of {', '.join(names)} that were approved wait for approval again"
    return text


def _place(leave: Leave) -> str:
    return f"{leave.after.client.name}, {leave.after.name}"
