"""Who else is at a ticket, and who is writing there (docs/desk.md rules 47 and 48)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from helpdesk.desk import live as hearing
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.schema import count_rows
from helpdesk.projects import presence
from helpdesk.projects.models import ItemPresence
from tests.conftest import NOW

TAB, OTHER_TAB = "tab-one-1", "tab-two-2"
HALF = timedelta(seconds=30)


def say(office, role, doing="looking", *, tab=TAB, now=NOW, number=None):
    with unit_of_work() as session:
        number = number or office.acme_ticket.number
        presence.say_present(session, actor=office.actor(role), now=now, number=number, tab=tab, doing=doing)


def there(office, role, now=NOW):
    with unit_of_work() as session:
        found = presence.there(session, actor=office.actor(role), now=now, item_id=office.acme_ticket.id)
        return [(one.id, one.doing) for one in found]


def told():
    with unit_of_work() as session:
        return [each.data["person"] for each in hearing.events_after(session, 0) if each.topic == "presence"]


def test_others_are_shown_once_doing_the_most_they_do_and_oneself_never(office):
    say(office, "technician")
    say(office, "technician", "reply", tab=OTHER_TAB)
    say(office, "manager", "note")

    assert there(office, "technician") == [(office.manager.id, "note")]
    assert there(office, "manager") == [(office.technician.id, "reply")]
    with unit_of_work() as session:
        found = presence.everywhere(session, actor=office.actor("admin"), now=NOW)
    assert {one.id for one in found[office.acme_ticket.number]} == {office.technician.id, office.manager.id}


@pytest.mark.on_sqlite
def test_who_leaves_is_gone_at_once_and_who_says_nothing_in_a_minute(office):
    say(office, "technician")
    say(office, "technician", "reply", tab=OTHER_TAB)
    with unit_of_work() as session:
        actor, number = office.actor("technician"), office.acme_ticket.number
        presence.leave(session, actor=actor, now=NOW, number=number, tab=OTHER_TAB)
    at_first = there(office, "manager")
    later = [there(office, "manager", NOW + count * HALF) for count in (1, 2)]
    with unit_of_work() as session:
        presence.forget_absent(session, now=NOW + 3 * HALF)

    assert at_first == [(office.technician.id, "looking")]
    assert later == [at_first, []]
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(ItemPresence)) == 0


@pytest.mark.on_sqlite
def test_only_what_changes_is_told_and_what_was_just_said_is_not_written_again(office, count_queries):
    say(office, "technician")
    say(office, "technician", tab=OTHER_TAB)
    with count_queries() as asked:
        say(office, "technician", now=NOW + timedelta(seconds=5))
    say(office, "technician", now=NOW + HALF)
    say(office, "technician", "reply", now=NOW + HALF)

    assert [one for one in asked if re.match("INSERT|UPDATE|DELETE", one)] == []
    assert told() == [office.technician.id] * 2


@pytest.mark.on_sqlite
def test_pages_show_who_is_there_but_not_to_those_who_may_not_see_the_client(office, sign_in_as, fixed_clock):
    browser, number, hidden = sign_in_as(office.manager), office.acme_ticket.number, office.globex_ticket.number
    said = browser.post(f"/items/{number}/presence", data={"tab": TAB, "doing": "reply"})
    browser.post(f"/items/{hidden}/presence", data={"tab": TAB, "doing": "looking"})
    wrong = browser.post(f"/items/{number}/presence", data={"tab": "x", "doing": "reply"})

    technician = sign_in_as(office.technician)
    page, queue = technician.get(f"/items/{number}").text, technician.get("/desk").text
    marks = technician.get("/desk/presence").text

    assert (said.status_code, wrong.status_code) == (200, 422)
    assert f"{office.manager.name} is writing" not in said.text
    assert f"{office.manager.name} is writing a reply" in page
    assert f"{office.manager.name} is writing here" in queue
    assert f'data-present="{number}"' in marks
    assert f'data-present="{hidden}"' not in marks
    assert technician.get(f"/items/{hidden}/presence").status_code == 404
    assert f"{office.manager.name} is looking at this" in sign_in_as(office.admin).get("/desk/presence").text


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # PostgreSQL decides by what it knows of the rows
def test_who_is_where_begins_with_those_who_are_there_however_few_they_were(session, office):
    count_rows(session)  # when nobody was anywhere, as at night
    asked, connection = [], session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2:4]))

    presence.everywhere(session, actor=office.actor("admin"), now=NOW)

    [(sql, given)] = asked
    plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
    assert re.match("(SEARCH|SCAN) item_presence", plan[0]), plan
    assert [step for step in plan[1:] if step.startswith("SCAN")] == []
