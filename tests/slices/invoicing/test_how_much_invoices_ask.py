"""Pages of money ask the database at most eight questions, whatever an invoice is made of (docs/desk.md rule 100)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from helpdesk.expenses.service import catalogue
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.drafts.deducting import deduct, draft_deposit
from helpdesk.invoicing.drafts.discounts import Adjustment, adjust
from helpdesk.invoicing.drafts.lines import FreeLine, add_free
from helpdesk.invoicing.models import Invoice
from helpdesk.projects import fees
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import NewTerms
from helpdesk.retainers.service.blocks import NewBlock, add_block
from tests.slices.invoicing.conftest import DECEMBER, Story
from tests.slices.invoicing.test_editing_a_draft import act
from tests.slices.invoicing.test_expenses_on_invoices import spend
from tests.slices.invoicing.test_payments import pay

pytestmark = pytest.mark.on_sqlite


def rounded(story: Story, scope: str, on: date) -> int:
    with unit_of_work() as session:
        row = rates.set_rounding(
            session,
            actor=SYSTEM,
            now=DECEMBER,
            effective_on=on,
            mode="up",
            scope=scope,
            step_minutes=15,
            client_id=story.office.acme.id,
        )
        session.flush()
        return row.id


def project(story: Story, name: str, **values: object) -> int:
    with unit_of_work() as session:
        made = Project(client_id=story.office.acme.id, name=name, created_at=DECEMBER, **values)
        session.add(made)
        session.flush()
        return made.id


def agreed(story: Story, name: str, project_id: int) -> Agreement:
    with unit_of_work() as session:
        return retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=DECEMBER,
            client_id=story.office.acme.id,
            name=name,
            starts_on=date(2026, 11, 1),
            project_ids=[project_id],
            terms=NewTerms(3600, 50000, "arrears", 12000, "weighted"),
        )


def item_of(story: Story, project_id: int, title: str) -> WorkItem:
    item = story.ticket(title)
    with unit_of_work() as session:
        session.get_one(WorkItem, item.id).project_id = project_id
    return item


def chain(story: Story, item: WorkItem, policy: int, parts: list[tuple[str, int]]) -> None:
    """Log ten minutes a day that go on from one another; together they were rounded."""
    before = None
    for day, billed in parts:
        entry = story.log("0.1", day, item=item, billable_seconds=billed, rounding_policy_id=policy, resumes_id=before)
        before = entry.id


def furnish(story: Story, n: int) -> None:
    """Add to Acme's November one of each kind of thing that an invoice can be made of."""
    covered, hourly, fixed = (
        project(story, f"{name} {n}", billing=billing)
        for name, billing in (("Office", "hourly"), ("Move", "hourly"), ("Website", "fixed_fee"))
    )
    agreement = agreed(story, f"Retainer {n}", covered)
    with unit_of_work() as session:
        fees.set_whole(session, actor=SYSTEM, now=DECEMBER, project_id=fixed, amount_minor=100000)
        due_on = date(2026, 11, 3)
        fees.add_fee(
            session, actor=SYSTEM, now=DECEMBER, project_id=fixed, text="Start", due_on=due_on, percent=Decimal(30)
        )
        block = NewBlock(1800, date(2026, 11, 1), date(2026, 11, 30), 5000)
        add_block(session, actor=SYSTEM, now=DECEMBER, agreement_id=agreement.id, wanted=block, key=f"{n:032}")
        car = catalogue.add_rate(
            session, actor=SYSTEM, now=DECEMBER, unit="km", name=f"Car {n}", currency="EUR",
            effective_on=date(2026, 1, 1), amount="0.30",
        )  # fmt: skip
    by_entry = rounded(story, "entry", date(2025, 1, 1) + timedelta(n))
    by_day = rounded(story, "day", date(2026, 1, 1) + timedelta(n))
    server, cable, desk, free = (
        item_of(story, where, f"{what} {n}")
        for what, where in (("Server", covered), ("Cable", hourly), ("Desk", hourly), ("Free", hourly))
    )
    story.log("2", item=server, note="Half of it is covered")
    story.log("0.5", "2026-11-17", item=server)
    story.log("1", item=free, billable="no_charge")
    story.log("0.3", item=desk, billable_seconds=1080, rounding_policy_id=by_day)
    story.log("0.2", item=cable, billable_seconds=720, rounding_policy_id=by_day)
    days = ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"]
    chain(story, cable, by_entry, [(day, 900 if day == days[0] else 360) for day in days])
    spend(story, note=f"Train {n}")
    spend(story, kind="mileage", rate_id=car.id, distance="100", note=f"Car {n}")
    with unit_of_work() as session:
        made = draft_deposit(
            session, actor=SYSTEM, now=story.now, client_id=story.office.acme.id, text=f"Deposit {n}",
            amount_minor=10000, key=f"d{n}",
        )  # fmt: skip
    pay(story, story.issue(made), "119.00")


