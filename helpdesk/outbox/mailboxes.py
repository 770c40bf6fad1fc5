"""Use cases of mailboxes as identities that we write from: adding, changing, removing (docs/mail.md rule 40)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, crypto
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox import queries
from helpdesk.outbox.domain import header_value, reply_address
from helpdesk.outbox.models import Mailbox, OutgoingMessage


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a mailbox says, and how its mail leaves. ``auth`` is password or oauth, for reading and sending alike.

    ``smtp_password`` None leaves the stored one as it is; ``smtp_fingerprint`` is that of the one certificate to
    trust, empty for any that an authority vouches for.
    """

    name: str
    smtp_host: str
    smtp_port: int
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str | None = None
    smtp_fingerprint: str = ""
    language: str = "en"
    signature: str = ""
    acknowledgement: str = ""
    auth: str = "password"


def add_mailbox(  # noqa: PLR0913 - a mailbox has this many settings
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    address: str,
    name: str,
    smtp_host: str,
    smtp_port: int,
    smtp_security: str = "starttls",
    smtp_user: str = "",
    smtp_password: str = "",
    language: str = "en",
) -> Mailbox:
    """Add an address that we send as; its password is stored encrypted. One that was removed comes back as it was.

    Raises:
        RuleViolation: the address is none, its name too long for signed reply addresses, or it is there already.
    """
    address = address.strip().lower()
    reply_address(mailbox=address, work_item_id=10**9, keys=crypto.mail_keys())
    mailbox = queries.mailbox_of_address(session, address)
    if mailbox is not None and mailbox.removed_at is None:
        message = f"The mailbox {address} is connected already."
        raise RuleViolation(message)
    profile = Profile(
        name=name,
        smtp_host=smtp_host,
        smtp_port=smtp_port,
        smtp_security=smtp_security,
        smtp_user=smtp_user,
        smtp_password=smtp_password,
        language=language,
    )
    if mailbox is None:
        mailbox = Mailbox(address=address, name="", smtp_host="", smtp_port=smtp_port, created_at=now)
        session.add(mailbox)
    mailbox.removed_at, mailbox.active = None, True
    set_up(session, mailbox, profile)
    audit.record(session, actor=actor, action="added", kind="mailbox", object_id=mailbox.id, now=now, address=address)
    return mailbox


def set_up(session: Session, mailbox: Mailbox, profile: Profile) -> None:
    """Give a mailbox these settings.

    Raises:
        RuleViolation: one of them holds a line break where a header cannot take it.
    """
    mailbox.name = header_value(profile.name.strip(), name="name")
    mailbox.language, mailbox.auth = profile.language, profile.auth
    mailbox.signature, mailbox.acknowledgement = profile.signature, profile.acknowledgement
    mailbox.smtp_host = header_value(profile.smtp_host.strip(), name="SMTP server")
    mailbox.smtp_port, mailbox.smtp_security = profile.smtp_port, profile.smtp_security
    mailbox.smtp_user = header_value(profile.smtp_user, name="SMTP user name")
    mailbox.smtp_fingerprint = profile.smtp_fingerprint
    mailbox.bounce_addresses = True  # whatever server it is now has refused none yet
    if profile.smtp_password is not None:
        mailbox.smtp_secret = crypto.seal(header_value(profile.smtp_password, name="SMTP password"))
    session.flush()


def remove_mailbox(session: Session, *, actor: Actor, now: datetime, mailbox_id: int) -> Mailbox:
    """Take a mailbox away: its passwords and tokens are erased, its tickets and its mail stay.

    What still waits to be sent from it fails, visibly, for there is nothing left to send it with.

    Raises:
        NotFound: no such mailbox, or it was removed already.
    """
    mailbox = queries.get_mailbox(session, mailbox_id)
    mailbox.removed_at, mailbox.active, mailbox.smtp_secret = now, False, ""
    if mailbox.grant is not None:
        session.delete(mailbox.grant)
    session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.mailbox_id == mailbox.id, OutgoingMessage.state == "queued")
        .values(state="failed", last_error="The mailbox was removed before this could be sent.")
    )
    audit.record(
        session, actor=actor, action="removed", kind="mailbox", object_id=mailbox.id, now=now, address=mailbox.address
    )
    session.flush()
    return mailbox
