"""The ledger of a closed month as its page lists it: rows of columns, since there is one for each entry."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.retainers.domain import grants
from helpdesk.retainers.models import LedgerRow
from helpdesk.retainers.words import grants_text


@dataclass(frozen=True, slots=True)
class Posting:
    """One row of the ledger; ``seconds`` is signed burn."""

    label: str
    seconds: int
    reason: str


def ledger_of(session: Session, period_id: int) -> list[Posting]:
    """Return the postings of a closed month in order, each with why, and which grants paid where that was kept."""
    names = {
        "grant": _("Allowance"),
        "carried_in": _("Carried in"),
        "top_up": _("Top-up"),
        "draw": _("Drawn"),
        "expiry": _("Expired"),
        "carried_out": _("Carried out"),
        "overage": _("Overage"),
        "adjustment": _("Adjustment"),
    }
    query = (
        select(LedgerRow.kind, LedgerRow.seconds, LedgerRow.reason, LedgerRow.grants)
        .where(LedgerRow.period_id == period_id, LedgerRow.reverses.is_(False))
        .order_by(LedgerRow.position)
    )
    called: dict[str, str] = {}
    found = []
    for kind, seconds, reason, paid in session.execute(query):
        by = grants_text(grants.kept(paid), called) if paid else ""
        found.append(Posting(names[kind], seconds, f"{reason}: {by}" if by else reason))
    return found
