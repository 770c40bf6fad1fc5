"""What is known of mail providers that sign in by OAuth: pure (docs/mail.md rule 40)."""

from dataclasses import dataclass

GOOGLE = "google"
MICROSOFT = "microsoft"
OTHER = "other"
NAMES = {GOOGLE: "Google", MICROSOFT: "Microsoft", OTHER: "The authorisation server"}

CODE = "authorization_code"
CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where a provider's mail is read and handed in."""

    imap_host: str
    imap_port: int
    imap_security: str
    smtp_host: str
    smtp_port: int
    smtp_security: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where consent is asked for and tokens are given, and what is asked for."""

    authorize_url: str
    token_url: str
    scope: str


SERVERS = {
    GOOGLE: Servers("imap.gmail.com", 993, "tls", "smtp.gmail.com", 587, "starttls"),
    MICROSOFT: Servers("outlook.office365.com", 993, "tls", "smtp.office365.com", 587, "starttls"),
}
_MICROSOFT_SCOPE = {
    CODE: "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    CREDENTIALS: "https://outlook.office365.com/.default",
}


def endpoints_of(provider: str, *, flow: str, tenant: str = "") -> Endpoints | None:
    """Return the addresses and the scope of a provider; None for one that people describe by hand.

    ``tenant`` is the directory of Microsoft 365, by id or domain; without one any account may consent.
    """
    if provider == GOOGLE:
        return Endpoints(
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
        )
    if provider == MICROSOFT:
        base = f"https://login.microsoftonline.com/{tenant or 'common'}/oauth2/v2.0"
        return Endpoints(f"{base}/authorize", f"{base}/token", _MICROSOFT_SCOPE[flow])
    return None
