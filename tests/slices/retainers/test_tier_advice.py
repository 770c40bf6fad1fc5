"""The page that says which tier fits, and the mail that offers it (docs/billing.md rule 15)."""

import html
import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.retainers.service.tiers import TierTerms, add_tier
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.retainers.conftest import JUNE, Story


@pytest.fixture
def over(office):
    """Acme has 10 h for 1,000.00 and worked 18 h in each of three months; 20 h are sold for 1,700.00."""
    with unit_of_work() as session:
        story = Story(session, office)
        story.agree(per_month="10", starts_on=date(2026, 2, 1), fee_minor=100_000, overage_rate_minor=15_000)
        for month in ("2026-02", "2026-03", "2026-04"):
            story.log("18", f"{month}-03")
            story.close(month)
        session.execute(update(TimeEntry).values(cost_rate_minor=4_000, cost_rate_currency="EUR"))
        session.execute(
            update(Client)
            .where(Client.id == office.acme.id)
            .values(invoice_email="billing@acme.example", language="de")
        )
        session.add(
            Mailbox(
                address="support@desk.example",
                name="Support",
                smtp_host="localhost",
                smtp_port=25,
                smtp_security="none",
                created_at=JUNE,
            )
        )
        add_tier(session, actor=SYSTEM, now=JUNE, name="Tier M", terms=TierTerms("EUR", 72_000, Decimal(1700)))
        assert story.agreement is not None
        return story.agreement.id


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def mails() -> list[tuple[str, str]]:
    with unit_of_work() as session:
        return [(each.to[0]["address"], each.text) for each in session.scalars(select(OutgoingMessage))]


def test_the_page_says_what_each_tier_would_have_cost_and_what_it_brings(over, office, sign_in_as):
    managers = text_of(sign_in_as(office.manager).get(f"/retainers/{over}/advice").text)
    account_managers = text_of(sign_in_as(office.account_manager).get(f"/retainers/{over}/advice").text)

    # 3 x 1,000 and 24 h x 150 are 6,600; 3 x 1,700 are 5,100
    assert "In 3 of 3 months beyond the allowance; Tier M would have cost €1,500.00 less." in managers
    assert "Tier M Fits best 20 h for €1,700.00 €5,100.00 – – €5,100.00 -€1,500.00 0 6:00 €510.00 €94.44" in managers
    assert "€94.44 €2,940.00" in managers
    assert "Margin" not in account_managers
    assert "2,940.00" not in account_managers


def test_the_mail_is_a_draft_in_the_clients_language_and_leaves_once_by_hand(over, office, sign_in_as):
    browser = sign_in_as(office.account_manager)
    page = browser.get(f"/retainers/{over}/advice").text
    key = re.search(r'name="key"[^>]*value="([0-9a-f]+)"', page)
    assert key is not None
    mail = {"key": key[1], "subject": "Support", "text": "Guten Tag,\n\n20 Stunden?"}

    before = mails()
    sent = [browser.post(f"/retainers/{over}/advice", data=mail).status_code for _ in range(2)]
    after = mails()

    assert "In diesen Monaten hätten Sie vor Steuern 5.100,00\xa0€ statt 6.600,00\xa0€ gezahlt" in html.unescape(page)
    assert (before, sent) == ([], [303, 303])
    assert after == [("billing@acme.example", "Guten Tag,\n\n20 Stunden?\n")]


def test_a_mail_without_words_is_refused_and_keeps_what_was_typed(over, office, sign_in_as):
    mail = {"key": "1", "subject": "Mine", "text": ""}

    refused = sign_in_as(office.account_manager).post(f"/retainers/{over}/advice", data=mail)

    assert refused.status_code == 422
    assert 'value="Mine"' in refused.text
    assert 'id="text-error"' in refused.text


def test_of_too_few_months_nothing_is_said_and_nothing_offered(office, sign_in_as):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement_id = story.agree(per_month="10", starts_on=date(2026, 5, 1)).id

    page = sign_in_as(office.manager).get(f"/retainers/{agreement_id}/advice")

    assert "three are needed before anything can be said" in page.text
    assert "Offer it to the client" not in page.text
