"""Settings of service levels: begun with one press, tried out before they are saved, refused where they are wrong."""

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.sla.models import BusinessCalendar, SlaPolicy

pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def browser(office, sign_in_as):
    return sign_in_as(office.admin)


def rows(model):
    with unit_of_work() as session:
        return list(session.query(model).order_by(model.id))


def test_what_is_promised_begins_with_one_press_and_is_tried_before_it_is_saved(browser):
    assert "Nothing is promised yet" in browser.get("/settings/sla").text
    url = browser.post("/settings/sla/begin").location
    (policy,) = rows(SlaPolicy)
    form = {
        "name": "Standard",
        "calendar_id": str(policy.calendar_id),
        "at_risk_percent": "80",
        "normal_first_answer": "2 h",
        "arrives": "2026-11-27T16:30",
    }

    tried = browser.post(url, data={**form, "act": "preview"})
    assert "arrives on Fri 27 Nov 2026, 16:30 (Europe/Berlin)" in tried.text
    assert "Mon 30 Nov 2026, 10:30" in tried.text
    assert rows(SlaPolicy)[0].budgets["normal"]["first_answer"] == 4 * 3600

    refused = browser.post(url, data={**form, "normal_first_answer": "soon", "is_on": "y"})
    assert refused.status_code == 422
    assert "&#39;soon&#39; is no working time" in refused.text
    assert browser.post(url, data={**form, "normal_first_answer": "", "is_on": "y"}).status_code == 422

    assert browser.post(url, data={**form, "is_on": "y"}).status_code == 303
    (policy,) = rows(SlaPolicy)
    assert (policy.budgets, policy.measured_since is not None) == ({"normal": {"first_answer": 7200}}, True)


def test_a_calendar_that_cannot_be_read_stands_open_as_it_was_typed(browser):
    browser.post("/settings/sla/begin")
    (calendar,) = rows(BusinessCalendar)
    typed = {"name": "Office hours", "time_zone": "", "hours": "Mon-Fri 9:00-17:00", "holidays": "2026-12-25\n25.12."}

    refused = browser.post(f"/settings/sla/calendars/{calendar.id}", data=typed)

    assert refused.status_code == 422
    assert "Line 2: &#39;25.12.&#39; is no day" in refused.text
    assert "2026-12-25\n25.12." in refused.text
    saved = browser.post(f"/settings/sla/calendars/{calendar.id}", data={**typed, "holidays": "2026-12-25 Christmas"})
    assert saved.status_code == 303
    assert rows(BusinessCalendar)[0].holidays == [{"day": "2026-12-25", "name": "Christmas"}]
