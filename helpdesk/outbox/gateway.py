"""SMTP: one message over one connection, with time limits; what the server said comes back as a value."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from helpdesk.infra.tls import client_context, refuse_other
from helpdesk.outbox.diagnosis import signing_in

TIMEOUT_SECONDS = 30
PERMANENT = range(500, 600)


class Outcome(StrEnum):
    """What became of an attempt."""

    SENT = "sent"
    LATER = "later"
    """Not reachable, or refused for now (4xx): the same message is tried again."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome, and what the server said where it was not a plain yes."""

    outcome: Outcome
    said: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an SMTP server; ``security`` is none, starttls or tls.

    Without ``user``, or where the server does not know AUTH, nobody logs in. With ``token`` the sign-in is by
    XOAUTH2.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    fingerprint: str = ""
    token: str = field(default="", repr=False)


Send = Callable[[Access, str, tuple[str, ...], bytes], Delivery]


def send(access: Access, envelope_from: str, recipients: tuple[str, ...], content: bytes) -> Delivery:
    """Hand the message to the server and return what came of it; never raises for what a server does.

    A server that is away or does not let us in is tried again, whatever its code: the message is not at fault.
    Where it takes some recipients and refuses others, the message counts as sent and ``said`` names the others:
    sending it again would double it for those who have it.
    """
    try:
        server = _connected(access)
    except (OSError, smtplib.SMTPException) as error:
        return Delivery(Outcome.LATER, _away(access, error))
    try:
        with server:
            refused = server.sendmail(envelope_from, recipients, content)
    except smtplib.SMTPRecipientsRefused as error:
        return _all_refused(error)
    except smtplib.SMTPResponseException as error:
        outcome = Outcome.REFUSED if error.smtp_code in PERMANENT else Outcome.LATER
        return Delivery(outcome, f"{error.smtp_code} {_text(error.smtp_error)}")
    except UnicodeError:
        return Delivery(Outcome.REFUSED, "An address has letters that this server cannot carry.")
    except (OSError, smtplib.SMTPException) as error:
        return Delivery(Outcome.LATER, f"{access.host}:{access.port}: {_text(str(error))}")
    return Delivery(Outcome.SENT, _named(refused))


def _away(access: Access, error: Exception) -> str:
    """Return why nothing could be handed in at all: not reached, or not let in."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = signing_in(f"{error.smtp_code} {_text(error.smtp_error)}")
    else:
        words = _text(str(error))
    return f"{access.host}:{access.port}: {words}"


def _connected(access: Access) -> smtplib.SMTP:
    server = dial(access, TIMEOUT_SECONDS)
    try:
        sign_in(server, access)
    except BaseException:
        server.close()
        raise
    return server


def dial(access: Access, timeout_seconds: float, *, context: ssl.SSLContext | None = None) -> smtplib.SMTP:
    """Return a connection that was greeted and nobody has signed in on yet; the caller closes it.

    Raises:
        OSError: the server cannot be reached, or its certificate is refused (SSLError).
        SMTPException: it answers, but not as an SMTP server, or it has no STARTTLS.
    """
    context = context or client_context(access.fingerprint)
    server: smtplib.SMTP
    if access.security == "tls":
        server = smtplib.SMTP_SSL(access.host, access.port, timeout=timeout_seconds, context=context)
    else:
        server = smtplib.SMTP(access.host, access.port, timeout=timeout_seconds)
    try:
        if access.security == "starttls":
            server.starttls(context=context)
        if access.security != "none":
            refuse_other(server.sock, access.fingerprint)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def sign_in(server: smtplib.SMTP, access: Access) -> None:
    """Sign in with the password, or by XOAUTH2 where there is a token; not at all without a user.

    Raises:
        SMTPException: the server refused.
        OSError: it is gone.
    """
    if not access.user or not server.has_extn("auth"):
        return
    if not access.token:
        server.login(access.user, access.password)
        return
    answer = f"user={access.user}\x01auth=Bearer {access.token}\x01\x01"
    # A refusal is told as a challenge (RFC 7628 section 3.2.2), which an empty answer ends.
    server.auth("XOAUTH2", lambda challenge=None: answer if challenge is None else "")


def _all_refused(error: smtplib.SMTPRecipientsRefused) -> Delivery:
    codes = [code for code, _ in error.recipients.values()]
    outcome = Outcome.REFUSED if all(code in PERMANENT for code in codes) else Outcome.LATER
    return Delivery(outcome, _named(error.recipients))


def _named(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address}: {code} {_text(said)}" for address, (code, said) in refused.items())


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:500]
