"""What is promised on tickets, however it stands, and the lists of what is due, in both themes and at 390 pixels."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import PolicyValues
from helpdesk.tickets import service as tickets
from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.browser.test_states import found_on
from tests.conftest import NOW

HOUR = 3600
STANDS = {  # at NOW it is eleven in the morning, two hours into the day
    "Due": (timedelta(), "open"),
    "At risk": (timedelta(minutes=110), "open"),
    "Overdue": (timedelta(days=1), "open"),
    "Paused": (timedelta(), "waiting"),
}
"""How a promise of two hours stands, by how long ago the ticket was opened, and by its status."""


@pytest.fixture
def promised(fresh: Site) -> dict[str, int]:
    """Promise an answer within two hours, and return the number of a ticket for each way in which that stands."""
    with fresh.app.app_context():
        with unit_of_work() as session:
            how: dict[str, Any] = {"actor": SYSTEM, "now": NOW - timedelta(days=7)}
            policy = policies.furnish(session, **how)
            values = PolicyValues(
                name="Standard",
                calendar_id=policy.calendar_id,
                is_on=True,
                at_risk_percent=80,
                budgets={"normal": {"first_answer": 2 * HOUR}},
            )
            policies.save_policy(session, **how, policy_id=policy.id, values=values)
        with unit_of_work() as session:
            asker = session.scalars(select(Contact).where(Contact.client_id.is_not(None)).order_by(Contact.id)).first()
            assert asker is not None
            project = select(Project).where(Project.client_id == asker.client_id).order_by(Project.id)
            found = session.scalars(project).first()
            assert found is not None
            numbers = {}
            for word, (ago, status) in STANDS.items():
                item = tickets.open_ticket(
                    session,
                    actor=SYSTEM,
                    now=NOW - ago,
                    project_id=found.id,
                    requester_id=asker.id,
                    title=f"This one is {word.lower()}",
                    text="It prints blank labels.",
                )
                projects.set_status(session, actor=SYSTEM, now=NOW, item_id=item.id, status=status)
                numbers[word] = item.number
            return numbers


def test_a_promise_is_accessible_however_it_stands_and_so_are_the_lists_of_what_is_due(
    visit: Callable[..., Visitor], promised: dict[str, int]
) -> None:
    visitor, found = visit("admin"), {}
    for word, number in promised.items():
        page = visitor.goto(f"/items/{number}")
        panel = (
            page.locator("details.here")
            .filter(has_text="promised")
            .or_(page.locator("details.here").filter(has_text="Why is it due then?"))
        )
        expect(panel.first.locator("summary")).to_contain_text(word)
        panel.first.locator("summary").click()
        found[word] = found_on(page)
    for view, word in (("at_risk", "At risk"), ("overdue", "Overdue"), ("due", "Due")):
        page = visitor.goto(f"/desk?view={view}")
        expect(page.locator("#queue [data-row]").filter(has_text=f"This one is {word.lower()}")).to_be_visible()
        found[view] = found_on(page)

    assert {where: what for where, what in found.items() if what} == {}
    assert visitor.watch.trouble == {}
