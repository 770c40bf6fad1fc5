"""What a person decided about one mail, and how that changes what becomes of it (docs/mail.md rules 8 and 44).

Decisions stand in ``inbound_messages.decisions`` and are heeded when the mail is handled again from its bytes.
"""

from collections.abc import Collection
from dataclasses import replace

from helpdesk.intake.domain.matching import Decision, Incoming, Outcome

NOT_AUTOMATIC = "not_automatic"
"""A machine seemed to write, and it was a person: no sign of automatic mail or of a bounce counts."""
OPEN_TICKET = "open_ticket"
"""Whatever kept the mail from becoming a ticket does not count. Nothing is acknowledged: a person saw to it."""
BY_HEADERS = "by_headers"
"""No parser shall touch the body again: the ticket shows the headers, the mail itself is attached (rule 10)."""


def heeded(incoming: Incoming, decisions: Collection[str]) -> Incoming:
    """Return the mail as the person who decided sees it."""
    if NOT_AUTOMATIC not in decisions:
        return incoming
    return replace(incoming, automatic_reasons=(), is_bounce=False)


def overruled(decision: Decision, decisions: Collection[str]) -> Decision:
    """Return a new ticket where a person asked for one and nothing would have come of the mail."""
    idle = decision.outcome in (Outcome.IGNORED, Outcome.BOUNCE) and decision.work_item_id is None
    if OPEN_TICKET not in decisions or not idle:
        return decision
    return replace(decision, outcome=Outcome.NEW_TICKET, reasons=("a person made it a ticket", *decision.reasons))
