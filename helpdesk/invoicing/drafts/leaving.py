"""Leave lines or single entries of a draft for later: what they bill is free again (docs/billing.md rule 17)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.expenses import claiming
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.drafts.opening import close_draft, drop_line, line_of, open_draft
from helpdesk.invoicing.drafts.pieces import pieces_of, write_time
from helpdesk.invoicing.models import HOLDER, Invoice
from helpdesk.invoicing.money import late_fees
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.timekeeping import charging


def take_off(session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, line_id: int) -> Invoice:
    """Leave a line for later: what it bills is free again for the next draft. Return the draft.

    Raises:
        NotFound, Conflict: as `open_draft`; or no such line.
        RuleViolation: what is left would come to less than zero.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    line = line_of(invoice, line_id)
    said, amount_minor = line.description, line.amount_minor
    charging.release(session, now=now, holder=(HOLDER, line.id))
    claiming.release(session, now=now, holders=[(HOLDER, line.id)])
    late_fees.release(session, now=now, line_ids=[line.id])
    drop_line(session, invoice, line)
    return close_draft(
        session, actor=actor, now=now, invoice=invoice, action="line taken off", line=said, amount_minor=amount_minor
    )


def take_entries_off(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    version: int,
    line_id: int,
    entry_ids: Collection[int],
) -> Invoice:
    """Leave entries of a line for later; the line bills the others. Return the draft.

    Raises:
        NotFound, Conflict: as `open_draft`; no such line, or an entry is not on it any more.
        RuleViolation: none was chosen.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    line = line_of(invoice, line_id)
    pieces = pieces_of(session, invoice, [line])[line.id]
    if not entry_ids:
        message = "Choose the entries that are to be left for later."
        raise RuleViolation(message)
    if set(entry_ids) - {piece.entry_id for piece in pieces}:
        message = "An entry that you chose is not on this line any more. Look at the draft again."
        raise Conflict(message)
    said, gone = line.description, [piece for piece in pieces if piece.entry_id in entry_ids]
    charging.release_some(session, now=now, charge_ids=[int(piece.charge_id or 0) for piece in gone])
    if len(gone) == len(pieces):
        drop_line(session, invoice, line)
    else:
        write_time(line, [piece for piece in pieces if piece.entry_id not in entry_ids], invoice)
    return close_draft(
        session,
        actor=actor,
        now=now,
        invoice=invoice,
        action="entries taken off",
        line=said,
        entries=sorted(set(entry_ids)),
    )
