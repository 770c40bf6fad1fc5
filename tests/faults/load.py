"""Mails of which it is known what must become of each: the outcomes that the log may show."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

OUTCOMES = {
    "new": {"ticket"},
    "reply": {"reply"},
    "attached": {"ticket"},
    "twice": {"ticket", "duplicate"},
    "automatic": {"automatic"},
}
"""What a mail of each kind may come to; of the two copies of a mail that comes twice, exactly one opens a ticket."""

TICKETS = {"new", "attached", "twice"}
KINDS = ("new", "new", "new", "reply", "reply", "attached", "twice", "automatic")


@dataclass(frozen=True)
class Sent:
    """One mail of the load; ``copies`` is how often it is delivered."""

    kind: str
    message_id: str
    raw: bytes
    copies: int = 1


def opening(count: int, *, seed: int) -> list[Sent]:
    """Return mails that open tickets, for later ones to answer."""
    return [_made("new", f"o{seed}-{number}", number) for number in range(count)]


def load(count: int, *, seed: int, answering: list[Sent]) -> Iterator[Sent]:
    """Yield ``count`` mails of all kinds in a random order that the seed decides; answers answer ``answering``."""
    dice = random.Random(seed)  # noqa: S311 - the same seed is the same load
    for number in range(count):
        kind = dice.choice(KINDS)
        first = dice.choice(answering) if kind == "reply" else None
        yield _made(kind, f"m{seed}-{number}", number, answered=first)


def _made(kind: str, key: str, number: int, *, answered: Sent | None = None) -> Sent:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Person {key} <{key}@acme.example>" if answered is None else _sender(answered)
    message["To"] = "support@halden-okoye.example"
    message["Subject"] = f"Load {key}"
    message["Message-ID"] = f"<{key}@acme.example>"
    message["Date"] = "Wed, 18 Nov 2026 09:59:00 +0000"
    if answered is not None:
        message["In-Reply-To"] = answered.message_id
    if kind == "automatic":
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"This is mail {key}.\n" + "It has some text.\n" * (number % 40))
    if kind == "attached":
        message.add_attachment(key.encode() * 500, maintype="application", subtype="pdf", filename=f"{key}.pdf")
    return Sent(kind, f"<{key}@acme.example>", message.as_bytes(), 2 if kind == "twice" else 1)


def _sender(sent: Sent) -> str:
    return sent.raw.split(b"\r\n", 1)[0].removeprefix(b"From: ").decode()
