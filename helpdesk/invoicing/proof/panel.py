"""What the page of an invoice says of its client's page: the link, and what was asked (docs/billing.md rule W2)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links, questions


def proof_panel(session: Session, *, invoice: Invoice, now: datetime) -> dict[str, Any]:
    """Return the live link, until when it is good, and by position of the line the questions that wait."""
    link = links.live_link(session, invoice=invoice, now=now)
    return {
        "url": links.url_of(link),
        "until": None if link is None else link.expires_at,
        "can_renew": invoice.status in links.OPENS and links.settings_of(session).days > 0,
        "asked": {
            position: [
                {"id": each.id, "number": each.work_item.number, "text": each.text, "at": each.asked_at}
                for each in waiting
            ]
            for position, waiting in questions.open_of(session, invoice).items()
        },
    }
