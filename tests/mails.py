"""Mails as bytes, with only what a test says."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count

_numbers = count(1)

ANN = "Ann Berg <ann@acme.example>"
SUPPORT = "Support <support@halden-okoye.example>"


def mail(
    text: str = "It prints blank labels.",
    *,
    sender: str = ANN,
    to: str = SUPPORT,
    subject: str = "Printer prints blank labels",
    message_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    html: str | None = None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return one mail; every one has its own Message-ID unless it is given (an empty one is left out)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Wed, 18 Nov 2026 09:59:00 +0000"
    if message_id != "":
        message["Message-ID"] = message_id or f"<mail-{next(_numbers)}@acme.example>"
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
