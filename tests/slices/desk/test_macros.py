"""Macros: several acts at once, all or nothing, with one line and one undo (docs/automation.md rules 16 to 23)."""

import html
import re

import pytest
from sqlalchemy import select

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Team
from helpdesk.automation.models import Macro
from helpdesk.automation.service import macros
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import types
from helpdesk.projects.models import ItemTag, TicketType, WorkItem
from helpdesk.tickets.models import Draft, Message
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from tests.slices.desk.test_acts_on_many import picks

pytestmark = pytest.mark.on_sqlite
FORM = {"name": "Close as duplicate", "status": "solved", "add_tags": "duplicate", "assignee": "me"}


def add(office, name="Close as duplicate", who="technician", *, shared=False, **acts):
    with unit_of_work() as session:
        settings = MacroSettings(name=name, acts=MacroActs(**acts), shared=shared)
        return macros.add_macro(session, actor=office.actor(who), now=NOW, settings=settings).id


def facts(number):
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        tags = set(session.scalars(select(ItemTag.tag).where(ItemTag.work_item_id == item.id)))
        return (
            item.status,
            item.priority,
            item.assignee_id,
            item.type_id,
            tags,
            item.team_id,
            item.snoozed_until,
            item.closed_at,
        )


def lines(number, kind="event"):
    with unit_of_work() as session:
        query = select(Message.text).join(WorkItem, WorkItem.id == Message.work_item_id)
        return list(session.scalars(query.where(WorkItem.number == number, Message.kind == kind).order_by(Message.id)))


def rows(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model).order_by(*model.__table__.primary_key)))


def apply(browser, number, macro_id, **more):
    answer = browser.post(f"/items/{number}/macro", data={"macro": str(macro_id), **more})
    done = re.search(r"done=(\d+)", answer.location)
    return answer, int(done[1]) if done else None


def said(browser, answer):
    return html.unescape(browser.get(answer.location.partition("#")[0]).text)


