"""The books as rows, and what must hold of them whatever happened: read without any of the code that wrote them."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from helpdesk.doctor import SQL_CHECKS

SETTLED = {"approved", "locked"}
FACTS = ("status", "billable", "started_at", "ended_at", "billable_seconds", "rate_minor", "project_id")

BROKEN = " UNION ALL ".join(
    f"SELECT {number} WHERE EXISTS ({check.sql})"
    for number, check in enumerate(SQL_CHECKS)
    if check.invariant in {3, 4, 8}
)

ENTRIES = (
    "SELECT e.id, e.status, e.billable, e.started_at, e.ended_at, e.billable_seconds, e.rate_minor, w.project_id"
    " FROM time_entries e JOIN work_items w ON w.id = e.work_item_id"
)
CHARGES = (
    "SELECT id, time_entry_id, from_second, to_second, burn_seconds, holder_kind, holder_id, released_at FROM charges"
)
TRAIL = "SELECT id, object_id, action, data FROM audit_rows WHERE object_kind = 'time_entry' AND id > :last ORDER BY id"
PRINTED = (
    "SELECT l.id, l.minutes FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id"
    " WHERE l.kind IN ('time', 'overage') AND i.status IN ('draft', 'issued')"
)


def named(row: Any) -> set[str]:
    """Return which facts of an entry a row of its trail speaks of."""
    if row.action in {"added", "replaced", "deleted"}:
        return set(FACTS)
    data = json.loads(row.data) if isinstance(row.data, str) else row.data
    moved = {"project_id"} if row.action == "moved" else set()
    return {*data, *data.get("before", ()), *data.get("after", ()), *moved, "status"}


def partition(entries: dict[int, Any], live: list[Any], printed: dict[int, Any]) -> None:
    """Fail where charges overlap, reach beyond what an entry bills, or differ from the minutes that are printed."""
    ranges, lines = defaultdict(list), defaultdict(list)
    for charge in live:
        ranges[charge.time_entry_id].append((charge.from_second, charge.to_second))
        if charge.holder_kind == "invoice_line":
            lines[charge.holder_id].append(charge)
    for entry_id, some in ranges.items():
        edges = [edge for one in sorted(some) for edge in one]
        assert edges == sorted(edges), (entry_id, some)
        assert 0 <= edges[0] <= edges[-1] <= entries[entry_id].billable_seconds, (entry_id, some)
        assert entries[entry_id].status == "locked", entry_id
    assert lines.keys() <= printed.keys()
    for line_id, charges in lines.items():
        seconds = sum(charge.to_second - charge.from_second for charge in charges)
        burn = sum(charge.burn_seconds for charge in charges)
        minutes = {format(Decimal(each) / 60, ".4f") for each in (seconds, burn)}
        assert format(Decimal(printed[line_id].minutes), ".4f") in minutes, (line_id, charges)
