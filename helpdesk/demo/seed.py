"""The office of the demo before its first mail: our company, seven people, five clients, rates and retainers.

Only what somebody would type into the settings. Tickets come by mail and time by hand: see ``story``.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.company import service as company
from helpdesk.company.service import CompanyProfile
from helpdesk.demo.expectation import COSTS
from helpdesk.demo.world import World
from helpdesk.expenses import service as expenses
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.service import sources
from helpdesk.intake.service.sources import MailboxSettings
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.periods import Month, local_day
from helpdesk.outbox.models import Mailbox
from helpdesk.projects import first_run
from helpdesk.projects import service as projects
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms, tiers
from helpdesk.retainers.service.tiers import TierTerms

SUPPORT_ADDRESS = "support@halden-okoye.example"
STAFF = {
    "admin": ("Jonas Halden", "admin"),
    "manager": ("Amara Okoye", "manager"),
    "elodie": ("Élodie Marchand", "account_manager"),
    "ingrid": ("Ingrid Sørensen", "bookkeeper"),
    "tomasz": ("Tomasz Zieliński", "technician"),
    "priya": ("Priya Raman", "technician"),
    "lin": ("Lin Mei-Hua", "technician"),
}
ROLE_LOGINS = ("admin", "manager", "elodie", "ingrid", "tomasz", "priya", "lin")


@dataclass(frozen=True)
class ClientPlan:
    """One client of the demo; amounts in minor units of ``currency``. Without ``hours`` there is no retainer."""

    name: str
    legal_name: str
    address: str
    country: str
    domain: str
    zone: str
    language: str
    currency: str
    tax_percent: str
    project: str
    task: str
    hourly_rate: str
    hours: int | None = None
    fee_minor: int = 0
    overage_rate_minor: int | None = None


TIERS = (("Support S", 5, Decimal(620)), ("Support M", 10, Decimal(1200)), ("Support L", 20, Decimal(2200)))
OVERAGE = Decimal(120)

CLIENTS = (
    ClientPlan(
        name="Kühn Präzision",
        legal_name="Kühn Präzision GmbH",
        address="Zuffenhauser Straße 84\n70435 Stuttgart\nGermany",
        country="DE",
        domain="kuehn.example",
        zone="Europe/Berlin",
        language="de",
        currency="EUR",
        tax_percent="19",
        project="Managed workplace",
        task="ERP label templates",
        hourly_rate="105.00",
        hours=10,
        fee_minor=120000,
        overage_rate_minor=12000,
    ),
    ClientPlan(
        name="Blue Heron Clinics",
        legal_name="Blue Heron Clinics Inc.",
        address="310 Marsh Landing\nSeattle, WA 98104\nUnited States",
        country="US",
        domain="blueheron.example",
        zone="America/Los_Angeles",
        language="en",
        currency="USD",
        tax_percent="0",
        project="Web and intake",
        task="Monthly security updates",
        hourly_rate="140.00",
        hours=20,
        fee_minor=220000,
        overage_rate_minor=14000,
    ),
    ClientPlan(
        name="Harrow Street Legal",
        legal_name="Harrow Street Legal LLP",
        address="18 Harrow Street\nLondon EC2A 4NE\nUnited Kingdom",
        country="GB",
        domain="harrowstreet.example",
        zone="Europe/London",
        language="en",
        currency="EUR",
        tax_percent="0",
        project="Office support",
        task="Retention rules for the archive",
        hourly_rate="110.00",
        hours=5,
        fee_minor=60000,
        overage_rate_minor=13000,
    ),
    ClientPlan(
        name="Oliveira Logística",
        legal_name="Oliveira Logística, Lda",
        address="Rua do Cais 12\n4050-265 Porto\nPortugal",
        country="PT",
        domain="oliveira.example",
        zone="Europe/Lisbon",
        language="pt",
        currency="EUR",
        tax_percent="0",
        project="Warehouse systems",
        task="Label printer roll-out",
        hourly_rate="90.00",
    ),
    ClientPlan(
        name="Verdant Foods",
        legal_name="Verdant Foods SAS",
        address="7 quai des Salinières\n33800 Bordeaux\nFrance",
        country="FR",
        domain="verdant.example",
        zone="Europe/Paris",
        language="fr",
        currency="EUR",
        tax_percent="0",
        project="Mail and office",
        task="Mail migration, wave 2",
        hourly_rate="95.00",
    ),
)


@dataclass(frozen=True)
class Seeded:
    """What the story needs to know of the office: passwords by person, task numbers by client domain."""

    passwords: dict[str, str]
    tasks: dict[str, int]

    def email(self, key: str) -> str:
        """Return the address that a person signs in with."""
        return f"{key}@halden-okoye.example"


def furnish(session: Session, *, world: World, month: Month, now: datetime) -> Seeded:
    """Set the office up; retainers and rates start with ``month``, the month that the story closes."""
    passwords = {key: secrets.token_urlsafe(12) for key in STAFF}
    people = _staff(session, passwords, now)
    _company(session, now)
    _mailbox(session, world, now)
    retainers_from = month.first_day
    tasks = {
        plan.domain: _client(session, plan, people["elodie"].id, people["lin"].id, retainers_from, now)
        for plan in CLIENTS
    }
    for key, amount in COSTS.items():
        rates.set_cost(
            session,
            actor=SYSTEM,
            now=now,
            person_id=people[key].id,
            amount=amount,
            currency="EUR",
            effective_on=retainers_from,
        )
    for name, hours, fee in TIERS:
        terms = TierTerms("EUR", hours * HOUR, fee, overage_rate=OVERAGE)
        tiers.add_tier(session, actor=SYSTEM, now=now, name=name, terms=terms)
    rates.add_default_work_types(session, actor=SYSTEM, now=now)
    expenses.add_default_categories(session, actor=SYSTEM, now=now)
    rates.set_rounding(session, actor=SYSTEM, now=now, effective_on=retainers_from, mode="up", step_minutes=15)
    return Seeded(passwords, tasks)


def _staff(session: Session, passwords: dict[str, str], now: datetime) -> dict[str, Person]:
    token = first_run.make_first_run_token(session, now=now)
    people = {
        "admin": first_run.set_up(
            session,
            now=now,
            token=token,
            company_name="Halden & Okoye",
            currency="EUR",
            time_zone="Europe/Berlin",
            name=STAFF["admin"][0],
            email="admin@halden-okoye.example",
            password=passwords["admin"],
        )
    }
    for key, (name, role) in STAFF.items():
        if key != "admin":
            people[key] = accounts.add_person(
                session,
                actor=SYSTEM,
                now=now,
                name=name,
                email=f"{key}@halden-okoye.example",
                password=passwords[key],
                role=role,
                time_zone="Europe/Berlin",
            )
    for person in people.values():
        person.mail_notifications = False  # the story counts the letters that reach clients
    return people


def _company(session: Session, now: datetime) -> None:
    profile = CompanyProfile(
        name="Halden & Okoye",
        legal_name="Halden & Okoye GmbH",
        address="Kajen 12\n20459 Hamburg\nGermany",
        country="DE",
        vat_id="DE300000001",
        registration="Amtsgericht Hamburg HRB 158 204\nJ. Halden, A. Okoye, directors",
        email="accounts@halden-okoye.example",
        website="halden-okoye.example",
        bank_name="Hansebank Hamburg",
        iban="DE21 9999 0000 0012 3456 78",
        bic="HNSBDEHHXXX",
        currency="EUR",
        time_zone="Europe/Berlin",
        tax_percent="19",
        invoice_number_pattern="HO-{year}-{number:04}",
    )
    company.update(session, actor=SYSTEM, now=now, profile=profile)
    today = local_day(now, ZoneInfo(profile.time_zone))
    expenses.set_exchange_rate(
        session, actor=SYSTEM, now=now, currency="USD", effective_on=today, rate="0.92", source="ECB"
    )


def _mailbox(session: Session, world: World, now: datetime) -> Mailbox:
    settings = MailboxSettings(
        name="Halden & Okoye Support",
        address=SUPPORT_ADDRESS,
        user=world.imap.user,
        password=world.imap.password,
        imap_host=world.imap.host,
        imap_port=world.imap.port,
        imap_security="none",
        smtp_host=world.smtp.host,
        smtp_port=world.smtp.port,
        smtp_security="none",
    )
    return sources.connect_mailbox(session, actor=SYSTEM, now=now, settings=settings).mailbox


def _client(
    session: Session, plan: ClientPlan, account_manager_id: int, assignee_id: int, starts_on: date, now: datetime
) -> int:
    """Add a client with domain, project, task, rate and retainer; return the number of the task."""
    profile = ClientProfile(
        name=plan.name,
        legal_name=plan.legal_name,
        address=plan.address,
        country=plan.country,
        invoice_email=f"invoices@{plan.domain}",
        currency=plan.currency,
        time_zone=plan.zone,
        language=plan.language,
        tax_percent=plan.tax_percent,
        account_manager_id=account_manager_id,
    )
    client = clients.add_client(session, actor=SYSTEM, now=now, profile=profile)
    clients.add_domain(session, actor=SYSTEM, now=now, client_id=client.id, domain=plan.domain)
    billing = "retainer" if plan.hours else "hourly"
    project = projects.add_project(
        session, actor=SYSTEM, now=now, client_id=client.id, name=plan.project, billing=billing
    )
    task = projects.add_task(
        session, actor=SYSTEM, now=now, project_id=project.id, title=plan.task, assignee_id=assignee_id
    )
    rates.set_rate(
        session,
        actor=SYSTEM,
        now=now,
        amount=plan.hourly_rate,
        currency=plan.currency,
        client_id=client.id,
        effective_on=starts_on,
    )
    if plan.hours:
        _retainer(session, plan, client.id, plan.hours, starts_on, now)
    return task.number


def _retainer(session: Session, plan: ClientPlan, client_id: int, hours: int, starts_on: date, now: datetime) -> None:
    terms = NewTerms(
        allowance_seconds=hours * 3600,
        fee_minor=plan.fee_minor,
        fee_timing="arrears",
        overage_rate_minor=plan.overage_rate_minor,
    )
    retainers.add_agreement(
        session, actor=SYSTEM, now=now, client_id=client_id, name=plan.project, starts_on=starts_on, terms=terms
    )
