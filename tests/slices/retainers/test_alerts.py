"""Each threshold of a month is told once: to the account manager, and to the client where that is switched on."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.notices.models import Notice
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.retainers import alerts, service
from helpdesk.retainers.models import AgreementTerms, RetainerAlert

MARCH = datetime(2026, 3, 2, 20, tzinfo=UTC)
LATE_MARCH = datetime(2026, 3, 20, 20, tzinfo=UTC)
APRIL = datetime(2026, 4, 2, 8, tzinfo=UTC)


def add_mailbox(story):
    story.session.add(
        Mailbox(
            address="support@halden-okoye.example",
            name="Support",
            smtp_host="localhost",
            smtp_port=25,
            smtp_security="none",
            created_at=MARCH,
        )
    )


@pytest.fixture
def watched(story, office):
    """Acme's 10 h a month from March on, its account manager, an address for invoices, and a mailbox to tell from."""
    add_mailbox(story)
    acme = office.acme
    acme.account_manager_id, acme.invoice_email, acme.language = office.account_manager.id, "bills@acme.example", "de"
    story.session.merge(acme)
    story.agree(per_month="10", overage_rate_minor=12000)
    return story


def look(story, now):
    return alerts.watch(lambda: nullcontext(story.session), clock=lambda: now)


def mails(story):
    return story.session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()


def thresholds(story):
    rows = story.session.scalars(select(RetainerAlert).order_by(RetainerAlert.id))
    return [(str(Month.of(row.month)), row.threshold) for row in rows]


def test_a_threshold_is_told_once_whatever_becomes_of_the_month_and_its_terms(watched):
    watched.log("6", "2026-03-02")
    counts = [look(watched, MARCH), look(watched, MARCH)]
    watched.log("3", "2026-03-03")
    counts.append(look(watched, APRIL))
    watched.close("2026-03", now=APRIL)
    service.reopen_period(
        watched.session, actor=SYSTEM, now=APRIL, agreement_id=watched.agreement.id, month=Month(2026, 3), reason="late"
    )
    terms = watched.session.scalars(select(AgreementTerms)).one()
    terms.allowance_seconds = 9 * 3600
    watched.session.flush()
    counts += [look(watched, APRIL), look(watched, APRIL)]

    assert counts == [1, 0, 1, 1, 0]
    assert thresholds(watched) == [("2026-03", "50"), ("2026-03", "80"), ("2026-03", "100")]
    assert [mail.to[0]["address"] for mail in mails(watched)] == ["account_manager@halden-okoye.example"] * 3
    assert mails(watched)[0].subject == "Acme, Support: 50 % of the hours of March 2026 are used"
    assert "What goes beyond is billed at €120.00 an hour." in mails(watched)[0].text
    told = watched.session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [(one.kind, one.title, one.mail_due_at) for one in told] == [
        ("retainer", f"Acme, Support: {percent} % of the hours of March 2026 are used", None)
        for percent in (50, 80, 100)
    ]
    assert told[0].path == f"/retainers/{watched.agreement.id}?month=2026-03"


def test_a_forecast_beyond_the_hours_is_told_of_the_month_that_runs(watched):
    for day in ("02", "09", "16"):
        watched.log("3", f"2026-03-{day}")

    look(watched, LATE_MARCH)

    assert thresholds(watched) == [("2026-03", "forecast"), ("2026-03", "50"), ("2026-03", "80")]
    [mail] = mails(watched)
    assert "Forecast for the month: " in mail.text


def test_the_client_is_told_in_its_language_and_of_what_is_switched_on_alone(watched, office):
    agreement_id = watched.agreement.id
    set_to = {"actor": SYSTEM, "now": MARCH, "agreement_id": agreement_id}
    alerts.set_alerts(watched.session, **set_to, thresholds=["80"], tell_client=True)
    watched.log("6", "2026-03-02")
    few = look(watched, MARCH)
    watched.log("2.5", "2026-03-03")
    watched.log("1", "2026-03-04", status="submitted")

    more = look(watched, MARCH)

    assert (few, more) == (0, 1)
    ours, theirs = mails(watched)
    assert "Not approved yet: 1:00 h" in ours.text
    assert theirs.to == [{"name": "Acme GmbH", "address": "bills@acme.example"}]
    assert theirs.subject == "Support: 80 % der Stunden für März 2026 sind verbraucht"
    assert "Verbraucht: 8:30 h (85 %)" in theirs.text
    assert "1:00" not in theirs.text
    [row] = watched.session.scalars(select(RetainerAlert)).all()
    assert row.told == ["manager", "client"]


def test_a_closed_month_a_month_without_hours_and_old_months_tell_nothing(watched):
    watched.log("12", "2026-03-02")
    watched.close("2026-03", now=APRIL)
    closed = look(watched, APRIL)
    watched.log("12", "2026-04-02")
    old = look(watched, datetime(2026, 6, 1, tzinfo=UTC))
    watched.session.scalars(select(AgreementTerms)).one().allowance_seconds = 0
    watched.session.flush()

    assert (closed, old, look(watched, datetime(2026, 5, 1, tzinfo=UTC))) == (0, 0, 0)
    assert mails(watched) == []


def test_a_client_without_an_address_cannot_be_told(watched):
    watched.agreement.client.invoice_email = ""

    with pytest.raises(RuleViolation, match="Acme has no address for invoices"):
        alerts.set_alerts(
            watched.session,
            actor=SYSTEM,
            now=MARCH,
            agreement_id=watched.agreement.id,
            thresholds=["80"],
            tell_client=True,
        )
