"""Budgets of projects against the time on them: figures, alerts that are told once, and limits that hold."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices.models import Notice
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import BudgetAlert, Project
from helpdesk.timekeeping import budgets, service
from helpdesk.timekeeping.domain.timer import NewEvent
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import spent
from tests.conftest import NOW

HOUR = 3600


def work(session, office, hours: float, *, status="approved", days_ago=1.0, rate_minor=10_000, **more) -> TimeEntry:
    """Add an entry of the technician on Acme's task as it stands after approval."""
    start, seconds = NOW - timedelta(days=days_ago, hours=hours), int(hours * HOUR)
    is_fixed = status in {"approved", "locked"}
    values: dict[str, Any] = {
        "uuid": f"{days_ago}-{hours}-{status}-{more}",
        "work_item_id": office.acme_task.id,
        "person_id": office.technician.id,
        "started_at": start,
        "ended_at": start + timedelta(seconds=seconds),
        "source": "typed",
        "status": status,
        "billable_seconds": seconds if is_fixed else None,
        "rate_minor": rate_minor if is_fixed else None,
        "rate_currency": "EUR" if is_fixed else None,
        "created_at": NOW,
        **more,
    }
    entry = TimeEntry(**values)
    session.add(entry)
    session.flush()
    return entry


def set_project(session, office, **values) -> Project:
    project: Project = session.get_one(Project, office.acme_project.id)
    for name, value in values.items():
        setattr(project, name, value)
    session.flush()
    return project


def test_the_sums_tell_what_is_approved_pending_billable_and_late(session, office):
    work(session, office, 4, days_ago=60)
    work(session, office, 2, status="locked", billable_seconds=9000, rate_minor=12_000)
    work(session, office, 1, status="submitted")
    work(session, office, 0.5, status="draft", billable="not_billable")
    work(session, office, 3, status="approved", billable="no_charge", billable_seconds=0)
    work(session, office, 0.25, rate_minor=None)
    work(session, office, 7, status="reversed", days_ago=90)
    session.add(  # a timer that runs counts from when it stops
        TimeEntry(
            uuid="runs",
            work_item_id=office.acme_task.id,
            person_id=office.manager.id,
            started_at=NOW,
            source="timer",
            created_at=NOW,
        )
    )
    session.flush()

    found = spent.by_project(session, [office.acme_project.id, office.globex_project.id], now=NOW)

    time = found[office.acme_project.id]
    assert (time.approved_seconds, time.pending_seconds) == (int(9.25 * HOUR), int(1.5 * HOUR))
    assert time.billable_seconds == int(4.25 * HOUR) + 9000 + HOUR
    assert time.unpriced_seconds == int(0.25 * HOUR)
    assert time.recent_seconds == int(6.75 * HOUR)
    assert time.value_minor_seconds == 4 * HOUR * 10_000 + 9000 * 12_000
    assert time.first_at == NOW - timedelta(days=60, hours=4)
    assert office.globex_project.id not in found
    assert spent.by_item(session, [office.acme_task.id, office.acme_ticket.id]) == {
        office.acme_task.id: int(10.75 * HOUR)
    }


def test_open_estimates_lack_what_was_worked_and_never_help_another_task(session, office):
    for title, hours in (("Plan", 10), ("Move", 1)):
        task = projects.add_task(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=office.acme_project.id,
            title=title,
            estimate_seconds=hours * HOUR,
        )
        work(session, office, 4, work_item_id=task.id)
    done = projects.add_task(
        session, actor=SYSTEM, now=NOW, project_id=office.acme_project.id, title="Done", estimate_seconds=HOUR
    )
    projects.set_status(session, actor=SYSTEM, now=NOW, item_id=done.id, status="solved")

    left = spent.open_estimates(session, [office.acme_project.id])

    assert left == {office.acme_project.id: 6 * HOUR}


