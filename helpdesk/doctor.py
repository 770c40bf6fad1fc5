"""``helpdesk doctor``: the invariants of docs/architecture.md on live data, with SQL and sums of their own.

Nothing here calls the code that wrote the data: a fault in the engine must not hide itself.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from helpdesk.infra.blobs import ORPHAN_AGE, BlobStore
from helpdesk.infra.db import UtcDateTime

LEFT_LYING = timedelta(hours=1)
"""The sweep comes every half minute."""
ERASED_WITHIN = timedelta(hours=3)
"""A sweep every hour removes what a kill left of an erased file."""
OFFERED = {
    "assignee": "SELECT id FROM people WHERE active AND role <> 'bookkeeper'",
    "team": "SELECT id FROM teams WHERE retired_at IS NULL",
    "type": "SELECT id FROM ticket_types WHERE retired_at IS NULL",
    "work_type": "SELECT id FROM work_types WHERE archived_at IS NULL",
}
"""What acts may name, by the name of the act."""
KNOWN = {
    "client": "SELECT id FROM clients",
    "project": "SELECT id FROM projects",
    "mailbox": "SELECT id FROM mailboxes",
    "assignee": "SELECT id FROM people",
    "team": "SELECT id FROM teams",
    "type": "SELECT id FROM ticket_types",
}
"""What conditions may look at."""


@dataclass(frozen=True)
class Finding:
    """One thing that breaks an invariant: its number in docs/architecture.md, and what is wrong in plain words."""

    invariant: int
    message: str


@dataclass(frozen=True)
class SqlCheck:
    """A query that finds nothing where the invariant holds; each row fills ``says``."""

    invariant: int
    says: str
    sql: str


SQL_CHECKS = (
    SqlCheck(
        1,
        "inbound message {0} is {1} without an outcome or without a reason",
        "SELECT id, state FROM inbound_messages WHERE (state IN ('done', 'ignored', 'held')"
        " AND (outcome = '' OR CAST(reasons AS TEXT) = '[]')) OR (state = 'quarantined' AND error = '')",
    ),
    SqlCheck(
        1,
        "the bytes of inbound message {0} are erased, the message is not",
        "SELECT m.id FROM inbound_messages m JOIN blobs b ON b.sha256 = m.blob_sha256"
        " WHERE b.erased_at IS NOT NULL AND m.erased_at IS NULL",
    ),
    SqlCheck(
        1,
        "inbound message {0} is erased, yet it tells who wrote or does not tell why",
        "SELECT id FROM inbound_messages WHERE erased_at IS NOT NULL"
        " AND (from_address <> '' OR from_name <> '' OR subject <> '' OR erased_why = '')",
    ),
    SqlCheck(
        2,
        "inbound messages {1} have the same effect, message {0}",
        "SELECT message_id, MIN(inbound_message_id), MAX(inbound_message_id) FROM inbound_effects"
        " WHERE message_id IS NOT NULL GROUP BY message_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        2,
        "inbound message {0} made a {1}, but its effect is not recorded",
        "SELECT m.id, m.outcome FROM inbound_messages m LEFT JOIN inbound_effects e ON e.inbound_message_id = m.id"
        " WHERE m.state = 'done' AND e.inbound_message_id IS NULL",
    ),
    SqlCheck(
        2,
        "inbound message {0} is {1}, yet it had an effect",
        "SELECT m.id, m.state FROM inbound_messages m JOIN inbound_effects e ON e.inbound_message_id = m.id"
        " WHERE m.state IN ('held', 'quarantined')",
    ),
    SqlCheck(
        2,
        "inbound message {0} counts as {1}, its message on the ticket does not",
        "SELECT i.id, i.outcome FROM inbound_messages i JOIN inbound_effects e ON e.inbound_message_id = i.id"
        " JOIN messages m ON m.id = e.message_id WHERE m.held <> (i.outcome IN ('held', 'discarded'))",
    ),
    SqlCheck(
        2,
        "the log leads from inbound message {0} to work item {1}, its message is on {2}",
        "SELECT e.inbound_message_id, e.work_item_id, m.work_item_id FROM inbound_effects e"
        " JOIN messages m ON m.id = e.message_id WHERE e.work_item_id <> m.work_item_id",
    ),
    SqlCheck(
        14,
        "ticket {0} counts as merged without a merge that stands, or the other way round",
        "SELECT d.work_item_id FROM ticket_details d LEFT JOIN ticket_merges m ON m.work_item_id = d.work_item_id"
        " AND m.undone_at IS NULL WHERE (d.merged_into_id IS NULL) <> (m.id IS NULL)",
    ),
    SqlCheck(
        14,
        "ticket {0} is merged into {1}, which is merged itself",
        "SELECT d.work_item_id, d.merged_into_id FROM ticket_details d JOIN ticket_details t"
        " ON t.work_item_id = d.merged_into_id WHERE t.merged_into_id IS NOT NULL",
    ),
    SqlCheck(
        14,
        "message {0} was left on ticket {1}, which is merged",
        "SELECT m.id, d.work_item_id FROM ticket_details d JOIN messages m ON m.work_item_id = d.work_item_id"
        " WHERE d.merged_into_id IS NOT NULL AND m.kind <> 'event'",
    ),
    SqlCheck(
        15,
        "message {0} is not found by what stands in it: run helpdesk reindex",
        "SELECT m.id FROM messages m LEFT JOIN found_messages f ON f.rowid = m.id"
        " WHERE m.kind <> 'event' AND m.discarded_at IS NULL AND f.rowid IS NULL",
    ),
    SqlCheck(
        15,
        "message {0} is found, but is none or was put away: run helpdesk reindex",
        "SELECT f.rowid FROM found_messages f LEFT JOIN messages m ON m.id = f.rowid"
        " WHERE m.id IS NULL OR m.kind = 'event' OR m.discarded_at IS NOT NULL",
    ),
    SqlCheck(
        15,
        "message {0} changed, and is found by what it was before: run helpdesk reindex",
        "SELECT DISTINCT message_id FROM found_pending",
    ),
    SqlCheck(
        3,
        "charges {1} and {2} hold the same seconds of time entry {0}",
        "SELECT a.time_entry_id, a.id, b.id FROM charges a JOIN charges b ON b.time_entry_id = a.time_entry_id"
        " AND b.id > a.id AND a.from_second < b.to_second AND b.from_second < a.to_second"
        " WHERE a.released_at IS NULL AND b.released_at IS NULL",
    ),
    SqlCheck(
        3,
        "charge {0} reaches beyond the billable seconds of time entry {1}",
        "SELECT c.id, e.id FROM charges c JOIN time_entries e ON e.id = c.time_entry_id"
        " WHERE c.released_at IS NULL AND c.to_second > COALESCE(e.billable_seconds, 0)",
    ),
    SqlCheck(
        3,
        "time entry {0} is reversed, but no reversal says why",
        "SELECT e.id FROM time_entries e LEFT JOIN time_reversals r ON r.time_entry_id = e.id"
        " WHERE e.status = 'reversed' AND r.id IS NULL",
    ),
    SqlCheck(
        3,
        "time entry {0} has a reversal, yet it is {1}",
        "SELECT e.id, e.status FROM time_entries e JOIN time_reversals r ON r.time_entry_id = e.id"
        " WHERE e.status <> 'reversed'",
    ),
    SqlCheck(
        4,
        "time entry {0} is {1}, yet charge {2} holds seconds of it",
        "SELECT e.id, e.status, c.id FROM charges c JOIN time_entries e ON e.id = c.time_entry_id"
        " WHERE c.released_at IS NULL AND e.status NOT IN ('approved', 'locked')",
    ),
    SqlCheck(
        4,
        "charge {0} is {1} on an invoice that is {2}",
        "SELECT c.id, c.state, i.status FROM charges c JOIN invoice_lines l ON c.holder_kind = 'invoice_line'"
        " AND l.id = c.holder_id JOIN invoices i ON i.id = l.invoice_id WHERE c.released_at IS NULL"
        " AND ((i.status = 'draft' AND c.state <> 'held') OR (i.status IN ('void', 'dropped'))"
        " OR (i.status IN ('issued', 'part_paid', 'paid') AND c.state <> 'fixed'))",
    ),
    SqlCheck(
        5,
        "period {0}: the ledger differs from its figures by {1} seconds",
        "SELECT p.id, COALESCE(SUM(r.seconds), 0) FROM retainer_periods p"
        " LEFT JOIN ledger_rows r ON r.period_id = p.id AND r.kind <> 'overage'"
        " WHERE p.reversed_at IS NULL GROUP BY p.id HAVING COALESCE(SUM(r.seconds), 0) <> 0",
    ),
    SqlCheck(
        5,
        "period {0}: its drawn rows come to {1} seconds, its figure is {2}",
        "SELECT p.id, COALESCE(SUM(-r.seconds), 0), p.used_seconds FROM retainer_periods p"
        " LEFT JOIN ledger_rows r ON r.period_id = p.id AND r.kind = 'draw' WHERE p.reversed_at IS NULL"
        " GROUP BY p.id, p.used_seconds HAVING COALESCE(SUM(-r.seconds), 0) <> p.used_seconds",
    ),
    SqlCheck(
        5,
        "period {0}: its grants and adjustments come to {1} seconds, its figure is {2}",
        "SELECT p.id, COALESCE(SUM(r.seconds), 0), p.granted_seconds FROM retainer_periods p"
        " LEFT JOIN ledger_rows r ON r.period_id = p.id AND r.kind IN ('grant', 'adjustment')"
        " WHERE p.reversed_at IS NULL GROUP BY p.id, p.granted_seconds"
        " HAVING COALESCE(SUM(r.seconds), 0) <> p.granted_seconds",
    ),
    SqlCheck(
        5,
        "time entry {0} is written off, yet period {1} has drawn it",
        "SELECT DISTINCT c.time_entry_id, p.id FROM charges c JOIN ledger_rows r ON r.time_entry_id = c.time_entry_id"
        " JOIN retainer_periods p ON p.id = r.period_id AND p.reversed_at IS NULL"
        " WHERE c.kind = 'written_off' AND c.released_at IS NULL AND r.kind IN ('draw', 'overage')",
    ),
    SqlCheck(
        5,
        "period {0} gives seconds of time entry {1} back, which is not reversed",
        "SELECT p.id, r.time_entry_id FROM ledger_rows r JOIN retainer_periods p ON p.id = r.period_id"
        " LEFT JOIN time_reversals v ON v.time_entry_id = r.time_entry_id"
        " WHERE r.kind = 'adjustment' AND p.reversed_at IS NULL AND v.id IS NULL",
    ),
    SqlCheck(
        5,
        "closed periods drew {1} seconds for time entry {0}, which is reversed, and gave {2} back",
        "SELECT v.time_entry_id, d.drawn, d.given FROM time_reversals v JOIN (SELECT p.agreement_id, r.time_entry_id,"
        " SUM(CASE WHEN r.kind = 'draw' THEN -r.seconds ELSE 0 END) AS drawn,"
        " SUM(CASE WHEN r.kind = 'adjustment' THEN r.seconds ELSE 0 END) AS given,"
        " MAX(CASE WHEN r.kind = 'draw' THEN p.month END) AS month"
        " FROM ledger_rows r JOIN retainer_periods p ON p.id = r.period_id"
        " WHERE p.reversed_at IS NULL AND r.time_entry_id IS NOT NULL GROUP BY p.agreement_id, r.time_entry_id) d"
        " ON d.time_entry_id = v.time_entry_id WHERE d.given <> d.drawn AND (d.given <> 0 OR EXISTS"
        " (SELECT 1 FROM retainer_periods p WHERE p.agreement_id = d.agreement_id AND p.reversed_at IS NULL"
        " AND p.month > d.month AND p.closed_at > v.reversed_at))",
    ),
    SqlCheck(
        5,
        "period {0} is carried out with {1} seconds, the next month starts with {2}",
        "SELECT a.id, a.carried_out_seconds, b.carried_in_seconds FROM retainer_periods a"
        " JOIN retainer_periods b ON b.agreement_id = a.agreement_id AND b.reversed_at IS NULL"
        " AND b.month = (SELECT MIN(c.month) FROM retainer_periods c WHERE c.agreement_id = a.agreement_id"
        " AND c.reversed_at IS NULL AND c.month > a.month)"
        " WHERE a.reversed_at IS NULL AND a.carried_out_seconds <> b.carried_in_seconds",
    ),
    SqlCheck(
        6,
        "invoice {0}: its lines sum to {1}, its net is {2}",
        "SELECT i.id, COALESCE(SUM(l.amount_minor), 0), i.net_minor FROM invoices i"
        " LEFT JOIN invoice_lines l ON l.invoice_id = i.id WHERE i.status <> 'dropped' AND NOT i.prices_include_tax"
        " GROUP BY i.id, i.net_minor HAVING COALESCE(SUM(l.amount_minor), 0) <> i.net_minor",
    ),
    SqlCheck(
        6,
        "invoice {0}: its lines with tax sum to {1}, its total is {2}",
        "SELECT i.id, COALESCE(SUM(l.amount_minor), 0), i.total_minor FROM invoices i"
        " LEFT JOIN invoice_lines l ON l.invoice_id = i.id WHERE i.status <> 'dropped' AND i.prices_include_tax"
        " GROUP BY i.id, i.total_minor HAVING COALESCE(SUM(l.amount_minor), 0) <> i.total_minor",
    ),
    SqlCheck(
        6,
        "invoice {0}: net and tax are not its total",
        "SELECT id FROM invoices WHERE net_minor + tax_minor <> total_minor",
    ),
    SqlCheck(
        7,
        "series {0} has given {1} numbers up to {2}, its counter stands at {3}",
        "SELECT s.id, COUNT(i.id), COALESCE(MAX(i.series_number), 0), s.last_number FROM number_series s"
        " LEFT JOIN invoices i ON i.series_id = s.id GROUP BY s.id, s.last_number"
        " HAVING COUNT(i.id) <> s.last_number OR COALESCE(MAX(i.series_number), 0) <> s.last_number",
    ),
    SqlCheck(
        8,
        "person {0} has {1} running timers",
        "SELECT person_id, COUNT(*) FROM time_entries WHERE ended_at IS NULL GROUP BY person_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(8, "time entry {0} ends before it starts", "SELECT id FROM time_entries WHERE ended_at < started_at"),
    SqlCheck(
        9,
        "outgoing message {0} is sent, but nobody knows when",
        "SELECT id FROM outgoing_messages WHERE state = 'sent' AND sent_at IS NULL",
    ),
    SqlCheck(
        9,
        "outgoing message {0} was returned, but never sent",
        "SELECT id FROM outgoing_messages WHERE bounced_at IS NOT NULL AND sent_at IS NULL",
    ),
    SqlCheck(
        9,
        "work item {0} was acknowledged {1} times",
        "SELECT about_id, COUNT(*) FROM outgoing_messages WHERE purpose = 'acknowledgement'"
        " AND about_kind = 'work_item' GROUP BY about_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        9,
        "statement {0} of a retainer has no mail that carries its PDF",
        "SELECT s.id FROM retainer_statements s WHERE NOT EXISTS (SELECT 1 FROM outgoing_attachments a"
        " WHERE a.outgoing_message_id = s.outgoing_message_id AND a.blob_sha256 = s.pdf_sha256)",
    ),
    SqlCheck(
        11,
        "expense {0} has {1} live claims",
        "SELECT expense_id, COUNT(*) FROM expense_claims WHERE released_at IS NULL"
        " GROUP BY expense_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        11,
        "expense {0} is {1}, yet claim {2} bills it",
        "SELECT e.id, e.status, c.id FROM expense_claims c JOIN expenses e ON e.id = c.expense_id"
        " WHERE c.released_at IS NULL AND e.status <> 'locked'",
    ),
    SqlCheck(
        11,
        "expense {0} counts as billed, yet no claim holds it",
        "SELECT e.id FROM expenses e LEFT JOIN expense_claims c ON c.expense_id = e.id AND c.released_at IS NULL"
        " WHERE e.status = 'locked' AND c.id IS NULL",
    ),
    SqlCheck(
        11,
        "claim {0} on an expense is {1} on an invoice that is {2}",
        "SELECT c.id, c.state, i.status FROM expense_claims c JOIN invoice_lines l ON c.holder_kind = 'invoice_line'"
        " AND l.id = c.holder_id JOIN invoices i ON i.id = l.invoice_id WHERE c.released_at IS NULL"
        " AND ((i.status = 'draft' AND c.state <> 'held') OR (i.status IN ('void', 'dropped'))"
        " OR (i.status IN ('issued', 'part_paid', 'paid') AND c.state <> 'fixed'))",
    ),
    SqlCheck(
        11,
        "invoice line {0} bills {1}, its expense was approved at {2}",
        "SELECT l.id, l.amount_minor, e.bill_minor FROM expense_claims c JOIN expenses e ON e.id = c.expense_id"
        " JOIN invoice_lines l ON c.holder_kind = 'invoice_line' AND l.id = c.holder_id"
        " JOIN invoices i ON i.id = l.invoice_id WHERE c.released_at IS NULL AND ("
        " (NOT i.prices_include_tax AND l.amount_minor <> e.bill_minor) OR (i.prices_include_tax AND"
        " ABS(l.amount_minor * 100 - e.bill_minor * (100 + CAST(l.tax_percent AS NUMERIC))) > 50)"
        " OR c.amount_minor <> e.bill_minor OR c.currency <> e.bill_currency OR i.currency <> e.bill_currency)",
    ),
    SqlCheck(
        6,
        "invoice line {0} of {1} was credited {2}",
        "SELECT l.id, l.amount_minor, -SUM(r.amount_minor) FROM invoice_lines l"
        " JOIN invoice_lines r ON r.credits_id = l.id"
        " GROUP BY l.id, l.amount_minor HAVING ABS(SUM(r.amount_minor)) > ABS(l.amount_minor)"
        " OR (l.amount_minor >= 0 AND SUM(r.amount_minor) > 0) OR (l.amount_minor < 0 AND SUM(r.amount_minor) < 0)",
    ),
    SqlCheck(
        3,
        "charge {0} was credited, and still bills its seconds",
        "SELECT c.id FROM credited_charges k JOIN charges c ON c.id = k.charge_id WHERE c.released_at IS NULL",
    ),
    SqlCheck(
        6,
        "payment {0} settles {1}, and was {2}",
        "SELECT p.id, SUM(s.amount_minor), p.amount_minor FROM payments p JOIN payment_shares s ON s.payment_id = p.id"
        " WHERE s.undone_at IS NULL GROUP BY p.id, p.amount_minor, p.taken_back_at"
        " HAVING SUM(s.amount_minor) > p.amount_minor OR p.taken_back_at IS NOT NULL",
    ),
    SqlCheck(
        6,
        "invoice {0} is {1}, and {2} of it are settled",
        "SELECT i.id, i.status, COALESCE((SELECT SUM(s.amount_minor) FROM payment_shares s"
        " WHERE s.invoice_id = i.id AND s.undone_at IS NULL), 0) AS paid FROM invoices i WHERE i.kind = 'invoice' AND ("
        " (i.status IN ('part_paid', 'paid')) <> EXISTS (SELECT 1 FROM payment_shares s WHERE s.invoice_id = i.id"
        " AND s.undone_at IS NULL) AND NOT (i.status = 'paid' AND i.total_minor <= 0))",
    ),
    SqlCheck(
        6,
        "payment {0} was {1}, and {2} of it settle or were paid back",
        "SELECT p.id, p.amount_minor, SUM(u.minor) FROM payments p JOIN (SELECT r.payment_id, r.amount_minor AS minor"
        " FROM refund_parts r JOIN refunds f ON f.id = r.refund_id WHERE f.undone_at IS NULL UNION ALL"
        " SELECT s.payment_id, s.amount_minor FROM payment_shares s WHERE s.undone_at IS NULL) u ON u.payment_id = p.id"
        " GROUP BY p.id, p.amount_minor, p.taken_back_at HAVING SUM(u.minor) > p.amount_minor"
        " OR p.taken_back_at IS NOT NULL",
    ),
    SqlCheck(
        6,
        "refund {0} is {1}, its parts are {2}, or are of others' payments",
        "SELECT f.id, f.amount_minor, COALESCE(SUM(r.amount_minor), 0) FROM refunds f"
        " LEFT JOIN refund_parts r ON r.refund_id = f.id LEFT JOIN payments p ON p.id = r.payment_id"
        " GROUP BY f.id, f.amount_minor, f.client_id, f.currency HAVING"
        " COALESCE(SUM(r.amount_minor), 0) <> f.amount_minor OR MIN(p.client_id) <> f.client_id"
        " OR MAX(p.client_id) <> f.client_id OR MIN(p.currency) <> f.currency",
    ),
    SqlCheck(
        6,
        "late charge {0} is {1}, and stands on an invoice that is {2}",
        "SELECT c.id, c.amount_minor, i.status FROM late_charges c JOIN invoice_lines l ON l.id = c.line_id"
        " JOIN invoices i ON i.id = l.invoice_id WHERE i.status IN ('void', 'dropped')"
        " OR l.amount_minor <> c.amount_minor OR l.kind <> 'late_fee'",
    ),
    SqlCheck(
        6,
        "invoice {0} is {1}, yet somebody was reminded of it",
        "SELECT DISTINCT i.id, i.status FROM invoice_reminders r JOIN invoices i ON i.id = r.invoice_id"
        " WHERE i.kind <> 'invoice' OR i.status IN ('draft', 'dropped', 'void')",
    ),
    SqlCheck(
        6,
        "invoice {0} counts as credited, yet {1} of it are left",
        "SELECT i.id, i.net_minor + COALESCE((SELECT SUM(n.net_minor) FROM invoices n WHERE n.corrects_id = i.id), 0)"
        " FROM invoices i WHERE i.status = 'credited'"
        " AND i.net_minor + COALESCE((SELECT SUM(n.net_minor) FROM invoices n WHERE n.corrects_id = i.id), 0) <> 0",
    ),
    SqlCheck(
        3,
        "the fee of agreement {0} for {1} is billed {2} times",
        "SELECT l.agreement_id, l.fee_month, COUNT(*) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id"
        " WHERE l.kind = 'retainer_fee' AND i.kind = 'invoice' AND i.status NOT IN ('void', 'dropped')"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id AND r.releases)"
        " GROUP BY l.agreement_id, l.fee_month HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        3,
        "instalment {0} of a fixed fee is billed {1} times",
        "SELECT l.fixed_fee_id, COUNT(*) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id"
        " WHERE l.fixed_fee_id IS NOT NULL AND i.kind = 'invoice' AND i.status NOT IN ('void', 'dropped')"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id AND r.releases)"
        " GROUP BY l.fixed_fee_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        3,
        "block {0} of hours is billed {1} times",
        "SELECT l.top_up_id, COUNT(*) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id"
        " WHERE l.top_up_id IS NOT NULL AND i.kind = 'invoice' AND i.status NOT IN ('void', 'dropped')"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id AND r.releases)"
        " GROUP BY l.top_up_id HAVING COUNT(*) > 1",
    ),
    SqlCheck(
        3,
        "block {0} of hours was taken back, and {1} {2} bills it",
        "SELECT b.id, i.status, i.id FROM top_ups b JOIN invoice_lines l ON l.top_up_id = b.id"
        " JOIN invoices i ON i.id = l.invoice_id WHERE b.taken_back_at IS NOT NULL"
        " AND i.kind = 'invoice' AND i.status NOT IN ('void', 'dropped')"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id AND r.releases)",
    ),
    SqlCheck(
        6,
        "deposit {0} is of {1}, and {2} are taken off for it",
        "SELECT d.id, d.amount_minor, -SUM(l.amount_minor) FROM invoice_lines d"
        " JOIN invoice_lines l ON l.deducts_id = d.id JOIN invoices i ON i.id = l.invoice_id"
        " WHERE i.kind = 'invoice' AND i.status NOT IN ('void', 'dropped')"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id)"
        " GROUP BY d.id, d.amount_minor HAVING -SUM(l.amount_minor) > d.amount_minor",
    ),
    SqlCheck(
        11,
        "invoice line {0} is for an expense, but bills none",
        "SELECT l.id FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id"
        " LEFT JOIN expense_claims c ON c.holder_kind = 'invoice_line' AND c.holder_id = l.id"
        " AND c.released_at IS NULL WHERE l.kind = 'expense' AND i.status NOT IN ('void', 'dropped', 'credited')"
        " AND i.kind = 'invoice' AND c.id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM invoice_lines r WHERE r.credits_id = l.id AND r.releases)",
    ),
    SqlCheck(
        12,
        "import {0} is done with {1} lines, and {2} of them have an outcome",
        "SELECT i.id, i.line_count, count(l.line) FROM imports i LEFT JOIN import_lines l ON l.import_id = i.id"
        " WHERE i.state = 'done' GROUP BY i.id, i.line_count HAVING count(l.line) <> i.line_count",
    ),
    SqlCheck(
        13,
        "answer {0} ({1}) to hours that were asked for is not to what was shown, or came too late",
        "SELECT a.id, a.kind FROM hours_answers a JOIN hours_asked h ON h.id = a.asked_id WHERE a.shown <> h.says"
        " OR a.shown_sha256 <> h.says_sha256 OR (a.kind <> 'revoked' AND a.answered_at >= h.expires_at)",
    ),
)


def examine(session: Session, *, store: BlobStore, now: datetime) -> list[Finding]:
    """Return everything that breaks an invariant; nothing means that the data are sound. Reads only."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _by_sql(session),
        lambda: _left_lying(session, now),
        lambda: _printed_amounts(session),
        lambda: _documents(session, store),
        lambda: _files(session, store, now),
        lambda: _named(session),
    )
    return [finding for check in checks for finding in check()]