def credited(story: Story, invoice: Invoice, n: int) -> Invoice:
    """Credit one line of each kind."""
    by_kind = {line.kind: line.id for line in invoice.lines if line.kind not in {"deposit", "discount"}}
    with unit_of_work() as session:
        return service.credit(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id,
            wishes={line_id: Wish(whole=True) for line_id in by_kind.values()}, reason="Wrong", key=f"c{n:031}",
        )  # fmt: skip


def drafted(story: Story, numbers: range) -> Invoice:
    """Return the draft of a November that has of each kind of thing as many as there are numbers."""
    for n in numbers:
        furnish(story, n)
    story.close()
    draft = story.drafted()
    act(story, add_free, draft, wanted=FreeLine("Cables", Decimal(40)))
    act(story, adjust, draft, wanted=Adjustment("discount", "Rebate", Decimal(10)))
    with unit_of_work() as session:
        deposits = session.scalars(select(Invoice).where(Invoice.status == "paid").order_by(Invoice.id))
        ids = [invoice.lines[0].id for invoice in deposits]
    for line_id in ids[1:]:
        act(story, deduct, draft, deposit_id=line_id)
    return story.invoice(draft.id)


def test_the_pages_of_an_invoice_ask_at_most_eight_questions(story, sign_in_as, count_queries, fixed_clock):
    fixed_clock.now = DECEMBER
    browser = sign_in_as(story.office.bookkeeper)
    asked: dict[str, int] = {}

    def look(invoice: Invoice, *tails: str) -> None:
        for tail in ("", "/edit", "/why", "/why.txt", "/why/total", *tails):
            with count_queries() as statements:
                answer = browser.get(f"/invoices/{invoice.id}{tail}")
            assert answer.status_code == 200
            asked[f"{invoice.status} {invoice.kind}{tail}"] = len([one for one in statements if one != "BEGIN"])

    draft = drafted(story, range(2))
    look(draft, "/why/line-1")
    left = browser.get(f"/invoices/{draft.id}").text
    issued = story.issue(draft)
    look(issued, "/why/line-4", "/credit")
    text = browser.get(f"/invoices/{issued.id}/why.txt").text
    pay(story, issued, "100")
    look(story.invoice(issued.id), "/credit")
    note = credited(story, issued, 1)
    look(note)
    look(story.invoice(issued.id), "/credit")

    assert {line.kind for line in issued.lines} == {
        *("retainer_fee", "overage", "time", "expense", "block", "fixed_fee", "free", "discount", "deposit")
    }
    assert "Retainer 1, used" in left
    assert "the closed month 2026-11 of Retainer 1; covered by the retainer of 2026-11" in text
    assert "0:42:00 of 7 entries together are 0:51:00" in text
    assert "100 km × 0.30" in text
    assert {page: count for page, count in asked.items() if count > 8} == {}
