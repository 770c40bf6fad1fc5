"""Who gets what from the expenses slice: one's own, those of clients whose money is theirs, all for approvers."""

import io
from datetime import date, datetime

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.expenses import service
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import ExpenseCategory, ExpenseReceipt
from helpdesk.infra import blobs
from helpdesk.infra.policy import SYSTEM
from tests.access.rows import Row, expect
from tests.builders import Office

READERS = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200)
WRITERS = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
WRITTEN = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
OF_ACME = expect(anonymous=302, technician=200, account_manager=200, rival=404, bookkeeper=200, manager=200, admin=200)
OF_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=200, manager=200, admin=200
)
MISSING = expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404)
OWNER_WRITES = expect(
    anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=303, admin=303
)
NOTHING_TO_WRITE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)


def approvers(status: int) -> dict[str, int]:
    return expect(
        anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=status, admin=status
    )


TYPED = {
    "kind": "amount",
    "amount": "12.50",
    "currency": "EUR",
    "spent_on": "2026-11-16",
    "category_id": "{travel}",
    "billing": "as_is",
}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add a draft, a submitted and an approved expense of the technician for Acme, and one of the rival for Globex."""
    service.add_default_categories(session, actor=SYSTEM, now=now)
    travel = session.scalars(select(ExpenseCategory.id).where(ExpenseCategory.name == "Travel")).one()
    car = service.add_rate(
        session,
        actor=SYSTEM,
        now=now,
        unit="km",
        name="Car",
        currency="EUR",
        effective_on=date(2026, 1, 1),
        amount="0.30",
    )
    facts = Facts(spent_on=date(2026, 11, 16), category_id=travel, amount="119.00", currency="EUR", tax_percent="19")
    ids: dict[str, int | str] = {"travel": travel, "car": car.id}
    for name, person, project in (
        ("draft_expense", "technician", office.acme_project),
        ("submitted_expense", "technician", office.acme_project),
        ("approved_expense", "technician", office.acme_project),
        ("globex_expense", "rival", office.globex_project),
    ):
        expense = service.add_expense(session, actor=office.actor(person), now=now, facts=facts, project_id=project.id)
        ids[name] = expense.id
    picture = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(picture, "PNG")
    digest = blobs.store().put(picture.getvalue())
    blobs.record(session, digest=digest, size_bytes=len(picture.getvalue()), now=now)
    for name in ("draft_expense", "globex_expense"):
        receipt = ExpenseReceipt(
            expense_id=ids[name],
            blob_sha256=digest,
            name="receipt.png",
            content_type="image/png",
            size_bytes=len(picture.getvalue()),
            added_at=now,
        )
        session.add(receipt)
        session.flush()
        ids[name.replace("expense", "receipt")] = receipt.id
    handed_in = [int(ids["submitted_expense"]), int(ids["approved_expense"])]
    service.submit(session, actor=office.actor("technician"), now=now, expense_ids=handed_in)
    service.approve(session, actor=office.actor("manager"), now=now, expense_ids=handed_in[1:])
    return ids


ROWS = [
    Row("expenses.index", "GET", "/expenses", READERS),
    Row("expenses.index", "GET", "/expenses", READERS, query="month=2026-11&client={globex}&status=draft"),
    Row("expenses.new", "GET", "/expenses/new", WRITERS, query="number={acme_ticket}"),
    Row("expenses.add", "POST", "/expenses/new", WRITTEN, form={**TYPED, "number": "{acme_ticket}"}),
    Row(
        "expenses.add",
        "POST",
        "/expenses/new",
        expect(anonymous=302, technician=422, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={**TYPED, "number": "{globex_ticket}"},
    ),
    Row("expenses.show", "GET", "/expenses/{draft_expense}", OF_ACME),
    Row("expenses.show", "GET", "/expenses/{globex_expense}", OF_GLOBEX),
    Row("expenses.show", "GET", "/expenses/{missing}", MISSING),
    Row(
        "expenses.change",
        "POST",
        "/expenses/{draft_expense}",
        OWNER_WRITES,
        form={**TYPED, "number": "{acme_ticket}"},
    ),
    Row("expenses.change", "POST", "/expenses/{missing}", NOTHING_TO_WRITE, form={**TYPED, "number": "{acme_ticket}"}),
    Row("expenses.delete", "POST", "/expenses/{draft_expense}/delete", OWNER_WRITES),
    Row("expenses.delete", "POST", "/expenses/{missing}/delete", NOTHING_TO_WRITE),
    Row("expenses.receipt", "GET", "/expenses/receipts/{draft_receipt}/receipt.png", OF_ACME),
    Row("expenses.receipt", "GET", "/expenses/receipts/{globex_receipt}/receipt.png", OF_GLOBEX),
    Row("expenses.receipt", "GET", "/expenses/receipts/{missing}/receipt.png", MISSING),
    Row("expenses.remove_receipt", "POST", "/expenses/receipts/{draft_receipt}/remove", OWNER_WRITES),
    Row("expenses.remove_receipt", "POST", "/expenses/receipts/{missing}/remove", NOTHING_TO_WRITE),
    Row("expenses.submit", "POST", "/expenses/submit", OWNER_WRITES, form={"ids": ["{draft_expense}"]}),
    Row("expenses.submit", "POST", "/expenses/submit", NOTHING_TO_WRITE, form={"ids": ["{missing}"]}),
    Row("expenses.approvals", "GET", "/expenses/approvals", approvers(200)),
    Row("expenses.approve", "POST", "/expenses/approve", approvers(303), form={"ids": ["{submitted_expense}"]}),
    Row("expenses.approve", "POST", "/expenses/approve", approvers(404), form={"ids": ["{missing}"]}),
    Row(
        "expenses.reject",
        "POST",
        "/expenses/{submitted_expense}/reject",
        approvers(303),
        form={"reason": "Which train?"},
    ),
    Row("expenses.reject", "POST", "/expenses/{missing}/reject", approvers(404), form={"reason": "Which train?"}),
    Row(
        "expenses.reopen",
        "POST",
        "/expenses/{approved_expense}/reopen",
        approvers(303),
        form={"reason": "Wrong project"},
    ),
    Row("expenses.reopen", "POST", "/expenses/{missing}/reopen", approvers(404), form={"reason": "Wrong project"}),
    Row("expenses.lists", "GET", "/expenses/lists", approvers(200)),
    Row("expenses.add_category", "POST", "/expenses/lists/categories", approvers(303), form={"name": "Books"}),
    Row("expenses.add_usual_categories", "POST", "/expenses/lists/categories/usual", approvers(303)),
    Row(
        "expenses.change_category",
        "POST",
        "/expenses/lists/categories/{travel}",
        approvers(303),
        form={"name": "Journeys", "tax_category": "S", "tax_percent": "7", "in_use": "y"},
    ),
    Row(
        "expenses.change_category",
        "POST",
        "/expenses/lists/categories/{missing}",
        approvers(404),
        form={"name": "Journeys", "in_use": "y"},
    ),
    Row(
        "expenses.add_rate",
        "POST",
        "/expenses/lists/rates",
        approvers(303),
        form={"unit": "day", "name": "Austria", "amount": "28", "currency": "EUR", "effective_on": "2026-01-01"},
    ),
    Row(
        "expenses.set_rate_step",
        "POST",
        "/expenses/lists/rates/{car}",
        approvers(303),
        form={"amount": "0.38", "effective_on": "2027-01-01"},
    ),
    Row(
        "expenses.set_rate_step",
        "POST",
        "/expenses/lists/rates/{missing}",
        approvers(404),
        form={"amount": "0.38", "effective_on": "2027-01-01"},
    ),
    Row(
        "expenses.set_exchange_rate",
        "POST",
        "/expenses/lists/exchange",
        approvers(303),
        form={"currency": "USD", "rate": "0.92", "effective_on": "2026-11-16", "source": "ECB"},
    ),
]
