"""Keys made from the one secret of the installation, and texts that are stored encrypted (mailbox passwords)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app

from helpdesk.kernel.errors import ExternalFailure


def seal(text: str) -> str:
    """Return ``text`` encrypted with the key of this installation; an empty text stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """Return what :func:`seal` was given.

    Raises:
        ExternalFailure: it was sealed with another SECRET_KEY, or altered.
    """
    if not sealed:
        return ""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        message = "A stored password cannot be read with this SECRET_KEY. Enter the password again."
        raise ExternalFailure(message) from error


def same(one: str, other: str) -> bool:
    """Whether two sealed texts hold the same; one that cannot be read is like none."""
    try:
        return unseal(one) == unseal(other)
    except ExternalFailure:
        return False


def mail_keys() -> Mapping[int, bytes]:
    """Return the keys that sign reply addresses and Message-IDs, by version (docs/mail.md rule 15)."""
    return {1: _derive("mail addresses")}


def proof_token(salt: str) -> str:
    """Return the 128 bits of a link to an invoice's page, as 26 signs that no mail program breaks (rule W1)."""
    digest = hmac.new(_derive("proof of work"), salt.encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def push_seed() -> bytes:
    """Return what the key is made of by which push services know us (docs/notifications.md rule 19)."""
    return _derive("web push")


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive("stored passwords")))


def _derive(purpose: str) -> bytes:
    """Return 32 bytes for one purpose, so that no key is used for two."""
    secret: bytes = current_app.config["SECRET_KEY"]
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()
