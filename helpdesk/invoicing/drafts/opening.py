"""A change of a draft from its beginning to its end: nobody else changes it meanwhile, and nothing is lost.

Who changes a draft says which state of it they have seen. Where it is another one by now, the change is refused with
what happened since; what they typed stays on their page.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from helpdesk.infra import audit
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.drafts import percents
from helpdesk.invoicing.drafts.month import add_up
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import Money

SAID_ACTS = 3
TAXES = "taxes of the draft when it was opened"
TEXT_CHARACTERS = 300
_ACTS = {
    "line added": "added",
    "line changed": "changed",
    "line moved": "moved",
    "line taken off": "took off",
    "entries taken off": "took entries off",
    "adjusted": "added",
    "regrouped": "grouped the time anew",
    "taken in": "took in what is free",
    "deposit deducted": "deducted",
}


def open_draft(session: Session, *, actor: Actor, invoice_id: int, version: int) -> Invoice:
    """Return the draft as ``version`` was; nobody else changes it until the transaction ends.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it is no draft any more, or was changed since; the message says by whom and what.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if invoice.status != "draft":
        message = f"{queries.name_of(invoice)} is {invoice.status.replace('_', ' ')} already; only a draft changes."
        raise Conflict(message)
    if invoice.version != version:
        raise Conflict(changed_since(session, invoice, version))
    session.info[TAXES, invoice.id] = percents.taxes_of(invoice)
    return invoice


def line_of(invoice: Invoice, line_id: int) -> InvoiceLine:
    """Return a line of the draft.

    Raises:
        NotFound: it has no such line.
    """
    for line in invoice.lines:
        if line.id == line_id:
            return line
    message = "There is no such line on this draft."
    raise NotFound(message)


def close_draft(
    session: Session, *, actor: Actor, now: datetime, invoice: Invoice, action: str, **data: object
) -> Invoice:
    """Add the draft up anew, note who did what, and return it; what follows its lines in percent has followed.

    Raises:
        RuleViolation: it would come to less than zero.
    """
    session.flush()
    known = session.info.pop((TAXES, invoice.id))
    put_in_order(session, invoice, percents.follow(session, invoice, known=known))
    add_up(invoice)
    if invoice.net_minor < 0 or invoice.total_minor < 0:
        said = f"{Money(invoice.net_minor, invoice.currency)} {invoice.currency}"
        message = f"The draft would come to {said} net; less than zero is no invoice. Take less off."
        raise RuleViolation(message)
    flag_modified(invoice, "net_minor")  # a new version, though the sum may be the same
    session.flush()
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="invoice",
        object_id=invoice.id,
        now=now,
        version=invoice.version,
        total_minor=invoice.total_minor,
        **data,
    )
    return invoice


def put_in_order(session: Session, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Give the lines, which are all of the invoice's, the positions in which they come."""
    if [line.position for line in lines] != list(range(1, len(lines) + 1)):
        for place, line in enumerate(lines, start=1):
            line.position = -place  # two lines never have one position, not even for a moment
        session.flush()
        for place, line in enumerate(lines, start=1):
            line.position = place
        session.flush()
    invoice.lines.sort(key=lambda line: line.position)


def add_line(session: Session, invoice: Invoice, line: InvoiceLine) -> InvoiceLine:
    """Add a line below all others and return it."""
    line.position = max((each.position for each in invoice.lines), default=0) + 1
    invoice.lines.append(line)
    session.flush()
    return line


def drop_line(session: Session, invoice: Invoice, line: InvoiceLine) -> None:
    """Remove a line that holds nothing any more."""
    invoice.lines.remove(line)
    session.delete(line)
    session.flush()


def check_text(text: str) -> str:
    """Return the text of a line in one line without needless spaces.

    Raises:
        RuleViolation: nothing, or more than fits.
    """
    said = " ".join(text.split())
    if not said:
        message = "A line needs a text; the client reads it."
        raise RuleViolation(message, field="text")
    if len(said) > TEXT_CHARACTERS:
        message = f"A text has at most {TEXT_CHARACTERS} characters; this one has {len(said)}."
        raise RuleViolation(message, field="text")
    return said


def changed_since(session: Session, invoice: Invoice, version: int) -> str:
    """Say what became of the draft since somebody saw ``version`` of it."""
    acts = [_said(row) for row in queries.history(session, invoice.id) if int(row.data.get("version", 0)) > version]
    since = f": {'; '.join(acts[:SAID_ACTS])}" if acts else ""
    more = f" and {len(acts) - SAID_ACTS} more" if len(acts) > SAID_ACTS else ""
    return f"This draft was changed in the meantime{since}{more}. Look at it again; nothing of yours was saved."


def _said(row: AuditRow) -> str:
    what = str(row.data.get("line", ""))
    return f"{row.actor_name} {_ACTS.get(row.action, row.action)}" + (f" {what!r}" if what else "")
