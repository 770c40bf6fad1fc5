"""Invoicing in several steps: PDF and mail after issue, and the month-end close (docs/billing.md "Month-end", rule 23).

Each step is a transaction of its own that may run twice; a kill between two of them leaves work for the sweeper or
for the next run, never a double.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra import blobs, failpoints, jobs
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork, insert_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import delivery, queries, render, service
from helpdesk.invoicing.drafts import expense_lines, selection
from helpdesk.invoicing.models import CloseRun, CloseStep, Invoice
from helpdesk.kernel.errors import HelpdeskError, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries as retainers
from helpdesk.retainers import service as retainers_service


def render_and_send(invoice_id: int, unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Print an issued invoice and queue its mail. Safe to run again at any time: what is done is left alone.

    The PDF is made from the stored document outside of any transaction; the same document gives the same bytes, so
    that a run that died after storing them leaves no second file.

    Raises:
        ExternalFailure: the PDF could not be made; the sweeper rings again.
    """
    with unit_of_work() as session:
        document = delivery.unprinted(session, invoice_id=invoice_id)
    if document is not None:
        content = render.to_pdf(document)
        failpoints.passing("pdf_drawn")
        digest = blobs.store().put(content)
        failpoints.passing("pdf_stored")
        with unit_of_work() as session:
            delivery.record_pdf(session, now=clock(), invoice_id=invoice_id, digest=digest, size_bytes=len(content))
        failpoints.passing("pdf_recorded")
    with unit_of_work() as session:
        delivery.queue_mail(session, now=clock(), invoice_id=invoice_id)
    failpoints.passing("mail_queued")


def sweep(unit_of_work: UnitOfWork, *, clock: Clock) -> int:
    """Ring again for issued invoices that nobody printed or mailed for a minute; return how many."""
    with unit_of_work() as session:
        left = queries.unfinished(session, now=clock())
        for invoice_id in left:
            jobs.ring(session, "render_invoice", invoice_id)
    return len(left)


@dataclass(frozen=True)
class ClosedClient:
    """What the close did for one client: ``state`` is drafted, nothing, issued or failed.

    ``total_minor`` and ``currency`` are those of the draft, ``left_out`` is what is on no invoice and why (see
    ``selection.left_out``), ``expenses_left_out`` the same of expenses (see ``expense_lines.left_out``), ``error``
    says why it failed.
    """

    client_id: int
    client_name: str
    state: str
    invoice_id: int | None = None
    total_minor: int = 0
    currency: str = ""
    error: str = ""
    left_out: list[dict[str, object]] = field(default_factory=list)
    expenses_left_out: list[dict[str, object]] = field(default_factory=list)


class _DryRun(Exception):  # noqa: N818 - no error: it leaves a unit of work without a trace
    """Carries the result out of the transaction that it undoes."""

    def __init__(self, done: ClosedClient) -> None:
        super().__init__(done.client_name)
        self.done = done


def close(
    unit_of_work: UnitOfWork,
    *,
    actor: Actor,
    clock: Clock,
    month: Month,
    client_ids: Iterable[int] | None = None,
    dry_run: bool = False,
) -> list[ClosedClient]:
    """Close the retainers of ``month`` and draft one invoice a client; return what became of each, by name.

    Each client is one transaction: a refusal for one is noted at its step, and the others go on. A second run takes
    up what was left or failed, and does nothing new for the rest. With ``dry_run`` everything is computed in the
    same way and undone.

    Raises:
        NotFound: one of ``client_ids`` does not exist, or the actor may not bill it.
    """
    with unit_of_work() as session:
        chosen = _clients(session, actor, client_ids)
        if not dry_run:
            _open_run(session, actor=actor, month=month, client_ids=[client_id for client_id, _ in chosen], now=clock())
    return [
        _close_client(unit_of_work, actor=actor, now=clock(), month=month, client=client, dry_run=dry_run)
        for client in chosen
    ]


def issue_reviewed(
    unit_of_work: UnitOfWork,
    *,
    actor: Actor,
    clock: Clock,
    invoice_ids: Sequence[int],
    versions: Mapping[int, int] | None = None,
) -> list[ClosedClient]:
    """Issue the drafts that somebody has reviewed, one transaction each, and return what became of each.

    Numbers follow the order of ``invoice_ids``. ``versions`` are those that were looked at: a draft that was changed
    since, or is none of them, is not issued (rule 18). A refusal stops only the invoice that it is about.
    """
    return [_issue(unit_of_work, actor=actor, now=clock(), invoice_id=each, versions=versions) for each in invoice_ids]


def close_named(
    unit_of_work: UnitOfWork, *, actor: Actor, clock: Clock, month: str, client_name: str | None, dry_run: bool
) -> list[ClosedClient]:
    """Do what ``helpdesk close MONTH [--dry-run] [--client NAME]`` asks for; see `close`.

    Raises:
        RuleViolation: ``month`` is no month.
        NotFound: nobody is called so whom the actor may bill.
    """
    wanted = Month.parse(month)
    ids = None
    if client_name is not None:
        with unit_of_work() as session:
            ids = [_client_named(session, actor, client_name)]
    return close(unit_of_work, actor=actor, clock=clock, month=wanted, client_ids=ids, dry_run=dry_run)


def _clients(session: Session, actor: Actor, client_ids: Iterable[int] | None) -> list[tuple[int, str]]:
    """Return id and name of the clients to close, by name; our own company is none of them."""
    query = (
        select(Client.id, Client.name)
        .where(clients.billable_by(actor), Client.is_internal.is_(False))
        .order_by(Client.name)
    )
    if client_ids is None:
        return [(row.id, row.name) for row in session.execute(query.where(Client.archived_at.is_(None)))]
    wanted = set(client_ids)
    found = [(row.id, row.name) for row in session.execute(query.where(Client.id.in_(wanted)))]
    if len(found) < len(wanted):
        message = "There is no such client to invoice."
        raise NotFound(message)
    return found


