"""Every migration goes up and down with rows in the tables, and the models say what the migrations made."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from helpdesk.infra import schema
from helpdesk.infra.db import Base, db, unit_of_work
from helpdesk.infra.finding import is_of_an_index
from helpdesk.kernel.errors import SettingsError


def tables() -> set[str]:
    found = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in found if not is_of_an_index(name, "table")}


def test_down_to_nothing_and_up_again_with_rows_in_the_tables(office):
    downgrade(revision="base")
    assert tables() == set()

    upgrade()

    assert tables() == set(Base.metadata.tables)


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")  # SQLite cannot reflect these; PostgreSQL can
def test_the_models_and_the_migrations_say_the_same(app):
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_name": lambda name, kind, _parents: not is_of_an_index(name, kind)}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_what_was_chosen_is_carried_over_and_what_nobody_chose_follows_what_is_new(office):
    downgrade(revision="0570")
    with unit_of_work() as session:
        session.execute(text("INSERT INTO expense_categories (name, tax_percent) VALUES ('Books', '7'), ('Other', '')"))
        session.execute(text("UPDATE clients SET invoice_group_by = 'day', tax_per_line = '1' WHERE name = 'Globex'"))
        session.execute(text("INSERT INTO reminder_texts VALUES (2, 'de', 'Mahnung {{number}}', 'Bitte, {{client}}')"))

    upgrade()

    with unit_of_work() as session:
        words = session.execute(text("SELECT kind, language, subject, text FROM letter_texts")).all()
        said = "SELECT DISTINCT name = 'Globex', invoice_group_by, tax_rounding, price_basis FROM clients ORDER BY 1"
        clients = [(bool(is_globex), *rest) for is_globex, *rest in session.execute(text(said))]
        taxes = session.execute(text("SELECT name, tax_category, tax_percent FROM expense_categories ORDER BY 1")).all()
    assert taxes == [("Books", "S", "7"), ("Other", "", "")]
    assert words == [("reminder_2", "de", "Mahnung {{number}}", "Bitte, {{client}}")]
    assert clients == [(False, "", "company", "company"), (True, "day", "line", "company")]
    downgrade(revision="0570")
    with unit_of_work() as session:
        assert session.execute(text("SELECT level, language, subject, text FROM reminder_texts")).all() == [
            (2, *words[0][1:])
        ]
        back = session.scalars(text("SELECT name FROM clients WHERE tax_per_line AND invoice_group_by = 'day'")).all()
    assert back == ["Globex"]


def test_whoever_had_no_zone_of_their_own_follows_the_company(office):
    zones = text(
        "SELECT name, time_zone FROM people WHERE name IN ('Admin Person', 'Manager Person', 'Rival Person') ORDER BY 1"
    )
    downgrade(revision="1250")
    with unit_of_work() as session:
        session.execute(text("UPDATE people SET time_zone = 'UTC' WHERE name = 'Manager Person'"))
        session.execute(text("UPDATE people SET time_zone = 'Asia/Tokyo' WHERE name = 'Rival Person'"))

    upgrade()

    with unit_of_work() as session:
        after = session.execute(zones).all()
    downgrade(revision="1250")
    with unit_of_work() as session:
        before = session.execute(zones).all()
    assert after == [("Admin Person", ""), ("Manager Person", ""), ("Rival Person", "Asia/Tokyo")]
    assert [zone for _name, zone in before] == ["Europe/Berlin", "Europe/Berlin", "Asia/Tokyo"]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(app):
    with unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))

    with pytest.raises(SettingsError, match=r"newer Helpdesk than this one, .* ffff"):
        schema.require_current()
    with pytest.raises(SettingsError, match="nothing was changed"):
        schema.migrate()


def test_a_database_that_lags_behind_is_named_with_the_remedy(app):
    downgrade(revision="0001")

    with pytest.raises(SettingsError, match=r"older than this Helpdesk: \d+ changes .* 0001\. Run: helpdesk migrate"):
        schema.require_current()


def test_an_empty_database_is_made_whole(app):
    downgrade(revision="base")
    with unit_of_work() as session:
        session.execute(text("DROP TABLE alembic_version"))

    schema.require_current()

    assert tables() == set(Base.metadata.tables)
