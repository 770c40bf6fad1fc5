"""One running timer a person: start, switch, stop, resume, repeat (rule 1)."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project
from helpdesk.timekeeping import service
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from tests.conftest import NOW

LATER = NOW + timedelta(minutes=42)


def test_a_timer_runs_until_it_is_stopped(session, office):
    technician = office.actor("technician")
    started = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    stopped = service.stop_timer(session, actor=technician, now=LATER)

    assert stopped is started
    assert queries.worked_of(started).seconds == 42 * 60
    assert (started.status, started.source, started.work_type_id) == ("draft", "timer", office.remote.id)
    assert queries.running(session, technician.person_id) is None


def test_starting_elsewhere_stops_the_timer_at_the_same_instant(session, office):
    technician = office.actor("technician")
    first = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    second = service.start_timer(session, actor=technician, now=LATER, item_id=office.acme_task.id)

    assert first.ended_at == second.started_at == LATER
    assert queries.running(session, technician.person_id) is second


def test_starting_again_on_the_same_item_changes_nothing(session, office):
    technician = office.actor("technician")
    first = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    again = service.start_timer(session, actor=technician, now=LATER, item_id=office.acme_ticket.id)

    assert again is first
    assert (first.started_at, first.ended_at) == (NOW, None)


def test_a_start_that_is_sent_twice_is_one_entry(session, office):
    technician = office.actor("technician")
    first = service.start_timer(
        session, actor=technician, now=NOW, item_id=office.acme_ticket.id, uuid="from-the-train"
    )
    service.stop_timer(session, actor=technician, now=LATER)

    again = service.start_timer(
        session, actor=technician, now=LATER, item_id=office.acme_ticket.id, uuid="from-the-train"
    )

    assert again is first
    assert session.scalar(select(func.count(TimeEntry.id))) == 1


def test_nobody_takes_over_an_entry_by_its_uuid(session, office):
    service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.acme_ticket.id, uuid="mine")

    with pytest.raises(Conflict):
        service.start_timer(session, actor=office.actor("manager"), now=NOW, item_id=office.acme_ticket.id, uuid="mine")


def test_two_people_run_a_timer_each(session, office):
    for name in ("technician", "manager"):
        service.start_timer(session, actor=office.actor(name), now=NOW, item_id=office.acme_ticket.id)

    assert session.scalar(select(func.count(TimeEntry.id)).where(TimeEntry.ended_at.is_(None))) == 2


def test_work_on_somebody_elses_item_cannot_be_timed(session, office):
    with pytest.raises(NotFound):
        service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.globex_ticket.id)


def test_a_refused_start_leaves_the_running_timer_alone(session, office):
    technician = office.actor("technician")
    running = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    with pytest.raises(NotFound):
        service.start_timer(session, actor=technician, now=LATER, item_id=office.globex_ticket.id)

    assert running.ended_at is None


def test_a_closed_project_takes_no_time_and_says_so(session, office):
    session.get_one(Project, office.acme_project.id).status = "done"

    with pytest.raises(RuleViolation, match="Support of Acme is closed"):
        service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.acme_ticket.id)


def test_the_system_works_no_hours(session, office):
    with pytest.raises(Denied):
        service.start_timer(session, actor=SYSTEM, now=NOW, item_id=office.acme_ticket.id)


def test_stopping_when_nothing_runs_is_no_error(session, office):
    assert service.stop_timer(session, actor=office.actor("technician"), now=NOW) is None


def test_a_clock_that_went_back_makes_no_negative_time(session, office):
    technician = office.actor("technician")
    service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    stopped = service.stop_timer(session, actor=technician, now=NOW - timedelta(hours=1))

    assert stopped is not None
    assert queries.worked_of(stopped).seconds == 0


def test_internal_work_is_timed_as_not_billable(session, office):
    item = projects.add_task(
        session, actor=office.actor("manager"), now=NOW, project_id=office.triage.id, title="Tidy up"
    )

    entry = service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=item.id)

    assert entry.billable == "not_billable"


def test_resuming_names_the_entry_that_it_goes_on_with(session, office):
    technician = office.actor("technician")
    first = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id, note="labels")
    service.stop_timer(session, actor=technician, now=LATER)

    second = service.resume_timer(session, actor=technician, now=LATER, entry_id=first.id)

    assert (second.resumes_id, second.work_item_id, second.note) == (first.id, first.work_item_id, "labels")


def test_resuming_what_still_runs_changes_nothing(session, office):
    technician = office.actor("technician")
    first = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    assert service.resume_timer(session, actor=technician, now=LATER, entry_id=first.id) is first


def test_nobody_resumes_somebody_elses_work(session, office):
    first = service.start_timer(session, actor=office.actor("manager"), now=NOW, item_id=office.acme_ticket.id)

    with pytest.raises(NotFound):
        service.resume_timer(session, actor=office.actor("technician"), now=LATER, entry_id=first.id)


def test_starts_from_many_places_at_once_leave_one_timer(app: Flask, office):
    technician, together, failures = office.actor("technician"), Barrier(6), []
    items = [office.acme_ticket.id, office.acme_task.id] * 3

    def start(item_id: int) -> None:
        with app.app_context():
            together.wait()
            try:
                with unit_of_work() as session:
                    service.start_timer(session, actor=technician, now=NOW, item_id=item_id)
            except Exception as error:  # noqa: BLE001 - whatever a thread raised is a failure of the test
                failures.append(error)

    threads = [Thread(target=start, args=(item_id,)) for item_id in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with unit_of_work() as session:
        assert session.scalar(select(func.count(TimeEntry.id)).where(TimeEntry.ended_at.is_(None))) == 1
