"""What one form of the page of a draft does with its line: its text first, then the button that was pressed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.invoicing.drafts.leaving import take_entries_off, take_off
from helpdesk.invoicing.drafts.lines import change_text, move
from helpdesk.invoicing.models import Invoice

ACTS = ("text", "up", "down", "off", "entries")


def act_on_line(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    version: int,
    line_id: int,
    act: str,
    text: str,
    entry_ids: Collection[int] = (),
) -> Invoice:
    """Say ``text`` on a line; then move it up or down, or take it (``off``) or some of its ``entries`` off.

    Raises:
        NotFound, Conflict, RuleViolation: as each of these does; nothing is changed then.
    """
    if act == "off":
        return take_off(session, actor=actor, now=now, invoice_id=invoice_id, version=version, line_id=line_id)
    invoice = change_text(
        session, actor=actor, now=now, invoice_id=invoice_id, version=version, line_id=line_id, text=text
    )
    seen = invoice.version
    if act == "entries":
        return take_entries_off(
            session,
            actor=actor,
            now=now,
            invoice_id=invoice_id,
            version=seen,
            line_id=line_id,
            entry_ids=entry_ids,
        )
    if act == "text":
        return invoice
    return move(
        session,
        actor=actor,
        now=now,
        invoice_id=invoice_id,
        version=seen,
        line_id=line_id,
        step=-1 if act == "up" else 1,
    )