def test_all_acts_happen_with_one_line_and_one_undo_gives_all_back(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    with unit_of_work() as session:
        kind = types.choices(session)[0][0]
        team = accounts.add_team(session, actor=office.actor("admin"), now=NOW, name="Second line", person_ids=())
    before = facts(number)
    macro_id = add(
        office, status="waiting", priority="high", assignee="me", team=str(team.id), type=str(kind),
        add_tags=("vpn", "log"), snooze_days=2, note="Asked {{requester.first_name}}, {{me.first_name}}", minutes=5,
    )  # fmt: skip

    answer, act_id = apply(browser, number, macro_id)

    assert facts(number)[:5] == ("waiting", "high", office.technician.id, kind, {"vpn", "log"})
    assert lines(number)[-1] == (
        "applied the macro “Close as duplicate”: status waiting, priority high, "
        f"assigned to {office.technician.name}, team Second line, type Question, tag vpn added, tag log added, "
        "snoozed for 2 days, note written, 5 minutes logged"
    )
    assert len(lines(number)) == 1
    assert lines(number, "note") == [f"Asked Acme, {office.technician.name.split()[0]}"]
    assert [((one.ended_at - one.started_at).seconds, one.billable) for one in rows(TimeEntry)] == [(300, "billable")]
    page = said(browser, answer)
    assert "“Close as duplicate” is applied." in page
    assert f'action="/desk/bulk/{act_id}/undo"' in page
    assert (rows(Macro)[0].used, rows(Macro)[0].used_at) == (1, NOW)

    undone = browser.post(f"/desk/bulk/{act_id}/undo", data={"next": f"/items/{number}"})

    assert "All is as before." in said(browser, undone)
    assert facts(number) == before
    assert rows(TimeEntry) == []
    assert lines(number, "note") == []
    assert lines(number)[1:] == ["took back the macro “Close as duplicate”"]


def test_what_cannot_be_done_stops_the_whole_with_a_word(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    with unit_of_work() as session:
        kind = types.choices(session)[0][0]
    retired = add(office, "Type", type=str(kind), add_tags=("x",), note="Note.")
    asleep = add(office, "Sleep", status="solved", snooze_days=1)
    unsent = add(office, "Send", answer="Hello.", sends=True, add_tags=("x",))
    with unit_of_work() as session:
        session.get_one(TicketType, kind).retired_at = NOW
    before = facts(number)

    for macro_id, why in (
        (retired, "There is no such type of tickets."),
        (asleep, "Only a ticket that is open can be snoozed."),
        (unsent, "No mailbox is connected yet"),
    ):
        answer, act_id = apply(browser, number, macro_id)
        assert f"Nothing was done: {why}" in said(browser, answer)
        assert act_id is None
    answer, _act = apply(browser, number, add(office, "Tag", add_tags=("x",)), version="99")
    assert "Nothing was done: it changed since you looked" in said(browser, answer)

    assert facts(number) == before
    assert lines(number) == lines(number, "note") == []
    assert {one.used for one in rows(Macro)} == {0}


def test_one_click_too_many_and_what_was_written_since_stop_it_but_who_began_a_reply_goes_on(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    shown = browser.get(f"/items/{number}").text
    state = dict(re.findall(r'name="(version|seen)" value="(\d+)"', shown))
    browser.post(f"/items/{number}/drafts/reply", data={"body": "Hello", "last_seen_id": ""})  # it is theirs by that
    timed, noted = add(office, "Five minutes", minutes=5), add(office, "Note", note="Seen.")

    _answer, first = apply(browser, number, timed, **state)
    again, second = apply(browser, number, timed, **state)

    assert (first is not None, second, len(rows(TimeEntry))) == (True, None, 1)
    assert "Nothing was done: You have just done that." in said(browser, again)
    browser.post(f"/items/{number}/note", data={"body": "Meanwhile.", "billable": "billable"})
    answer, _act = apply(browser, number, noted, seen=state["seen"])
    assert "wrote there since you looked" in said(browser, answer)
    assert lines(number, "note") == ["Meanwhile."]


def test_a_click_too_many_writes_no_second_note(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    macro_id = add(office, minutes=30, note="Called them.")

    _answer, act_id = apply(browser, number, macro_id)
    again, _act = apply(browser, number, macro_id)
    assert "Nothing was done: You have just done that." in said(browser, again)
    unseen, _act = apply(browser, number, add(office, "Tag", add_tags=("x",)), seen="")
    assert "wrote there since you looked" in said(browser, unseen)

    assert (len(rows(TimeEntry)), lines(number, "note")) == (1, ["Called them."])
    browser.post(f"/desk/bulk/{act_id}/undo")
    apply(browser, number, macro_id)
    assert lines(number, "note") == ["Called them."]


def test_an_answer_goes_into_the_box_with_status_and_time_beside_it(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    macro_id = add(office, answer="Hello {{requester.first_name}}", status="waiting", minutes=10, add_tags=("asked",))
    browser.post(f"/items/{number}/drafts/reply", data={"body": "First.", "last_seen_id": ""})

    answer, act_id = apply(browser, number, macro_id)

    kept = rows(Draft)[0]
    assert (kept.body, kept.status, kept.worked) == ("First.\n\nHello Acme", "waiting", "0:10")
    assert facts(number)[0] != "waiting"
    assert (facts(number)[4], rows(TimeEntry), rows(OutgoingMessage)) == ({"asked"}, [], [])
    assert "the answer is in the box" in said(browser, answer)
    again, _act = apply(browser, number, macro_id)
    assert "Nothing was done: You have just done that." in said(browser, again)
    assert [one.body for one in rows(Draft)] == ["First.\n\nHello Acme"]
    browser.post(f"/desk/bulk/{act_id}/undo")
    assert [(one.body, one.status, one.worked) for one in rows(Draft)] == [("First.", "", "")]
    _answer, act_id = apply(browser, number, macro_id)
    with unit_of_work() as session:
        session.scalars(select(Draft)).one().body = "Written on."
    browser.post(f"/desk/bulk/{act_id}/undo")
    assert ([one.body for one in rows(Draft)], facts(number)[4]) == (["Written on."], set())


def test_an_answer_that_is_sent_is_taken_back_with_all_of_the_macro(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    before = facts(number)
    macro_id = add(
        office, answer="Solved.", answer_html="<div><strong>Solved.</strong></div>", sends=True, status="solved",
        priority="low", add_tags=("done",), minutes=90, note="Sent.",
    )  # fmt: skip

    apply(browser, number, macro_id)

    reply = next(one for one in rows(Message) if one.kind == "reply")
    assert (reply.text, facts(number)[0], [(one.ended_at - one.started_at).seconds for one in rows(TimeEntry)]) == (
        "Solved.",
        "solved",
        [5400],
    )
    assert lines(number)[0].startswith("applied the macro “Close as duplicate”: answered, status solved, priority low")
    assert len(lines(number)) == 1
    taken = browser.post(f"/items/{number}/messages/{reply.id}/take-back")
    assert "The answer is a draft again." in said(browser, taken)
    assert facts(number) == before
    assert (rows(TimeEntry), lines(number, "note"), lines(number, "reply")) == ([], [], [])
    assert [one.withdrawn_at is not None for one in rows(OutgoingMessage)] == [True]
    assert [(one.body, one.worked, one.status) for one in rows(Draft)] == [("Solved.", "1:30", "solved")]
    answer, act_id = apply(browser, number, macro_id)
    assert "You have begun an answer here: send it or discard it first." in said(browser, answer)
    assert act_id is None


def test_many_tickets_get_a_macro_each_wholly_or_not_at_all(office, mailbox, sign_in_as):
    first, second = open_ticket(office), open_ticket(office)
    browser = sign_in_as(office.technician)
    macro_id = add(office, answer="Done.", sends=True, status="solved", add_tags=("outage",))
    shown = picks(browser.get("/desk").text)
    browser.post(f"/items/{second}/drafts/reply", data={"body": "Begun.", "last_seen_id": ""})
    before = facts(first), facts(second)

    answer = browser.post("/desk/bulk", data={"pick": [shown[first], shown[second]], "act": f"macro:{macro_id}"})

    page = said(browser, answer)
    assert "1 ticket changed." in page
    assert f"Not changed: #{second}: You have begun an answer here" in page
    assert (facts(first)[0], facts(second)) == ("solved", before[1])
    undone = browser.post(f"/desk/bulk/{answer.location.partition('done=')[2]}/undo")
    assert "1 ticket is as before." in said(browser, undone)
    assert (facts(first), [one.body for one in rows(Draft)]) == (before[0], ["Begun."])
    assert browser.post("/desk/bulk", data={"pick": [shown[first]], "act": "macro:x"}).status_code == 422
    assert browser.post("/desk/bulk", data={"pick": [shown[first]], "act": "macro:999"}).status_code == 404
    assert rows(Macro)[0].used == 1


def test_many_tickets_get_no_answer_over_what_was_noted_since_the_queue_was_shown(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    macro_id = add(office, answer="Done.", sends=True, status="closed")
    shown = picks(browser.get("/desk").text)[number]
    sign_in_as(office.manager).post(f"/items/{number}/note", data={"body": "Send nothing!", "billable": "billable"})
    with unit_of_work() as session:
        version = session.scalars(select(WorkItem.version).where(WorkItem.number == number)).one()
    act = {"act": f"macro:{macro_id}"}

    answer = browser.post("/desk/bulk", data={"pick": [f"{number}-{version}-{shown.split('-')[2]}"], **act})

    assert f"Not changed: #{number}: " in said(browser, answer)
    assert (rows(OutgoingMessage), facts(number)[0] != "closed") == ([], True)
    browser.post("/desk/bulk", data={"pick": [picks(browser.get("/desk").text)[number]], **act})
    assert len(rows(OutgoingMessage)) == 1


def test_a_macro_is_not_undone_on_a_ticket_that_was_merged_since(office, sign_in_as):
    number, other, browser = open_ticket(office), open_ticket(office), sign_in_as(office.technician)
    _answer, act_id = apply(browser, number, add(office, priority="high", note="Seen.", minutes=5))
    browser.post(f"/items/{number}/merge", data={"into": str(other)})

    undone = browser.post(f"/desk/bulk/{act_id}/undo", data={"next": f"/items/{other}"})

    assert f"Not undone: #{number}: #{number} was merged into #{other}." in said(browser, undone)
    assert (lines(other, "note"), len(rows(TimeEntry)), facts(number)[1]) == (["Seen."], 1, "high")


def test_a_double_click_fills_the_box_once_also_where_nothing_else_is_done(office, mailbox, sign_in_as, fixed_clock):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    macro_id = add(office, answer="Hello")

    apply(browser, number, macro_id)
    again, _act = apply(browser, number, macro_id)

    assert "Nothing was done: You have just done that." in said(browser, again)
    assert [one.body for one in rows(Draft)] == ["Hello"]
    fixed_clock.advance(seconds=4)
    apply(browser, number, macro_id)
    assert [one.body for one in rows(Draft)] == ["Hello\n\nHello"]


def test_an_answer_is_taken_back_though_the_former_team_is_retired(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    one, two = (add_team(office, name) for name in ("One", "Two"))
    apply(browser, number, add(office, "First", team=str(one)))
    apply(browser, number, add(office, "Second", answer="Hello.", sends=True, team=str(two), priority="high"))
    with unit_of_work() as session:
        session.get_one(Team, one).retired_at = NOW
    reply = next(each for each in rows(Message) if each.kind == "reply")

    taken = browser.post(f"/items/{number}/messages/{reply.id}/take-back")

    assert "Not all is as before: The team One is retired" in said(browser, taken)
    assert [each.withdrawn_at is not None for each in rows(OutgoingMessage)] == [True]
    assert (facts(number)[1], facts(number)[5]) == ("normal", two)


def add_team(office, name):
    with unit_of_work() as session:
        return accounts.add_team(session, actor=office.actor("admin"), now=NOW, name=name, person_ids=()).id


def test_what_is_used_most_is_first_in_the_menu_and_own_ones_are_nobody_elses(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    add(office, "Alpha", priority="low")
    often = add(office, "Beta", "manager", shared=True, priority="high")
    hidden = add(office, "Hidden", "manager", priority="high")
    apply(browser, number, often)

    page = browser.get(f"/items/{number}").text

    menu = page.partition('id="macro-menu"')[2].partition("</form>")[0]
    palette = browser.get("/search/results?q=MACRO+alp&macros=ticket").text
    assert re.findall(r'data-macro="(\d+)"', palette) == [str(rows(Macro)[0].id)]
    assert "data-macro" not in browser.get("/search/results?q=alpha").text
    assert re.findall(r"</svg>(\w+)</button>", menu) == ["Beta", "Alpha"]
    assert apply_status(browser, number, hidden) == 404
    assert "Used 1 time, last" in browser.get("/macros").text


def apply_status(browser, number, macro_id):
    return browser.post(f"/items/{number}/macro", data={"macro": str(macro_id)}).status_code


def test_a_task_gets_what_makes_sense_there_with_one_line_and_one_undo(office, sign_in_as):
    number, browser = office.acme_task.number, sign_in_as(office.technician)
    team, before = add_team(office, "Second line"), facts(number)
    macro_id = add(
        office, status="in_progress", priority="high", assignee="me", team=str(team), add_tags=("vpn",),
        note="Begun by {{me.first_name}} for {{client.name}}.", minutes=5,
    )  # fmt: skip
    menu = browser.get(f"/items/{number}").text.partition('id="macro-menu"')[2].partition("</form>")[0]

    answer, act_id = apply(browser, number, macro_id, **dict(re.findall(r'name="(version|seen)" value="(\d+)"', menu)))

    assert f'value="{macro_id}"' in menu
    assert "“Close as duplicate” is applied." in said(browser, answer)
    assert facts(number)[:3] == ("in_progress", "high", office.technician.id)
    assert (facts(number)[4:6], len(rows(TimeEntry)), len(lines(number))) == (({"vpn"}, team), 1, 1)
    assert lines(number, "note") == [f"Begun by {office.technician.name.split()[0]} for Acme."]
    undone = browser.post(f"/desk/bulk/{act_id}/undo", data={"next": f"/items/{number}"})
    assert "All is as before." in said(browser, undone)
    assert (facts(number), rows(TimeEntry), lines(number, "note")) == (before, [], [])


def test_a_task_is_offered_no_macro_of_tickets_and_refuses_it(office, sign_in_as):
    number, browser = office.acme_task.number, sign_in_as(office.technician)
    with unit_of_work() as session:
        kind = types.choices(session)[0][0]
    of_tickets = [
        add(office, "Answer", answer="Hello", priority="high"),
        add(office, "Sleep", snooze_days=1, priority="high"),
        add(office, "Type", type=str(kind), priority="high"),
    ]
    asks = add(office, "Asks", note="For {{requester.name}}.", priority="high")
    before = facts(number)
    page, found = browser.get(f"/items/{number}").text, browser.get("/search/results?q=macro&macros=task").text

    told = [said(browser, apply(browser, number, one)[0]) for one in (*of_tickets, asks)]

    assert re.findall(r'name="macro" value="(\d+)"', page) == re.findall(r'data-macro="(\d+)"', found) == [str(asks)]
    assert all("This macro answers, snoozes or sets a type, and this is a task." in each for each in told[:-1])
    assert "Its note names who asks, and nobody asks on this task." in told[-1]
    assert (facts(number), lines(number)) == (before, [])


def test_macros_are_written_shared_put_in_order_and_deleted(office, sign_in_as):
    manager, technician = sign_in_as(office.manager), sign_in_as(office.technician)

    assert manager.post("/macros/new", data=FORM | {"shared": "y"}).status_code == 303
    assert (
        manager.post("/macros/new", data=FORM | {"shared": "y", "name": "Second", "priority": "low"}).status_code == 303
    )
    assert technician.post("/macros/new", data=FORM).status_code == 303
    first, second, own = rows(Macro)
    refused = technician.post("/macros/new", data=FORM | {"shared": "y"})

    assert (refused.status_code, "Managers and administrators write the shared ones" in refused.text) == (422, True)
    assert first.acts == {"status": "solved", "add_tags": ["duplicate"], "assignee": "me"}
    assert "status solved, assign to whoever applies it, add the tags duplicate" in technician.get("/macros").text
    assert "managers and administrators change it" in technician.get(f"/macros/{first.id}").text
    assert 'value="duplicate"' in technician.get(f"/macros/{own.id}").text
    assert technician.post(f"/macros/{first.id}", data=FORM | {"name": "Mine"}).status_code == 422
    assert technician.post(f"/macros/{first.id}/delete").status_code == 422
    assert manager.get(f"/macros/{own.id}").status_code == 404
    manager.post(f"/macros/{second.id}/up")
    assert [one.position for one in rows(Macro)] == [2, 1, 1]
    assert technician.post(f"/macros/{own.id}", data=FORM | {"name": "Renamed"}).status_code == 303
    assert manager.post(f"/macros/{first.id}/delete").status_code == 303
    assert [one.name for one in rows(Macro)] == ["Second", "Renamed"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "SECOND", "status": "solved"}, "There is a macro of that name already."),
        ({"name": "A"}, "Say what the macro does: at least one thing."),
        ({"name": "A", "sends": "y"}, "Say what the macro does: at least one thing."),
        ({"name": "A", "status": "solved", "sends": "y"}, "Write the answer that is to be sent."),
        ({"name": "A", "body": "{{me.nick}}"}, "is no field of this text"),
        ({"name": "A", "minutes": "1441"}, "From 1 to 1440 minutes."),
        ({"name": "A", "add_tags": "x", "remove_tags": "x"}, "not both"),
        ({"name": "A", "status": "new"}, "Not a valid choice."),
    ],
)
def test_a_macro_that_makes_no_sense_is_refused_with_what_was_typed(office, sign_in_as, change, words):
    browser = sign_in_as(office.technician)
    add(office, "Second", priority="low")

    answer = browser.post("/macros/new", data={"note": "Typed." if "status" in change else ""} | change)

    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert f'value="{change["name"]}"' in answer.text
    assert len(rows(Macro)) == 1
