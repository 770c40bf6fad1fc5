"""The jobs, by the names that services ring. Each calls one process or service and may run any number of times."""

import time
from collections.abc import Collection

from helpdesk.accounts import service as accounts
from helpdesk.automation import process as automation
from helpdesk.imports import process as imports
from helpdesk.infra import blobs, clock, jobs, live, outside, pdf, schema, sent_forms
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.intake.process import erasing
from helpdesk.intake.process.drain import drain
from helpdesk.intake.process.drain import sweep as sweep_log
from helpdesk.invoicing import process as invoicing
from helpdesk.invoicing.reminding import sending as reminders
from helpdesk.notices import process as notices
from helpdesk.notices import service as notice_service
from helpdesk.outbox import gateway as smtp
from helpdesk.outbox import process as outbox
from helpdesk.projects import presence, telling
from helpdesk.proposals import service as proposals
from helpdesk.retainers import alerts as retainer_alerts
from helpdesk.retainers.statements import sending as retainer_statements
from helpdesk.satisfaction import process as satisfaction
from helpdesk.sla import process as sla
from helpdesk.tickets import process as tickets
from helpdesk.tickets.service import delivering, same_person
from helpdesk.timekeeping import budgets
from helpdesk.timekeeping import process as timekeeping
from workers.runtime import holder_name, is_stopping, job, light_job, mail_reader, prepared, process_name, ring_later

DRAIN_SECONDS = 10.0
IMPORT_SECONDS = 20.0
REMEASURE_SECONDS = 10.0
PUSH_SECONDS = 20.0
RULE_SECONDS = 20.0


@light_job
def handle_inbound() -> None:
    """Bring every message that waits to its outcome, for some seconds; then let other jobs have a turn.

    The bell says that there is mail, not which: a page of messages is claimed at a time (docs/mail.md rule 8).
    """
    until = time.monotonic() + DRAIN_SECONDS
    is_left = drain(
        unit_of_work,
        reader=mail_reader(),
        store=blobs.store(),
        holder=holder_name(),
        clock=clock.now,
        is_over=lambda: is_stopping() or time.monotonic() > until,
    )
    if is_left and not is_stopping():
        with unit_of_work() as session:
            jobs.ring(session, "handle_inbound", queue="mail")


@light_job
def deliver_outgoing(message_id: int) -> None:
    """Send one outgoing message, and come again for one that is held. Safe to run again: a sent one is left alone."""
    store, told = blobs.store(), delivering.tell_of_delivery
    due_at = outbox.deliver(message_id, unit_of_work, send=smtp.send, store=store, clock=clock.now, told=told)
    if due_at is not None:
        ring_later(Bell("deliver_outgoing", (message_id,), "mail"), seconds=(due_at - clock.now()).total_seconds())


@light_job
def sweep_inbound() -> None:
    """Ring again for messages that nobody handles."""
    sweep_log(unit_of_work, clock=clock.now)


@light_job
def sweep_outbox() -> None:
    """Ring again for outgoing messages that nobody sends, unless many bells wait: theirs may be among them."""
    if not jobs.is_crowded("mail"):
        outbox.sweep(unit_of_work, clock=clock.now)


@job
def fetch_pictures(message_id: int) -> None:
    """Fetch the pictures from elsewhere that somebody asked to see. In a fork: strangers' pictures are drawn here."""
    tickets.fetch_pictures(message_id, unit_of_work, get=outside.fetch, store=blobs.store(), clock=clock.now)


@light_job
def sweep_pictures() -> None:
    """Ring again for pictures that nobody fetches."""
    tickets.sweep_pictures(unit_of_work, clock=clock.now)


@job
def run_import(import_id: int) -> None:
    """Write lines of an import for some seconds; then let other jobs have a turn. Safe to run again at any time."""
    until = time.monotonic() + IMPORT_SECONDS
    imports.run_for_a_while(
        import_id,
        unit_of_work,
        store=blobs.store(),
        clock=clock.now,
        holder=process_name(),
        is_over=lambda: is_stopping() or time.monotonic() > until,
    )


@light_job
def sweep_imports() -> None:
    """Ring again for imports that nobody has brought to their end."""
    imports.sweep(unit_of_work)


@prepared(pdf.get_ready)
@job
def render_invoice(invoice_id: int) -> None:
    """Print an issued invoice and queue its mail. Safe to run again: what is done is left alone."""
    invoicing.render_and_send(invoice_id, unit_of_work, clock=clock.now)


@light_job
def sweep_invoices() -> None:
    """Ring again for issued invoices that nobody printed or mailed."""
    invoicing.sweep(unit_of_work, clock=clock.now)


@light_job
def remind_overdue() -> None:
    """Send reminders that go out by themselves. Safe to run again: each level of an invoice goes out once."""
    reminders.remind(unit_of_work, clock=clock.now)


@light_job
def ask_forgotten_timers() -> None:
    """Let timers ask whose person is gone, or that run too long. Safe to run again: each asks and mails once."""
    timekeeping.ask_forgotten(unit_of_work, clock=clock.now)


