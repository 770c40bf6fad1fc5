"""The statement of a month on paper: its PDF in the client's language (docs/billing.md rule 10)."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.infra import pdf
from helpdesk.infra.blobs import store
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import page_css, paper_of
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers import queries
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.statements.posted import DayStand, Posted, days_of, pending_of, postings_of
from helpdesk.retainers.statements.printed import printed, without_pending

STYLE = Path(__file__).parents[2] / "static" / "css" / "print.css"


@dataclass(frozen=True)
class StatementSheet:
    """All that a statement says, read at one time; it is printed after the reading has ended."""

    view: MonthView
    house: Company
    postings: list[Posted]
    days: list[DayStand]
    as_of: date

    @property
    def language(self) -> str:
        """The client's language, or English where there is no catalogue for it."""
        return letter_language(self.view.agreement.client.language)

    @property
    def paper(self) -> str:
        """The sheet that the client's printer holds."""
        return paper_of(self.view.agreement.client.country or self.house.country)


def read_sheet(
    session: Session, agreement: Agreement, *, month: Month, now: datetime, with_pending: bool = False
) -> StatementSheet:
    """Return what the statement of a month says; time that is not approved stands in it only ``with_pending``.

    Raises:
        NotFound: the agreement has no such month.
    """
    view = queries.month_view(session, agreement=agreement, month=month, now=now)
    if view is None:
        message = "This agreement has no such month."
        raise NotFound(message)
    as_of = local_day(now, ZoneInfo(agreement.time_zone))
    postings = postings_of(session, view)
    sheet = StatementSheet(
        view=view,
        house=company.get_company(session),
        postings=postings,
        days=without_pending(days_of(view, postings, as_of=as_of)),
        as_of=as_of,
    )
    if not with_pending or view.closed is not None:
        return sheet
    shown = days_of(view, postings, as_of=as_of)
    return replace(sheet, postings=[*postings, *pending_of(view)], days=shown)


def to_html(sheet: StatementSheet) -> str:
    """Return the page that is printed, without any style sheet, link or script."""
    with force_locale(sheet.language):
        doc = printed(sheet.view, sheet.postings, sheet.days, sheet.house, as_of=sheet.as_of, paper=sheet.paper)
        return str(current_app.jinja_env.get_template("retainers/statement.html").render(doc=doc))


def page_of(sheet: StatementSheet) -> pdf.Page:
    """Return the statement ready to be printed: from here on no database is asked.

    Raises:
        NotFound: the logo is no longer stored.
    """
    html, digest = to_html(sheet), sheet.house.logo_sha256
    return pdf.Page(
        html=html,
        css=STYLE.read_text() + page_css(sheet.paper),
        identifier=sha256(html.encode()).hexdigest()[:32],
        assets={"logo": pdf.picture(store().get(digest))} if digest else {},
    )


def to_pdf(sheet: StatementSheet) -> bytes:
    """Return the statement as a tagged PDF; what says the same has the same bytes.

    Raises:
        ExternalFailure: the renderer gave up on it.
        NotFound: the logo is no longer stored.
    """
    return pdf.to_pdf(page_of(sheet))


def file_name(agreement: Agreement, month: Month) -> str:
    """Return a name that every file system takes: ``Acme-Support-2026-11.pdf``."""
    words = re.sub(r"[^\w.-]+", "-", f"{agreement.client.name}-{agreement.name}-{month}", flags=re.ASCII)
    return f"{words.strip('.-')}.pdf"