def _by_sql(session: Session) -> Iterator[Finding]:
    for check in SQL_CHECKS:
        for row in session.execute(text(check.sql)):
            yield Finding(check.invariant, check.says.format(*row))


def _left_lying(session: Session, now: datetime) -> Iterator[Finding]:
    """Invariant 1: a mail whose handler died is taken up again by the next sweep."""
    query = text(
        "SELECT id FROM inbound_messages WHERE state IN ('received', 'processing') AND lease_expires_at < :since"
    ).bindparams(bindparam("since", now - LEFT_LYING, type_=UtcDateTime()))
    for (inbound_id,) in session.execute(query):
        yield Finding(1, f"inbound message {inbound_id} lies there, and nobody takes it up")


def _printed_amounts(session: Session) -> Iterator[Finding]:
    """Invariant 6: printed minutes × price of an hour / 60, half up, is the printed amount."""
    rows = session.execute(
        text(
            "SELECT l.id, l.minutes, l.quantity, l.unit_price, l.amount_minor, i.currency FROM invoice_lines l"
            " JOIN invoices i ON i.id = l.invoice_id WHERE i.status <> 'dropped'"
        )
    )
    for line_id, minutes, how_many, unit_price, amount_minor, currency in rows:
        quantity = Decimal(how_many or 1) if minutes is None else Decimal(minutes) / 60
        exact = Decimal(unit_price) * quantity * 10 ** _decimals(currency)
        if int(exact.quantize(Decimal(1), ROUND_HALF_UP)) != amount_minor:
            yield Finding(6, f"invoice line {line_id}: {minutes or how_many or 1} × {unit_price} is not {amount_minor}")