@light_job
def wake_tickets() -> None:
    """Wake the tickets whose time has come. Safe to run again: each wakes once."""
    tickets.wake_due(unit_of_work, clock=clock.now)


@light_job
def mail_notices() -> None:
    """Mail people what they were told. Safe to run again: each notice is mailed once."""
    notices.mail_due(unit_of_work, clock=clock.now, seen_by=telling.seen_by)


@light_job
def push_notices() -> None:
    """Send notices to browsers for some seconds; then let other jobs have a turn. Safe to run again at any time."""
    until = time.monotonic() + PUSH_SECONDS
    is_left = notices.push_due(
        unit_of_work,
        clock=clock.now,
        seen_by=telling.seen_by,
        send=outside.send,
        is_over=lambda: is_stopping() or time.monotonic() > until,
    )
    if is_left and not is_stopping():
        with unit_of_work() as session:
            jobs.ring(session, "push_notices")


@light_job
def forget_old_notices() -> None:
    """Delete notices that were read long ago, or that nobody will read any more."""
    with unit_of_work() as session:
        notice_service.forget_old(session, now=clock.now())


@light_job
def ask_satisfaction() -> None:
    """Ask whether requesters are content whose tickets are done. Safe to run again: each is asked about once."""
    satisfaction.ask_due(unit_of_work, clock=clock.now)


@light_job
def gather_strays() -> None:
    """Give to whoever is meant what came while contacts were merged. Safe to run again."""
    with unit_of_work() as session:
        same_person.gather_strays(session)


@light_job
def watch_budgets() -> None:
    """Tell managers of budgets that have come to a threshold. Safe to run again: each is told once."""
    with unit_of_work() as session:
        budgets.watch(session, now=clock.now())


@light_job
def watch_retainers() -> None:
    """Tell of retainers whose months have come to a threshold. Safe to run again: each is told once."""
    retainer_alerts.watch(unit_of_work, clock=clock.now)


@light_job
def watch_targets() -> None:
    """Tell of answers and solutions that are at risk or overdue. Safe to run again: each is told once."""
    sla.watch(unit_of_work, clock=clock.now)


@light_job
def act_on_events() -> None:
    """Let rules act on what happened, for some seconds; then let other jobs have a turn. Safe to run again."""
    until = time.monotonic() + RULE_SECONDS
    is_left = automation.act_on_events(
        unit_of_work, clock=clock.now, is_over=lambda: is_stopping() or time.monotonic() > until
    )
    if is_left and not is_stopping():
        with unit_of_work() as session:
            jobs.ring(session, "act_on_events")


@light_job
def act_in_time() -> None:
    """Let rules act on what has waited long enough. Safe to run again: each acts once on each wait of a ticket."""
    until = time.monotonic() + RULE_SECONDS
    automation.act_in_time(unit_of_work, clock=clock.now, is_over=lambda: is_stopping() or time.monotonic() > until)


@light_job
def remeasure_tickets() -> None:
    """Measure open tickets anew for some seconds, then let other jobs have a turn. Safe to run again at any time."""
    until = time.monotonic() + REMEASURE_SECONDS
    sla.remeasure(unit_of_work, clock=clock.now, is_over=lambda: is_stopping() or time.monotonic() > until)


@job
def mail_statements() -> None:
    """Print and mail the statements of closed months. Safe to run again: each month's goes out once."""
    retainer_statements.mail_due(unit_of_work, clock=clock.now)


@light_job
def forget_old_attempts() -> None:
    """Delete sign-in attempts that no limit counts any more."""
    with unit_of_work() as session:
        accounts.forget_old_attempts(session, now=clock.now())


@light_job
def forget_old_events() -> None:
    """Delete live events that nobody resumes from any more."""
    with unit_of_work() as session:
        live.forget_old(session, now=clock.now())


@light_job
def forget_sent_forms() -> None:
    """Delete what tells of forms that no open page sends any more."""
    with unit_of_work() as session:
        sent_forms.forget_sent_forms(session, now=clock.now())


@light_job
def forget_old_reading() -> None:
    """Erase what people read longer ago than it could be proposed."""
    with unit_of_work() as session:
        proposals.forget_reading(session, now=clock.now())


@light_job
def forget_absent() -> None:
    """Delete who was at a ticket and is no more."""
    with unit_of_work() as session:
        presence.forget_absent(session, now=clock.now())


@light_job
def count_rows() -> None:
    """Let the database know how its rows are spread."""
    with unit_of_work() as session:
        schema.count_rows(session)


@job
def sweep_files() -> None:
    """Remove files that nothing knows; the rows are asked for anew, since one may come while we look."""

    def known(digests: Collection[str]) -> set[str]:
        with unit_of_work() as session:
            return blobs.known(session, digests)

    with unit_of_work() as session:
        blobs.revive(session)
    blobs.store().sweep(known, now=clock.now())


@job
def erase_old_mail() -> None:
    """Erase raw mail beyond the time that it is kept for. Safe to run again: what is erased is left alone."""
    erasing.erase_old(unit_of_work, store=blobs.store(), clock=clock.now)
