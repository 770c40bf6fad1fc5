"""Tickets measured by what is promised: as mail comes, answers go, they wait and are solved; and what is told of it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.notices.models import Notice
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.sla import process
from helpdesk.sla.models import Remeasuring, SlaClock, TicketDue
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import CalendarValues, PolicyValues
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message
from tests.conftest import NOW
from tests.slices.conftest import connect

pytestmark = pytest.mark.usefixtures("rung")
HOUR = 3600


def at(clock: str, day: int = 18) -> datetime:
    """An instant of November 2026 on the clock of Berlin, the office's zone; the 18th is a Wednesday."""
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour) - 1, int(minute), tzinfo=UTC)


def promise(office, *, first=HOUR, following=2 * HOUR, resolution=8 * HOUR, is_on=True, now=NOW):
    with unit_of_work() as session:
        admin = office.actor("admin")
        policy = policies.furnish(session, actor=admin, now=now)
        budgets = {"normal": {"first_answer": first, "next_answer": following, "resolution": resolution}}
        values = PolicyValues(
            name="Standard", calendar_id=policy.calendar_id, is_on=is_on, at_risk_percent=80, budgets=budgets
        )
        return policies.save_policy(session, actor=admin, now=now, policy_id=policy.id, values=values).id


def mail(received_at: datetime, *, held: bool = False) -> IncomingMail:
    message_id = f"<{received_at.timestamp()}@acme.example>"
    return IncomingMail(
        subject="Printer",
        text="It prints blanks.",
        html=None,
        reply_text="It prints blanks.",
        trimmed_text="",
        message_id=message_id,
        received_at=received_at,
        references=(message_id,),
        held=held,
    )


def open_ticket(office, now: datetime) -> int:
    with unit_of_work() as session:
        return tickets.open_ticket(
            session,
            actor=office.actor("technician"),
            now=now,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="She called: no labels.",
        ).id


def answer(office, item_id: int, now: datetime) -> None:
    with unit_of_work() as session:
        tickets.reply(session, actor=office.actor("technician"), now=now, item_id=item_id, text="We look into it.")


def ask(office, item_id: int, now: datetime, *, held: bool = False) -> int:
    with unit_of_work() as session:
        return tickets.add_mail(
            session,
            now=now,
            item_id=item_id,
            contact_id=office.acme_contact.id,
            person_id=None,
            mail=mail(now, held=held),
        ).id


def move(office, item_id: int, status: str, now: datetime) -> None:
    with unit_of_work() as session:
        projects.set_status(session, actor=office.actor("technician"), now=now, item_id=item_id, status=status)


def due(item_id: int) -> tuple[str, str, datetime | None] | None:
    with unit_of_work() as session:
        row = session.get(TicketDue, item_id)
        return (row.target, row.state, row.due_at) if row is not None else None


def lines(item_id: int) -> list[str]:
    with unit_of_work() as session:
        query = select(Message.text).where(Message.work_item_id == item_id, Message.kind == "event")
        return list(session.scalars(query.order_by(Message.id)))


def test_a_ticket_is_due_as_its_story_goes_on(office):
    connect()
    promise(office, now=at("8:00"))

    item_id = open_ticket(office, at("16:30"))
    assert due(item_id) == ("first_answer", "running", at("9:30", 19))

    answer(office, item_id, at("9:10", 19))
    assert due(item_id) == ("resolution", "running", at("16:30", 19))

    ask(office, item_id, at("10:00", 19))
    assert due(item_id) == ("next_answer", "running", at("12:00", 19))

    move(office, item_id, "waiting", at("11:00", 19))
    assert due(item_id) == ("next_answer", "paused", None)

    ask(office, item_id, at("14:00", 19))
    assert due(item_id) == ("next_answer", "running", at("15:00", 19))

    answer(office, item_id, at("16:00", 19))
    move(office, item_id, "solved", at("16:10", 19))
    assert due(item_id) == ("", "stopped", None)
    assert lines(item_id) == ["first answer in time", "answer overdue", "solved in time"]

    ask(office, item_id, at("9:00", 20))
    assert due(item_id) == ("next_answer", "running", at("11:00", 20))
    with unit_of_work() as session:
        resolution = session.scalars(select(SlaClock).where(SlaClock.target == "resolution")).one()
        assert (resolution.state, resolution.due_at, resolution.told) == ("running", at("12:20", 20), "")


def test_clocks_stand_while_a_ticket_sleeps_and_go_on_at_the_instant_that_was_said(office):
    promise(office, now=at("8:00"))
    item_id = open_ticket(office, at("10:00"))

    with unit_of_work() as session:
        actor = office.actor("technician")
        tickets.snooze(
            session, actor=actor, now=at("10:30"), item_id=item_id, until=at("14:00"), zone=zone_named("UTC")
        )
    assert due(item_id) == ("first_answer", "paused", None)

    with unit_of_work() as session:
        tickets.wake_due(session, now=at("14:20"))
    assert due(item_id) == ("first_answer", "running", at("14:30"))


def test_nothing_is_measured_that_began_before_or_is_a_task_or_spam(office):
    early = open_ticket(office, NOW - timedelta(hours=1))
    promise(office)
    late = open_ticket(office, NOW)
    with unit_of_work() as session:
        projects.assign(
            session, actor=office.actor("admin"), now=NOW, item_id=office.acme_task.id, assignee_id=office.admin.id
        )
        tickets.mark_spam(session, actor=office.actor("admin"), now=NOW, item_id=late)
    move(office, early, "in_progress", NOW)

    assert (due(early), due(late), due(office.acme_task.id)) == (None, None, None)


