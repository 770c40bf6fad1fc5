"""SMTP: one message over one connection, with time limits; what the server said comes back as a value."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

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

    Without ``user``, or where the server does not know AUTH, nobody logs in.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""


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
        return Delivery(Outcome.LATER, f"{access.host}:{access.port}: {_text(str(error))}")
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


def _connected(access: Access) -> smtplib.SMTP:
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if access.security == "tls":
        server = smtplib.SMTP_SSL(access.host, access.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(access.host, access.port, timeout=TIMEOUT_SECONDS)
    try:
        if access.security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if access.user and server.has_extn("auth"):
            server.login(access.user, access.password)
    except BaseException:
        server.close()
        raise
    return server


def _all_refused(error: smtplib.SMTPRecipientsRefused) -> Delivery:
    codes = [code for code, _ in error.recipients.values()]
    outcome = Outcome.REFUSED if all(code in PERMANENT for code in codes) else Outcome.LATER
    return Delivery(outcome, _named(error.recipients))


def _named(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address}: {code} {_text(said)}" for address, (code, said) in refused.items())


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:500]
