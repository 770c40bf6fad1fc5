"""Measure how long the PDF of an invoice takes: of one page, of two with a retainer's statement, of very many lines.

    python bench/pdf.py [--lines 665] [--rounds 10]

Each document is printed as the worker does it: in a fork of a process that has printed before, in which no garbage is
collected. How long the first one takes is shown, too. The very long one is printed three times. It fails where a median
is above its limit.
"""

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import io

import pypdf

from helpdesk.app import create_app
from helpdesk.infra.settings import load
from helpdesk.invoicing import render

LONG_ROUNDS = 3
SELLER = {
    "name": "Halden & Okoye",
    "legal_name": "Halden & Okoye GmbH",
    "address": "Kajen 12\n20459 Hamburg",
    "country": "DE",
    "vat_id": "DE300000001",
    "registration": "Amtsgericht Hamburg HRB 158 204",
    "email": "billing@halden.example",
    "website": "halden.example",
    "bank_name": "Hansebank Hamburg",
    "iban": "DE21 9999 0000 0012 3456 78",
    "bic": "HNSBDEHHXXX",
    "logo_sha256": None,
}
BUYER = {
    "name": "Kühn",
    "legal_name": "Kühn Präzision GmbH",
    "address": "Zuffenhauser Straße 84\n70435 Stuttgart",
    "country": "DE",
    "vat_id": "DE300000002",
    "customer_number": "10417",
    "purchase_order": "PO-88231",
}
TITLES = (
    "Scanner gateway lost after the switch change",
    "Guest Wi-Fi vouchers for the trade fair week",
    "Backup agent on SRV-ERP02 does not start after the reboot window of last night",
    "ERP label templates",
)


@dataclass(frozen=True)
class Case:
    """A document to print, how often, and the most seconds that its median may take."""

    name: str
    document: dict[str, Any]
    rounds: int
    limit: float


def main() -> None:
    """Run and print; exit with 1 where printing is too slow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=665, help="lines of the long invoice (default 665)")
    parser.add_argument("--rounds", type=int, default=10, help="how often the short ones are printed (default 10)")
    options = parser.parse_args()
    cases = (
        Case("one page", invoice(8), options.rounds, 0.15),
        Case("as Factur-X", invoice(8) | {"einvoice": "factur-x"}, options.rounds, 0.15),
        Case("with a statement", invoice(8, statements=[statement(14)]), options.rounds, 0.3),
        Case(f"{options.lines} lines", invoice(options.lines), LONG_ROUNDS, 3.0),
    )
    with tempfile.TemporaryDirectory() as home:
        app = create_app(load({"HELPDESK_HOME": home}))
        with app.app_context():
            began = time.perf_counter()
            render.to_pdf(invoice(1))
            print(f"the first of a process: {time.perf_counter() - began:.2f} s")
            print(f"  {'document':<18} {'median s':>9} {'best':>7} {'slowest':>8} {'pages':>6} {'kB':>6}")
            wrong = [each for case in cases for each in _measured(case)]
    sys.exit("\n".join(wrong) if wrong else 0)


def _measured(case: Case) -> list[str]:
    taken, content = [], b""
    for _ in range(case.rounds):
        began = time.perf_counter()
        content = _in_a_fork(case.document)
        taken.append(time.perf_counter() - began)
    median, pages = statistics.median(taken), len(pypdf.PdfReader(io.BytesIO(content)).pages)
    figures = f"{median:>9.3f} {min(taken):>7.3f} {max(taken):>8.3f} {pages:>6} {len(content) / 1000:>6.0f}"
    print(f"  {case.name:<18} {figures}", flush=True)
    return [f"{case.name}: {median:.2f} s, at most {case.limit} s"] if median > case.limit else []


def _in_a_fork(document: dict[str, Any]) -> bytes:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        gc.disable()
        with os.fdopen(writer, "wb") as answer:
            answer.write(render.to_pdf(document))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        content = answer.read()
    os.waitpid(pid, 0)
    return content


def invoice(lines: int, statements: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a document of so many lines of an hour and a half each."""
    net = 180 * lines
    tax = round(net * 19)
    return {
        "format": 1,
        "kind": "invoice",
        "number": "HO-2026-0412",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-15",
        "language": "en",
        "currency": "EUR",
        "period": {"month": "2026-11", "from": "2026-11-01", "to": "2026-11-30", "time_zone": "Europe/Berlin"},
        "seller": SELLER,
        "buyer": BUYER,
        "lines": [_line(at) for at in range(lines)],
        "taxes": [
            {"category": "S", "percent": "19", "net": f"{net}.00", "tax": f"{tax // 100}.{tax % 100:02}", "reason": ""}
        ],
        "net": f"{net}.00",
        "tax": f"{tax // 100}.{tax % 100:02}",
        "total": f"{net + tax // 100}.{tax % 100:02}",
        "terms": "Two per cent off within a week.",
        "payment_days": 14,
        "retainers": statements or [],
    }


def _line(at: int) -> dict[str, Any]:
    return {
        "kind": "time",
        "reference": f"#{4800 + at}",
        "description": TITLES[at % len(TITLES)],
        "detail": f"{at % 28 + 1} Nov, Technician Person 1:30",
        "minutes": "90",
        "unit_price": "120.00",
        "amount": "180.00",
        "tax_category": "S",
        "tax_percent": "19",
        "entries": [],
    }


def statement(items: int) -> dict[str, Any]:
    """Return the statement of a month in which a retainer covered so many tickets."""
    seconds = 3600
    return {
        "name": "Managed workplace",
        "month": "2026-11",
        "time_zone": "Europe/Berlin",
        "granted_seconds": 40 * seconds,
        "carried_in_seconds": 0,
        "topped_up_seconds": 0,
        "used_seconds": items * seconds,
        "expired_seconds": (40 - items) * seconds,
        "carried_out_seconds": 0,
        "overage_seconds": 0,
        "burned_by_day": [seconds if day < items else 0 for day in range(30)],
        "covered": [
            {"reference": f"#{4700 + at}", "description": TITLES[at % len(TITLES)], "seconds": seconds}
            for at in range(items)
        ],
    }


if __name__ == "__main__":
    main()
