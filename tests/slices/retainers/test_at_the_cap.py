"""At the cap time is taken and told of; where the terms stop or ask it is not approved (docs/billing.md rule 14)."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk.desk import moving
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects import service as projects
from helpdesk.retainers import queries
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.retainers.service.room import surely_has_room
from helpdesk.timekeeping import limits, service
from helpdesk.timekeeping.domain.timer import NewEvent
from helpdesk.timekeeping.queries.rights import require_approver
from helpdesk.timekeeping.queries.submitted import Filters
from helpdesk.timekeeping.queries.waiting import queue

MARCH = datetime(2026, 3, 20, 20, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_time_is_taken_beyond_the_cap_and_the_approval_refuses_it_and_says_how_to_go_on(story, office):
    story.agree(per_month="10", at_cap="stop")
    story.log("9", "2026-03-02")
    fits, beyond = story.log("1", "2026-03-03", status="submitted"), story.log("2", "2026-03-04", status="submitted")
    manager, fits.note, beyond.note = office.actor("manager"), "Printer", "Printer"
    story.session.flush()

    with pytest.raises(RuleViolation) as refused, story.session.begin_nested():
        service.approve(story.session, actor=manager, now=MARCH, entry_ids=[fits.id, beyond.id])
    reach = require_approver(story.session, manager)
    waiting = queue(story.session, reach=reach, group="person", filters=Filters())
    plain = service.approve_plain(story.session, actor=manager, now=MARCH, filters=Filters())
    with pytest.raises(RuleViolation, match="12:00 are used"), story.session.begin_nested():
        service.approve(story.session, actor=manager, now=MARCH, entry_ids=[beyond.id])
    view = queries.month_view(story.session, agreement=story.agreement, month=Month(2026, 3), now=MARCH)

    assert str(refused.value) == (
        "Support includes 10:00 in 2026-03, and with this 12:00 are used. Nothing was approved: agree on more hours on"
        " the page of the retainer, or say that the time is not billable."
    )
    said = {line.entry.id: [each.reason for each in line.remarks if each.name == "over_cap"] for line in waiting.lines}
    assert said == {fits.id: [], beyond.id: ["Beyond the 10:00 of Support in 2026-03"]}
    assert [entry.id for entry in plain] == [fits.id]
    assert view is not None
    assert view.is_stopped


def test_a_device_and_a_typed_entry_are_told_of_the_cap_and_nothing_is_lost(story, office):
    story.agree(per_month="10", at_cap="ask", overage_rate_minor=12000)
    story.log("9.5", "2026-03-02")
    actor, morning = office.actor("technician"), MARCH - timedelta(hours=10)

    def tell(kind, hours, uuid, **more):
        event = NewEvent(uuid=uuid, kind=kind, said_at=morning + timedelta(hours=hours), **more)
        [outcome] = service.take_events(story.session, actor=actor, now=MARCH, events=[event])
        return outcome.outcome, outcome.flags

    fits = tell("start", 0, "a", item_id=office.acme_ticket.id), tell("stop", 0.5, "b")
    beyond = tell("start", 1, "c", item_id=office.acme_ticket.id), tell("stop", 2, "d")

    assert fits == (("accepted", ()), ("accepted", ()))
    assert beyond == (("accepted", ("over_limit",)), ("accepted", ()))


def test_a_ticket_that_moves_asks_of_the_cap_once_and_is_told_of_each_month_of_the_agreement(
    story, office, count_queries
):
    """An hour that begins on 1 April in Berlin is still March in UTC."""
    story.agree(per_month="10")
    website, garden = (
        projects.add_project(story.session, actor=SYSTEM, now=MARCH, client_id=office.acme.id, name=name).id
        for name in ("Website", "Garden")
    )
    story.log("12", "2026-03-02", status="draft")
    edge = story.log("1", "2026-04-01", status="draft")
    edge.started_at, edge.ended_at = (datetime(2026, 3, 31, hour, 30, tzinfo=UTC) for hour in (22, 23))

    def move(project_id):
        with count_queries() as statements:
            moved = moving.move(
                story.session,
                actor=office.actor("manager"),
                now=LATER,
                number=office.acme_ticket.number,
                project_id=project_id,
            )
        return sorted(moved.warnings), sum("ledger_rows" in each for each in statements)

    told, few = move(website)
    for month in range(5, 11):
        story.log("11", f"2026-{month:02}-04", status="draft")
    told_then, many = move(garden)

    assert [re.findall("in (2026-..)", each) for each in told] == [["2026-03"]]
    assert [re.findall("in (2026-..)", each) for each in told_then] == [
        [f"2026-{month:02}"] for month in (3, 5, 6, 7, 8, 9, 10)
    ]
    assert few == many


def test_a_device_that_tells_of_many_starts_asks_of_the_cap_once(story, office, count_queries):
    story.agree(per_month="0", overage_rate_minor=12000, at_cap="ask")
    actor, began = office.actor("technician"), MARCH - timedelta(hours=10)

    def tell(*names):
        events = [
            NewEvent(uuid=name, kind="start", said_at=began + timedelta(minutes=ord(name)), item_id=item.id)
            for name, item in zip(names, (office.acme_ticket, office.acme_task) * 4, strict=False)
        ]
        with count_queries() as statements:
            outcomes = service.take_events(story.session, actor=actor, now=MARCH, events=events)
        return [each.flags for each in outcomes], sum("ledger_rows" in each for each in statements)

    [(told, one), (told_then, many)] = tell("a"), tell(*"bcdefg")

    assert (told, told_then) == ([("over_limit",)], [("over_limit",)] * 6)
    assert one == many


def test_the_quick_look_never_finds_room_where_the_engine_finds_none(story, office):
    """A bound, month by month: late time of a closed month, rounding, a day that is not over, and another month."""
    story.agree(per_month="10")
    story.log("4", "2026-03-02")
    story.close("2026-03")
    free = story.log("1", "2026-04-01", status="draft")
    before = surely_has_room(story.session, free), limits.warning_of(story.session, free)
    story.log("9.5", "2026-03-03")
    late = story.log("1", "2026-03-04", status="draft")
    other_month = story.log("1", "2026-05-04", status="draft")

    assert before == (True, "")
    assert not surely_has_room(story.session, free)
    assert "11:30 are used" in limits.warning_of(story.session, free)
    assert not surely_has_room(story.session, late)
    assert surely_has_room(story.session, other_month) is False  # late time counts against every open month here
    assert limits.warning_of(story.session, other_month) == ""


def test_the_pages_say_what_becomes_of_time_beyond_the_hours(sign_in_as, office):
    with unit_of_work() as session:
        retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=MARCH,
            client_id=office.acme.id,
            name="Support",
            starts_on=date(2026, 1, 1),
            terms=NewTerms(allowance_seconds=0, at_cap="stop"),
        )

    started = sign_in_as(office.technician).post(
        "/timer/start", data={"number": str(office.acme_task.number)}, follow_redirects=True
    )
    board = sign_in_as(office.manager).get("/retainers")

    assert "Support includes 0:00 in " in started.text
    assert "Stopped" in board.text
    assert "no more is approved" in board.text
