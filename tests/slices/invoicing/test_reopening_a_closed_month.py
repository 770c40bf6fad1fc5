"""A closed month is reopened on its page, but not while an invoice bills what it left over."""

import re

from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service


def test_a_month_is_reopened_once_no_invoice_holds_its_overage(story, office, sign_in_as):
    agreement = story.agree(per_month="10", overage="120")
    story.log("12")
    story.close()
    browser, page = sign_in_as(office.account_manager), f"/retainers/{agreement.id}"

    def reopen(reason="Two hours came late"):
        form = {"month": "2026-11", "reason": reason}
        return browser.post(f"{page}/reopen", data=form, follow_redirects=True).text

    offered = browser.get(f"{page}?month=2026-11").text
    invoice = story.drafted()
    in_draft, unsaid = reopen(), reopen(reason="")
    issued = story.issue(invoice)
    billed = reopen()
    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, reason="Wrong month")
    done = reopen()

    assert "Reopen November 2026" in offered
    assert re.search(r"Overage of 2026-11 is in the draft invoice \d+ for Acme; drop the draft first\.", in_draft)
    assert "Say which month is reopened, and why." in unsaid
    assert f"Overage of 2026-11 is billed by invoice {issued.number}; credit it first, or void it" in billed
    assert "November 2026 is open again." in done
    assert "Reopen November 2026" not in done
    assert [kind for kind, _, _ in story.charges()] == []
    with unit_of_work() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "reopened"))
    assert (row.actor_name, row.data["reason"]) == (office.account_manager.name, "Two hours came late")
