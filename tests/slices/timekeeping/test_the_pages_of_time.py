"""The week and the approvals as people see and use them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.rates import service as rates
from helpdesk.timekeeping import charging, service
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import MORNING

WEEK = "/time?week=2026-W47"


def saved(entry_id: int) -> TimeEntry:
    with unit_of_work() as session:
        return session.get_one(TimeEntry, entry_id)


def all_entries() -> list[TimeEntry]:
    with unit_of_work() as session:
        return list(session.scalars(select(TimeEntry).order_by(TimeEntry.id)))


@pytest.fixture
def entry_form(office):
    return {
        "number": str(office.acme_ticket.number),
        "day": "2026-11-16",
        "worked": "1.5",
        "note": "labels",
        "work_type_id": str(office.remote.id),
        "billable": "billable",
    }


def test_a_week_shows_what_was_worked_by_day_and_item(office, sign_in_as, log_time):
    log_time(minutes=90, note="labels")
    log_time(minutes=30, billable="no_charge")
    log_time(
        minutes=15,
        work_item_id=office.acme_task.id,
        status="rejected",
        rejected_because="Wrong project",
        started_at=MORNING + timedelta(days=1),
    )

    page = sign_in_as(office.technician).get(WEEK).text

    for expected in ("Week 47", "2:15", "labels", "No charge", "Wrong project", "Submit Mon", "77 %"):
        assert expected in page, expected


def test_this_week_is_shown_first_and_a_wrong_one_is_refused(office, sign_in_as):
    browser = sign_in_as(office.technician)

    assert "Week 47" in browser.get("/time").text
    assert browser.get("/time?week=2026-W60").status_code == 422


def test_a_running_timer_stands_in_the_week(office, sign_in_as):
    with unit_of_work() as session:
        service.start_timer(
            session, actor=office.actor("technician"), now=NOW - timedelta(minutes=42), item_id=office.acme_ticket.id
        )

    page = sign_in_as(office.technician).get(WEEK).text

    assert "Running" in page
    assert "Submit " not in page


def test_a_long_week_costs_as_many_queries_as_a_short_one(office, sign_in_as, count_queries, log_time):
    browser = sign_in_as(office.technician)
    log_time(work_type_id=office.remote.id)
    with count_queries() as short:
        browser.get(WEEK)
    for minute in range(30):
        log_time(started_at=MORNING + timedelta(hours=minute), work_type_id=office.remote.id)

    with count_queries() as long:
        browser.get(WEEK)

    assert len(long) == len(short)
    assert len(long) <= 14


def test_an_entry_is_typed_in(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    answer = browser.post("/time/entries", data={**entry_form, "next": WEEK}, follow_redirects=True)

    assert "1:30 is written." in answer.text
    [entry] = all_entries()
    assert (entry.person_id, entry.note, entry.work_type_id) == (office.technician.id, "labels", office.remote.id)


def test_an_entry_names_its_ticket_by_letters_or_takes_one_of_several(office, sign_in_as, entry_form):
    browser, task = sign_in_as(office.technician), office.acme_task

    several = browser.post("/time/entries", data={**entry_form, "number": "acme"})
    chosen = browser.post("/time/entries", data={**entry_form, "number": "acme", "pick": task.number, "worked": ""})
    written = browser.post("/time/entries", data={**entry_form, "number": "mail server"})

    assert "Several have these words; choose one." in several.text
    assert f'value="{task.number}" formnovalidate data-fills="#{task.number} · {task.title}"' in several.text
    assert f'value="#{task.number} · {task.title}"' in chosen.text
    assert (chosen.status_code, written.status_code) == (422, 303)
    assert [entry.work_item_id for entry in all_entries()] == [task.id]


def test_an_overlap_is_told_and_kept(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)
    browser.post("/time/entries", data={**entry_form, "worked": "9:00-10:00"})

    answer = browser.post("/time/entries", data={**entry_form, "worked": "9:30-9:45"}, follow_redirects=True)

    assert f"It overlaps with time on #{office.acme_ticket.number}." in answer.text
    assert len(all_entries()) == 2


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("worked", "25h", "more than a day"),
        ("worked", "soon", "is no duration"),
        ("day", "2026-12-24", "not here yet"),
        ("day", "someday", "Not a valid date"),
        ("number", "9999", "There is no such ticket or task"),
        ("billable", "free", "Not a valid choice"),
        ("work_type_id", "999", "Not a valid choice"),
        ("status", "approved", "has no field status"),
    ],
)
def test_a_refused_entry_keeps_what_was_typed(office, sign_in_as, entry_form, field, value, complaint):
    answer = sign_in_as(office.technician).post("/time/entries", data={**entry_form, field: value})

    assert answer.status_code == 422
    assert complaint in answer.text
    assert all_entries() == []


def test_somebody_elses_item_is_refused_as_one_that_is_missing(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    hidden = browser.post("/time/entries", data={**entry_form, "number": str(office.globex_ticket.number)})
    missing = browser.post("/time/entries", data={**entry_form, "number": "9999"})

    assert (hidden.status_code, missing.status_code) == (422, 422)
    assert "There is no such ticket or task" in hidden.text
    assert "canary" not in hidden.text


def test_a_manager_writes_for_others_and_sees_their_week(office, sign_in_as, entry_form):
    browser = sign_in_as(office.manager)

    browser.post("/time/entries", data={**entry_form, "person_id": str(office.technician.id)})

    assert all_entries()[0].person_id == office.technician.id
    page = browser.get(f"{WEEK}&person={office.technician.id}").text
    assert "Technician Person" in page
    assert "labels" in page


def test_nobody_else_looks_into_somebodys_week(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    assert browser.get(f"{WEEK}&person={office.manager.id}").status_code == 404
    assert browser.post("/time/entries", data={**entry_form, "person_id": str(office.manager.id)}).status_code == 404


def test_an_entry_is_changed_in_its_form(office, sign_in_as, log_time):
    entry, browser = log_time(minutes=60, duration_only=True), sign_in_as(office.technician)

    page = browser.get(f"/time/entries/{entry.id}").text
    answer = browser.post(
        f"/time/entries/{entry.id}",
        data={"day": "2026-11-17", "worked": "2h", "note": "longer", "work_type_id": "", "billable": "not_billable"},
    )

    assert 'value="1:00"' in page
    assert answer.location == WEEK
    assert (saved(entry.id).note, saved(entry.id).billable) == ("longer", "not_billable")


def test_a_refused_change_keeps_what_was_typed(office, sign_in_as, log_time):
    entry = log_time()

    answer = sign_in_as(office.technician).post(
        f"/time/entries/{entry.id}",
        data={"day": "2026-11-16", "worked": "soon", "note": "new words", "billable": "billable"},
    )

    assert answer.status_code == 422
    assert "new words" in answer.text


def test_charged_time_cannot_be_changed_and_the_page_names_the_holder(office, sign_in_as, log_time):
    entry = log_time(status="approved")
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=("paper", 4), ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")])

    answer = sign_in_as(office.technician).post(
        f"/time/entries/{entry.id}", data={"day": "2026-11-16", "worked": "2h", "billable": "billable"}
    )

    assert answer.status_code == 409
    assert "It is in paper 4. Drop that draft to change it." in answer.text


def test_an_entry_is_deleted(office, sign_in_as, log_time):
    entry = log_time()

    answer = sign_in_as(office.technician).post(f"/time/entries/{entry.id}/delete")

    assert answer.location == WEEK
    assert all_entries() == []


def test_work_goes_on_from_an_entry(office, sign_in_as, log_time):
    entry = log_time()

    sign_in_as(office.technician).post(f"/time/entries/{entry.id}/resume", data={"next": WEEK})

    assert all_entries()[1].resumes_id == entry.id


def test_a_week_is_submitted_and_waits_for_a_manager(office, sign_in_as, log_time):
    entry = log_time(minutes=60)

    answer = sign_in_as(office.technician).post("/time/submit", data={"week": "2026-W47"}, follow_redirects=True)

    assert "1 entry is submitted." in answer.text
    assert saved(entry.id).status == "submitted"
    assert "Technician Person" in sign_in_as(office.manager).get("/time/approvals").text


def test_a_forgotten_timer_is_told_on_the_week(office, sign_in_as, log_time):
    log_time(minutes=39 * 60 + 12)

    answer = sign_in_as(office.technician).post("/time/submit", data={"week": "2026-W47"}, follow_redirects=True)

    assert "ran for 39:12" in answer.text


@pytest.fixture
def company_rate(office):
    with unit_of_work() as session:
        manager = office.actor("manager")
        day = MORNING.date()
        rates.set_rate(session, actor=manager, now=NOW, amount="100.00", currency="EUR", effective_on=day)
        rates.set_rounding(session, actor=manager, now=NOW, effective_on=day, mode="up", step_minutes=15)


def test_approvals_say_what_each_entry_will_bill(office, sign_in_as, log_time, company_rate):
    log_time(minutes=70, status="submitted", note="labels")

    page = sign_in_as(office.manager).get("/time/approvals").text

    for expected in ("labels", "1:10", "1:15", "€125.00"):
        assert expected in page, expected


def test_a_missing_rate_is_marked_before_it_is_approved(office, sign_in_as, log_time):
    log_time(status="submitted")

    assert "no rate found" in sign_in_as(office.manager).get("/time/approvals").text


def test_what_was_ticked_is_approved_at_what_was_shown(office, sign_in_as, log_time, company_rate):
    ticked, other = log_time(minutes=70, status="submitted"), log_time(status="submitted")

    answer = sign_in_as(office.manager).post("/time/approve", data={"ids": [str(ticked.id)]}, follow_redirects=True)

    assert "1 entry is approved." in answer.text
    assert (saved(ticked.id).billable_seconds, saved(ticked.id).rate_minor) == (4500, 10000)
    assert saved(other.id).status == "submitted"


def test_ones_own_time_waits_for_somebody_else(office, sign_in_as, log_time):
    entry, browser = log_time(status="submitted", person_id=office.manager.id), sign_in_as(office.manager)

    page = browser.get("/time/approvals").text
    answer = browser.post("/time/approve", data={"ids": [str(entry.id)]}, follow_redirects=True)

    assert "Your own: somebody else approves it" in page
    assert "somebody else approves it. Nothing was approved." in answer.text
    assert saved(entry.id).status == "submitted"


def test_a_rejected_entry_comes_back_with_its_reason(office, sign_in_as, log_time):
    entry = log_time(status="submitted")

    sign_in_as(office.manager).post(f"/time/entries/{entry.id}/reject", data={"reason": "Wrong client"})

    assert "Wrong client" in sign_in_as(office.technician).get(WEEK).text


def test_a_rejection_without_words_is_told(office, sign_in_as, log_time):
    entry = log_time(status="submitted")

    answer = sign_in_as(office.manager).post(
        f"/time/entries/{entry.id}/reject", data={"reason": " "}, follow_redirects=True
    )

    assert "Say why; the person reads it." in answer.text
    assert saved(entry.id).status == "submitted"


def test_approvals_of_many_cost_as_many_queries_as_of_few(office, sign_in_as, log_time, company_rate, count_queries):
    browser = sign_in_as(office.manager)
    log_time(status="submitted", work_type_id=office.remote.id)
    with count_queries() as few:
        browser.get("/time/approvals")
    for _entry in range(25):
        log_time(status="submitted", work_type_id=office.remote.id)

    with count_queries() as many:
        browser.get("/time/approvals")

    assert len(many) == len(few)


def test_approvals_are_filtered_by_person_and_client(office, sign_in_as, log_time):
    log_time(status="submitted", note="canary of the technician")
    browser = sign_in_as(office.admin)

    assert "canary" in browser.get(f"/time/approvals?client={office.acme.id}").text
    assert "canary" not in browser.get(f"/time/approvals?client={office.globex.id}").text
    assert "canary" not in browser.get(f"/time/approvals?person={office.manager.id}").text


def test_after_typing_the_week_of_the_entry_is_shown(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    answer = browser.post("/time/entries", data={**entry_form, "day": "2026-10-20"})

    assert (answer.status_code, answer.location) == (303, "/time?week=2026-W43&day=2026-10-20")
    assert 'type="date" value="2026-10-20"' in browser.get(answer.location).text


@pytest.mark.parametrize(("week", "day"), [("2026-W47", "2026-11-18"), ("2026-W43", "2026-10-19")])
def test_a_new_entry_begins_with_a_day_of_the_week_in_view(office, sign_in_as, week, day):
    page = sign_in_as(office.technician).get(f"/time?week={week}").text

    assert f'name="day" required type="date" value="{day}"' in page


def test_times_are_shown_on_the_clock_on_which_they_were_typed(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    answer = browser.post("/time/entries", data={**entry_form, "worked": "9:15-10:40"}, follow_redirects=True)

    assert "09:15\N{EN DASH}10:40" in answer.text


def test_a_range_that_goes_the_wrong_way_is_pointed_out(office, sign_in_as, entry_form):
    browser = sign_in_as(office.technician)

    answer = browser.post("/time/entries", data={**entry_form, "worked": "17:00-16:00"})

    assert answer.status_code == 422
    assert "17:00 to 16:00 ends before it starts" in answer.text
    assert 'value="17:00-16:00"' in answer.text
    assert all_entries() == []


def test_what_came_back_from_another_week_is_found_in_this_one(office, sign_in_as, log_time):
    log_time(started_at=MORNING - timedelta(weeks=4), status="rejected", rejected_because="Guarantee")

    page = sign_in_as(office.technician).get(WEEK).text

    assert "1 entry was rejected:" in page
    assert 'href="/time?week=2026-W43"' in page


def test_approving_without_a_tick_says_so(office, sign_in_as, log_time):
    log_time(status="submitted")

    answer = sign_in_as(office.manager).post("/time/approve", data={}, follow_redirects=True)

    assert "Nothing is ticked" in answer.text
    assert [entry.status for entry in all_entries()] == ["submitted"]


def test_the_header_pauses_changes_and_goes_on_with_the_timer(sign_in_as, office, fixed_clock):
    browser, number = sign_in_as(office.technician), office.acme_ticket.number
    browser.post("/timer/start", data={"number": number})
    fixed_clock.advance(minutes=25)
    form = {"note": "labels & ink", "work_type_id": "", "billable": "no_charge", "next": f"/items/{number}"}

    changed = browser.post("/timer/change", data=form)
    refused = browser.post("/timer/change", data=form | {"work_type_id": "999999"}, follow_redirects=True)
    paused = browser.post("/timer/pause", data={"next": "/time"}, follow_redirects=True).text
    fixed_clock.advance(minutes=5)
    resumed = browser.post("/timer/resume", data={"next": "/time"}, follow_redirects=True).text

    assert changed.location == f"/items/{number}"
    assert "was not changed" in refused.text
    assert 'value="labels &amp; ink"' in paused
    assert 'aria-label="Paused timer"' in paused
    assert 'aria-label="Running timer"' in resumed
    with unit_of_work() as session:
        first, second = session.scalars(select(TimeEntry).order_by(TimeEntry.id))
        assert (second.resumes_id, second.note, second.billable, second.work_type_id) == (
            first.id,
            "labels & ink",
            "no_charge",
            None,
        )
