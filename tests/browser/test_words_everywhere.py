"""Whatever people or strangers can have written stands hostile in every column of it, and acts on no page.

Stored XSS, and formulas in tables (OWASP ASVS 5.0 1.2.1, 1.2.10 and 1.3.1). No browser is needed: a page is read as one
would, and an element, an attribute or an address of a stranger's that has got out of its text is found there. What a
browser makes of hundreds of payloads is tried in ``test_every_payload``.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from lxml import etree, html  # type: ignore[import-untyped]
from sqlalchemy import JSON, String, Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.http import parse_options_header

from helpdesk.infra.db import Base, db, unit_of_work
from tests.access.conftest import all_rows
from tests.access.test_exports import rows_of_lists
from tests.browser.pages import FILES, places
from tests.browser.site import Site

WORDS = """=1+x onran=1 '"--></title></textarea></style></script><x-ran onran=1>{{7*7}}☃"""
ADDRESS = "javascript:ran(1)//"
ADDRESSES = {"website", "url", "authorize_url", "token_url", "endpoint"}
_CODES = """
about_kind access_token acts adjusts_percent after_hours alert_thresholds amount at_cap audience auth because
bill_currency billable billing blob_sha256 budgets business_hours canonical_json canonical_sha256 channel
client_secret company_currency conditions content_hash content_id content_type cost_rate_currency country
credit_note_number_pattern currency decision default_for did direction discarded distance doing draw_order email
entry_uuid exchange_rate factur_x fee_timing first_key flow folder group_by handed_over hours ignore_reason imap_host
imap_secret imap_security invoice_number_pattern job key keys kind language layout level logo_sha256 mailboxes.address
markup_percent match matched_by minutes mode multipliers object_kind origin outcome outgoing_messages.cc
outgoing_messages.envelope_from outgoing_messages.in_reply_to outgoing_messages.message_id
outgoing_messages.references outgoing_messages.reply_to outgoing_messages.to over_limit overage_basis partial_amount
password_hash path pattern paused_uuid pdf_sha256 pending_state pending_verifier place price_basis priority purpose
quantity queue rate rate_currency refresh_token role rule_as_it_was salt scope scope_key sha256 smtp_host smtp_secret
smtp_security source state status tab target tax_category tax_percent tax_rounding threshold time_zone timer_says
to_currency token_hash topic trigger unit unit_amount unit_price uuid view worked
"""
CODES = frozenset(_CODES.split())
"""Columns, by their names, that hold no words: what is written there decides what the house does."""

STREAMS = {"desk.live_events", "desk.live_timer"}
"""They do not end."""

Mark = tuple[str, str]


def acting(page: str) -> list[Mark]:
    """Return what of the hostile words has become more than a text: elements, attributes, addresses, script."""
    found = []
    for element in html.document_fromstring(f"<!doctype html><body>{page}").iter(etree.Element):
        if element.tag == "x-ran":
            found.append(("element", str(element.getparent().tag)))
        for name, value in element.attrib.items():
            if "onran" in name:
                found.append(("attribute", element.tag))
            if re.match(r"[\x00-\x20]*javascript:", value, re.IGNORECASE):
                found.append((name, element.tag))
        if element.tag in ("script", "style") and "onran" in (element.text or ""):
            found.append(("code", element.get("type", "")))
    return found


def test_hostile_words_are_seen_where_a_page_lets_them_out_of_their_text() -> None:
    """The control: what finds nothing below would find each of these."""
    texts = ("<p>{}</p>", "<title>{}</title>", "<textarea>{}</textarea>", "<!-- {} -->")
    values = ("<p title={}>", "<p title='{}'>", '<p title="{}">')
    code = ("<script>'{}'</script>", "<style>{}</style>")

    free = [form for form in (*texts, *values, *code) if not acting(form.format(WORDS))]
    held = [form for form in (*texts, *values[1:]) if acting(form.format(escape(WORDS)))]

    assert (free, held) == ([], [])
    assert acting(f'<a href="{ADDRESS}">') == [("href", "a")]


@pytest.fixture(scope="module")
def written(site: Site) -> Iterator[dict[str, int]]:
    """Write hostile words over every column that holds words, and return in how many rows of each they stand."""
    site.renew()
    with site.app.app_context():
        with unit_of_work() as session:
            found = dict(_overwritten(session))
        db.session.remove()
    yield found
    site.renew()


