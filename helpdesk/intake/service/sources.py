"""Sources: connecting a mailbox, changing, pausing and removing it; the watcher follows by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit, crypto
from helpdesk.infra.policy import Actor
from helpdesk.intake.gateway import Access
from helpdesk.intake.models import IntakeSource
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import header_value
from helpdesk.projects import queries as projects


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """A mailbox as people enter it: one user and password for reading and sending.

    ``start_from`` is now or all; ``default_project_id`` is where mail goes whose sender no client is known for.
    """

    name: str
    address: str
    user: str
    password: str
    imap_host: str
    imap_port: int
    smtp_host: str
    smtp_port: int
    imap_security: str = "tls"
    smtp_security: str = "starttls"
    default_project_id: int | None = None
    start_from: str = "now"
    folder: str = "INBOX"


def connect_mailbox(session: Session, *, actor: Actor, now: datetime, settings: MailboxSettings) -> IntakeSource:
    """Add a mailbox with the folder that is read; the watcher picks it up by itself. The password is stored encrypted.

    Raises:
        RuleViolation: the address is none or connected already, or a name holds a line break.
        NotFound: no such project.
    """
    if settings.default_project_id is not None:
        projects.get_project(session, actor=actor, project_id=settings.default_project_id)
    mailbox = outbox.add_mailbox(
        session,
        actor=actor,
        now=now,
        address=settings.address,
        name=settings.name,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        smtp_security=settings.smtp_security,
        smtp_user=settings.user,
        smtp_password=settings.password,
    )
    source = IntakeSource(
        mailbox_id=mailbox.id,
        imap_host=header_value(settings.imap_host.strip(), name="IMAP server"),
        imap_port=settings.imap_port,
        imap_security=settings.imap_security,
        imap_user=header_value(settings.user, name="user name"),
        imap_secret=crypto.seal(header_value(settings.password, name="password")),
        folder=header_value(settings.folder, name="folder"),
        default_project_id=settings.default_project_id,
        start_from=settings.start_from,
    )
    session.add(source)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="connected",
        kind="mailbox",
        object_id=mailbox.id,
        now=now,
        host=source.imap_host,
        start_from=source.start_from,
    )
    return source


def access_of(source: IntakeSource) -> Access:
    """Return how the source's server is reached.

    Raises:
        ExternalFailure: the stored password cannot be read with this SECRET_KEY.
    """
    return Access(
        host=source.imap_host,
        port=source.imap_port,
        security=source.imap_security,
        user=source.imap_user,
        password=crypto.unseal(source.imap_secret),
        folder=source.folder,
    )
