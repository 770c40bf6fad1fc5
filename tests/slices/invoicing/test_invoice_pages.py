"""The pages of invoices and of month-end, as people see them."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.invoicing.conftest import DECEMBER


@pytest.fixture
def bookkeeper(sign_in_as, office, fixed_clock):
    fixed_clock.now = DECEMBER
    return sign_in_as(office.bookkeeper)


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" ,", ",")


def retainer(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("13", "2026-11-02")
    story.log("12", "2026-11-03", item=story.ticket("Scanner gateway lost"))
    story.close()
    return story.drafted()


def test_the_list_says_what_is_drafted_open_and_overdue(story, bookkeeper):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)
    story.close()
    story.issue(story.drafted())

    page = words(bookkeeper.get("/invoices"))

    assert "INV-2026-0001 Acme November 2026 Issued 1 Dec 2026 15 Dec 2026 €119.00" in page
    assert "Draft Globex Globex November 2026 Draft – – €238.00" in page
    assert "Drafts 1 Open 1 Paid 0 All 2" in page
    assert "Drafts €238.00 Open €119.00 Overdue –" in page
    assert "Globex" not in words(bookkeeper.get("/invoices?state=open"))


def test_what_was_not_paid_in_time_is_overdue(story, sign_in_as, fixed_clock):
    story.log("1")
    story.issue(story.drafted())
    fixed_clock.now = DECEMBER + timedelta(days=15)

    page = words(sign_in_as(story.office.bookkeeper).get("/invoices?state=open"))

    assert "15 Dec 2026 overdue" in page
    assert "Overdue €119.00" in page


def test_a_page_of_the_list_takes_a_handful_of_queries_however_long_it_is(story, bookkeeper, count_queries):
    with unit_of_work() as session:
        for number in range(60):
            session.add(
                Invoice(
                    client_id=story.office.acme.id,
                    idempotency_key=f"key {number}",
                    currency="EUR",
                    created_at=story.now,
                )
            )

    with count_queries() as short:
        first = bookkeeper.get("/invoices?before=5")
    with count_queries() as long:
        page = bookkeeper.get("/invoices")

    assert first.status_code == page.status_code == 200
    assert len(long) == len(short)
    assert page.text.count("<tr data-row>") == 50
    assert "state=all&amp;before=11" in page.text


def test_each_line_opens_the_entries_behind_it(story, bookkeeper):
    draft = retainer(story)

    page = words(bookkeeper.get(f"/invoices/{draft.id}"))

    assert "Why €1,000.00" in page
    assert "Managed workplace, used 25:00" in page
    assert "Allowance of the month -20:00" in page
    assert "Over, the last by time of work 5:00" in page
    assert "300 min × 200.00 ÷ 60 €1,000.00" in page
    assert "3 Nov Technician Person Checked the cables 12:00:00 12:00:00 5:00:00 €100.00 company" in page
    assert "It gets the number INV-2026-0001" in page
    assert "Covered by the retainer, shown without charge 2 items, 20:00" in page


def test_a_draft_says_what_is_not_on_it(story, bookkeeper):
    story.log("1")
    story.log("0.5", "2026-11-17", status="submitted")
    draft = story.drafted()

    page = words(bookkeeper.get(f"/invoices/{draft.id}"))

    assert "0:30 of Technician Person on #1 Printer prints blank labels, 17 Nov waits for approval" in page


def test_issue_by_the_page_gives_number_pdf_and_mail(story, bookkeeper):
    story.mailbox()
    story.log("1")
    draft = story.drafted()

    answer = bookkeeper.post(f"/invoices/{draft.id}/issue", data={"version": draft.version})
    story.print_and_send(draft)
    page = words(bookkeeper.get(f"/invoices/{draft.id}"))
    pdf = bookkeeper.get(f"/invoices/{draft.id}/pdf")

    assert answer.status_code == 303
    assert "Issued as INV-2026-0001." in page
    assert "Issued by Bookkeeper Person" in page
    assert "accounts@acme.example" in page
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert pdf.headers["Content-Disposition"] == "attachment; filename=INV-2026-0001.pdf"
    assert pdf.data.startswith(b"%PDF-")


def test_a_draft_that_changed_since_is_not_issued_by_the_page(story, bookkeeper):
    story.log("1")
    draft = story.drafted()

    answer = bookkeeper.post(f"/invoices/{draft.id}/issue", data={"version": draft.version + 1})

    assert answer.status_code == 409
    assert "changed in the meantime" in answer.text
    assert story.invoice(draft.id).status == "draft"


def test_a_field_that_the_form_does_not_have_is_refused(story, bookkeeper):
    story.log("1")
    draft = story.drafted()

    answer = bookkeeper.post(f"/invoices/{draft.id}/issue", data={"total_minor": "1"})

    assert answer.status_code == 422
    assert story.invoice(draft.id).status == "draft"


def test_a_sent_invoice_says_why_it_is_not_voided(story, bookkeeper):
    story.mailbox()
    story.log("1")
    invoice = story.print_and_send(story.issue(story.drafted()))

    answer = bookkeeper.post(f"/invoices/{invoice.id}/void", data={"reason": "Wrong address"})

    assert answer.status_code == 422
    assert "corrected by a credit note" in answer.text


def test_void_and_drop_by_the_page(story, bookkeeper):
    story.log("1")
    issued = story.issue(story.drafted())

    bookkeeper.post(f"/invoices/{issued.id}/void", data={"reason": "Wrong address"})
    draft = story.drafted()
    bookkeeper.post(f"/invoices/{draft.id}/void", data={"reason": "Twice"})

    assert (story.invoice(issued.id).status, story.invoice(draft.id).status) == ("void", "dropped")
    assert "Voided by Bookkeeper Person" in words(bookkeeper.get(f"/invoices/{issued.id}"))
    assert "Technician Person" in words(bookkeeper.get(f"/invoices/{issued.id}"))


def test_sending_again_by_the_page(story, bookkeeper):
    story.mailbox()
    story.log("1")
    invoice = story.print_and_send(story.issue(story.drafted()))
    with unit_of_work() as session:
        session.scalars(select(OutgoingMessage)).one().state = "sent"

    answer = bookkeeper.post(f"/invoices/{invoice.id}/send")

    assert answer.status_code == 303
    assert "On its way to accounts@acme.example." in words(bookkeeper.get(f"/invoices/{invoice.id}"))


def test_month_end_names_all_that_is_missing(story, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    manager = sign_in_as(story.office.manager)
    timer = story.log("1", "2026-11-27", status="draft")
    with unit_of_work() as session:
        session.get_one(TimeEntry, timer.id).ended_at = None
    story.log("2", status="submitted")
    story.log("3", status="draft", item=story.office.globex_ticket)
    story.log("4", rate=None)
    lost = story.ticket("Who is this")
    with unit_of_work() as session:
        session.merge(lost).project_id = story.office.triage.id
    story.log("5", item=lost)

    page = words(manager.get("/close/2026-11"))

    assert "Running timers 1 Technician Person, #1 Printer prints blank labels" in page
    assert "Time not approved 2 Time not approved by person" in page
    assert "Technician Person Acme, Globex 2 5:00" in page
    assert "Stands out 1 Approve what is ticked" in page
    assert "#1 Printer prints blank labels Acme: Checked the cables Overlaps with other time Technician Person" in page
    assert "Missing rates 1 Technician Person, Acme: 4:00 without a price." in page
    assert "Time without a client 1 #" in page
    assert "Needs you 4" in page
    assert "Nothing is drafted yet." in page


def test_month_end_approves_in_one_act_what_does_not_stand_out_and_apart_what_was_seen(story, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    manager = sign_in_as(story.office.manager)
    plain, long = story.log("2", status="submitted"), story.log("12", "2026-11-17", status="submitted")

    page = manager.get("/close/2026-11")
    form, ticked = page.text.split("Approve what is ticked")

    assert "Approve the one without remarks" in words(page)
    assert "Checked the cables Long: 12:00" in words(page)
    assert re.findall(r'name="ids" value="(\d+)"', form) == [str(plain.id)]
    assert re.findall(r'name="ids" value="(\d+)" form="approve-standing" checked', ticked) == [str(long.id)]


def test_month_end_drafts_reviews_and_issues(story, bookkeeper, rung):
    story.log("1", item=story.office.globex_ticket)
    retainer_draft = retainer(story)
    bookkeeper.post("/close/2026-11/draft")
    with unit_of_work() as session:
        drafts = session.scalars(select(Invoice).order_by(Invoice.client_id)).all()
        ids, seen = [draft.id for draft in drafts], [f"{draft.id}.{draft.version}" for draft in drafts]

    review = words(bookkeeper.get("/close/2026-11"))
    unseen = bookkeeper.post("/close/2026-11/issue", data={"ids": ids, "seen": seen[1:]}, follow_redirects=True)
    answer = bookkeeper.post("/close/2026-11/issue", data={"all": "yes", "seen": seen[:1]})
    after = words(bookkeeper.get("/close/2026-11"))

    assert "Drafts, total €7,259.00 Clients 2 of 2 drafted Issued 0" in review
    assert "They get INV-2026-0001 to INV-2026-0002 at that moment" in review
    assert "First invoice" in review
    assert "Acme: Nobody has looked at this draft" in words(unseen)
    assert answer.status_code == 303
    assert "1 invoice issued." in after
    assert [bell.job for bell in rung if bell.job == "render_invoice"] == ["render_invoice"] * 2
    assert story.invoice(retainer_draft.id).number == "INV-2026-0002"


def test_month_end_says_which_invoices_are_mailed_and_which_stay(story, bookkeeper):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)
    with unit_of_work() as session:
        session.get_one(Client, story.office.globex.id).invoice_email = ""
    issued = [story.issue(story.invoice(each.invoice_id)) for each in story.close().values()]
    without = words(bookkeeper.get("/close/2026-11"))
    story.mailbox()
    page = bookkeeper.get("/close/2026-11")

    for invoice in issued:
        story.print_and_send(invoice)
    with unit_of_work() as session:
        mail = session.scalars(select(OutgoingMessage)).one()
        mail.state, mail.sent_at = "sent", story.now
    after = bookkeeper.get("/close/2026-11")

    assert "0 of 2 mailed, 1 on their way There is no mailbox to send from." in without
    assert "hx-trigger" in page.text
    assert "INV-2026-0002 Globex no address for invoices was known; send it from its page" in words(page)
    assert "1 of 2 mailed INV-2026-0002" in words(after)
    assert "hx-trigger" not in after.text


def test_the_review_shows_what_changed_against_the_month_before(story, sign_in_as, fixed_clock):
    old, new = story.ticket("Mail migration"), story.ticket("Label templates", kind="task")
    story.agree(per_month="10", fee="1000")
    story.log("2", "2026-10-30", item=old)
    story.close()
    story.now = fixed_clock.now = DECEMBER.replace(year=2027, month=1, day=2)
    story.log("4", "2026-10-31", item=new)
    process.close(unit_of_work, actor=SYSTEM, clock=lambda: story.now, month=Month(2026, 12))

    page = words(sign_in_as(story.office.bookkeeper).get("/close/2026-12"))

    assert "€1,428.00 €1,666.00 +238.00" in page
    assert "Label templates +400.00, " in page
    assert "= same Managed workplace, December 2026 1,000.00 1,000.00" in page
    assert re.search(r"\+ added #\d+ Label templates 4:00 × 100.00 400.00", page)
    assert re.search(r"− gone #\d+ Mail migration 2:00 × 100.00 200.00", page)


def test_the_review_says_what_came_in_after_the_draft(story, bookkeeper):
    story.log("1")
    story.close()
    story.log("2", "2026-11-17")
    story.log("0.5", "2026-11-18", status="submitted")

    page = words(bookkeeper.get("/close/2026-11"))

    assert "2:00 on no invoice; free for the next one, 0:30 waits for approval" in page


def test_nothing_reviewed_issues_nothing(story, bookkeeper):
    story.log("1")
    draft = story.drafted()

    bookkeeper.post("/close/2026-11/issue")

    assert story.invoice(draft.id).status == "draft"