def _overwritten(session: Session) -> Iterator[tuple[str, int]]:
    guards = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE%'"))
    for name in guards.all():
        session.execute(text(f"DROP TRIGGER {name}"))
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if column.name in CODES or name in CODES or column.foreign_keys:
                continue
            if isinstance(column.type, String):
                yield name, _write_over(session, table, column.name)
            elif isinstance(column.type, JSON):
                yield name, _write_into(session, table, column.name)


def _write_over(session: Session, table: Table, column: str) -> int:
    """Write over what is there; a column with a rule of its own, such as a status, stays as it is."""
    words = ADDRESS if column in ADDRESSES else WORDS
    query = f"UPDATE {table.name} SET {column} = :words || rowid WHERE {column} <> ''"  # noqa: S608 - our own tables
    try:
        with session.begin_nested():
            return int(session.execute(text(query), {"words": words}).rowcount)  # type: ignore[attr-defined]
    except IntegrityError:
        return 0


def _write_into(session: Session, table: Table, column: str) -> int:
    """Write over what reads as words, because there are spaces in it, wherever it stands in a document."""
    rows = session.execute(text(f'SELECT rowid, "{column}" FROM {table.name}')).all()  # noqa: S608 - our own tables
    count = 0
    for row_id, kept in rows:
        was = json.loads(kept) if kept else None
        now = _replaced(was)
        if now != was:
            count += 1
            query = f'UPDATE {table.name} SET "{column}" = :now WHERE rowid = :row_id'  # noqa: S608 - our own tables
            session.execute(text(query), {"now": json.dumps(now), "row_id": row_id})
    return count


def _replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one) for one in value]
    return WORDS if isinstance(value, str) and " " in value else value


def browser_of(site: Site, actor: str) -> FlaskClient:
    browser = site.app.test_client()
    if actor != "anonymous":
        browser.set_cookie("helpdesk", site.cookies[actor])
    return browser


def test_on_no_page_does_a_word_of_anybody_act(site: Site, written: dict[str, int]) -> None:
    wrong: dict[str, object] = {}
    carrying = 0

    for place in places():
        path = place.path.format(**site.ids)
        answer = browser_of(site, place.actor).get(path, follow_redirects=True)
        carrying += "onran" in answer.text
        if answer.status_code != 200 or acting(answer.text):
            wrong[place.title] = (answer.status_code, acting(answer.text))

    assert wrong == {}
    assert carrying > 150
    assert sum(count > 0 for count in written.values()) > 100


def test_in_no_table_is_a_word_of_anybody_a_formula(site: Site, written: dict[str, int]) -> None:
    wrong: dict[str, list[str]] = {}
    cells, sheets = 0, 0

    for path in {row.path + "?" + row.query for row in rows_of_lists() if row.expected["admin"] == 200}:
        admin, address = browser_of(site, "admin"), path.format(**site.ids)
        table = admin.get(address + "&export=csv").data.decode("utf-8-sig")
        texts = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
        cells += sum("onran" in cell for cell in texts)
        wrong[path] = [cell for cell in texts if re.match(r"\s*[=+@\t\r]|-\D", cell)]
        with ZipFile(io.BytesIO(admin.get(address + "&export=xlsx").data)) as parts:
            sheet = etree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
        sheets += sheet.xpath("count(//*[local-name()='t'][contains(., 'onran')])") > 0
        wrong[path] += [str(one.tag) for one in sheet.iter("{*}f", "{*}hyperlink")]

    assert {path: found for path, found in wrong.items() if found} == {}
    assert cells > 100
    assert sheets > 20


def test_what_is_no_page_says_what_it_is_and_names_of_files_stay_one_name(site: Site, written: dict[str, int]) -> None:
    wrong: dict[str, object] = {}
    named = set()

    for row in all_rows():
        if row.endpoint not in FILES - STREAMS or row.method != "GET" or row.expected["admin"] != 200:
            continue
        path = row.path.format(**site.ids)
        answer = browser_of(site, "admin").get(path, query_string=row.query.format(**site.ids))
        _how, told = parse_options_header(answer.headers.get("Content-Disposition", ""))
        named.add(told.get("filename", ""))
        is_page = answer.mimetype in ("text/html", "image/svg+xml")
        acts = acting(answer.text) if is_page and answer.text.strip() else []
        safe = answer.headers["X-Content-Type-Options"] == "nosniff"
        ascii_only = all(value.isascii() for _name, value in answer.headers)
        if answer.status_code != 200 or acts or not safe or not ascii_only or set(told) - {"filename"}:
            wrong[row.title] = (answer.status_code, answer.mimetype, acts, told)

    assert wrong == {}
    assert {name for name in named if "onran" in name} != set()