def test_held_mail_asks_nothing_until_it_is_accepted(office):
    connect()
    promise(office, now=at("8:00"))
    item_id = open_ticket(office, at("9:00"))
    answer(office, item_id, at("9:10"))
    message_id = ask(office, item_id, at("9:20"), held=True)
    assert due(item_id) == ("resolution", "running", at("17:00"))

    with unit_of_work() as session:
        tickets.accept_held(
            session, actor=office.actor("technician"), now=at("9:40"), item_id=item_id, message_id=message_id
        )

    assert due(item_id) == ("next_answer", "running", at("11:20"))


def test_what_is_at_risk_or_overdue_is_told_once(office):
    promise(office, now=at("8:00"), resolution=None)
    item_id = open_ticket(office, at("9:00"))
    with unit_of_work() as session:
        manager = office.manager.id
        projects.assign(
            session, actor=office.actor("admin"), now=at("9:00"), item_id=item_id, assignee_id=manager, tells=False
        )

    for shown in ("9:40", "9:48", "9:49", "10:00", "10:01", "10:02"):
        process.watch(unit_of_work, clock=partial(at, shown))

    with unit_of_work() as session:
        told = session.execute(
            select(AuditRow.action, AuditRow.at).where(
                AuditRow.object_id == item_id, AuditRow.action.like("first_answer %")
            )
        ).all()
        clock = session.scalars(select(SlaClock)).one()
        heard = session.execute(select(Notice.person_id, Notice.kind, Notice.excerpt)).all()
    assert [tuple(row) for row in told] == [("first_answer at_risk", at("9:48")), ("first_answer missed", at("10:01"))]
    assert (clock.missed, lines(item_id)) == (True, ["first answer overdue"])
    assert [tuple(row) for row in heard] == [(manager, "at_risk", "The first answer is at risk.")]


def test_another_promise_measures_open_tickets_anew_and_leaves_history(office, rung):
    connect()
    promise(office, now=at("8:00"))
    item_id = open_ticket(office, at("9:00"))
    answer(office, item_id, at("9:30"))
    rung.clear()

    promise(office, first=60, resolution=HOUR, now=at("9:40"))
    assert [bell.job for bell in rung] == ["remeasure_tickets"]
    process.remeasure(unit_of_work, clock=lambda: at("9:41"), is_over=lambda: False)

    assert due(item_id) == ("resolution", "running", at("10:00"))
    with unit_of_work() as session:
        row = session.get_one(Remeasuring, 1)
        first = session.scalars(select(SlaClock).where(SlaClock.target == "first_answer")).one()
        assert (row.done, row.total, row.finished_at) == (3, 3, at("9:41"))
        assert (first.missed, first.budget_seconds) == (False, HOUR)

    promise(office, is_on=False, now=at("9:50"))
    process.remeasure(unit_of_work, clock=lambda: at("9:51"), is_over=lambda: False)
    assert due(item_id) is None


def test_a_project_goes_before_its_client_and_a_client_before_everybody(office):
    usual = promise(office, now=at("8:00"))
    with unit_of_work() as session:
        admin = office.actor("admin")
        calendar = policies.get_policy(session, usual).calendar_id
        budgets = {"normal": {"first_answer": 600}}
        gold, off = (
            policies.save_policy(
                session,
                actor=admin,
                now=at("8:00"),
                policy_id=None,
                values=PolicyValues(name=name, calendar_id=calendar, is_on=is_on, at_risk_percent=80, budgets=budgets),
            ).id
            for name, is_on in (("Gold", True), ("Nothing", False))
        )
        policies.cover(session, actor=admin, now=NOW, policy_id=gold, client_id=office.acme.id, project_id=None)
    by_client = open_ticket(office, at("9:00"))
    with unit_of_work() as session:
        scope = policies.cover(
            session, actor=admin, now=NOW, policy_id=off, client_id=None, project_id=office.acme_project.id
        )
    by_project = open_ticket(office, at("9:00"))
    with unit_of_work() as session:
        policies.uncover(session, actor=admin, now=NOW, policy_id=off, scope_id=scope.id)

    assert due(by_client) == ("first_answer", "running", at("9:10"))
    assert due(by_project) is None


def test_settings_that_cannot_be_are_refused_at_their_field(office):
    def refused(**typed: str) -> str | None:
        values = CalendarValues(
            **{"name": "Nights", "time_zone": "", "hours": "Mon 9:00-17:00", "holidays": "", **typed}
        )
        with unit_of_work() as session, pytest.raises(RuleViolation) as refusal:
            policies.save_calendar(session, actor=office.actor("admin"), now=NOW, calendar_id=None, values=values)
        return refusal.value.field

    assert refused(name=" ") == "name"
    assert refused(time_zone="Mars/Base") == "time_zone"
    assert refused(hours="never") == "hours"
    assert refused(holidays="tomorrow") == "holidays"
    promise(office)
    assert refused(name="office hours") == "name"


def test_a_priority_for_which_nothing_is_promised_is_not_measured(office):
    promise(office, now=at("8:00"))
    item_id = open_ticket(office, at("9:00"))
    with unit_of_work() as session:
        session.get_one(WorkItem, item_id).priority = "urgent"
    assert due(item_id) is None
