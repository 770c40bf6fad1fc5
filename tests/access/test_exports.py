"""A list is exported by its own address, so that its rights are the page's: the same answer, and no row more."""

from collections import defaultdict
from collections.abc import Iterator

from werkzeug.test import TestResponse

from tests.access.conftest import FurnishedHouse, all_rows
from tests.access.rows import ACTORS, Row

LISTS = {
    "accounts.hours",
    "accounts.people",
    "accounts.teams",
    "clients.index",
    "desk.client",
    "desk.queue",
    "desk.workload",
    "expenses.approvals",
    "expenses.index",
    "infra.jobs",
    "intake.log",
    "intake.mail_rules",
    "intake.mailboxes",
    "intake.senders",
    "invoicing.account",
    "invoicing.index",
    "projects.index",
    "projects.task_list",
    "projects.templates",
    "rates.costs",
    "rates.index",
    "rates.rounding",
    "rates.work_types",
    "retainers.board",
    "satisfaction.report",
    "timekeeping.approvals",
    "timekeeping.locks",
    "timekeeping.week",
}
GLOBEX_IS_HIDDEN_FROM = {"technician", "account_manager"}
NO_OTHER_CLIENT = {"timekeeping.week"}  # one's own time, wherever it was worked


def rows_of_lists() -> list[Row]:
    return [row for row in all_rows() if row.endpoint in LISTS and row.method == "GET"]


def export(house: FurnishedHouse, actor: str, row: Row, kind: str) -> TestResponse:
    query = row.query.format(**house.ids)
    path = row.path.format(**house.ids)
    return house.browser(actor).get(path, query_string=f"{query}&export={kind}" if query else f"export={kind}")


def answers(house: FurnishedHouse) -> Iterator[tuple[Row, str, TestResponse]]:
    for row in rows_of_lists():
        for actor in ACTORS:
            yield row, actor, export(house, actor, row, "csv")


def test_an_export_has_the_rights_of_its_page_and_shows_no_client_that_is_hidden(access: FurnishedHouse) -> None:
    wrong: dict[str, list[str]] = defaultdict(list)
    seen = set()

    for row, actor, answer in answers(access):
        is_file = answer.mimetype == "text/csv"
        if answer.status_code != row.expected[actor] or is_file != (row.expected[actor] == 200):
            wrong[row.title].append(f"{actor} got {answer.status_code}")
        if is_file and "Globex" in answer.text.replace("Globex team", ""):
            seen.add(actor)
            if actor in GLOBEX_IS_HIDDEN_FROM and row.endpoint not in NO_OTHER_CLIENT:
                wrong[row.title].append(f"{actor} saw Globex")

    assert wrong == {}
    assert seen >= {"rival", "manager", "admin", "bookkeeper"}


def test_every_list_is_exported_as_csv_and_xlsx_under_a_name_that_says_what_and_when(access: FurnishedHouse) -> None:
    declared = {name for name, view in access.app.view_functions.items() if hasattr(view, "exports")}

    for row in rows_of_lists():
        if row.expected["admin"] == 200:
            answer = export(access, "admin", row, "xlsx")
            assert answer.data.startswith(b"PK\x03\x04"), row.title
            assert answer.content_length == len(answer.data)
            assert "-2026-11-18-1100.xlsx" in answer.headers["Content-Disposition"]
    refused = access.browser("admin").get("/clients?export=pdf")

    assert declared == LISTS
    assert {row.endpoint for row in rows_of_lists()} == LISTS
    assert (refused.status_code, "take csv or xlsx" in refused.text) == (422, True)
