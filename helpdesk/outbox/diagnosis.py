"""What a mail server's failure means, in plain sentences, and the steps of a mailbox's test: pure.

The texts below were collected from Gmail, Microsoft 365, Exchange, Yahoo, Dovecot, Courier, Cyrus and Zimbra.
"""

import socket
import ssl
from dataclasses import asdict, dataclass
from typing import Any

SAID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a mailbox's test: what was tried, whether it went well, and what that means.

    ``warns`` is a step that went well and still wants to be heard of.
    """

    step: str
    ok: bool
    says: str
    warns: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the step as the row keeps it."""
        return asdict(self)


_REFUSALS = {
    "invalid_grant": "says that the consent was withdrawn or has expired: connect again.",
    "interaction_required": "wants somebody to sign in once more: connect again.",
    "consent_required": "wants consent once more: connect again.",
    "invalid_client": "does not know this client ID and secret: compare both; a secret also expires.",
    "unauthorized_client": "does not let this application do that: look at its registration.",
    "invalid_scope": "does not know the permissions that are asked for: look at the scope.",
    "access_denied": "says that consent was refused.",
    "temporarily_unavailable": "cannot answer right now. It is tried again.",
    "server_error": "cannot answer right now. It is tried again.",
}
"""The errors of RFC 6749 sections 4.1.2.1 and 5.2, and OpenID's, in sentences."""

_CERTIFICATES = {
    9: "Its certificate is not valid yet: compare the clocks of both sides.",
    10: "Its certificate has expired. Whoever runs the server has to renew it.",
    18: "Its certificate is signed by itself, so nobody vouches for it.",
    19: "Its certificate comes from an authority of its own, which this machine does not know.",
    20: "Its certificate comes from an authority that this machine does not know.",
    21: "Its certificate comes from an authority that this machine does not know.",
    23: "Its certificate was revoked.",
    62: "Its certificate is for another name. Use the name that the certificate is for.",
    64: "Its certificate is for another address. Use the name that the certificate is for.",
}
"""OpenSSL's reasons (x509_vfy.h) in sentences."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What it means when a server says one of these phrases, in whatever case."""

    sentence: str
    phrases: tuple[str, ...]


_SIGN_INS = (
    _Meaning(
        "The provider wants an app password here: make one in the account's security settings, and enter that.",
        ("application-specific password", "app password", "app-password", "apppassword", "invalidsecondfactor"),
    ),
    _Meaning(
        "Reading by IMAP is switched off for this account. Switch it on in the provider's settings.",
        ("not enabled for imap", "imap access is disabled", "imap is disabled", "imap disabled"),
    ),
    _Meaning(
        "Sending by SMTP AUTH is switched off for this mailbox; an administrator of Microsoft 365 can allow it.",
        ("smtpclientauthentication is disabled", "smtp auth is disabled"),
    ),
    _Meaning(
        "The provider takes no passwords any more. Choose OAuth as the way to sign in.",
        ("basic authentication is disabled", "basic authentication is not supported", "basicauthblocked"),
    ),
    _Meaning(
        "The sign-in is right, but it may not open this mailbox: it lacks a licence, or the right to a shared mailbox.",
        ("authenticated but not connected",),
    ),
    _Meaning(
        "The provider wants somebody to sign in once in a browser and to confirm this access.",
        ("via your web browser", "webloginrequired", "web login required"),
    ),
    _Meaning(
        "The server takes no password over an unencrypted connection. Choose TLS or STARTTLS.",
        (
            "logindisabled",
            "privacyrequired",
            "plaintext authentication d",
            "only available under a layer",
            "must issue a starttls",
            "encryption required",
            "login command is disabled",
        ),
    ),
    _Meaning(
        "Too many connections to this account are open at once. Close other mail programs, or wait.",
        ("too many connections", "too many simultaneous", "maximum number of connections", "[limit]", "[inuse]"),
    ),
    _Meaning(
        "The provider has locked this account for a while. Wait, and sign in once in a browser.",
        (
            "too many bad",
            "too many failed",
            "too many login",
            "temporarily locked",
            "account is locked",
            "rate limit",
            "temporarily blocked",
            "command or bandwidth limits",
        ),
    ),
    _Meaning(
        "The server cannot check sign-ins right now. It is tried again.",
        ("[unavailable]", "temporary system", "temporary auth", "server unavailable", "try again later", "4.7.0"),
    ),
    _Meaning(
        "The OAuth sign-in was refused. Connect again, and see that user name and permissions are right.",
        ('"schemes"', "invalid_token", "authenticate failed", "xoauth2", "oauthbearer"),
    ),
    _Meaning(
        "User name or password is wrong.",
        (
            "authentication failed",
            "authenticationfailed",
            "authorizationfailed",
            "authentication failure",
            "invalid credentials",
            "invalid login",
            "invalid user",
            "invalid password",
            "login failed",
            "logon failure",
            "incorrect user",
            "incorrect password",
            "incorrect authentication",
            "bad username",
            "bad password",
            "not accepted",
            "authentication unsuccessful",
            "username or password",
            "wrong password",
            "535 ",
        ),
    ),
)
"""The first one that fits counts: a server that names the reason also says that the sign-in failed."""

