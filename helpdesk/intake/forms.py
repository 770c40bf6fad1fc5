"""The form that connects a mailbox: who it is, where it is read, where its mail leaves."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange

from helpdesk.infra.forms import StrictForm, optional_id, options

SECURITY = options((("tls", _l("TLS")), ("starttls", _l("STARTTLS")), ("none", _l("none (this machine only)"))))
PORT = (InputRequired(), NumberRange(1, 65535))


class MailboxForm(StrictForm):
    """One mailbox: IMAP and SMTP with the same user and password."""

    name = StringField(_l("Name"), [InputRequired()])
    address = StringField(_l("Address"), [InputRequired()])
    username = StringField(_l("User name"), [InputRequired()])
    password = PasswordField(_l("Password"), [InputRequired()])
    imap_host = StringField(_l("IMAP server"), [InputRequired()])
    imap_port = IntegerField(_l("IMAP port"), PORT, default=993)
    imap_tls = SelectField(_l("IMAP encryption"), choices=SECURITY, default="tls")
    smtp_host = StringField(_l("SMTP server"), [InputRequired()])
    smtp_port = IntegerField(_l("SMTP port"), PORT, default=587)
    smtp_tls = SelectField(_l("SMTP encryption"), choices=SECURITY, default="starttls")
    project_id = SelectField(_l("Project"), coerce=optional_id, default=None)
    first_fetch = RadioField(
        _l("Mail that is there already"),
        choices=options(
            (("now", _l("Leave it: begin with the next mail")), ("all", _l("Read all of it, without answering")))
        ),
        default="now",
    )
