"""Expected answers of the routes of invoices and month-end."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.domain.layout import Layout
from helpdesk.invoicing.printing import templates
from helpdesk.kernel.periods import Month, local_month, zone_named
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping.models import TimeEntry
from tests.access.rows import Row, expect
from tests.builders import Office


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add a draft for each client."""
    month = local_month(now, zone_named("Europe/Berlin")).previous
    drafts = {
        f"{name}_invoice": _draft(session, office, item, client.id, month, now)
        for name, item, client in (
            ("acme", office.acme_ticket, office.acme),
            ("globex", office.globex_ticket, office.globex),
        )
    }
    return {**drafts, "month": str(month), "template": _template(session, now)}


def _template(session: Session, now: datetime) -> int:
    layout = Layout(accent="#7a1f3d", above="Dear {{client}}", columns=("day", "person", "worked"))
    return templates.save(
        session, actor=SYSTEM, now=now, template_id=None, name="House", layout=layout, is_default=True
    ).id


def _draft(session: Session, office: Office, item: WorkItem, client_id: int, month: Month, now: datetime) -> int:
    start, _ = month.instants(zone_named("Europe/Berlin"))
    session.add(
        TimeEntry(
            uuid=str(uuid4()),
            work_item_id=item.id,
            person_id=office.technician.id,
            started_at=start,
            ended_at=start.replace(hour=23, minute=59),
            source="typed",
            status="approved",
            billable_seconds=3600,
            rate_minor=10000,
            rate_currency="EUR",
            created_at=now,
        )
    )
    session.flush()
    draft = service.draft_month(session, actor=SYSTEM, now=now, client_id=client_id, month=month)
    assert draft is not None
    return draft.id


STRANGERS = {"anonymous": 302, "technician": 403}
OF_ACME = {**STRANGERS, "rival": 404}
OF_GLOBEX = {**STRANGERS, "account_manager": 404}
MISSING = expect(**STRANGERS, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404)
FOR_NOBODY = {**MISSING, "anonymous": 404, "technician": 404}
NO_MONTH_END = {**STRANGERS, "account_manager": 403, "rival": 403}
REASON = {"reason": "Wrong address"}
OWN_CLIENTS = expect(**STRANGERS, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200)
PAID = {"key": "0" * 32, "amount": "1.00", "received_on": "2026-11-01", "method": "bank", "reference": ""}
DAYS = {
    "key": "0" * 32,
    "act": "preview",
    "client_id": "{acme}",
    "first_day": "2026-01-01",
    "last_day": "2026-01-31",
    "takes": ["time"],
}
DEPOSIT = {"key": "0" * 32, "client_id": "{acme}", "text": "Deposit"}
DEDUCT = {"version": "1", "deposit": "{missing}"}
LINE = {"version": "1", "act": "text", "text": "Checked the cables"}
PAID_BACK = {**REASON, "key": "0" * 32, "amount": "1.00", "paid_on": "2026-11-01", "method": "bank"}
CHOSEN = {**REASON, "key": "0" * 32, "act": "issue", "whole": "1"}


LOOK_AT_ACME = expect(**STRANGERS, account_manager=422, rival=422, bookkeeper=422, manager=422, admin=422)  # no time


def acme(status: int) -> dict[str, int]:
    return expect(**OF_ACME, account_manager=status, bookkeeper=status, manager=status, admin=status)


def globex(status: int) -> dict[str, int]:
    return expect(**OF_GLOBEX, rival=status, bookkeeper=status, manager=status, admin=status)


def month_end(status: int) -> dict[str, int]:
    return expect(**NO_MONTH_END, bookkeeper=status, manager=status, admin=status)


def admin_only(status: int) -> dict[str, int]:
    return expect(
        anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=403, admin=status
    )


REMINDERS = expect(**STRANGERS, account_manager=303, rival=303, bookkeeper=303, manager=303, admin=303)
WHAT_IF = {"first": "2026-03", "last": "2026-03", "hours_per_month": "10", "fee": "100", "show": "y"}
SOLD = {"anonymous": 302, "technician": 403, "bookkeeper": 403}
SETTINGS = {
    "anonymous": 302,
    "technician": 403,
    "account_manager": 403,
    "rival": 403,
    "bookkeeper": 403,
    "manager": 403,
}
LOOK = {"name": "Plain", "accent": "#000000", "paper": "", "language": ""}
TEMPLATES = "/settings/invoice-templates"