def test_money_is_what_approved_time_brought_and_pending_time_goes_by_its_average(session, office):
    project = set_project(session, office, budget_minor=1_000_00, budget_seconds=20 * HOUR)
    work(session, office, 4)
    work(session, office, 2, status="submitted")

    found = budgets.of_project(session, project, now=NOW)

    assert found.hours is not None
    assert (found.hours.spent.used, found.hours.left) == (4 * HOUR, 14 * HOUR)
    assert found.money is not None
    assert (found.money.spent.used, found.money.spent.pending, found.money.left) == (400_00, 200_00, 400_00)


def test_each_threshold_is_told_once_to_the_manager_and_a_new_budget_begins_anew(session, office):
    session.add(
        Mailbox(
            address="support@halden-okoye.example",
            name="Support",
            smtp_host="localhost",
            smtp_port=25,
            smtp_security="none",
            created_at=NOW,
        )
    )
    set_project(session, office, budget_seconds=10 * HOUR, manager_id=office.manager.id)
    work(session, office, 6)

    counts = [budgets.watch(session, now=NOW), budgets.watch(session, now=NOW)]
    work(session, office, 3, status="submitted")
    counts.append(budgets.watch(session, now=NOW))
    set_project(session, office, budget_seconds=16 * HOUR)
    counts.append(budgets.watch(session, now=NOW))

    assert counts == [1, 0, 1, 1]
    rows = session.scalars(select(BudgetAlert).order_by(BudgetAlert.id)).all()
    assert [(row.threshold, row.budget // HOUR) for row in rows] == [("50", 10), ("80", 10), ("50", 16)]
    mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
    assert [mail.to for mail in mails] == [[{"name": "Manager Person", "address": "manager@halden-okoye.example"}]] * 3
    assert mails[1].subject == "Acme, Support: 80 % of the budget is gone"
    assert "Not approved yet: 3:00 h" in mails[1].text
    told = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [(one.person_id, one.title, one.mail_due_at) for one in told] == [
        (office.manager.id, mail.subject, None) for mail in mails
    ]


@pytest.mark.on_sqlite
def test_the_mail_about_a_budget_is_in_the_language_of_the_manager_and_the_list_as_pages_are(session, office, mailbox):
    session.get_one(Person, office.manager.id).language = "fr"
    set_project(session, office, budget_seconds=10 * HOUR, manager_id=office.manager.id)
    work(session, office, 6)

    budgets.watch(session, now=NOW)

    mail, told = session.scalars(select(OutgoingMessage)).one(), session.scalars(select(Notice)).one()
    assert mail.subject == "Acme, Support : 50 % du budget sont consommés"
    assert "Approuvé : 6:00 h (60 %)" in mail.text
    assert told.title == "Acme, Support: 50 % of the budget is gone"


def test_a_budget_without_manager_or_mailbox_is_shown_and_tells_nobody(session, office):
    set_project(session, office, budget_minor=100)
    work(session, office, 1)

    found = budgets.watch(session, now=NOW)

    assert found == 3
    assert session.scalars(select(OutgoingMessage)).all() == []


def test_a_limit_that_refuses_holds_where_time_is_begun_added_changed_and_approved(session, office):
    actor = office.actor("technician")
    set_project(session, office, max_billable_seconds=4 * HOUR, over_limit="refuse")
    work(session, office, 3)
    how = {"actor": actor, "now": NOW, "item_id": office.acme_task.id, "day": NOW.date()}

    with pytest.raises(
        RuleViolation, match=r"Support takes 4:00 billable hours at most, 3:00 are worked, and 2:00 more"
    ):
        service.add_entry(session, **how, worked="2h")
    fits = service.add_entry(session, **how, worked="1h")
    free = service.add_entry(session, **how, worked="2h", billable="not_billable")
    with pytest.raises(RuleViolation, match="4:00 are worked"):
        service.start_timer(session, actor=actor, now=NOW, item_id=office.acme_task.id)
    with pytest.raises(RuleViolation, match="and 1:30 more is too much"), session.begin_nested():
        service.edit_entry(session, actor=actor, now=NOW, entry_id=fits.id, day=NOW.date(), worked="1:30")
    shorter = service.edit_entry(session, actor=actor, now=NOW, entry_id=fits.id, day=NOW.date(), worked="0:50")
    service.submit(session, actor=actor, now=NOW, entry_ids=[shorter.id, free.id])
    set_project(session, office, max_billable_seconds=3 * HOUR)
    with pytest.raises(RuleViolation, match="3:00 billable hours at most"), session.begin_nested():
        service.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[shorter.id])
    approved = service.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[free.id])

    assert [entry.id for entry in approved] == [free.id]


