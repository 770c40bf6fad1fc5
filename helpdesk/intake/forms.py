"""The forms of a mailbox: who it is, where it is read, where its mail leaves, and what happens to what comes."""

import re
from typing import Any

from wtforms import (
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from helpdesk.company.forms import LANGUAGES
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.outbox.providers import CODE, CREDENTIALS, GOOGLE, MICROSOFT, OTHER, Endpoints, endpoints_of

SECURITY = options((("tls", _l("TLS")), ("starttls", _l("STARTTLS")), ("none", _l("none (this machine only)"))))
SIGN_IN = options(
    (("password", _l("A password, or an app password")), ("oauth", _l("OAuth: Google, Microsoft 365 or another")))
)
FIRST_FETCH = options(
    (
        ("now", _l("Leave it: begin with the next mail")),
        ("days", _l("Read that of the last days, without acknowledging it")),
        ("all", _l("Read all of it, without acknowledging it")),
    )
)
PORT = (InputRequired(), NumberRange(1, 65535))
LONGEST_DAYS = 3650
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
TENANT = re.compile(r"[0-9A-Za-z.-]+")
_HOST = re.compile(r"[^\s/@:]+|\[?[0-9a-fA-F:.]+\]?")


def host(_form: object, field: Field) -> None:
    """Refuse what cannot be the name of a server: an URL, a port, a space."""
    if not _HOST.fullmatch(field.data or ""):
        raise ValidationError(_("Only the server's name, such as imap.example.com: no https://, no port."))


def fingerprint(_form: object, field: Field) -> None:
    """Refuse what is no SHA-256 fingerprint."""
    if field.data and not FINGERPRINT.fullmatch(field.data):
        raise ValidationError(_("A SHA-256 fingerprint has 64 hexadecimal digits; the test shows it."))


def plain_fingerprint(value: str | None) -> str | None:
    """Return a fingerprint as it is stored: no colons, no spaces, lower case."""
    return re.sub(r"[\s:]", "", value).lower() if value else value


class MailboxForm(StrictForm):
    """All that a mailbox can be set to; empty passwords leave what is stored."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=120)])
    language = SelectField(_l("Language"), choices=LANGUAGES, default="en")
    auth = RadioField(_l("Signs in with"), choices=SIGN_IN, default="password")
    username = StringField(_l("User name"), [InputRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), [Length(max=1000)])
    imap_host = StringField(_l("IMAP server"), [InputRequired(), host])
    imap_port = IntegerField(_l("IMAP port"), PORT, default=993)
    imap_tls = SelectField(_l("IMAP encryption"), choices=SECURITY, default="tls")
    imap_fingerprint = StringField(_l("IMAP certificate"), [Length(max=200), fingerprint], filters=[plain_fingerprint])
    folder = StringField(_l("Folder"), [Length(max=200)], default="INBOX")
    smtp_host = StringField(_l("SMTP server"), [InputRequired(), host])
    smtp_port = IntegerField(_l("SMTP port"), PORT, default=587)
    smtp_tls = SelectField(_l("SMTP encryption"), choices=SECURITY, default="starttls")
    smtp_fingerprint = StringField(_l("SMTP certificate"), [Length(max=200), fingerprint], filters=[plain_fingerprint])
    smtp_username = StringField(_l("SMTP user name"), [Length(max=254)])
    smtp_password = PasswordField(_l("SMTP password"), [Length(max=1000)])
    project_id = SelectField(_l("Project"), coerce=optional_id, default=None)
    team_id = SelectField(_l("Team"), coerce=optional_id, default=None)
    processed_folder = StringField(_l("Processed folder"), [Length(max=200)])
    authserv_id = StringField(_l("Our server's name in Authentication-Results"), [Length(max=200)])
    signature = TextAreaField(_l("Signature"), [Length(max=2000)])
    acknowledgement = TextAreaField(_l("Acknowledgement"), [Length(max=4000)])

    def validate_processed_folder(self, field: Field) -> None:
        """Refuse the folder that is read: mail would go round in it."""
        if field.data and field.data.lower() == (self.folder.data or "INBOX").lower():
            raise ValidationError(_("This is the folder that is read. Name another one, or none."))

    def settings(self) -> dict[str, Any]:
        """Return the fields as `MailboxSettings` names them."""
        return {
            "name": self.name.data,
            "language": self.language.data,
            "auth": self.auth.data,
            "user": self.username.data,
            "password": self.password.data or "",
            "imap_host": self.imap_host.data,
            "imap_port": self.imap_port.data,
            "imap_security": self.imap_tls.data,
            "imap_fingerprint": self.imap_fingerprint.data or "",
            "folder": self.folder.data or "INBOX",
            "smtp_host": self.smtp_host.data,
            "smtp_port": self.smtp_port.data,
            "smtp_security": self.smtp_tls.data,
            "smtp_fingerprint": self.smtp_fingerprint.data or "",
            "smtp_user": self.smtp_username.data or None,
            "smtp_password": self.smtp_password.data or None,
            "default_project_id": self.project_id.data,
            "team_id": self.team_id.data,
            "processed_folder": self.processed_folder.data or "",
            "trusted_authserv_id": self.authserv_id.data or "",
            "signature": self.signature.data or "",
            "acknowledgement": self.acknowledgement.data or "",
        }


class NewMailboxForm(MailboxForm):
    """A mailbox that is connected: also its address, and what happens to the mail that is there.

    Passwords that were typed for a first try come back sealed, since a page never shows one; ``anyway`` connects
    whatever the try said.
    """

    address = StringField(_l("Address"), [InputRequired(), Length(max=254)])
    first_fetch = RadioField(_l("Mail that is there already"), choices=FIRST_FETCH, default="now")
    first_days = IntegerField(_l("Days"), [Optional(), NumberRange(1, LONGEST_DAYS)], default=30)
    kept_password = HiddenField()
    kept_smtp_password = HiddenField()
    anyway = HiddenField()

    def validate_first_fetch(self, field: Field) -> None:
        """Ask for the number of days where it counts."""
        if field.data == "days" and self.first_days.data is None:
            raise ValidationError(_("Say how many days back."))

    def validate_password(self, field: Field) -> None:
        """Ask for the password where one is needed and none was typed before."""
        if self.auth.data == "password" and not field.data and not self.kept_password.data:
            raise ValidationError(_("This field is required."))

    def settings(self) -> dict[str, Any]:
        """Return the fields as `MailboxSettings` names them."""
        return super().settings() | {
            "address": self.address.data,
            "start_from": self.first_fetch.data,
            "start_days": self.first_days.data if self.first_fetch.data == "days" else None,
        }


class GrantForm(StrictForm):
    """How our application is registered with a mail provider; an empty secret leaves the one that is stored."""

    provider = SelectField(
        _l("Provider"),
        choices=options(((GOOGLE, "Google"), (MICROSOFT, "Microsoft 365"), (OTHER, _l("another, described below")))),
    )
    flow = RadioField(
        _l("Who consents"),
        choices=options(
            (
                (CODE, _l("A person, in a browser")),
                (CREDENTIALS, _l("An administrator, once for the application (client credentials)")),
            )
        ),
        default=CODE,
    )
    client_id = StringField(_l("Client ID"), [InputRequired(), Length(max=300)])
    client_secret = PasswordField(_l("Client secret"), [Length(max=1000)])
    tenant = StringField(_l("Tenant"), [Length(max=200)])
    authorize_url = StringField(_l("Consent address"), [Length(max=500)])
    token_url = StringField(_l("Token address"), [Length(max=500)])
    scope = StringField(_l("Scope"), [Length(max=1000)])

    def validate_flow(self, field: Field) -> None:
        """Refuse what a provider does not have."""
        if field.data == CREDENTIALS and self.provider.data == GOOGLE:
            raise ValidationError(_("Google lets a person consent only."))

    def validate_tenant(self, field: Field) -> None:
        """Ask for the directory where the application itself signs in."""
        if field.data and not TENANT.fullmatch(field.data):
            raise ValidationError(_("The directory's id, or one of its domains."))
        if self.provider.data == MICROSOFT and self.flow.data == CREDENTIALS and not field.data:
            raise ValidationError(_("Client credentials need the tenant."))

    def validate_token_url(self, field: Field) -> None:
        """Ask for the addresses of a server that nobody knows."""
        if self.provider.data == OTHER and not field.data:
            raise ValidationError(_("This field is required."))

    def endpoints(self) -> Endpoints:
        """Return where to ask, by provider or as typed."""
        known = endpoints_of(self.provider.data, flow=self.flow.data, tenant=self.tenant.data or "")
        if known is not None:
            return known
        return Endpoints(self.authorize_url.data or "", self.token_url.data or "", self.scope.data or "")