def _decimals(currency: str) -> int:
    return {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}.get(
        currency, 2
    )


def _documents(session: Session, store: BlobStore) -> Iterator[Finding]:
    """Invariant 7: an issued invoice and its PDF are what they were at issue."""
    rows = session.execute(
        text("SELECT number, canonical_json, canonical_sha256, pdf_sha256 FROM invoices WHERE number IS NOT NULL")
    )
    for number, canonical_json, canonical_sha256, pdf_sha256 in rows:
        if hashlib.sha256((canonical_json or "").encode()).hexdigest() != canonical_sha256:
            yield Finding(7, f"invoice {number}: its content is not what was issued")
        if pdf_sha256 and _hash_of(store.path_of(pdf_sha256)) != pdf_sha256:
            yield Finding(7, f"invoice {number}: its PDF is missing or changed")


def _named(session: Session) -> Iterator[Finding]:
    """Invariant 16: what rules that are on, and macros, do with tickets and look at is there."""
    offered = {what: set(session.scalars(text(sql))) for what, sql in OFFERED.items()}
    known = {what: set(session.scalars(text(sql))) for what, sql in KNOWN.items()}
    rules = session.execute(text("SELECT id, name, acts, conditions FROM automation_rules WHERE active ORDER BY id"))
    macros = session.execute(text("SELECT id, name, acts FROM macros ORDER BY id"))
    for kind, row in [*(("rule", one) for one in rules), *(("macro", one) for one in macros)]:
        named = [(what, value, offered) for what, value in _read(row.acts).items() if what in offered]
        conditions = _read(row.conditions) if kind == "rule" else []
        named += [(one["field"], one["value"], known) for one in conditions if one["field"] in known]
        for what, value, there in named:
            if str(value).isdecimal() and int(value) not in there[what]:
                words = what.replace("_", " ")
                yield Finding(16, f"{kind} {row.id} ({row.name}) names {words} {value}, which is gone or not offered")


