"""The log follows messages that go to another ticket."""

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra.sql import among
from helpdesk.intake.models import InboundEffect


def follow(session: Session, message_ids: Collection[int], *, item_id: int) -> None:
    """Let the log lead to the work item on which messages are now."""
    session.execute(
        update(InboundEffect)
        .where(among(session, InboundEffect.message_id, message_ids))
        .values(work_item_id=item_id)
        .execution_options(synchronize_session=False)
    )
