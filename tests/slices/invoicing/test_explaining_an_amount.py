"""Every amount of an invoice says how it came about, from what was stored (docs/billing.md "The pipeline")."""

from datetime import date

from flask_babel import force_locale

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import queries, service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.why import page as why_page
from helpdesk.rates import service as rates
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers.service.blocks import NewBlock, add_block
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.invoicing.conftest import DECEMBER


def explained(invoice):
    """Return the parts of an invoice by key; all of them add up."""
    with unit_of_work() as session, force_locale("en"):
        parts = why_page.parts_of(session, queries.get(session, actor=SYSTEM, invoice_id=invoice.id))
    assert [(part.key, part.broken) for part in parts if part.broken] == []
    return {part.key: part for part in parts}


def said(steps):
    return [(step.label, step.value) for step in steps]


def quarter_hours(office, scope="entry"):
    with unit_of_work() as session:
        row = rates.set_rounding(
            session,
            actor=SYSTEM,
            now=DECEMBER,
            effective_on=date(2026, 1, 1),
            mode="up",
            scope=scope,
            step_minutes=15,
            client_id=office.acme.id,
        )
        session.flush()
        return row.id


def test_an_hour_is_explained_from_its_interval_to_the_total(story):
    policy = quarter_hours(story.office)
    story.log("0.3", billable_seconds=1800, rounding_policy_id=policy, rate_reason="client Acme, from 2026-01-01")

    parts = explained(story.issue(story.drafted()))

    [source] = parts["line-1"].sources
    assert said(source.steps) == [
        ("Worked", "0:18:00"),
        ("Rounded", "0:30:00"),
        ("By the hour", "0:30:00"),
        ("Rate", "100.00 an hour"),
        ("On this line", "0:30:00"),
    ]
    assert source.steps[1].note == "up to 15 min, once an entry"
    assert source.steps[3].note == "client Acme, from 2026-01-01"
    assert said(parts["line-1"].steps) == [
        ("Together", "0:30:00"),
        ("30 min × 100.00 ÷ 60", "50"),
        ("Amount of the line", "€50.00"),
        ("In the tax group", "19 % on €50.00"),
    ]
    assert said(parts["tax-1"].steps)[-2:] == [("€50.00 × 19 ÷ 100", "9.5"), ("Tax", "€9.50")]
    assert parts["total"].amount == "€59.50"


def test_today_s_rates_and_rounding_change_nothing_of_what_is_explained(story):
    policy = quarter_hours(story.office)
    story.log("0.3", billable_seconds=1800, rounding_policy_id=policy)
    invoice = story.issue(story.drafted())
    before = explained(invoice)
    with unit_of_work() as session:
        row = session.get_one(RoundingPolicyRow, policy)
        session.add(
            RoundingPolicyRow(
                client_id=row.client_id, mode="up", step_minutes=60, effective_on=date(2026, 11, 1), created_at=DECEMBER
            )
        )
    story.change_client(tax_percent="7")

    assert explained(invoice) == before


def test_a_day_that_was_rounded_once_names_what_was_rounded_with_it(story):
    policy = quarter_hours(story.office, "day")
    story.log("0.2", billable_seconds=720, rounding_policy_id=policy)
    other = story.ticket("Another")
    story.log("0.35", item=other, billable_seconds=1260, rounding_policy_id=policy)

    parts = explained(story.drafted())

    [first] = parts["line-1"].sources
    assert first.steps[1].note == "up to 15 min, once a day: 0:33:00 of 2 entries together are 0:45:00"


