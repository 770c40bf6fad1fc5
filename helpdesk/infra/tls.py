"""TLS towards servers that are not ours: by authority, or pinned to one certificate of an intranet server."""

import hashlib
import ssl
from functools import lru_cache
from pathlib import Path


def client_context(fingerprint: str = "", *, speaks: str = "") -> ssl.SSLContext:
    """Return a context that checks certificate and name; with a fingerprint, :func:`refuse_other` checks instead.

    Authorities of one's own are added with SSL_CERT_FILE or SSL_CERT_DIR, as OpenSSL reads them. To read them all takes
    longer than to greet a server: a context is shared until they change, by all that speak the same protocol, and
    nobody may change it. ``speaks`` is what is offered by ALPN, if anything.
    """
    if fingerprint:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    return _trusting(_authorities(), speaks)


def _authorities() -> tuple[tuple[str, int], ...]:
    """Return where authorities are read from, each with its last change in nanoseconds."""
    places = ssl.get_default_verify_paths()
    return tuple((path, Path(path).stat().st_mtime_ns) for path in (places.cafile, places.capath) if path)


@lru_cache(maxsize=8)
def _trusting(_authorities: tuple[tuple[str, int], ...], speaks: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if speaks:
        context.set_alpn_protocols([speaks])
    return context


def fingerprint_of(connection: object) -> str:
    """Return the SHA-256 fingerprint, in lower-case hexadecimal, of what the other side of a TLS connection showed."""
    shown = connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLSocket) else None
    return hashlib.sha256(shown).hexdigest() if shown else ""


def refuse_other(connection: object, fingerprint: str) -> None:
    """Refuse a server that shows another certificate than the one that was agreed on; without one, take any.

    Raises:
        SSLError: the certificate is another one, or there is none.
    """
    if fingerprint and fingerprint_of(connection) != fingerprint:
        message = "The server shows another certificate than the one whose fingerprint is set."
        raise ssl.SSLError(message)
