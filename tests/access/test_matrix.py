"""Route × actor × object against hand-written answers; a route that stands in no table fails (OWASP ASVS 5.0 8.2)."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from helpdesk.infra.db import db
from helpdesk.infra.policy import Policy
from tests.access.conftest import FurnishedHouse, all_rows
from tests.access.rows import ACTORS, Row

ROWS = all_rows()
OUTSIDE_THE_MATRIX = {"static"}
MOST = 8
"""So many questions a page may ask the database, whatever stands on it and whoever looks (docs/desk.md rule 100)."""


def send(house: FurnishedHouse, actor: str, row: Row) -> TestResponse:
    return house.browser(actor).open(
        row.path.format(**house.ids),
        method=row.method,
        query_string=row.query.format(**house.ids),
        data=_form(row, house) if row.method == "POST" else None,
    )


def _form(row: Row, house: FurnishedHouse) -> dict[str, str | list[str]]:
    return {name.format(**house.ids): _filled(value, house) for name, value in row.form.items()}


def _filled(value: Any, house: FurnishedHouse) -> str | list[str]:
    parts = [str(part).format(**house.ids) for part in (value if isinstance(value, list) else [value])]
    return parts if isinstance(value, list) else parts[0]


def without_nonce(text: str) -> str:
    return re.sub(r'nonce="[^"]*"', "", text)


def routes(house: FurnishedHouse) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in house.app.url_map.iter_rules()
        if rule.endpoint not in OUTSIDE_THE_MATRIX
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_everybody_gets_what_the_table_says_and_what_is_hidden_looks_like_what_is_missing(
    access: FurnishedHouse, row: Row, asked: Any
) -> None:
    answers: dict[str, TestResponse] = {}
    for actor in ACTORS:
        with asked() as statements:
            answers[actor] = send(access, actor, row)
        writes = [one for one in statements if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
        if row.method == "GET":
            assert writes == [], "a GET writes nothing"
            assert len(statements) <= MOST, "\n".join([actor, *statements])
        elif writes:
            access.renew()

    statuses = {actor: answer.status_code for actor, answer in answers.items()}
    wrong = {actor: shown(answers[actor]) for actor in ACTORS if statuses[actor] != row.expected[actor]}
    assert statuses == dict(row.expected), wrong
    if statuses["anonymous"] == 302:
        assert answers["anonymous"].location.startswith("/sign-in"), answers["anonymous"].location
    for actor in (actor for actor in ACTORS if statuses[actor] == 404):
        missing = access.missing_page(actor)
        assert without_nonce(answers[actor].text) == without_nonce(missing.text)
        assert {name for name, _value in answers[actor].headers} == {name for name, _value in missing.headers}
    if row.method == "GET" and statuses["admin"] == 200:
        carries_its_headers_and_runs_only_scripts_with_its_nonce(answers["admin"])


def shown(answer: TestResponse) -> str:
    return answer.text[-600:] if answer.is_json or answer.mimetype == "text/html" else ""


def carries_its_headers_and_runs_only_scripts_with_its_nonce(answer: TestResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    nonce = re.search(r"script-src 'nonce-([\w-]{20,})'", policy)
    if nonce is not None and answer.mimetype == "text/html":
        assert "unsafe-inline" not in policy
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert all(f'nonce="{nonce[1]}"' in script for script in scripts), scripts
        assert re.findall(r"<[^>]*\s(?:style|on\w+)=[^>]*>", answer.text) == []


def test_each_row_is_about_the_route_that_it_names(access: FurnishedHouse) -> None:
    routes_of = access.app.url_map.bind("localhost")

    for row in ROWS:
        endpoint, _arguments = routes_of.match(row.path.format(**access.ids), method=row.method)
        assert endpoint == row.endpoint, row.title
        assert set(row.expected) == set(ACTORS), row.title


def test_every_route_stands_in_a_table(access: FurnishedHouse) -> None:
    listed = {(row.endpoint, row.method) for row in ROWS}

    missing = sorted(
        f"{method} {rule.rule} ({rule.endpoint})"
        for rule, method in routes(access)
        if (rule.endpoint, method) not in listed
    )

    assert missing == []


def test_every_route_about_an_object_has_a_row_where_that_object_is_not_to_be_seen(access: FurnishedHouse) -> None:
    hidden = {(row.endpoint, row.method) for row in ROWS if 404 in row.expected.values()}

    missing = sorted(
        f"{method} {rule.rule}"
        for rule, method in routes(access)
        if any(name.endswith("_id") or name == "number" for name in rule.arguments)
        and (rule.endpoint, method) not in hidden
    )

    assert missing == []


def test_every_route_declares_its_policy(access: FurnishedHouse) -> None:
    views = access.app.view_functions

    without = sorted(
        rule.endpoint
        for rule, _method in routes(access)
        if not isinstance(getattr(views[rule.endpoint], "policy", None), Policy)
    )

    assert without == []


def test_every_write_is_refused_without_the_token_of_the_form(
    access: FurnishedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.app.config, "WTF_CSRF_ENABLED", True)
    admin = access.browser("admin")
    statuses = {}

    with access.app.test_request_context():
        adapter = access.app.url_map.bind("localhost")
        for rule, method in routes(access):
            if method != "GET":
                values = {name: _some(name) for name in rule.arguments}
                path = adapter.build(rule.endpoint, values, method=method)
                statuses[path] = admin.open(path, method=method).status_code

    assert {path: status for path, status in statuses.items() if status != 400} == {}
    assert statuses


def _some(name: str) -> int | str:
    """Return something that a path takes in that place."""
    return 1 if name.endswith(("_id", "number")) else {"kind": "reply"}.get(name, "2026-11")


def test_each_page_has_a_nonce_of_its_own(access: FurnishedHouse) -> None:
    first, second = (access.browser("anonymous").get("/sign-in") for _time in range(2))

    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]


@pytest.fixture
def asked() -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the statements, but for BEGIN, while a ``with asked() as statements`` block runs."""

    @contextmanager
    def collecting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement != "BEGIN":
                statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return collecting