def _read(kept: Any) -> Any:  # noqa: ANN401 - JSON, which one database gives as text
    return json.loads(kept) if isinstance(kept, str) else kept


def _files(session: Session, store: BlobStore, now: datetime) -> Iterator[Finding]:
    """Invariants 1 and 10: no row without its file, no file without a row."""
    query = text("SELECT sha256, size_bytes, erased_at FROM blobs").columns(erased_at=UtcDateTime())
    rows = session.execute(query).all()
    known = {row.sha256: row.erased_at for row in rows}
    for row in rows:
        if row.erased_at is None:
            yield from _one_file(store.path_of(row.sha256), row.size_bytes)
    for path in store.root.glob("??/*"):
        age = now.timestamp() - path.stat().st_mtime
        if path.name not in known and age > ORPHAN_AGE.total_seconds():
            yield Finding(10, f"the file {path.name} belongs to nothing")
        erased_at = known.get(path.name)
        if erased_at is not None and now - erased_at > ERASED_WITHIN and age > ERASED_WITHIN.total_seconds():
            yield Finding(10, f"the file {path.name} was to be erased, and is still there")


def _one_file(path: Path, size_bytes: int) -> Iterator[Finding]:
    try:
        found_bytes = path.stat().st_size
    except FileNotFoundError:
        yield Finding(10, f"the file {path.name} is missing")
        return
    if found_bytes != size_bytes:
        yield Finding(10, f"the file {path.name} holds {found_bytes} bytes instead of {size_bytes}")


def _hash_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