def test_time_over_the_allowance_says_what_the_grants_paid_and_what_is_left(story):
    hours = {day: ["09:00", "10:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    story.agree(per_month="1", fee="500", overage="120", after_hours={"factor": "1.5", "business_hours": hours})
    story.log("2")

    story.close()
    parts = explained(story.issue(story.drafted()))

    assert parts["line-1"].title == "Managed workplace, November 2026"
    assert said(parts["line-1"].steps)[:2] == [("Fee of a whole month", "500.00"), ("Amount of the line", "€500.00")]
    [source] = parts["line-2"].sources
    covered, over = source.steps[2:4]
    assert (covered.label, covered.value) == ("Covered by the retainer", "1:00:00")
    assert (over.label, over.value) == ("Over the allowance", "1:00:00")
    assert "× 1.5 burns 1:30:00" in over.note
    assert source.steps[4].note == "overage rate of the retainer"
    assert said(parts["line-2"].steps)[1] == ("60 min × 120.00 ÷ 60", "120")


def test_what_is_covered_names_the_grants_that_paid_for_it_as_the_close_wrote_them_down(story):
    agreement_id = story.agree(per_month="1", overage="120").id
    with unit_of_work() as session:
        block = NewBlock(1800, date(2026, 11, 1), date(2026, 11, 30))
        add_block(session, actor=SYSTEM, now=DECEMBER, agreement_id=agreement_id, wanted=block, key="0" * 32)
    story.log("2")
    story.close()
    invoice = story.issue(story.drafted())

    [source] = explained(invoice)["line-1"].sources
    [covered] = [step.note for step in source.steps if step.label == "Covered by the retainer"]
    assert covered.endswith("allowance of November 2026 1:00:00; block from 1 Nov 2026 0:30:00")


def test_a_credit_note_names_the_line_that_it_takes_back_from(story):
    story.log("1")
    invoice = story.issue(story.drafted())
    with unit_of_work() as session:
        wishes = {invoice.lines[0].id: Wish(whole=True)}
        note = service.credit(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, wishes=wishes, reason="Wrong", key="k" * 32
        )

    parts = explained(note)

    assert said(parts["line-1"].steps) == [
        ("Line 1 of INV-2026-0001", "€100.00"),
        ("Together", "-1:00:00"),
        ("-60 min × 100.00 ÷ 60", "-100"),
        ("Amount of the line", "-€100.00"),
        ("In the tax group", "19 % on -€100.00"),
    ]
    assert explained(invoice)["line-1"].sources[0].steps[-1].value == "1:00:00"


def test_an_entry_that_was_changed_after_its_credit_is_marked(story):
    entry = story.log("1")
    invoice = story.issue(story.drafted())
    with unit_of_work() as session:
        wishes = {invoice.lines[0].id: Wish(whole=True)}
        service.credit(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, wishes=wishes, reason="Wrong", key="k" * 32
        )
    with unit_of_work() as session:
        session.get_one(TimeEntry, entry.id).billable_seconds = 600

    with unit_of_work() as session, force_locale("en"):
        part = why_page.part_of(session, queries.get(session, actor=SYSTEM, invoice_id=invoice.id), "line-1")

    assert ("Changed since", "") in said(part.sources[0].steps)
    assert len(part.broken) == 1


def test_work_at_no_charge_is_explained_as_worked(story):
    story.log("1", billable="no_charge")
    story.log("1", item=story.ticket("Another"))

    parts = explained(story.drafted())

    free = next(part for part in parts.values() if part.amount == "€0.00" and part.sources)
    assert said(free.sources[0].steps) == [("Worked", "1:00:00"), ("At no charge", "1:00:00")]


def test_an_amount_opens_in_place_on_a_page_of_its_own_and_as_a_text(story, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    story.log("0.5")
    invoice = story.drafted()
    bookkeeper = sign_in_as(story.office.bookkeeper)

    page = bookkeeper.get(f"/invoices/{invoice.id}").text
    part = bookkeeper.get(f"/invoices/{invoice.id}/why/line-1", headers={"HX-Request": "true"}).text
    whole = bookkeeper.get(f"/invoices/{invoice.id}/why").text
    text = bookkeeper.get(f"/invoices/{invoice.id}/why.txt")

    assert f'hx-get="/invoices/{invoice.id}/why/line-1"' in page
    assert "<html" not in part
    assert "30 min × 100.00 ÷ 60" in part
    assert whole.count('class="whypart"') == 3
    assert "  30 min × 100.00 ÷ 60: 50\n  Amount of the line: €50.00 (half up, each line by itself)\n" in text.text
    assert text.headers["Content-Type"].startswith("text/plain")
