"""``helpdesk import``: what it prints, and how it ends."""

import pytest
from click.testing import CliRunner, Result

from helpdesk import cli
from helpdesk.imports.models import Import
from helpdesk.infra import log
from helpdesk.infra.db import unit_of_work
from tests.conftest import FixedClock

REFUSAL = "kunden.csv:3: 'XYZ' is no ISO 4217 currency; write three capitals such as EUR"


@pytest.fixture
def run(app, office, rung, fixed_clock: FixedClock, monkeypatch):
    monkeypatch.setattr(cli, "create_app", lambda: app)
    monkeypatch.setattr(log, "configure", lambda *_how: None)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli.cli, ["import", *arguments])

    return invoke


def test_a_table_is_looked_at_and_then_imported_with_each_refused_line_on_the_error_output(run, tmp_path):
    table = tmp_path / "kunden.csv"
    table.write_text("Firma;Währung\nKühn;EUR\nOdd;XYZ\n", encoding="cp1252")

    looked = run(str(table), "--dry-run")
    with unit_of_work() as session:
        assert session.query(Import).count() == 0
    first, second = run(str(table)), run(str(table))

    for done in (looked, first, second):
        assert done.exit_code == 1
        assert REFUSAL in done.stderr
    assert looked.stdout == first.stdout == "clients: 1 new, 0 changed, 0 same, 1 refused\n"
    assert second.stdout == "clients: 0 new, 0 changed, 1 same, 1 refused\n"
