"""A client's account on paper and by mail, in the client's language (docs/billing.md rule M3)."""

from dataclasses import dataclass
from hashlib import sha256

from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra import pdf
from helpdesk.infra.blobs import store
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import page_css, paper_of
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.statement import Line, Statement
from helpdesk.invoicing.pages.account import Asked, row_of, statement_asked
from helpdesk.invoicing.render import STYLE, file_name

SENDER = ("name", "legal_name", "website", "email", "registration", "vat_id", "tax_number", "bank_name", "iban", "bic")


@dataclass(frozen=True)
class Letter:
    """The account of some days, ready to be printed: read while the database was asked, written afterwards.

    ``html`` is the page that is printed, ``subject`` and ``text`` are the mail that carries it.
    """

    html: str
    logo_sha256: str | None
    paper: str
    file_name: str
    subject: str
    text: str


def letter_of(session: Session, asked_for: Asked) -> Letter:
    """Return the account that is asked for as the client reads it."""
    found, client, ours = statement_asked(session, asked_for), asked_for.client, company.get_company(session)
    language = letter_language(client.language)
    with force_locale(language):
        template = current_app.jinja_env.get_template("invoicing/print_account.html")
        html = template.render(
            language=language.replace("_", "-"),
            company={name: getattr(ours, name) for name in SENDER} | {"address_lines": ours.address.splitlines()},
            has_logo=ours.logo_sha256 is not None,
            client={"name": client.legal_name or client.name, "address_lines": client.address.splitlines()},
            customer_number=client.customer_number,
            currency=asked_for.currency,
            statement=found,
            rows=[_row(line) for line in found.lines],
        )
        subject, text = _mail(found, asked_for.currency, ours.name)
    name = file_name(f"{client.name}-{found.first}-{found.last}")
    return Letter(html, ours.logo_sha256, paper_of(client.country or ours.country), name, subject, text)


def to_pdf(letter: Letter) -> bytes:
    """Return the letter as a tagged PDF; asks no database.

    Raises:
        ExternalFailure: the renderer gave up on it.
    """
    assets = {"logo": pdf.picture(store().get(letter.logo_sha256))} if letter.logo_sha256 else {}
    identifier = sha256(letter.html.encode()).hexdigest()[:32]
    css = STYLE.read_text() + page_css(letter.paper)
    return pdf.to_pdf(pdf.Page(html=letter.html, css=css, identifier=identifier, assets=assets))


def _row(line: Line) -> dict[str, object]:
    """Return a line as the client reads it: why something was taken or paid back is our own note."""
    own = line.entry.kind in {"payment_taken_back", "refund", "refund_undone"}
    return {**row_of(line), "detail": "" if own else line.entry.detail}


def _mail(found: Statement, currency: str, company_name: str) -> tuple[str, str]:
    words = {
        "company": company_name,
        "first": day_filter(found.first, "d MMMM y"),
        "last": day_filter(found.last, "d MMMM y"),
        "balance": money_filter(abs(found.closing_minor), currency),
    }
    subject = _("Statement of account from %(company)s, %(last)s", **words)
    if found.closing_minor < 0:
        says = _("%(balance)s are in your favour.", **words)
    elif found.closing_minor:
        says = _("%(balance)s are open.", **words)
    else:
        says = _("Nothing is open.")
    text = _(
        "Hello,\n\nattached is your account from %(first)s to %(last)s. %(says)s\n"
        "Does your own account say otherwise? Reply to this mail.\n\n%(company)s\n",
        says=says,
        **words,
    )
    return subject, text
