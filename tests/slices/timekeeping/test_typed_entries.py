"""Entries by hand: added, changed, deleted (rules 1 and 2)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.projects import service as projects
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import charging, service
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from tests.conftest import NOW

MONDAY = date(2026, 11, 16)


def test_a_typed_duration_lies_at_noon_in_the_clients_zone(session, office):
    entry = service.add_entry(
        session,
        actor=office.actor("technician"),
        now=NOW,
        item_id=office.acme_ticket.id,
        day=MONDAY,
        worked="1,5",
        note="labels",
        work_type_id=office.remote.id,
    )

    assert (entry.started_at.hour, queries.worked_of(entry).seconds) == (11, 5400)
    assert (entry.status, entry.source, entry.duration_only) == ("draft", "typed", True)


def test_an_entry_that_is_sent_twice_is_one(session, office):
    typed = {"item_id": office.acme_ticket.id, "day": MONDAY, "worked": "15", "uuid": "once"}
    first = service.add_entry(session, actor=office.actor("technician"), now=NOW, **typed)

    again = service.add_entry(session, actor=office.actor("technician"), now=NOW, **typed)

    assert again is first
    assert session.scalar(select(func.count(TimeEntry.id))) == 1


def test_managers_write_time_for_others_and_the_trail_says_so(session, office):
    entry = service.add_entry(
        session,
        actor=office.actor("manager"),
        now=NOW,
        item_id=office.acme_ticket.id,
        day=MONDAY,
        worked="1h",
        person_id=office.technician.id,
    )

    assert entry.person_id == office.technician.id
    assert session.scalar(select(AuditRow.actor_id).where(AuditRow.action == "added_for_another")) == office.manager.id


def test_a_technician_writes_time_for_nobody_else(session, office):
    with pytest.raises(Denied):
        service.add_entry(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item_id=office.acme_ticket.id,
            day=MONDAY,
            worked="1h",
            person_id=office.manager.id,
        )


def test_time_on_somebody_elses_item_is_not_found(session, office):
    with pytest.raises(NotFound):
        service.add_entry(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item_id=office.globex_ticket.id,
            day=MONDAY,
            worked="1h",
        )


def test_internal_work_is_never_billable_whatever_was_chosen(session, office):
    item = projects.add_task(session, actor=office.actor("manager"), now=NOW, project_id=office.triage.id, title="Tidy")

    entry = service.add_entry(
        session, actor=office.actor("technician"), now=NOW, item_id=item.id, day=MONDAY, worked="1h"
    )

    assert entry.billable == "not_billable"


def test_an_unknown_word_for_billing_is_refused(session, office):
    with pytest.raises(RuleViolation):
        service.add_entry(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item_id=office.acme_ticket.id,
            day=MONDAY,
            worked="1h",
            billable="free",
        )


def test_times_of_day_that_cross_are_named_but_kept(session, office):
    add = {"actor": office.actor("technician"), "now": NOW, "item_id": office.acme_ticket.id, "day": MONDAY}
    first = service.add_entry(session, worked="9:00-10:00", **add)
    service.add_entry(session, worked="10:00-11:00", **add)
    service.add_entry(session, worked="8h", **add)

    crossing = service.add_entry(session, worked="9:30-9:45", **add)

    assert queries.overlapping(session, crossing) == [first]


def test_changing_the_note_of_a_timer_leaves_its_seconds_alone(session, office, log_time):
    start = NOW - timedelta(days=1, seconds=17)
    entry = log_time(started_at=start, ended_at=start + timedelta(seconds=4283), source="timer")

    changed = service.edit_entry(
        session,
        actor=office.actor("technician"),
        now=NOW,
        entry_id=entry.id,
        day=date(2026, 11, 17),
        worked="10:59-12:11",
        note="labels",
    )

    assert (changed.started_at, queries.worked_of(changed).seconds, changed.note) == (start, 4283, "labels")


def test_an_entry_moves_to_another_day_and_length(session, office, log_time):
    entry = log_time(minutes=60)

    changed = service.edit_entry(
        session,
        actor=office.actor("technician"),
        now=NOW,
        entry_id=entry.id,
        day=date(2026, 11, 17),
        worked="0:45",
        billable="no_charge",
    )

    assert (queries.day_of(changed), queries.worked_of(changed).seconds) == (date(2026, 11, 17), 2700)
    assert (changed.billable, changed.duration_only) == ("no_charge", True)


@pytest.mark.parametrize("status", ["submitted", "approved", "rejected"])
def test_changed_time_is_a_draft_again_and_forgets_its_price(session, office, log_time, status):
    entry = log_time(status=status, billable_seconds=3600, rate_minor=10000, rate_currency="EUR", rate_reason="why")

    changed = service.edit_entry(
        session,
        actor=office.actor("technician"),
        now=NOW,
        entry_id=entry.id,
        day=MONDAY,
        worked="2h",
        reason="2 hours",
    )

    assert changed.status == "draft"
    assert (changed.billable_seconds, changed.rate_minor, changed.rate_currency, changed.rate_reason) == (
        None,
        None,
        None,
        "",
    )
    assert session.scalar(select(AuditRow.data).where(AuditRow.action == "edited"))["reason"] == "2 hours"


@pytest.mark.parametrize("act", [service.edit_entry, service.delete_entry])
def test_charged_time_is_neither_changed_nor_deleted_and_the_holder_is_named(session, office, log_time, act):
    entry = log_time(status="approved")
    charging.name_holders("test_invoice", lambda number, _nothing: f"invoice INV-{number}")
    charging.hold(
        session, now=NOW, holder=("test_invoice", 7), ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")], state="fixed"
    )
    more = {"day": MONDAY, "worked": "2h"} if act is service.edit_entry else {}

    with pytest.raises(Conflict, match="invoice INV-7"):
        act(session, actor=office.actor("manager"), now=NOW, entry_id=entry.id, **more)


@pytest.mark.parametrize("act", [service.edit_entry, service.delete_entry])
def test_somebody_elses_entry_looks_like_none(session, office, log_time, act):
    entry = log_time(person_id=office.manager.id)
    more = {"day": MONDAY, "worked": "2h"} if act is service.edit_entry else {}

    for entry_id in (entry.id, 999):
        with pytest.raises(NotFound, match="no such time entry"):
            act(session, actor=office.actor("technician"), now=NOW, entry_id=entry_id, **more)


def test_a_running_entry_is_stopped_before_it_is_changed(session, office):
    entry = service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.acme_ticket.id)

    with pytest.raises(RuleViolation, match="still runs"):
        service.edit_entry(
            session, actor=office.actor("technician"), now=NOW, entry_id=entry.id, day=MONDAY, worked="1h"
        )


def test_a_deleted_entry_leaves_a_trail(session, office, log_time):
    entry = log_time(minutes=60, note="labels")

    service.delete_entry(session, actor=office.actor("technician"), now=NOW, entry_id=entry.id)

    assert session.scalar(select(func.count(TimeEntry.id))) == 0
    assert session.scalar(select(AuditRow.data).where(AuditRow.action == "deleted"))["was"]["note"] == "labels"


def test_an_entry_whose_charges_were_released_stays_for_the_record(session, office, log_time):
    entry = log_time(status="approved")
    charging.hold(session, now=NOW, holder=("draft", 1), ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")])
    charging.release(session, now=NOW, holder=("draft", 1))

    with pytest.raises(Conflict, match="change it instead"):
        service.delete_entry(session, actor=office.actor("technician"), now=NOW, entry_id=entry.id)


def test_a_week_holds_the_days_of_the_contracts_zone(session, office, log_time):
    late_sunday = log_time(started_at=NOW.replace(day=15, hour=23, minute=30))  # Monday 0:30 in Berlin
    log_time(started_at=NOW.replace(day=15, hour=22))  # Sunday 23:00
    log_time(started_at=NOW.replace(day=22, hour=23, minute=30))  # the Monday after

    entries = queries.week(session, person_id=office.technician.id, week=Week(2026, 47))

    assert [entry.id for entry in entries] == [late_sunday.id]


@pytest.mark.parametrize(
    ("kind_is_billable", "said", "billed"),
    [
        (True, "", "billable"),
        (False, "", "not_billable"),
        (False, "billable", "billable"),
        (True, "no_charge", "no_charge"),
    ],
)
def test_new_time_is_billed_as_its_work_type_says_unless_somebody_says_more(
    session, office, kind_is_billable, said, billed
):
    session.get_one(WorkType, office.remote.id).billable = kind_is_billable
    session.flush()
    add = {"actor": office.actor("technician"), "now": NOW, "item_id": office.acme_ticket.id, "day": MONDAY}

    entry = service.add_entry(session, **add, worked="15", billable=said, work_type_id=office.remote.id)
    timer = service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.acme_ticket.id)

    assert entry.billable == billed
    assert timer.billable == ("billable" if kind_is_billable else "not_billable")
    with pytest.raises(NotFound, match="no such work type"):
        service.add_entry(session, **add, worked="15", work_type_id=999_999)
