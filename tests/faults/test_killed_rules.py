"""A worker that is killed while rules act costs nothing: each acts exactly once (docs/automation.md rules 6 and 9)."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from helpdesk.automation import process
from helpdesk.automation.models import AutomationEvent, AutomationRun
from helpdesk.automation.service import rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.failpoints import RULE_POINTS
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from tests.conftest import NOW
from tests.faults.closing import in_a_fork
from tests.slices.conftest import connect

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]
DAY = timedelta(days=1)


def act(now):
    process.act_on_events(unit_of_work, clock=lambda: now, is_over=lambda: False)
    process.act_in_time(unit_of_work, clock=lambda: now, is_over=lambda: False)


def kill_at_each_point(points, orders, begin):
    """Let a worker die at each point, another one go on three minutes later, and none find anything in the end."""
    for number, point in enumerate((*points, None, None)):
        if point is not None:
            (orders / point).write_text("kill")
        now = begin + number * timedelta(minutes=3)
        died = in_a_fork(partial(act, now), orders=orders)
        assert died == (point is not None), point
    assert list(orders.iterdir()) == []


def test_a_worker_that_dies_anywhere_in_a_rule_leaves_it_done_exactly_once(office, tmp_path):
    connect()
    settings = (
        RuleSettings(name="Noted", trigger="noted", acts=Acts(note="Seen.", add_tags=("seen",), mail_text="Thanks.")),
        RuleSettings(name="Waited", trigger="since_status", amount=1, unit="days", acts=Acts(note="Waited.")),
    )
    with unit_of_work() as session:
        for one in settings:
            row = rules.add_rule(session, actor=office.actor("manager"), now=NOW, settings=one)
            rules.switch_rule(session, actor=office.actor("manager"), now=NOW, rule_id=row.id, active=True)
    with unit_of_work() as session:
        how = {"actor": office.actor("technician"), "now": NOW}
        item = tickets.open_ticket(
            session,
            **how,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="",
        )
        session.flush()
        item_id = item.id
    with unit_of_work() as session:  # what comes with a ticket that opens is no change of its own
        projects.set_status(session, **how, item_id=item_id, status="waiting")
        tickets.add_note(session, **how, item_id=item_id, text="Printer.")
    orders = tmp_path / "orders"
    orders.mkdir()

    kill_at_each_point(RULE_POINTS, orders, NOW + timedelta(minutes=1))
    kill_at_each_point(("rules_acted", "rules_done"), orders, NOW + DAY)

    with unit_of_work() as session:
        assert session.scalar(select(func.count(AutomationEvent.id))) == 0
        assert session.execute(
            select(AutomationRun.rule_name, AutomationRun.outcome).order_by(AutomationRun.id)
        ).all() == [("Noted", "done"), ("Waited", "done")]
        notes = session.scalars(select(Message.text).where(Message.kind == "note").order_by(Message.id)).all()
        assert [one for one in notes if one in ("Seen.", "Waited.")] == ["Seen.", "Waited."]
        assert len([one for one in notes if one.startswith("By rule")]) == 1
        assert session.scalar(select(func.count(OutgoingMessage.id))) == 1
