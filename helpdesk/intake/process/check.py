"""The test of a mailbox: read and send as far as one can without changing anything, and say in words what is wrong.

Nothing here holds a transaction while it talks to a server.
"""

import uuid
from dataclasses import replace
from datetime import datetime

from helpdesk.infra import crypto
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake import gateway as imap
from helpdesk.intake import imap_check, queries
from helpdesk.intake.service import health, sources
from helpdesk.intake.service.sources import MailboxSettings
from helpdesk.kernel.errors import ExternalFailure, RuleViolation
from helpdesk.outbox import gateway as smtp
from helpdesk.outbox import process as outbox
from helpdesk.outbox import smtp_check, tokens
from helpdesk.outbox.diagnosis import Step
from helpdesk.outbox.domain import Address, make_message_id, reply_address
from helpdesk.outbox.gateway import Outcome, Send
from helpdesk.outbox.render import Outgoing, render

NO_TICKET = 0
"""The reply address of a probe is signed for an item that cannot be: it leads nowhere."""


def check_mailbox(mailbox_id: int, unit_of_work: UnitOfWork, *, clock: Clock) -> list[Step]:
    """Test a mailbox, keep the report on its row, and return it.

    Raises:
        NotFound: no such mailbox.
    """
    with unit_of_work() as session:
        source = queries.source_of_mailbox(session, mailbox_id)
        mailbox = source.mailbox
    try:
        reading = sources.access_of(source)
        if reading.grant_id is not None:
            reading = replace(reading, token=tokens.current(mailbox_id, unit_of_work, clock=clock))
        sending = outbox.access_of(mailbox, unit_of_work, clock=clock)
    except ExternalFailure as error:
        steps = [Step("Sign-in", ok=False, says=str(error))]
    else:
        steps = imap_check.check(reading, processed_folder=source.processed_folder)
        steps += smtp_check.check(sending, mailbox.address)
    with unit_of_work() as session:
        health.record_test(session, source_id=source.id, steps=steps, now=clock())
    return steps


def check_settings(settings: MailboxSettings) -> list[Step]:
    """Test what was typed before it is kept; where OAuth comes later, only what needs no sign-in yet is left out."""
    reading = imap.Access(
        settings.imap_host,
        settings.imap_port,
        settings.imap_security,
        settings.user,
        settings.password,
        settings.folder,
        settings.imap_fingerprint,
    )
    sending = smtp.Access(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.user if settings.smtp_user is None else settings.smtp_user,
        settings.smtp_password or settings.password,
        settings.smtp_fingerprint,
    )
    steps = imap_check.check(reading, processed_folder=settings.processed_folder)
    return steps + smtp_check.check(sending, settings.address)


def send_probe(mailbox_id: int, unit_of_work: UnitOfWork, *, clock: Clock, send: Send = smtp.send) -> None:
    """Send a mail to a plus address of the mailbox itself; whoever reads it sees whether it arrives (rule 15).

    Raises:
        NotFound: no such mailbox.
        RuleViolation: the mailbox is paused, so nothing would be seen.
        ExternalFailure: the server did not take the mail.
    """
    now = clock()
    with unit_of_work() as session:
        source = queries.source_of_mailbox(session, mailbox_id)
        mailbox = source.mailbox
        if not source.active:
            message = "The mailbox is paused: resume it first, so that the mail can be seen to arrive."
            raise RuleViolation(message)
        # Asked first: the mail may be back before the server has said yes.
        source.probe_sent_at, source.probe_arrived_at = now, None
    content = render(_probe(source.id, mailbox.address, now=now))
    target = reply_address(mailbox=mailbox.address, work_item_id=NO_TICKET, keys=crypto.mail_keys())
    delivery = send(outbox.access_of(mailbox, unit_of_work, clock=clock), mailbox.address, (target,), content)
    if delivery.outcome is not Outcome.SENT:
        with unit_of_work() as session:
            health.forget_probe(session, source_id=source.id)
        message = f"The mail could not be sent: {delivery.said}"
        raise ExternalFailure(message)


def _probe(source_id: int, address: str, *, now: datetime) -> Outgoing:
    keys = crypto.mail_keys()
    return Outgoing(
        sender=Address("Helpdesk", address),
        to=(Address("", reply_address(mailbox=address, work_item_id=NO_TICKET, keys=keys)),),
        subject="Do plus addresses arrive here?",
        text="Helpdesk sent this to see whether mail to a plus address arrives. You need not do anything.\n",
        message_id=make_message_id(
            work_item_id=None,
            unique=f"probe-{source_id}-{uuid.uuid4().hex[:16]}",
            domain=address.rpartition("@")[2],
            keys=keys,
        ),
        sent_at=now,
        auto_submitted=True,
    )
