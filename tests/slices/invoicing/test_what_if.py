"""The page answers as the command does, of the very text that it hands out (docs/billing.md, simulate contract)."""

import html
import json
import re

import pytest
from click.testing import CliRunner

from helpdesk.cli import cli
from helpdesk.infra.db import unit_of_work
from tests.slices.retainers.conftest import Story

TERMS = {
    "first": "2026-03",
    "last": "2026-04",
    "hours_per_month": "5",
    "fee": "500",
    "overage_rate": "120",
    "rollover_months": "1",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "tax_percent": "19",
}
LINES = "id, start, seconds, rate\na, 2026-03-02T10:00:00+01:00, 21600, 100\nb, 2026-04-02T10:00:00+02:00, 3600, 100"


@pytest.fixture
def acme(office):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement_id = story.agree(per_month="10", fee_minor=100_000, overage_rate_minor=12_000).id
        story.log("12", "2026-03-03")
        story.log("1", "2026-04-03", status="submitted")
        return agreement_id


def shown(page: str) -> str:
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_the_scenario_that_is_downloaded_gives_byte_for_byte_what_the_page_shows(acme, office, sign_in_as):
    browser = sign_in_as(office.account_manager)
    asked = TERMS | {"agreement_id": str(acme)}

    page = browser.post("/retainers/what-if", data=asked | {"show": "y"})
    text = browser.post("/retainers/what-if", data=asked | {"download": "y"})
    command = CliRunner().invoke(cli, ["retainers", "simulate", "-"], input=text.text)

    assert command.exit_code == 0
    assert shown(page.text) == command.output.rstrip("\n")
    assert "attachment" in text.headers["Content-Disposition"]
    assert [each["raw_seconds"] for each in json.loads(command.output)["entries"]] == [12 * 3600]
    assert json.loads(command.output)["invoices"][0]["net"] == "1340.00"


def test_typed_lines_take_the_place_of_real_time(office, sign_in_as):
    page = sign_in_as(office.manager).post("/retainers/what-if", data=TERMS | {"time": LINES, "show": "y"})

    answer = json.loads(shown(page.text))
    assert [(each["id"], each["overage_seconds"]) for each in answer["entries"]] == [("a", 3600), ("b", 0)]
    assert 'class="usedfill"' in page.text


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"time": '[{"id": "a", "start": "noon", "seconds": 5}]'}, "entries[0].start: "),
        ({"time": "id, start\na"}, "entries[0]: has more or fewer fields"),
        ({"time": "{"}, "scenario: is no JSON"),
        ({"fee": "a lot"}, "retainer.fee: "),
        ({"rollover_months": "some"}, "retainer.rollover_months: "),
        ({"last": "2026-01"}, "close: 2026-03 to 2026-01"),
    ],
)
def test_a_fault_names_its_field_and_what_was_typed_stays(office, sign_in_as, typed, complaint):
    page = sign_in_as(office.manager).post("/retainers/what-if", data=TERMS | typed | {"show": "y"})

    assert page.status_code == 422
    assert complaint in html.unescape(page.text)
    assert 'value="Europe/Berlin"' in page.text


def test_another_account_managers_client_is_out_of_reach(acme, office, sign_in_as):
    rival = sign_in_as(office.rival)

    prefilled = rival.get(f"/retainers/what-if?agreement={acme}")
    tried = rival.post("/retainers/what-if", data=TERMS | {"agreement_id": str(acme), "show": "y"})

    assert (prefilled.status_code, tried.status_code) == (404, 422)
    assert "Acme, Support" not in tried.text


def test_the_form_begins_with_the_terms_of_an_agreement(acme, office, sign_in_as):
    page = sign_in_as(office.account_manager).get(f"/retainers/what-if?agreement={acme}").text

    for value in ('value="10"', 'value="1000.00"', 'value="120.00"', 'value="Europe/Berlin"'):
        assert value in page