ROWS = [
    Row("invoicing.invoice_templates", "GET", TEMPLATES, expect(**SETTINGS, admin=200)),
    Row("invoicing.new_invoice_template", "GET", f"{TEMPLATES}/new", expect(**SETTINGS, admin=200)),
    Row("invoicing.add_invoice_template", "POST", f"{TEMPLATES}/new", expect(**SETTINGS, admin=303), form=LOOK),
    Row("invoicing.invoice_template", "GET", f"{TEMPLATES}/{{template}}", expect(**SETTINGS, admin=200)),
    Row("invoicing.invoice_template", "GET", f"{TEMPLATES}/{{missing}}", expect(**SETTINGS, admin=404)),
    Row("invoicing.sample_of_template", "GET", f"{TEMPLATES}/sample", expect(**SETTINGS, admin=200)),
    Row("invoicing.preview_invoice_template", "POST", f"{TEMPLATES}/preview", expect(**SETTINGS, admin=200), form=LOOK),
    *(
        Row(endpoint, "POST", f"{TEMPLATES}/{{{name}}}{path}", expect(**SETTINGS, admin=answer), form=form)
        for endpoint, path, form in (
            ("invoicing.change_invoice_template", "", LOOK),
            ("invoicing.remove_invoice_template", "/remove", {}),
        )
        for name, answer in (("template", 303), ("missing", 404))
    ),
    Row(
        "invoicing.what_if",
        "GET",
        "/retainers/what-if",
        expect(**SOLD, account_manager=200, rival=200, manager=200, admin=200),
    ),
    Row(
        "invoicing.try_what_if",
        "POST",
        "/retainers/what-if",
        expect(**SOLD, account_manager=200, rival=200, manager=200, admin=200),
        WHAT_IF,
    ),
    Row(
        "invoicing.index",
        "GET",
        "/invoices",
        OWN_CLIENTS,
    ),
    Row("invoicing.show", "GET", "/invoices/{acme_invoice}", acme(200)),
    Row("invoicing.show", "GET", "/invoices/{globex_invoice}", globex(200)),
    Row("invoicing.show", "GET", "/invoices/{missing}", MISSING),
    Row("invoicing.why", "GET", "/invoices/{acme_invoice}/why", acme(200)),
    Row("invoicing.why", "GET", "/invoices/{globex_invoice}/why", globex(200)),
    Row("invoicing.why", "GET", "/invoices/{missing}/why", MISSING),
    Row("invoicing.why_one", "GET", "/invoices/{acme_invoice}/why/line-1", acme(200)),
    Row("invoicing.why_one", "GET", "/invoices/{globex_invoice}/why/total", globex(200)),
    Row("invoicing.why_one", "GET", "/invoices/{acme_invoice}/why/line-99", acme(404)),
    Row("invoicing.why_one", "GET", "/invoices/{missing}/why/total", MISSING),
    Row("invoicing.why_text", "GET", "/invoices/{acme_invoice}/why.txt", acme(200)),
    Row("invoicing.why_text", "GET", "/invoices/{globex_invoice}/why.txt", globex(200)),
    Row("invoicing.why_text", "GET", "/invoices/{missing}/why.txt", MISSING),
    Row("invoicing.proof", "GET", f"/proof/{'a' * 26}", FOR_NOBODY),
    Row("invoicing.ask", "POST", f"/proof/{'a' * 26}/1", FOR_NOBODY, form={"question": "Why?"}),
    Row("invoicing.revoke_link", "POST", "/invoices/{acme_invoice}/link/revoke", acme(303)),
    Row("invoicing.revoke_link", "POST", "/invoices/{globex_invoice}/link/revoke", globex(303)),
    Row("invoicing.revoke_link", "POST", "/invoices/{missing}/link/revoke", MISSING),
    Row("invoicing.renew_link", "POST", "/invoices/{acme_invoice}/link/renew", acme(422)),  # a draft has no page
    Row("invoicing.renew_link", "POST", "/invoices/{globex_invoice}/link/renew", globex(422)),
    Row("invoicing.renew_link", "POST", "/invoices/{missing}/link/renew", MISSING),
    Row("invoicing.question_answered", "POST", "/invoices/{acme_invoice}/questions/{missing}/answered", MISSING),
    Row("invoicing.proof_settings", "GET", "/settings/proof", admin_only(200)),
    Row("invoicing.set_proof", "POST", "/settings/proof", admin_only(303), form={"days": "30", "shows_names": "y"}),
    Row("invoicing.pdf", "GET", "/invoices/{acme_invoice}/pdf", acme(404)),  # a draft has none
    Row("invoicing.pdf", "GET", "/invoices/{globex_invoice}/pdf", globex(404)),
    Row("invoicing.pdf", "GET", "/invoices/{missing}/pdf", MISSING),
    Row("invoicing.issue", "POST", "/invoices/{acme_invoice}/issue", acme(303)),
    Row("invoicing.issue", "POST", "/invoices/{globex_invoice}/issue", globex(303)),
    Row("invoicing.issue", "POST", "/invoices/{missing}/issue", MISSING),
    Row("invoicing.credit", "GET", "/invoices/{acme_invoice}/credit", acme(200)),
    Row("invoicing.credit", "GET", "/invoices/{globex_invoice}/credit", globex(200)),
    Row("invoicing.credit", "GET", "/invoices/{missing}/credit", MISSING),
    Row("invoicing.credit_chosen", "POST", "/invoices/{acme_invoice}/credit", acme(422), form=CHOSEN),  # a draft
    Row("invoicing.credit_chosen", "POST", "/invoices/{globex_invoice}/credit", globex(422), form=CHOSEN),
    Row("invoicing.credit_chosen", "POST", "/invoices/{missing}/credit", MISSING, form=CHOSEN),
    Row("invoicing.new", "GET", "/invoices/new", OWN_CLIENTS),
    Row("invoicing.make", "POST", "/invoices/new", LOOK_AT_ACME, form=DAYS),
    Row("invoicing.deposit", "POST", "/invoices/deposit", LOOK_AT_ACME, form={**DEPOSIT, "amount": "0"}),
    Row("invoicing.deduct", "POST", "/invoices/{acme_invoice}/deduct", acme(409), form=DEDUCT),  # there is none
    Row("invoicing.deduct", "POST", "/invoices/{globex_invoice}/deduct", globex(409), form=DEDUCT),
    Row("invoicing.deduct", "POST", "/invoices/{missing}/deduct", MISSING, form=DEDUCT),
    Row("invoicing.edit", "GET", "/invoices/{acme_invoice}/edit", acme(200)),
    Row("invoicing.edit", "GET", "/invoices/{globex_invoice}/edit", globex(200)),
    Row("invoicing.edit", "GET", "/invoices/{missing}/edit", MISSING),
    *(
        row
        for name, path, form in (
            ("add_line", "lines", {"version": "1", "text": "Travel", "price": "40"}),
            ("adjust", "adjust", {"version": "1", "kind": "discount", "text": "Discount", "percent": "5"}),
            ("group", "group", {"version": "1", "group_by": "person"}),
        )
        for row in (
            Row(f"invoicing.{name}", "POST", f"/invoices/{{acme_invoice}}/{path}", acme(303), form=form),
            Row(f"invoicing.{name}", "POST", f"/invoices/{{globex_invoice}}/{path}", globex(303), form=form),
            Row(f"invoicing.{name}", "POST", f"/invoices/{{missing}}/{path}", MISSING, form=form),
        )
    ),
    Row("invoicing.change_line", "POST", "/invoices/{acme_invoice}/lines/{missing}", acme(404), form=LINE),
    Row("invoicing.change_line", "POST", "/invoices/{globex_invoice}/lines/{missing}", MISSING, form=LINE),
    Row("invoicing.change_line", "POST", "/invoices/{missing}/lines/{missing}", MISSING, form=LINE),
    Row("invoicing.pay", "POST", "/invoices/{acme_invoice}/payments", acme(422), form=PAID),  # a draft
    Row("invoicing.pay", "POST", "/invoices/{globex_invoice}/payments", globex(422), form=PAID),
    Row("invoicing.pay", "POST", "/invoices/{missing}/payments", MISSING, form=PAID),
    Row("invoicing.use_credit", "POST", "/invoices/{acme_invoice}/use-credit", acme(422)),
    Row("invoicing.use_credit", "POST", "/invoices/{globex_invoice}/use-credit", globex(422)),
    Row("invoicing.use_credit", "POST", "/invoices/{missing}/use-credit", MISSING),
    Row("invoicing.take_back", "POST", "/invoices/{acme_invoice}/payments/{missing}/take-back", MISSING, form=REASON),
    Row("invoicing.account", "GET", "/clients/{acme}/account", acme(200)),
    Row("invoicing.account", "GET", "/clients/{globex}/account", globex(200)),
    Row("invoicing.account", "GET", "/clients/{missing}/account", MISSING),
    Row("invoicing.account_pdf", "GET", "/clients/{acme}/account.pdf", acme(200)),
    Row("invoicing.account_pdf", "GET", "/clients/{globex}/account.pdf", globex(200)),
    Row("invoicing.account_pdf", "GET", "/clients/{missing}/account.pdf", MISSING),
    Row("invoicing.send_account", "POST", "/clients/{acme}/account/send", acme(422)),
    Row("invoicing.send_account", "POST", "/clients/{globex}/account/send", globex(422)),
    Row("invoicing.send_account", "POST", "/clients/{missing}/account/send", MISSING),
    Row("invoicing.charge_late", "POST", "/clients/{acme}/late-fees", acme(422)),  # nothing was chosen
    Row("invoicing.charge_late", "POST", "/clients/{globex}/late-fees", globex(422)),
    Row("invoicing.charge_late", "POST", "/clients/{missing}/late-fees", MISSING),
    Row("invoicing.pay_back", "POST", "/clients/{acme}/refunds", acme(422), form=PAID_BACK),  # it has no credit
    Row("invoicing.pay_back", "POST", "/clients/{globex}/refunds", globex(422), form=PAID_BACK),
    Row("invoicing.pay_back", "POST", "/clients/{missing}/refunds", MISSING, form=PAID_BACK),
    Row("invoicing.undo_refund", "POST", "/clients/{acme}/refunds/{missing}/undo", MISSING, form=REASON),
    Row("invoicing.remind", "POST", "/invoices/{acme_invoice}/remind", acme(422), form={"level": "1"}),  # a draft
    Row("invoicing.remind", "POST", "/invoices/{globex_invoice}/remind", globex(422), form={"level": "1"}),
    Row("invoicing.remind", "POST", "/invoices/{missing}/remind", MISSING, form={"level": "1"}),
    Row("invoicing.remind_chosen", "POST", "/invoices/remind", REMINDERS, form={"chosen": "{globex_invoice}.1"}),
    Row("invoicing.hold", "POST", "/invoices/{acme_invoice}/hold", acme(422), form=REASON),
    Row("invoicing.hold", "POST", "/invoices/{globex_invoice}/hold", globex(422), form=REASON),
    Row("invoicing.hold", "POST", "/invoices/{missing}/hold", MISSING, form=REASON),
    Row("invoicing.end_hold", "POST", "/invoices/{acme_invoice}/hold/end", acme(409)),
    Row("invoicing.end_hold", "POST", "/invoices/{globex_invoice}/hold/end", globex(409)),
    Row("invoicing.end_hold", "POST", "/invoices/{missing}/hold/end", MISSING),
    Row("invoicing.remind_by_itself", "POST", "/invoices/{acme_invoice}/reminders-by-itself", acme(303)),
    Row("invoicing.remind_by_itself", "POST", "/invoices/{globex_invoice}/reminders-by-itself", globex(303)),
    Row("invoicing.remind_by_itself", "POST", "/invoices/{missing}/reminders-by-itself", MISSING),
    Row("invoicing.number_settings", "GET", "/settings/numbers", admin_only(200)),
    Row(
        "invoicing.set_numbers",
        "POST",
        "/settings/numbers",
        admin_only(303),
        form={
            "invoice_pattern": "HO-{{year}}-{{number:05}}",
            "invoice_yearly": "y",
            "credit_note_pattern": "GU-{{number:05}}",
        },
    ),
    Row("invoicing.reminder_settings", "GET", "/settings/reminders", admin_only(200)),
    Row("invoicing.set_reminders", "POST", "/settings/reminders", admin_only(303), form={"days_1": "7"}),
    Row("invoicing.ages", "GET", "/invoices/ageing", OWN_CLIENTS),
    Row("invoicing.void", "POST", "/invoices/{acme_invoice}/void", acme(303), form=REASON),
    Row("invoicing.void", "POST", "/invoices/{acme_invoice}/void", acme(422), form={"reason": ""}),
    Row("invoicing.void", "POST", "/invoices/{globex_invoice}/void", globex(303), form=REASON),
    Row("invoicing.void", "POST", "/invoices/{missing}/void", MISSING, form=REASON),
    Row("invoicing.send", "POST", "/invoices/{acme_invoice}/send", acme(422)),  # a draft is not sent
    Row("invoicing.send", "POST", "/invoices/{globex_invoice}/send", globex(422)),
    Row("invoicing.send", "POST", "/invoices/{missing}/send", MISSING),
    Row("invoicing.close", "GET", "/close/{month}", month_end(200)),
    Row("invoicing.close", "GET", "/close/2026-13", month_end(404)),
    Row("invoicing.close_draft", "POST", "/close/{month}/draft", month_end(303)),
    Row("invoicing.close_issue", "POST", "/close/{month}/issue", month_end(303), form={"ids": ["{acme_invoice}"]}),
    Row("invoicing.close_issue", "POST", "/close/{month}/issue", month_end(422), form={"status": "paid"}),
]
