"""TLS towards servers that are not ours: by authority, or pinned to one certificate of an intranet server."""

import hashlib
import ssl


def client_context(fingerprint: str = "") -> ssl.SSLContext:
    """Return a context that checks certificate and name; with a fingerprint, :func:`refuse_other` checks instead.

    Authorities of one's own are added with SSL_CERT_FILE or SSL_CERT_DIR, as OpenSSL reads them.
    """
    context = ssl.create_default_context()
    if fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
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
