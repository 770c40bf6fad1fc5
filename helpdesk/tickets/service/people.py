"""Who takes part in a conversation (docs/mail.md rules 21 and 38)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.tickets import queries
from helpdesk.tickets.models import Participant


def add_participants(
    session: Session,
    *,
    now: datetime,
    item_id: int,
    contact_ids: Iterable[int],
    added_by: str = "copy",
    message_id: int | None = None,
) -> None:
    """Add contacts in copy, by the message that brought them; who takes part already stays what they are.

    Whom staff removed stays away (docs/mail.md rules 21 and 38).
    """
    known = {one.contact_id for one in queries.participants(session, [item_id], removed_too=True)}
    for contact_id in dict.fromkeys(contact_ids):
        if contact_id not in known:
            session.add(
                Participant(
                    work_item_id=item_id,
                    contact_id=contact_id,
                    role="cc",
                    added_by=added_by,
                    added_at=now,
                    message_id=message_id,
                )
            )
    session.flush()
