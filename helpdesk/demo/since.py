"""The demo's second part: what is going on beside the month that was closed. Written by services, in one unit of work.

It is told after the story's figures were read, so that they stay those of mail, work and month-end alone.
"""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.demo import desks, habits, people, site, teams
from helpdesk.demo.calendar import Days
from helpdesk.demo.site import Crew
from helpdesk.expenses.models import Expense, ExpenseReceipt
from helpdesk.infra.db import db, read_session, unit_of_work
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import Project, ProjectTemplate, WorkItem
from helpdesk.proposals import queries as decided
from helpdesk.proposals import service as proposals
from helpdesk.rates import service as rates
from helpdesk.timekeeping import budgets
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import margins, rights, submitted, waiting

ZONE = zone_named("Europe/Paris")
NEXT_PRICE = "99.00"


def furnish(app: Flask, *, now: datetime) -> None:
    """Plan Verdant's second cold store, work on it for three weeks, and leave on each desk what waits there."""
    days = Days(now, ZONE)
    with app.app_context():
        receipt = desks.open_receipt()
        with unit_of_work() as session:
            crew = Crew.of(session)
            ids = site.plan_site(crew, days)
            [mail] = session.scalars(select(WorkItem).where(WorkItem.title == desks.MAIL_TASK))
            site.work_on_site(crew, days, ids)
            desks.leave_traces(crew, days, mail.id, ids["Rehearse the opening"])
            desks.write_late_time(crew, days, ids | {mail.title: mail.id})
            desks.forget_a_timer(crew, days, mail.id)
            desks.spend(crew, days, receipt)
            _plan_a_price(crew, days, mail.project.client_id)
            people.know(crew, days)
            habits.keep(crew, days)
            teams.form(crew)
            budgets.watch(session, now=now)
        db.session.remove()


def figures(app: Flask, *, now: datetime) -> dict[str, object]:
    """Return what came of it, as the pages reckon it; the names are those of ``expectation.SINCE``."""
    with app.app_context():
        try:
            return _figures(read_session(), now)
        finally:
            db.session.remove()


def _figures(session: Session, now: datetime) -> dict[str, object]:
    crew = Crew.of(session)
    project = session.scalars(select(Project).where(Project.name == site.NAME)).one()
    fares = budgets.of_project(session, project, now=now)
    [margin] = [
        one
        for one in margins.margins_of(session, client=project.client, begins=now - timedelta(weeks=5), ends=now)
        if one.project_id == project.id
    ]
    waits = waiting.queue(
        session,
        reach=rights.reach_of(session, crew.actor("manager")),
        group="person",
        filters=submitted.Filters(project=project.id),
    ).lines
    tomasz = crew.actor("tomasz")
    drafts = session.scalars(
        select(TimeEntry).where(TimeEntry.status == "draft", TimeEntry.person_id == tomasz.person_id)
    )
    spent = select(Expense.status, func.sum(Expense.gross_minor)).group_by(Expense.status)
    return {
        "hours_gone_percent": fares.hours and fares.hours.gone_percent,
        "money_gone_percent": fares.money and fares.money.gone_percent,
        "revenue_minor": margin.revenue.minor,
        "margin_minor": margin.margin.minor if margin.is_whole else None,
        "waiting": len(waits),
        "waiting_seconds": sum(_seconds(one.entry) for one in waits),
        "standing_out": sum(bool(one.remarks) for one in waits),
        "draft_seconds": sum(_seconds(entry) for entry in drafts),
        "proposed_seconds": sum(one.proposal.seconds for one in proposals.proposed(session, actor=tomasz, now=now)),
        "recovered_seconds": sum(one.seconds for one in decided.recovered(session, since=now - timedelta(weeks=2))),
        "asking": session.scalar(select(func.count()).where(TimeEntry.asks != "")),
        "expenses_minor": {row[0]: row[1] for row in session.execute(spent)},
        "receipts": session.scalar(select(func.count()).select_from(ExpenseReceipt)),
        "templates": session.scalar(select(func.count()).select_from(ProjectTemplate)),
    }


def _seconds(entry: TimeEntry) -> int:
    return int((entry.ended_at - entry.started_at).total_seconds()) if entry.ended_at else 0


def _plan_a_price(crew: Crew, days: Days, client_id: int) -> None:
    """Let Verdant's hours cost more from the first day of the month after next."""
    first = (days.today.replace(day=1) + timedelta(days=63)).replace(day=1)
    rates.set_rate(
        crew.session,
        actor=crew.actor("manager"),
        now=days.now,
        amount=NEXT_PRICE,
        currency="EUR",
        client_id=client_id,
        effective_on=first,
    )
