"""Locked days: nobody changes their time but those with the role and a reason (docs/billing.md rule 2)."""

from datetime import date

import pytest
from sqlalchemy import select

from helpdesk.clients.lock_dates import DayIsLockedError
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Denied, RuleViolation
from helpdesk.timekeeping import service
from tests.conftest import NOW

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def lock(session, office, through=MONDAY, by="manager", **more):
    return service.set_lock(session, actor=office.actor(by), now=NOW, through=through, **more)


def add(session, office, by, day=MONDAY, **more):
    return service.add_entry(
        session, actor=office.actor(by), now=NOW, item_id=office.acme_ticket.id, day=day, worked="1:00", **more
    )


def edit(session, office, entry, by, **more):
    wanted = {"day": MONDAY, "worked": "0:30", **more}
    return service.edit_entry(session, actor=office.actor(by), now=NOW, entry_id=entry.id, **wanted)


def test_nothing_of_a_locked_day_is_added_changed_deleted_submitted_or_reopened(session, office, log_time):
    draft, other, approved = log_time(), log_time(started_at=NOW), log_time(status="approved")
    lock(session, office)

    for act in (
        lambda: add(session, office, "technician"),
        lambda: edit(session, office, draft, "technician"),
        lambda: edit(session, office, other, "technician"),  # into the locked day
        lambda: service.delete_entry(session, actor=office.actor("technician"), now=NOW, entry_id=draft.id),
        lambda: service.submit(session, actor=office.actor("technician"), now=NOW, entry_ids=[draft.id]),
        lambda: edit(session, office, approved, "technician", reason="please"),
    ):
        with pytest.raises(DayIsLockedError, match=r"up to 16 Nov 2026 is locked.*Manager Person can still do it"):
            act()
    assert add(session, office, "technician", day=TUESDAY).status == "draft"


def test_managers_still_change_locked_days_with_a_reason_that_is_kept(session, office, log_time):
    approved, draft = log_time(status="approved"), log_time()
    lock(session, office)

    with pytest.raises(DayIsLockedError, match="say why"):
        add(session, office, "manager")
    added = add(session, office, "manager", reason="Forgot it")
    service.submit(session, actor=office.actor("manager"), now=NOW, entry_ids=[draft.id], reason="Forgot it, too")
    reopened = service.reopen(
        session, actor=office.actor("manager"), now=NOW, entry_id=approved.id, reason="Wrong type", to="submitted"
    )

    said = session.scalars(select(AuditRow).where(AuditRow.object_kind == "time_entry").order_by(AuditRow.id)).all()
    assert [(row.object_id, row.data["reason"], row.data["locked_through"]) for row in said] == [
        (added.id, "Forgot it", "2026-11-16"),
        (draft.id, "Forgot it, too", "2026-11-16"),
        (approved.id, "Wrong type", "2026-11-16"),
    ]
    assert (reopened.status, reopened.rejected_because) == ("submitted", "Wrong type")


def test_a_clients_own_date_locks_that_client_only(session, office):
    lock(session, office, client_id=office.globex.id)

    assert add(session, office, "technician").status == "draft"
    with pytest.raises(DayIsLockedError, match="Time for Globex"):
        service.add_entry(
            session,
            actor=office.actor("rival"),
            now=NOW,
            item_id=office.globex_ticket.id,
            day=MONDAY,
            worked="1:00",
        )


def test_days_are_opened_again_with_a_reason_and_locked_only_once_they_are_over(session, office):
    lock(session, office)

    with pytest.raises(RuleViolation, match="is not over yet"):
        lock(session, office, through=NOW.date())
    with pytest.raises(RuleViolation, match="Say why"):
        lock(session, office, through=None)
    with pytest.raises(Denied):
        lock(session, office, through=None, by="technician", reason="please")
    assert lock(session, office, through=None, reason="Two entries are missing").through is None
    [opened] = session.scalars(select(AuditRow).where(AuditRow.action == "unlocked"))
    assert (opened.data["before"], opened.data["reason"]) == ("2026-11-16", "Two entries are missing")


def test_a_change_of_approved_time_says_why_and_the_page_tells_its_history(office, sign_in_as, log_time):
    entry = log_time(status="approved", rate_minor=10000, rate_currency="EUR")
    browser, url = sign_in_as(office.technician), f"/time/entries/{entry.id}"
    form = {"day": "2026-11-16", "worked": "9:00-9:30", "note": "labels", "work_type_id": "", "billable": "billable"}

    refused = browser.post(url, data={**form, "reason": ""})
    changed = browser.post(url, data={**form, "reason": "It took less"})
    page = browser.get(url).text

    assert (refused.status_code, changed.status_code) == (422, 303)
    assert "This time is approved. Say why it changes" in refused.text
    for told in ("Technician Person", "changed it", "It took less", "End: 16 Nov 10:00 → 16 Nov 09:30", "wrote it"):
        assert told in page, told


def test_the_lock_is_offered_where_the_month_is_closed_and_set_there(office, sign_in_as):
    browser = sign_in_as(office.bookkeeper)

    offered = browser.get("/close/2026-10").text
    browser.post("/time/locks", data={"client_id": "", "through": "2026-10-31", "next": "/close/2026-10"})
    page = browser.get("/close/2026-10").text

    assert "Lock time up to its end" in offered
    assert "Lock time up to its end" not in page
    assert "Time up to 31 Oct 2026 is locked." in page
    assert "Bookkeeper Person" in browser.get("/time/locks").text


def test_what_is_open_before_a_lock_date_is_told_before_and_after(office, sign_in_as, log_time):
    log_time(), log_time(status="rejected", rejected_because="Which manual?"), log_time(status="submitted")
    log_time(status="approved"), log_time(started_at=NOW)
    browser, form = sign_in_as(office.bookkeeper), {"client_id": "", "through": "2026-11-16", "next": "/close/2026-10"}
    open_ones = "Technician Person: 2 entries not submitted, 1 entry waits for approval"

    asked = browser.post("/time/locks", data=form)
    not_yet = browser.get("/time/locks").text
    locked = browser.post("/time/locks", data={**form, "despite": "y"})
    after = browser.get("/time/locks").text

    assert (asked.status_code, locked.status_code, locked.location) == (422, 303, "/close/2026-10")
    assert f"Before that day there still are: {open_ones}." in asked.text
    assert 'name="next" value="/close/2026-10"' in asked.text
    assert "No day is locked" in not_yet
    assert f"Left open on locked days: {open_ones}." in after
    assert f"<b>Open on locked days:</b> {open_ones}." in after


def test_a_manager_reopens_and_a_locked_form_asks_why(office, sign_in_as, log_time):
    entry = log_time(status="approved")
    browser, url = sign_in_as(office.manager), f"/time/entries/{entry.id}"

    browser.post("/time/locks", data={"client_id": "", "through": "2026-11-16", "reason": ""})
    page = browser.get(url).text
    told = browser.post(f"{url}/reopen", data={"reason": "Wrong type", "to": "draft"}, follow_redirects=True).text
    kept = browser.post(
        "/time/entries",
        data={
            "number": office.acme_ticket.number,
            "day": "2026-11-16",
            "worked": "1",
            "note": "",
            "work_type_id": "",
            "billable": "billable",
            "person_id": office.technician.id,
        },
    )

    assert "Time up to 16 Nov 2026 is locked." in page
    assert "You may still change this entry" in page
    assert "The time of Technician Person is open again." in told
    assert "Sent back." in told
    assert kept.status_code == 422
    assert "You may still do it: say why." in kept.text
    assert 'name="reason"' in kept.text
