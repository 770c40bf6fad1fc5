"""The test of a mailbox, sending half: SMTP step by step up to the recipient, and nothing sent."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

from helpdesk.infra.tls import client_context, fingerprint_of
from helpdesk.outbox.diagnosis import Step, certificate_advice, reaching, said, signing_in
from helpdesk.outbox.gateway import Access, dial, hang_up, sign_in, trouble

TIMEOUT_SECONDS = 8
SMALL_BYTES = 10 * 1024 * 1024
MEGABYTE = 1024 * 1024
OK = range(200, 300)


def check(access: Access, address: str) -> list[Step]:
    """Return the steps up to the first that failed: name, connection, encryption, sign-in, sender, size.

    The sender is tried with our own address as sender and recipient, and taken back: nothing is sent.
    """
    return list(_steps(access, address))


def reached(host: str, port: int, *, kind: str) -> Iterator[Step]:
    """Yield whether the name exists and something listens; the last step tells whether it is worth going on."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        yield Step(f"{kind}: name", ok=False, says=reaching(error, host=host, port=port))
        return
    yield Step(f"{kind}: name", ok=True, says=f"{host} is {found[0][4][0]}.")
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        yield Step(f"{kind}: connection", ok=False, says=reaching(error, host=host, port=port))
        return
    yield Step(f"{kind}: connection", ok=True, says=f"Something listens on port {port}.")


def encrypted(kind: str, *, security: str, host: str, pinned: bool) -> Step:
    """Return the step about the encryption of a connection that stands."""
    if security != "none":
        how = "by its fingerprint" if pinned else "by name and authority"
        return Step(f"{kind}: encryption", ok=True, says=f"Encrypted; the certificate was checked {how}.")
    is_here = host in {"localhost", "127.0.0.1", "::1"}
    says = "Not encrypted; it stays on this machine." if is_here else "Not encrypted: passwords can be read on the way."
    return Step(f"{kind}: encryption", ok=True, says=says, warns=not is_here)


def _steps(access: Access, address: str) -> Iterator[Step]:
    for step in reached(access.host, access.port, kind="SMTP"):
        yield step
        if not step.ok:
            return
    try:
        server = dial(access, TIMEOUT_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        kind = "encryption" if access.security != "none" else "greeting"
        yield Step(f"SMTP: {kind}", ok=False, says=_refused(access, error))
        return
    try:
        yield encrypted("SMTP", security=access.security, host=access.host, pinned=bool(access.fingerprint))
        yield from _conversation(server, access, address)
    finally:
        hang_up(server)


def _conversation(server: smtplib.SMTP, access: Access, address: str) -> Iterator[Step]:
    try:
        sign_in(server, access)
    except smtplib.SMTPAuthenticationError as error:
        yield Step("SMTP: sign-in", ok=False, says=signing_in(f"{error.smtp_code} {said(error.smtp_error)}"))
        return
    except (OSError, smtplib.SMTPException) as error:
        yield Step("SMTP: sign-in", ok=False, says=trouble(access, error))
        return
    offers = server.has_extn("auth")
    yield Step(
        "SMTP: sign-in",
        ok=True,
        says=f"Signed in as {access.user}." if offers and access.user else "The server asks nobody to sign in.",
    )
    yield _sender(server, access, address)
    yield _size(server)


def _sender(server: smtplib.SMTP, access: Access, address: str) -> Step:
    try:
        code, answer = server.mail(address)
        if code in OK:
            code, answer = server.rcpt(address)
    except (OSError, smtplib.SMTPException) as error:
        return Step("SMTP: sender", ok=False, says=trouble(access, error))
    with suppress(OSError):  # who says 421 is gone by then
        server.rset()
    if code in OK:
        return Step("SMTP: sender", ok=True, says=f"{address} may send here. Nothing was sent.")
    later = "for now " if code < 500 else ""  # noqa: PLR2004 - SMTP's own border
    return Step("SMTP: sender", ok=False, says=f"The server {later}refuses {address}: {code} {said(answer)}")


def _size(server: smtplib.SMTP) -> Step:
    limit = server.esmtp_features.get("size", "").strip()
    if not limit.isdigit() or int(limit) == 0:
        return Step("SMTP: size", ok=True, says="The server names no limit for the size of a mail.")
    is_small = int(limit) < SMALL_BYTES
    return Step("SMTP: size", ok=True, says=f"Mails of up to {int(limit) // MEGABYTE} MB are taken.", warns=is_small)


def _refused(access: Access, error: Exception) -> str:
    words = trouble(access, error)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return words
    try:
        server = dial(access, TIMEOUT_SECONDS, context=client_context("unchecked"))
    except (OSError, smtplib.SMTPException):
        return words
    shown = fingerprint_of(server.sock)
    hang_up(server)
    return words + certificate_advice(shown)
