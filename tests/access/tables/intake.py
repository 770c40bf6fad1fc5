"""Who gets what from the intake slice: the log shows mail of every client, mailboxes are settings."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact
from helpdesk.infra import blobs
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.domain.rules import Condition, Field, Operator
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.service import blocking, rules, sources
from helpdesk.outbox import grants
from helpdesk.outbox.diagnosis import Step, token_refusal
from tests.access.rows import Row, expect
from tests.builders import Office

OTHERS = {"anonymous": 302, "technician": 403, "account_manager": 403, "rival": 403, "bookkeeper": 403}
LOG_SEEN = expect(**OTHERS, manager=200, admin=200)
LOG_DONE = expect(**OTHERS, manager=303, admin=303)
LOG_CONFLICT = expect(**OTHERS, manager=409, admin=409)
LOG_REFUSED = expect(**OTHERS, manager=422, admin=422)
LOG_NOT_THERE = expect(**OTHERS, manager=404, admin=404)
ADMIN_SEES = expect(**OTHERS, manager=403, admin=200)
ADMIN_DOES = expect(**OTHERS, manager=403, admin=303)
ADMIN_MISSES = expect(**OTHERS, manager=403, admin=404)
ADMIN_REFUSED = expect(**OTHERS, manager=403, admin=422)
ADMIN_NOT_THERE = expect(**OTHERS, manager=403, admin=404)

MAILBOX = {
    "name": "Hello",
    "address": "hello@halden-okoye.example",
    "username": "hello",
    "password": "secret",
    "imap_host": "imap.example",
    "imap_port": "993",
    "imap_tls": "tls",
    "smtp_host": "smtp.example",
    "smtp_port": "587",
    "smtp_tls": "starttls",
    "project_id": "",
    "language": "en",
    "auth": "password",
    "first_fetch": "now",
    "anyway": "1",
}
GRANT = {"provider": "google", "flow": "authorization_code", "client_id": "helpdesk", "client_secret": "s3cret"}
CHANGED_MAILBOX = {key: value for key, value in MAILBOX.items() if key not in ("address", "first_fetch", "anyway")}

RULE = {
    "name": "Printers",
    "any_condition": "all",
    "field_0": "subject",
    "operator_0": "contains",
    "value_0": "printer",
    "header_0": "",
    "field_4": "",
    "value_4": "x-ignored",
    "project_id": "",
    "assignee_id": "",
    "priority": "urgent",
    "tags": "",
    "ignore_reason": "",
}

LIMITS = {
    "acknowledgement_pause_minutes": "10",
    "acknowledgements_a_day": "5",
    "reopenings_an_hour": "3",
    "new_tickets_an_hour": "20",
    "reopens_within_days": "30",
    "largest_mail_mb": "32",
    "retention_days": "",
}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    source = sources.connect_mailbox(
        session,
        actor=SYSTEM,
        now=now,
        settings=sources.MailboxSettings(
            name="Support",
            address="support@halden-okoye.example",
            user="support",
            password="secret",
            imap_host="imap.example",
            imap_port=993,
            smtp_host="smtp.example",
            smtp_port=587,
        ),
    )
    digest = blobs.store().put(b"Subject: x\r\n\r\nx")
    blobs.record(session, digest=digest, size_bytes=15, now=now)
    lines = {
        state: InboundMessage(
            mailbox_id=source.mailbox_id,
            folder="INBOX",
            uid_validity=1,
            uid=uid,
            blob_sha256=digest,
            size_bytes=15,
            message_id=f"<{uid}@x.example>",
            content_hash=digest,
            received_at=now,
            state={"automatic": "ignored", "erased": "ignored", "capped": "held"}.get(state, state),
            from_address="nas@acme.example" if state == "capped" else "",
            erased_at=now if state == "erased" else None,
            erased_by="Retention" if state == "erased" else "",
            erased_why="kept for 90 days" if state == "erased" else "",
            outcome=state,
            reasons=[],
        )
        for uid, state in enumerate(("quarantined", "done", "automatic", "erased", "capped"), start=1)
    }
    nobodys = Contact(name="Eve", email="eve@elsewhere.example", created_at=now)
    session.add_all([*lines.values(), nobodys])
    session.flush()
    return {f"{state}_mail": line.id for state, line in lines.items()} | {
        "mailbox": source.mailbox_id,
        "nobodys_contact": nobodys.id,
        "oauth_mailbox": _furnish_oauth(session, now),
        **_furnish_rules(session, office, now),
    }


def _furnish_oauth(session: Session, now: datetime) -> int:
    """Add a mailbox that signs in by OAuth, whose consent was withdrawn."""
    settings = sources.MailboxSettings(
        name="Sales",
        address="sales@halden-okoye.example",
        user="sales@halden-okoye.example",
        password="",
        imap_host="outlook.office365.com",
        imap_port=993,
        smtp_host="smtp.office365.com",
        smtp_port=587,
        auth="oauth",
    )
    source = sources.connect_mailbox(session, actor=SYSTEM, now=now, settings=settings)
    grant = grants.register(
        session,
        actor=SYSTEM,
        now=now,
        mailbox_id=source.mailbox_id,
        provider="microsoft",
        flow="authorization_code",
        client_id="0b0e7f5a",
        client_secret="s3cret",
        authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",
        scope="offline_access",
    )
    grant.failed_refreshes = 2
    grant.last_error = token_refusal("Microsoft", "invalid_grant", "AADSTS50173: the grant has expired.")
    source.last_error, source.failing_since = grant.last_error, now - timedelta(minutes=20)
    failed = Step(
        "IMAP: folder", ok=False, says="The folder “Support” cannot be opened. Folders that are there: INBOX."
    )
    full = Step("IMAP: quota", ok=True, says="The mailbox is 96 % full (48 of 50 MB).", warns=True)
    source.tested_at = now
    source.test_report = [
        Step("IMAP: name", ok=True, says="outlook.office365.com is 192.0.2.7.").as_json(),
        full.as_json(),
        failed.as_json(),
    ]
    return source.mailbox_id


def _furnish_rules(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    conditions = (Condition(Field.SENDER_DOMAIN, Operator.IN_DOMAIN, "mon.acme.example"),)
    monitoring = rules.add_rule(
        session,
        actor=office.actor("admin"),
        now=now,
        settings=rules.RuleSettings(
            name="Monitoring",
            conditions=(*conditions, Condition(Field.HEADER, Operator.EXISTS, header="X-Monitor")),
            project_id=office.acme_project.id,
            assignee_id=office.technician.id,
            priority="urgent",
            tags=("monitoring",),
            automatic_may_open=True,
        ),
    )
    words = (Condition(Field.SUBJECT, Operator.CONTAINS, "e"),)
    news = rules.RuleSettings(name="Newsletters", conditions=words, active=False, ignore_reason="a newsletter")
    news_rule = rules.add_rule(session, actor=SYSTEM, now=now, settings=news)
    blocking.block(session, actor=office.actor("admin"), now=now, pattern="spam.example")
    return {"rule": monitoring.id, "news_rule": news_rule.id}


ROWS = [
    Row("intake.log", "GET", "/inbound", LOG_SEEN),
    Row("intake.log", "GET", "/inbound", LOG_SEEN, query="outcome=quarantined&before=5"),
    Row(
        "intake.log",
        "GET",
        "/inbound",
        LOG_SEEN,
        query="outcome=nonsense&mailbox=x&from=2026-02-31&q=%00%25",
    ),
    Row("intake.message", "GET", "/inbound/{quarantined_mail}", LOG_SEEN),
    Row("intake.message", "GET", "/inbound/{automatic_mail}", LOG_SEEN),
    Row("intake.message", "GET", "/inbound/{missing}", LOG_NOT_THERE),
    Row("intake.message", "GET", "/inbound/{done_mail}", LOG_SEEN, query="read=1"),
    Row("intake.raw", "GET", "/inbound/{done_mail}/raw", LOG_SEEN),
    Row("intake.raw", "GET", "/inbound/{missing}/raw", LOG_NOT_THERE),
    Row("intake.retry", "POST", "/inbound/{quarantined_mail}/retry", LOG_DONE),
    Row("intake.retry", "POST", "/inbound/{done_mail}/retry", LOG_CONFLICT),
    Row("intake.retry", "POST", "/inbound/{missing}/retry", LOG_NOT_THERE),
    Row("intake.make_ticket", "POST", "/inbound/{quarantined_mail}/make-ticket", LOG_DONE),
    Row("intake.make_ticket", "POST", "/inbound/{done_mail}/make-ticket", LOG_CONFLICT),
    Row("intake.not_automatic", "POST", "/inbound/{automatic_mail}/not-automatic", LOG_DONE),
    Row("intake.make_ticket", "POST", "/inbound/{missing}/make-ticket", LOG_NOT_THERE),
    Row("intake.not_automatic", "POST", "/inbound/{missing}/not-automatic", LOG_NOT_THERE),
    Row(
        "intake.not_automatic",
        "POST",
        "/inbound/{done_mail}/not-automatic",
        expect(**OTHERS, manager=403, admin=409),
        form={"always": "1"},
    ),
    Row("intake.not_automatic", "POST", "/inbound/{done_mail}/not-automatic", LOG_CONFLICT),
    Row("intake.ignore", "POST", "/inbound/{quarantined_mail}/ignore", LOG_DONE, form={"why": "sent again"}),
    Row("intake.ignore", "POST", "/inbound/{quarantined_mail}/ignore", LOG_REFUSED, form={"why": ""}),
    Row("intake.ignore", "POST", "/inbound/{missing}/ignore", LOG_NOT_THERE, form={"why": "sent again"}),
    Row("intake.raw", "GET", "/inbound/{erased_mail}/raw", expect(**OTHERS, manager=410, admin=410)),
    Row("intake.message", "GET", "/inbound/{erased_mail}", LOG_SEEN),
    Row("intake.erase", "POST", "/inbound/{automatic_mail}/erase", ADMIN_DOES, form={"why": "asked for"}),
    Row("intake.erase", "POST", "/inbound/{automatic_mail}/erase", ADMIN_REFUSED, form={"why": ""}),
    Row("intake.erase", "POST", "/inbound/{missing}/erase", ADMIN_MISSES, form={"why": "asked for"}),
    Row("intake.senders", "GET", "/settings/senders", ADMIN_SEES),
    Row("intake.senders", "GET", "/settings/senders", ADMIN_SEES, query="address=bo@acme.example&mailbox=99999999999"),
    Row("intake.senders", "GET", "/settings/senders", ADMIN_SEES, query="address=nonsense"),
    Row(
        "intake.add_sender_domain",
        "POST",
        "/settings/senders/domains",
        ADMIN_DOES,
        form={"domain": "acme.test", "client_id": "{acme}"},
    ),
    Row(
        "intake.add_sender_domain",
        "POST",
        "/settings/senders/domains",
        ADMIN_REFUSED,
        form={"domain": "gmail.com", "client_id": "{acme}"},
    ),
    Row(
        "intake.place_contacts",
        "POST",
        "/settings/senders/contacts",
        ADMIN_DOES,
        form={"contact_ids": "{nobodys_contact}", "client_id": "{acme}"},
    ),
    Row("intake.place_contacts", "POST", "/settings/senders/contacts", ADMIN_REFUSED, form={"client_id": "{acme}"}),
    Row("intake.limits", "GET", "/settings/mail-limits", ADMIN_SEES),
    Row("intake.change_limits", "POST", "/settings/mail-limits", ADMIN_DOES, form=LIMITS),
    Row("intake.change_limits", "POST", "/settings/mail-limits", ADMIN_REFUSED, form=LIMITS | {"largest_mail_mb": "0"}),
    Row("intake.mailboxes", "GET", "/settings/mailboxes", ADMIN_SEES),
    Row("intake.new_mailbox", "GET", "/settings/mailboxes/new", ADMIN_SEES),
    Row("intake.connect_mailbox", "POST", "/settings/mailboxes/new", ADMIN_DOES, form=MAILBOX),
    Row("intake.connect_mailbox", "POST", "/settings/mailboxes/new", ADMIN_REFUSED, form=MAILBOX | {"imap_port": "x"}),
    Row("intake.connect_mailbox", "POST", "/settings/mailboxes/new", ADMIN_REFUSED, form=MAILBOX | {"active": "1"}),
    Row("intake.mailbox", "GET", "/settings/mailboxes/{mailbox}", ADMIN_SEES),
    Row("intake.mailbox", "GET", "/settings/mailboxes/{missing}", ADMIN_NOT_THERE),
    Row("intake.edit_mailbox", "GET", "/settings/mailboxes/{mailbox}/settings", ADMIN_SEES),
    Row("intake.edit_mailbox", "GET", "/settings/mailboxes/{missing}/settings", ADMIN_NOT_THERE),
    Row("intake.change_mailbox", "POST", "/settings/mailboxes/{mailbox}/settings", ADMIN_DOES, form=CHANGED_MAILBOX),
    Row(
        "intake.change_mailbox",
        "POST",
        "/settings/mailboxes/{mailbox}/settings",
        ADMIN_REFUSED,
        form=CHANGED_MAILBOX | {"address": "x@y.example"},
    ),
    Row("intake.change_mailbox", "POST", "/settings/mailboxes/{missing}/settings", ADMIN_NOT_THERE),
    Row("intake.new_mailbox", "GET", "/settings/mailboxes/new", ADMIN_SEES, query="provider=microsoft"),
    Row("intake.mailbox_oauth", "GET", "/settings/mailboxes/{mailbox}/oauth", ADMIN_SEES),
    Row("intake.mailbox_oauth", "GET", "/settings/mailboxes/{oauth_mailbox}/oauth", ADMIN_SEES),
    Row("intake.mailbox_oauth", "GET", "/settings/mailboxes/{missing}/oauth", ADMIN_NOT_THERE),
    Row("intake.register_mailbox", "POST", "/settings/mailboxes/{mailbox}/oauth", ADMIN_DOES, form=GRANT),
    Row("intake.register_mailbox", "POST", "/settings/mailboxes/{missing}/oauth", ADMIN_NOT_THERE, form=GRANT),
    Row("intake.begin_consent", "POST", "/settings/mailboxes/{oauth_mailbox}/oauth/consent", ADMIN_SEES),
    Row("intake.begin_consent", "POST", "/settings/mailboxes/{missing}/oauth/consent", ADMIN_NOT_THERE),
    Row("intake.finish_consent", "GET", "/settings/mailboxes/consent", ADMIN_DOES, query="state=x&code=y"),
    Row("intake.mailbox", "GET", "/settings/mailboxes/{oauth_mailbox}", ADMIN_SEES),
    *(
        row
        for act in ("pause", "resume", "check", "test", "probe", "remove")
        for row in (
            Row(f"intake.{act}_mailbox", "POST", f"/settings/mailboxes/{{mailbox}}/{act}", ADMIN_DOES),
            Row(f"intake.{act}_mailbox", "POST", f"/settings/mailboxes/{{missing}}/{act}", ADMIN_NOT_THERE),
        )
    ),
    Row("intake.mail_rules", "GET", "/settings/mail-rules", ADMIN_SEES),
    Row("intake.new_mail_rule", "GET", "/settings/mail-rules/new", ADMIN_SEES),
    Row("intake.add_mail_rule", "POST", "/settings/mail-rules/new", ADMIN_DOES, form=RULE),
    Row("intake.add_mail_rule", "POST", "/settings/mail-rules/new", ADMIN_SEES, form=RULE | {"act": "try"}),
    Row("intake.add_mail_rule", "POST", "/settings/mail-rules/new", ADMIN_REFUSED, form=RULE | {"position": "1"}),
    Row("intake.mail_rule", "GET", "/settings/mail-rules/{rule}", ADMIN_SEES),
    Row("intake.mail_rule", "GET", "/settings/mail-rules/{news_rule}", ADMIN_SEES, query="try=1"),
    Row("intake.mail_rule", "GET", "/settings/mail-rules/{missing}", ADMIN_NOT_THERE),
    Row("intake.change_mail_rule", "POST", "/settings/mail-rules/{rule}", ADMIN_DOES, form=RULE),
    Row("intake.change_mail_rule", "POST", "/settings/mail-rules/{missing}", ADMIN_NOT_THERE, form=RULE),
    Row("intake.act_on_mail_rule", "POST", "/settings/mail-rules/{rule}/delete", ADMIN_DOES),
    Row("intake.act_on_mail_rule", "POST", "/settings/mail-rules/{rule}/off", ADMIN_DOES),
    Row("intake.act_on_mail_rule", "POST", "/settings/mail-rules/{rule}/paint", ADMIN_REFUSED),
    Row("intake.act_on_mail_rule", "POST", "/settings/mail-rules/{missing}/up", ADMIN_NOT_THERE),
    Row("intake.block_sender", "POST", "/settings/blocked-senders", ADMIN_DOES, form={"pattern": "junk.example"}),
    Row("intake.block_sender", "POST", "/settings/blocked-senders", ADMIN_REFUSED, form={"pattern": "gmail.com"}),
    Row(
        "intake.unblock_sender",
        "POST",
        "/settings/blocked-senders/unblock",
        ADMIN_DOES,
        form={"pattern": "@spam.example"},
    ),
    Row("intake.unblock_sender", "POST", "/settings/blocked-senders/unblock", ADMIN_NOT_THERE, form={"pattern": "x"}),
    Row("intake.log", "GET", "/inbound", LOG_SEEN, query="outcome=held"),
    Row("intake.open_flood", "POST", "/inbound/floods/open", LOG_DONE, form={"address": "nas@acme.example"}),
    Row("intake.open_flood", "POST", "/inbound/floods/open", LOG_CONFLICT, form={"address": "x"}),
    Row("intake.ignore_flood", "POST", "/inbound/floods/ignore", LOG_DONE, form={"address": "nas@acme.example"}),
    Row("intake.ignore_flood", "POST", "/inbound/floods/ignore", LOG_CONFLICT, form={"address": "x"}),
]
