"""Messages to browsers by their push services: sealed for one of them (RFC 8291, aes128gcm), signed by us (RFC 8292).

A push service passes on what it cannot read. Its address and the two keys of a browser come from that browser, so they
are a stranger's: nobody is asked but by :mod:`helpdesk.infra.outside`.
"""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from helpdesk.infra import crypto
from helpdesk.kernel.errors import RuleViolation

RECORD_BYTES = 4096
MOST_BYTES = RECORD_BYTES - 17 - 86
"""Of what is sent: beside its head, its end and its seal."""
TOKEN_LIFETIME = timedelta(hours=12)
POINT_BYTES, AUTH_BYTES, COORDINATE_BYTES = 65, 16, 32
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser is reached, and the keys for what only it reads, as it named them."""

    endpoint: str
    p256dh: str
    auth: str


def public_key() -> str:
    """Return our public key, by which browsers know who may write to them: the same as long as SECRET_KEY is."""
    return _to_text(_point(_our_key().public_key()))


def checked(browser: Browser) -> Browser:
    """Return a browser that can be written to.

    Raises:
        RuleViolation: its address is none of the web with https, or a key is none.
    """
    try:
        parts = urlsplit(browser.endpoint)
        is_right = parts.scheme == "https" and bool(parts.hostname) and len(_auth(browser)) == AUTH_BYTES
        _public(browser)
    except (ValueError, binascii.Error):
        is_right = False
    if not is_right:
        message = "This browser did not say how it is reached. Try again, or use another one."
        raise RuleViolation(message)
    return browser


def sealed(
    content: bytes, browser: Browser, *, salt: bytes | None = None, key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """Return what only the browser reads; salt and key are new each time, but for a test."""
    salt, key = salt or os.urandom(16), key or ec.generate_private_key(_CURVE)
    theirs, ours = _public(browser), _point(key.public_key())
    info = b"WebPush: info\0" + _point(theirs) + ours
    secret = _derived(key.exchange(ec.ECDH(), theirs), salt=_auth(browser), info=info, length=32)
    content_key = _derived(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derived(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(content_key).encrypt(nonce, content + b"\x02", None)


def headers(browser: Browser, *, contact: str, lifetime: timedelta, urgent: bool, now: datetime) -> dict[str, str]:
    """Return what goes along: how long the service keeps it, and who we are, signed for that service alone."""
    return {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(lifetime.total_seconds())),
        "Urgency": "high" if urgent else "normal",
        "Authorization": f"vapid t={_token(browser.endpoint, contact, now)}, k={public_key()}",
    }


def _token(endpoint: str, contact: str, now: datetime) -> str:
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
        "sub": contact,
    }
    said = ".".join(_to_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = utils.decode_dss_signature(_our_key().sign(said.encode(), ec.ECDSA(SHA256())))
    return f"{said}.{_to_text(r.to_bytes(COORDINATE_BYTES, 'big') + s.to_bytes(COORDINATE_BYTES, 'big'))}"


def _our_key() -> ec.EllipticCurvePrivateKey:
    """Return our key, made of the secret of the installation: nothing is stored that could be lost or read."""
    return ec.derive_private_key(1 + int.from_bytes(crypto.push_seed(), "big") % (_ORDER - 1), _CURVE)


def _public(browser: Browser) -> ec.EllipticCurvePublicKey:
    point = _from_text(browser.p256dh)
    if len(point) != POINT_BYTES:
        message = "no point of the curve"
        raise ValueError(message)
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)


def _auth(browser: Browser) -> bytes:
    return _from_text(browser.auth)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