def test_what_a_device_tells_late_is_taken_beyond_a_limit_and_says_so(session, office):
    actor, morning = office.actor("technician"), NOW - timedelta(hours=5)
    set_project(session, office, max_billable_seconds=4 * HOUR, over_limit="refuse")
    work(session, office, 3)

    def tell(kind, hours, uuid, **more):
        event = NewEvent(uuid=uuid, kind=kind, said_at=morning + timedelta(hours=hours), **more)
        [outcome] = service.take_events(session, actor=actor, now=NOW, events=[event])
        return outcome.outcome, outcome.flags

    fits = tell("start", 0, "a", item_id=office.acme_ticket.id), tell("stop", 2, "b")
    beyond = tell("start", 3, "c", item_id=office.acme_ticket.id), tell("stop", 4, "d")
    again = tell("start", 3, "c", item_id=office.acme_ticket.id)  # as the answer was lost
    late = session.scalars(select(TimeEntry).where(TimeEntry.uuid == "c")).one()
    service.submit(session, actor=actor, now=NOW, entry_ids=[late.id])

    assert fits == (("accepted", ()), ("accepted", ()))
    assert beyond == (("accepted", ("over_limit",)), ("accepted", ()))
    assert again == ("repeated", ("over_limit",))
    assert queries.worked_of(late).seconds == HOUR
    with pytest.raises(RuleViolation, match="and 1:00 more is too much"), session.begin_nested():
        service.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[late.id])


def test_a_timer_becomes_billable_only_where_the_project_takes_more(session, office):
    actor = office.actor("technician")
    service.start_timer(session, actor=actor, now=NOW, item_id=office.acme_ticket.id)
    service.change_timer(session, actor=actor, now=NOW, facts={"billable": "not_billable"})
    set_project(session, office, max_billable_seconds=4 * HOUR, over_limit="refuse")
    work(session, office, 5)

    with pytest.raises(RuleViolation, match="5:00 are worked"):
        service.change_timer(session, actor=actor, now=NOW, facts={"billable": "billable"})
    changed = service.change_timer(session, actor=actor, now=NOW, facts={"note": "Labels"})

    assert changed is not None
    assert (changed.note, changed.billable) == ("Labels", "not_billable")


def test_a_limit_that_warns_takes_the_time_and_the_page_of_the_project_says_so(sign_in_as, office):
    with unit_of_work() as session:
        set_project(session, office, max_billable_seconds=4 * HOUR, budget_seconds=10 * HOUR, budget_minor=50_000)
        work(session, office, 5)
        budgets.watch(session, now=NOW)

    browser = sign_in_as(office.technician)
    started = browser.post("/timer/start", data={"number": str(office.acme_task.number)}, follow_redirects=True).text
    technicians = browser.get(f"/projects/{office.acme_project.id}").text
    managers = sign_in_as(office.manager).get(f"/projects/{office.acme_project.id}").text

    assert "Support takes 4:00 billable hours at most, 5:00 are worked" in started
    assert "Support takes 4:00 billable hours at most, 5:00 are worked" in technicians
    assert "50 % of the budget in hours is gone." in technicians
    assert "€" not in technicians
    assert "100 % of the budget in money is gone." in managers
    assert "€500.00" in managers
