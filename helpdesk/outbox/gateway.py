"""SMTP: one message over one connection, with time limits; what the server said comes back as a value."""

import base64
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from helpdesk.infra.tls import client_context, refuse_other
from helpdesk.outbox.diagnosis import reaching, signing_in

TIMEOUT_SECONDS = 30
PERMANENT = range(500, 600)
SIGNED_IN = (235, 503)
"""Yes, and: you are already."""
_SENDER_REFUSED = re.compile(
    r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned by user|sender address rejected", re.IGNORECASE
)
"""What servers say that let a user write from some addresses only: Exchange, and Postfix where it knows its users."""


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

    @property
    def of_sender(self) -> bool:
        """Return whether it was the envelope sender that was refused."""
        return self.outcome is Outcome.REFUSED and _SENDER_REFUSED.search(self.said) is not None


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
        refused = server.sendmail(envelope_from, recipients, content)
    except smtplib.SMTPRecipientsRefused as error:
        return _all_refused(error)
    except smtplib.SMTPResponseException as error:
        outcome = Outcome.REFUSED if error.smtp_code in PERMANENT else Outcome.LATER
        whom = "sender address rejected: " if isinstance(error, smtplib.SMTPSenderRefused) else ""
        return Delivery(outcome, f"{whom}{error.smtp_code} {_text(error.smtp_error)}")
    except UnicodeError:
        return Delivery(Outcome.REFUSED, "An address has letters that this server cannot carry.")
    except (OSError, smtplib.SMTPException) as error:
        return Delivery(Outcome.LATER, trouble(access, error))
    finally:
        hang_up(server)
    return Delivery(Outcome.SENT, _named(refused))


def _away(access: Access, error: Exception) -> str:
    """Return why nothing could be handed in at all: not reached, or not let in."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = signing_in(f"{error.smtp_code} {_text(error.smtp_error)}")
    else:
        words = trouble(access, error)
    return f"{access.host}:{access.port}: {words}"


def trouble(access: Access, error: Exception) -> str:
    """Return in plain words why a connection or a conversation came to nothing; the sign-in's refusals aside."""
    if isinstance(error, smtplib.SMTPResponseException):
        when = "does not serve us" if error.smtp_code in PERMANENT else "does not serve us right now"
        return f"The server {when}: {error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _text(str(error))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        if isinstance(error.__context__, TimeoutError):  # smtplib keeps the reason there
            return f"{access.host} was there, and then took too long to answer."
        return f"{access.host} closed the connection."
    return reaching(error, host=access.host, port=access.port)


def hang_up(server: smtplib.SMTP) -> None:
    """Say goodbye and close; what the server makes of that changes nothing that was said before."""
    with suppress(OSError):
        server.quit()
    server.close()


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
            _start_tls(server, context)
        if access.security != "none":
            refuse_other(server.sock, access.fingerprint)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _start_tls(server: smtplib.SMTP, context: ssl.SSLContext) -> None:
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("starttls"):
        message = "The server does not offer STARTTLS on this port."
        raise smtplib.SMTPNotSupportedError(message)
    server.starttls(context=context)


def sign_in(server: smtplib.SMTP, access: Access) -> None:
    """Sign in with the password, or by XOAUTH2 where there is a token; not at all without a user.

    Raises:
        SMTPAuthenticationError: the server refused.
        SMTPNotSupportedError: it offers no way that we know, or none for the letters of user and password.
        OSError: it is gone.
    """
    if not access.user or not server.has_extn("auth"):
        return
    if access.token:
        answer = f"user={access.user}\x01auth=Bearer {access.token}\x01\x01"
        # A refusal is told as a challenge (RFC 7628 section 3.2.2), which an empty answer ends.
        server.auth("XOAUTH2", lambda challenge=None: answer if challenge is None else "")
    elif not _ways(server) & {"PLAIN", "LOGIN", "CRAM-MD5"}:
        offered = ", ".join(sorted(_ways(server))) or "none"
        message = f"The server offers no sign-in with a password. Ways that it offers: {offered}."
        raise smtplib.SMTPNotSupportedError(message)
    elif f"{access.user}{access.password}".isascii():
        server.login(access.user, access.password)
    else:
        _sign_in_with_any_letters(server, access)


def _sign_in_with_any_letters(server: smtplib.SMTP, access: Access) -> None:
    """Sign in by AUTH PLAIN in UTF-8 (RFC 4616); smtplib writes ASCII only."""
    if "PLAIN" not in _ways(server):
        message = "The password has letters that this server cannot be told. Choose one of a-z, 0-9 and signs."
        raise smtplib.SMTPNotSupportedError(message)
    answer = base64.b64encode(f"\0{access.user}\0{access.password}".encode()).decode()
    code, said = server.docmd("AUTH", f"PLAIN {answer}")
    if code not in SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, said)


def _ways(server: smtplib.SMTP) -> set[str]:
    """Return the names of the ways to sign in that the server offers."""
    return set(server.esmtp_features.get("auth", "").upper().split())


def _all_refused(error: smtplib.SMTPRecipientsRefused) -> Delivery:
    codes = [code for code, _ in error.recipients.values()]
    outcome = Outcome.REFUSED if all(code in PERMANENT for code in codes) else Outcome.LATER
    return Delivery(outcome, _named(error.recipients))


def _named(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address}: {code} {_text(said)}" for address, (code, said) in refused.items())


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:500]
