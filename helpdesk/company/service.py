"""Use cases of our own company: set up once, then change."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.company.domain import BusinessHours, check_number_pattern, check_percent
from helpdesk.company.models import APPROVERS, BUSINESS_HOURS, CREDIT_NOTES, OWN_ID, Company
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.countries import check_country
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import check_currency
from helpdesk.kernel.periods import zone_named
from helpdesk.kernel.taxes import check_mode

MOST_PAYMENT_DAYS = 365
DAY_MINUTES = 1440
DAY_HOURS = 24
MOST_UNDO_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class CompanyProfile:
    """What an administrator may set; the names are those of `Company`'s columns.

    Raises:
        RuleViolation: no name, or an unknown country, currency, zone, tax, pattern, approver or hours.
    """

    name: str
    legal_name: str = ""
    address: str = ""
    country: str = ""
    vat_id: str = ""
    tax_number: str = ""
    registration: str = ""
    email: str = ""
    website: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    currency: str = "EUR"
    time_zone: str = "UTC"
    language: str = "en"
    payment_days: int = 14
    tax_percent: str = "0"
    tax_rounding: str = "sum"
    price_basis: str = "net"
    invoice_number_pattern: str = "INV-{year}-{number:04}"
    credit_note_number_pattern: str = CREDIT_NOTES
    invoice_terms: str = ""
    factur_x: bool = False
    self_approval: bool = False
    timer_idle_minutes: int = 120
    timer_limit_hours: int = 10
    approved_by: str = "managers"
    notes_reading: bool = True
    business_hours: str = BUSINESS_HOURS
    undo_seconds: int = 10
    typing_assigns: bool = True

    def __post_init__(self) -> None:
        if not self.name.strip():
            message = "The company needs a name."
            raise RuleViolation(message)
        if not 0 <= self.payment_days <= MOST_PAYMENT_DAYS:
            message = f"Payment is due after 0 to {MOST_PAYMENT_DAYS} days."
            raise RuleViolation(message)
        if not 0 <= self.timer_idle_minutes <= DAY_MINUTES or not 0 <= self.timer_limit_hours <= DAY_HOURS:
            message = "A timer asks within a day: after 0 to 1440 minutes, or 0 to 24 hours; 0 means never."
            raise RuleViolation(message)
        if not 0 <= self.undo_seconds <= MOST_UNDO_SECONDS:
            message = f"An answer waits 0 to {MOST_UNDO_SECONDS} seconds."
            raise RuleViolation(message, field="undo_seconds")
        check_country(self.country)
        check_currency(self.currency)
        zone_named(self.time_zone)
        check_percent(self.tax_percent)
        check_mode(rounding=self.tax_rounding, basis=self.price_basis)
        check_number_pattern(self.invoice_number_pattern)
        check_number_pattern(self.credit_note_number_pattern)
        if self.credit_note_number_pattern == self.invoice_number_pattern:
            message = "Credit notes need numbers of their own: their pattern is that of invoices."
            raise RuleViolation(message, field="credit_note_number_pattern")
        BusinessHours.parse(self.business_hours)
        if self.approved_by not in APPROVERS:
            message = f"{self.approved_by!r} approves no time."
            raise RuleViolation(message)


def find_company(session: Session) -> Company | None:
    """Return our own company, or None before the first run. A session keeps it: nearly everything asks for it."""
    found = session.get(Company, OWN_ID)
    know(session, found)
    return found


def know(session: Session, found: Company | None) -> None:
    """Keep our own company, which was read together with something else: whoever asks for it asks no more."""
    if found is not None:
        session.info["company"] = found


def get_company(session: Session) -> Company:
    """Return our own company.

    Raises:
        NotFound: nobody has set it up yet.
    """
    company = find_company(session)
    if company is None:
        message = "Helpdesk is not set up yet. Open the address that `helpdesk up` printed."
        raise NotFound(message)
    return company


def numbers_of(company: Company) -> dict[str, Any]:
    """Return how documents are numbered, which has a page of its own (docs/billing.md rule 19)."""
    names = ("invoice_number_pattern", "credit_note_number_pattern")
    return {name: getattr(company, name) for name in names}


def set_up(session: Session, *, actor: Actor, now: datetime, profile: CompanyProfile) -> Company:
    """Add our own company.

    Raises:
        Conflict: there is one already.
    """
    if find_company(session) is not None:
        message = "The company is set up already."
        raise Conflict(message)
    company = Company(id=OWN_ID, created_at=now, **asdict(profile))
    session.add(company)
    session.flush()
    audit.record(session, actor=actor, action="set up", kind="company", object_id=OWN_ID, now=now, name=profile.name)
    return company


def update(session: Session, *, actor: Actor, now: datetime, profile: CompanyProfile) -> Company:
    """Change our own company; issued invoices keep what they were issued with.

    Raises:
        NotFound: nobody has set it up yet.
    """
    company = get_company(session)
    changed = {name: value for name, value in asdict(profile).items() if getattr(company, name) != value}
    for name, value in changed.items():
        setattr(company, name, value)
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="company", object_id=OWN_ID, now=now, **changed)
    return company