def _client_named(session: Session, actor: Actor, name: str) -> int:
    query = select(Client.id).where(clients.billable_by(actor), Client.is_internal.is_(False))
    client_id = session.scalar(query.where(Client.name == name))
    if client_id is None:
        message = f"There is no client called {name!r} to invoice."
        raise NotFound(message)
    return client_id


def _open_run(session: Session, *, actor: Actor, month: Month, client_ids: list[int], now: datetime) -> None:
    """Note the run and a waiting step for each client, unless they are there from before."""
    run = insert_of(session, CloseRun).values(month=month.first_day, started_at=now, started_by_id=actor.person_id)
    session.execute(run.on_conflict_do_nothing())
    run_id = session.scalars(select(CloseRun.id).where(CloseRun.month == month.first_day)).one()
    for client_id in client_ids:
        step = insert_of(session, CloseStep).values(
            run_id=run_id, client_id=client_id, state="waiting", error="", left_out=[], updated_at=now
        )
        session.execute(step.on_conflict_do_nothing())


def _close_client(
    unit_of_work: UnitOfWork, *, actor: Actor, now: datetime, month: Month, client: tuple[int, str], dry_run: bool
) -> ClosedClient:
    try:
        with unit_of_work() as session:
            done = _draft(session, actor=actor, now=now, month=month, client=client)
            (_undo if dry_run else _note)(session, month=month, done=done, now=now)
            failpoints.passing("draft_written")
        failpoints.passing("draft_kept")
    except _DryRun as undone:
        return undone.done
    except HelpdeskError as error:
        done = ClosedClient(*client, "failed", error=str(error))
        if not dry_run:
            with unit_of_work() as session:
                _note(session, month=month, done=done, now=now)
    return done


def _draft(session: Session, *, actor: Actor, now: datetime, month: Month, client: tuple[int, str]) -> ClosedClient:
    """Close what is due of the client's retainers and draft its month; one close of a client at a time."""
    client_id, name = client
    row = session.scalars(select(Client).where(Client.id == client_id).with_for_update()).one()
    if now < month.instants(ZoneInfo(row.time_zone))[1]:
        message = f"{month} has not ended yet in {row.time_zone}; a month is closed after its end."
        raise RuleViolation(message)
    for agreement_id, due in retainers.periods_to_close(session, client_id=client_id, month=month):
        retainers_service.close_period(session, actor=actor, now=now, agreement_id=agreement_id, month=due)
        failpoints.passing("period_freezing")
    invoice = service.draft_month(session, actor=actor, now=now, client_id=client_id, month=month)
    left_out = selection.left_out(session, client=row, month=month)
    spent = expense_lines.left_out(session, client=row, month=month)
    if invoice is None:
        return ClosedClient(client_id, name, "nothing", left_out=left_out, expenses_left_out=spent)
    return ClosedClient(
        client_id,
        name,
        "drafted" if invoice.status == "draft" else "issued",
        invoice_id=invoice.id,
        total_minor=invoice.total_minor,
        currency=invoice.currency,
        left_out=left_out,
        expenses_left_out=spent,
    )


def _undo(_session: Session, *, done: ClosedClient, **_more: object) -> None:
    raise _DryRun(done)


def _note(session: Session, *, month: Month, done: ClosedClient, now: datetime) -> None:
    """Write at the client's step what became of it."""
    step = session.scalars(
        select(CloseStep)
        .join(CloseStep.run)
        .where(CloseRun.month == month.first_day, CloseStep.client_id == done.client_id)
    ).one()
    step.state, step.invoice_id, step.error = done.state, done.invoice_id, done.error
    step.left_out, step.updated_at = [*done.left_out, *done.expenses_left_out], now


def _issue(
    unit_of_work: UnitOfWork, *, actor: Actor, now: datetime, invoice_id: int, versions: Mapping[int, int] | None
) -> ClosedClient:
    try:
        version = _seen(versions, invoice_id)
        with unit_of_work() as session:
            invoice = service.issue(session, actor=actor, now=now, invoice_id=invoice_id, version=version)
            for step in session.scalars(select(CloseStep).where(CloseStep.invoice_id == invoice_id)):
                step.state, step.updated_at = "issued", now
            done = _issued(invoice)
            failpoints.passing("invoice_issuing")
    except HelpdeskError as error:
        return _not_issued(unit_of_work, actor, invoice_id, error)
    failpoints.passing("invoice_issued")
    return done


def _seen(versions: Mapping[int, int] | None, invoice_id: int) -> int | None:
    """Return the version of a draft that was looked at; None where nobody asks.

    Raises:
        RuleViolation: nobody has looked at it.
    """
    if versions is None:
        return None
    if invoice_id not in versions:
        message = "Nobody has looked at this draft; load the page again."
        raise RuleViolation(message)
    return versions[invoice_id]


def _issued(invoice: Invoice) -> ClosedClient:
    return ClosedClient(
        invoice.client_id, invoice.client.name, "issued", invoice.id, invoice.total_minor, invoice.currency
    )


def _not_issued(unit_of_work: UnitOfWork, actor: Actor, invoice_id: int, error: HelpdeskError) -> ClosedClient:
    """Return the refusal with the client's name, as far as the actor may know it."""
    try:
        with unit_of_work() as session:
            invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
            return ClosedClient(invoice.client_id, invoice.client.name, "failed", invoice_id, error=str(error))
    except NotFound:
        return ClosedClient(0, "", "failed", invoice_id, error=str(error))