_NETWORK: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (socket.gaierror, "There is no server called {host}, or names cannot be looked up right now."),
    (TimeoutError, "{host} does not answer on port {port}. A firewall may be in between, or the port is wrong."),
    (ConnectionRefusedError, "{host} is there, but nothing listens on port {port}."),
    ((ConnectionResetError, BrokenPipeError, EOFError), "{host} closed the connection."),
)
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF", "RECORD_LAYER")


def reaching(error: BaseException, *, host: str, port: int) -> str:
    """Return why a server cannot be reached, or is not who it says, as a sentence or two."""
    if isinstance(error, ssl.SSLError):
        return _encrypting(error, port)
    for kind, sentence in _NETWORK:
        if isinstance(error, kind):
            return sentence.format(host=host, port=port)
    if isinstance(error, OSError) and error.strerror:
        return f"{host} cannot be reached: {error.strerror}."
    return f"What answers at {host}:{port} does not speak as a mail server does: {said(error)}"


def _encrypting(error: ssl.SSLError, port: int) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, f"Its certificate is not accepted: {error.verify_message}.")
    if any(word in str(error) for word in _NO_TLS):
        return f"Port {port} does not speak TLS. Choose STARTTLS, or the port for TLS."
    return f"No encrypted connection came about: {said(error)}"


def signing_in(text: str) -> str:
    """Return what a refused sign-in means, with the server's own words behind."""
    words = said(text)
    heard = words.lower()
    meaning = next(
        (one.sentence for one in _SIGN_INS if any(phrase in heard for phrase in one.phrases)),
        "The server refused the sign-in.",
    )
    return f"{meaning} The server said: {words}" if words else meaning


def token_refusal(provider: str, code: str, description: str) -> str:
    """Return why an authorisation server gave no token."""
    meaning = _REFUSALS.get(code, f"answered “{said(code)}”.")
    words = said(description)
    return f"{provider} {meaning} It said: {words}" if words else f"{provider} {meaning}"


def said(what: object) -> str:
    """Return what a server said on one short line; libraries show some of it as Python writes bytes."""
    text = what.decode("utf-8", "replace") if isinstance(what, bytes) else str(what)
    text = " ".join(text.split())
    if text[:2] in ("b'", 'b"'):
        text = text[2:-1]
    return text[:SAID_CHARACTERS]


def certificate_advice(fingerprint: str) -> str:
    """Return how to trust a server whose certificate no authority vouches for."""
    if not fingerprint:
        return ""
    shown = ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2))
    return f" If this server is your own, enter the fingerprint of its certificate in the settings: {shown}"
