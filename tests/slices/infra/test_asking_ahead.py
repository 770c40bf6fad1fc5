"""What a page asks ahead is given to those who ask for it, and to nobody who asks for something else."""

import pytest
from sqlalchemy import select

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Person
from helpdesk.infra.ahead import ask_ahead, models_of, rows_of
from helpdesk.infra.db import read_anew, read_session, unit_of_work


def test_who_asks_what_was_asked_ahead_is_given_the_answer_and_everybody_else_asks(office, count_queries):
    session = read_session()
    session.connection()  # begins to read
    staff = select(Person).where(Person.role == "technician")
    with count_queries() as statements:
        ask_ahead(session, accounts.choice_of(["admin", "manager"]), staff)
        assert len(statements) == 1

        found = accounts.choices(session, roles=["admin", "manager"])
        [person] = models_of(session, select(Person).where(Person.role == "technician"))
        assert len(statements) == 1

        others = accounts.choices(session, roles=["technician"])
        assert len(statements) == 2

    assert [name for _id, name in found] == ["Admin Person", "Manager Person"]
    assert person is session.get(Person, office.technician.id)
    assert others == [(office.technician.id, "Technician Person")]


def test_who_reads_anew_sees_what_others_wrote_meanwhile(office):
    named = select(Person.id, Person.name).where(Person.id == office.admin.id)
    ask_ahead(read_session(), named)
    with unit_of_work() as session:
        session.get_one(Person, office.admin.id).name = "Renamed"

    assert rows_of(read_session(), named)[0].name == "Admin Person"
    assert rows_of(read_anew(), named)[0].name == "Renamed"


def test_whoever_writes_asks_nothing_ahead_for_it_would_be_old_by_then(office):
    with unit_of_work() as session, pytest.raises(RuntimeError, match="may have changed it since"):
        ask_ahead(session, select(Person.id, Person.name))
