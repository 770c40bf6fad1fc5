"""What is asked together comes back as it would by itself, in one statement, on both databases."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Numeric, bindparam, func, literal, select

from helpdesk.accounts.models import Person
from helpdesk.infra.together import Together
from helpdesk.projects.models import TaskDetails, WorkItem


def test_rows_come_as_they_would_by_themselves_in_one_statement(session, office, count_queries):
    people = select(Person.id, Person.name, Person.active, Person.created_at).order_by(Person.name.desc())
    items = select(WorkItem.number, WorkItem.assignee_id, WorkItem.closed_at).order_by(WorkItem.number.desc()).limit(2)
    none = select(TaskDetails.due_on).where(TaskDetails.work_item_id.in_(bindparam("ids", expanding=True)))
    asked = Together(
        people=people, items=items, none=none, one=select(func.count().label("items")).select_from(WorkItem)
    )

    with count_queries() as statements:
        found = asked.read(session, ids=[])

    assert len(statements) == 1
    assert [tuple(row) for row in found["people"]] == [tuple(row) for row in session.execute(people)]
    assert [tuple(row) for row in found["items"]] == [tuple(row) for row in session.execute(items)]
    assert found["none"] == []
    assert found["one"][0].items == session.scalar(select(func.count()).select_from(WorkItem))


def test_days_instants_lists_and_signs_are_what_they_were(session, office):
    said = "Ünïcode \"quoted\" \\ 'x'\n{}"
    asked = Together(
        day=select(literal(date(2026, 2, 28)).label("day"), literal(said).label("said")),
        team=select(Person.id, Person.created_at).where(Person.id == bindparam("id")),
    )

    found = asked.read(session, id=office.technician.id)

    assert tuple(found["day"][0]) == (date(2026, 2, 28), said)
    assert found["team"][0].created_at.tzinfo is UTC
    assert isinstance(found["team"][0].created_at, datetime)


def test_a_number_that_json_would_change_is_refused():
    with pytest.raises(TypeError):
        Together(amount=select(literal(1, Numeric()).label("amount")))


def test_rows_of_a_model_are_those_of_the_session_with_what_it_did_to_them(session, office, count_queries):
    known = session.get_one(Person, office.admin.id)
    known.name = "Renamed"
    asked = Together(people=select(Person).where(Person.role.in_(("admin", "technician"))).order_by(Person.id))

    found = asked.read(session)["people"]

    assert found[0] is known
    assert found[0].name == session.scalar(select(Person.name).where(Person.id == known.id)) == "Renamed"
    with count_queries() as statements:
        assert session.get(Person, office.technician.id) is found[1]
        assert found[1].created_at == office.technician.created_at
    assert statements == []
    found[1].name = "Changed"
    session.flush()
    assert session.scalar(select(Person.name).where(Person.id == office.technician.id)) == "Changed"


def test_each_one_is_written_for_the_database_once_and_asked_with_new_values_each_time(session, office, monkeypatch):
    asked = Together(who=select(Person.name).where(Person.id == bindparam("id")))
    others = Together(who=select(Person.email).where(Person.id == bindparam("id")))
    people = session.execute(select(Person.id, Person.name, Person.email)).all()
    asked.read(session, id=0)
    others.read(session, id=0)

    monkeypatch.setattr(session.get_bind().dialect, "statement_compiler", None)  # who compiled would fail
    names = [asked.read(session, id=person.id)["who"][0].name for person in people]
    emails = [others.read(session, id=person.id)["who"][0].email for person in people]

    assert len(people) > 1
    assert (names, emails) == ([person.name for person in people], [person.email for person in people])
