"""A believable week in the office, told through the services: mail with files, time in every state, money, trouble."""

import io
from datetime import date, datetime
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from helpdesk.accounts import service as accounts
from helpdesk.automation.service import macros
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.desk import service as desk
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra import job_failures
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeLimits, IntakeSource
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service import spam as intake_spam
from helpdesk.intake.service.log import ATTEMPTS
from helpdesk.invoicing import process as invoicing
from helpdesk.invoicing import service as invoices
from helpdesk.invoicing.crediting import Wish
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.outbox import service as outbox
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.projects.planning import baselines, editing, linking, moving
from helpdesk.projects.planning.editing import Details
from helpdesk.projects.planning.reading import read
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import service as timekeeping
from tests.browser import pictures
from tests.builders import Office
from tests.conftest import FixedClock
from tests.mails import mail
from tests.slices.conftest import Inbox, connect

ZEYNEP = "Zeynep Kaya <z.kaya@kuehn.example>"
MATTHIAS = "Matthias Kühn <m.kuehn@kuehn.example>"
SOMEBODY = "Somebody <somebody@unknown.example>"
UNDECIDED = "Globex Person <person@globex.example>"
RACHEL = "Rachel Kim <r.kim@blueheron.example>"
OCTOBER = Month(2026, 10)

Ids = dict[str, int]


def tell(office: Office, clock: FixedClock) -> Ids:
    """Add the story to the office and return the ids that pages are named by."""
    ids = _clients(office, clock)
    _october(office, clock, ids)
    _plan(office, clock, ids)
    ids |= _mail(office, clock)
    _week(office, clock, ids)
    _teams(office, clock, ids)
    _macros(office, clock)
    _trouble(clock)
    return ids


def at(text: str) -> datetime:
    """Return an instant: ``at("2026-11-17T09:30")`` in UTC."""
    return datetime.fromisoformat(f"{text}:00+00:00")


def _clients(office: Office, clock: FixedClock) -> Ids:
    clock.now = at("2026-09-28T08:00")
    with unit_of_work() as session:
        kuehn = _client(office, clock, session, name="Kühn Präzision", domain="kuehn.example", project="Workplace")
        heron = _client(office, clock, session, name="Blue Heron Clinics", domain="blueheron.example", project="Web")
        rates.set_rate(
            session, actor=SYSTEM, now=clock(), amount="105.00", currency="EUR", effective_on=date(2026, 9, 1)
        )
        rates.set_rate(
            session,
            actor=SYSTEM,
            now=clock(),
            amount="140.00",
            currency="EUR",
            effective_on=date(2026, 10, 1),
            client_id=heron["client"],
        )
        rates.set_rounding(
            session, actor=SYSTEM, now=clock(), effective_on=date(2026, 9, 1), mode="up", step_minutes=15
        )
        agreement = retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=clock(),
            client_id=kuehn["client"],
            name="Managed workplace",
            starts_on=date(2026, 10, 1),
            terms=NewTerms(
                allowance_seconds=36000,
                fee_minor=120000,
                fee_timing="advance",
                overage_rate_minor=12000,
                rollover_months=2,
            ),
        )
        return {
            "kuehn": kuehn["client"],
            "kuehn_project": kuehn["project"],
            "kuehn_task": kuehn["number"],
            "kuehn_task_id": kuehn["task"],
            "kuehn_agreement": agreement.id,
            "heron": heron["client"],
            "heron_project": heron["project"],
            "heron_task": heron["number"],
            "heron_task_id": heron["task"],
        }


def _client(office: Office, clock: FixedClock, session: Session, *, name: str, domain: str, project: str) -> Ids:
    profile = ClientProfile(
        name=name,
        legal_name=f"{name} GmbH",
        address="Zuffenhauser Straße 84\n70435 Stuttgart\nGermany",
        country="DE",
        vat_id="DE123456788",
        invoice_email=f"accounts@{domain}",
        time_zone="Europe/Berlin",
        tax_percent="19",
        account_manager_id=office.account_manager.id,
    )
    client = clients.add_client(session, actor=SYSTEM, now=clock(), profile=profile)
    clients.add_domain(session, actor=SYSTEM, now=clock(), client_id=client.id, domain=domain)
    added = projects.add_project(
        session, actor=SYSTEM, now=clock(), client_id=client.id, name=project, manager_id=office.manager.id
    )
    task = projects.add_task(
        session,
        actor=SYSTEM,
        now=clock(),
        project_id=added.id,
        title="Retire the old file server and move its shares",
        assignee_id=office.technician.id,
        estimate_seconds=8 * 3600,
        due_on=date(2026, 11, 27),
    )
    return {"client": client.id, "project": added.id, "task": task.id, "number": task.number}


def _plan(office: Office, clock: FixedClock, ids: Ids) -> None:
    """Plan a move with two parts and a milestone, keep it as offered, and let the first part take longer."""
    clock.now = at("2026-11-02T09:00")
    with unit_of_work() as session:
        who: dict[str, Any] = {"actor": office.actor("technician"), "now": clock()}
        who["project_id"] = ids["kuehn_project"]

        def add(title: str, first: str, last: str, **more: Any) -> int:
            details = Details(starts_on=date.fromisoformat(first), due_on=date.fromisoformat(last), **more)
            return editing.add(session, title=title, details=details, assignee_id=office.technician.id, **who).number

        whole = editing.add(session, title="Move the mail to the new server", details=Details(), **who).number
        hour = 3600
        ready = add("Order and mount the server", "2026-11-09", "2026-11-13", parent=whole, estimate_seconds=12 * hour)
        copy = add("Copy the mailboxes of all departments", "2026-11-16", "2026-11-20", parent=whole)
        switch = add("Switch over", "2026-11-21", "2026-11-22", parent=whole, estimate_seconds=6 * hour)
        add("Write the handbook", "2026-11-16", "2026-11-18", estimate_seconds=4 * hour)
        done = add("Accepted by Kühn", "2026-11-24", "2026-11-24", is_milestone=True)
        for before, after, lag in ((ready, copy, 0), (copy, switch, 0), (whole, done, 1)):
            linking.link(session, predecessor=before, successor=after, lag_days=lag, **who)
        baselines.take(session, name="As offered", **who)
        version = read(session, actor=who["actor"], project_id=who["project_id"]).by_number(ready).version
        moving.stretch(session, number=ready, due_on=date(2026, 11, 17), expected_version=version, **who)
        ids["plan_task"] = copy


def _october(office: Office, clock: FixedClock, ids: Ids) -> None:
    """Work over the hours of the agreement, close the month, issue one invoice and leave the other a draft."""
    clock.now = at("2026-11-01T18:00")
    worked = [("kuehn_task_id", day, "4:00") for day in (5, 12, 19)] + [("heron_task_id", 7, "2.5")]
    entry_ids = [_work(office, clock, ids[item], date(2026, 10, day), hours) for item, day, hours in worked]
    with unit_of_work() as session:
        technician, manager = office.actor("technician"), office.actor("manager")
        timekeeping.submit(session, actor=technician, now=clock(), entry_ids=entry_ids)
        timekeeping.approve(session, actor=manager, now=clock(), entry_ids=entry_ids)
    clock.now = at("2026-11-02T08:00")
    done = invoicing.close(
        unit_of_work, actor=SYSTEM, clock=clock, month=OCTOBER, client_ids=[ids["kuehn"], ids["heron"]]
    )
    drafted = {each.client_id: each.invoice_id for each in done}
    assert all(drafted.values()), done
    ids["draft_invoice"], ids["issued_invoice"] = (drafted[ids[name]] or 0 for name in ("heron", "kuehn"))
    with unit_of_work() as session:
        issued = invoices.issue(session, actor=SYSTEM, now=clock(), invoice_id=ids["issued_invoice"])
        largest = max(issued.lines, key=lambda line: line.amount_minor)
        ids["credit_note"] = invoices.credit(
            session,
            actor=SYSTEM,
            now=clock(),
            invoice_id=issued.id,
            wishes={largest.id: Wish(amount=Money(1000, issued.currency))},
            reason="Ten euros for the two days that it took",
            key="story",
        ).id


def _work(office: Office, clock: FixedClock, item_id: int, day: date, worked: str, **more: str) -> int:
    with unit_of_work() as session:
        entry = timekeeping.add_entry(
            session,
            actor=office.actor("technician"),
            now=clock(),
            item_id=item_id,
            day=day,
            worked=worked,
            note=more.get("note", "Moved the shares of the design department"),
            billable=more.get("billable", "billable"),
        )
        return entry.id


def _mail(office: Office, clock: FixedClock) -> Ids:
    """Let mail come in over three days: HTML with files, an answer, an absence note, and what is ignored."""
    clock.now = at("2026-11-16T07:00")
    mailbox_id, source_id = connect(address="desk@halden-okoye.example")
    inbox = Inbox(mailbox_id, source_id, clock)
    inbox.fetch()
    clock.now = at("2026-11-16T07:12")
    first = inbox.receive(_printer_mail())
    number, item_id = _ticket_of(first)
    clock.now = at("2026-11-16T07:40")
    with unit_of_work() as session:
        sent = desk.reply(
            session,
            actor=office.actor("technician"),
            now=clock(),
            number=number,
            text="Good morning Zeynep,\n\nthe driver was replaced last night. I am putting the old one back now.",
            status="waiting",
            time=WorkedTime(worked="0:20"),
        )
        answered = session.get_one(OutgoingMessage, sent.outgoing_message_id).message_id
    clock.now = at("2026-11-16T08:05")
    inbox.receive(
        mail(
            "Printer A prints again, printer B (10.20.4.31) does not.\n\nOn 16 Nov 2026, support wrote:\n"
            "> the driver was replaced last night. I am putting the old one back now.\n",
            sender=ZEYNEP,
            subject="Re: Label printer in hall 2 prints blank labels",
            headers={"In-Reply-To": answered, "References": answered},
        )
    )
    with unit_of_work() as session:
        actor = office.actor("technician")
        desk.add_note(session, actor=actor, now=clock(), number=number, text="Printer B still has the new driver.")
        projects.set_status(session, actor=actor, now=clock(), item_id=item_id, status="in_progress")
    clock.now = at("2026-11-17T15:10")
    away = {"Auto-Submitted": "auto-replied", "In-Reply-To": answered, "References": answered}
    inbox.receive(mail("I am away until Monday.", sender=ZEYNEP, subject="Out of office", headers=away))
    for minute, (sender, subject) in enumerate(_other_mail()):
        clock.now = at(f"2026-11-18T08:{10 + minute:02}")
        last = inbox.receive(mail("It began this morning, on the second floor.", sender=sender, subject=subject))
    clock.now = at("2026-11-18T08:50")
    inbox.receive(_printer_mail())
    _quarantine(inbox, clock)
    _undeliverable(office, clock, _ticket_of(last)[0])
    clock.now = at("2026-11-18T08:55")
    triage = _ticket_of(inbox.receive(mail("And on weekends?", sender=SOMEBODY, subject="One more question")))[0]
    spam = _spam(office, inbox, clock)
    people = _people(office, inbox, clock)
    clock.now = at("2026-11-18T09:58")
    found = {
        "story_ticket": number,
        "triage_ticket": triage,
        "story_ticket_id": item_id,
        "failed_ticket": _ticket_of(last)[0],
    }
    seen = pictures.tell(inbox, office.actor("technician"), _picture())
    return found | {"spam_ticket": spam, "people_ticket": people} | seen


def _people(office: Office, inbox: Inbox, clock: FixedClock) -> int:
    """Let strangers in copy, held, unproven and unreachable meet on one ticket; return its number."""
    clock.now = at("2026-11-17T09:30")
    copied = {"Cc": "Cleo Brandt <cleo@partner.example>, Bob Klein <b.klein@kuehn.example>", "Reply-To": UNDECIDED}
    first = inbox.receive(mail("Who may order toner?", sender=MATTHIAS, subject="Toner", headers=copied))
    number, item_id = _ticket_of(first)
    clock.now = at("2026-11-17T09:40")
    with unit_of_work() as session:
        actor = office.actor("technician")
        written = desk.reply(
            session, actor=actor, now=clock(), number=number, text="Each of you may.", to_new_outside=True
        )
        assert written.outgoing_message_id is not None
        sent = session.get_one(OutgoingMessage, written.outgoing_message_id)
        sent.state, sent.sent_at = "sent", clock()
        bob = next(one for one in ticket_queries.participants(session, [item_id]) if "klein" in one.contact.email)
        tickets.remove_participant(session, actor=actor, now=clock(), item_id=item_id, contact_id=bob.contact_id)
    clock.now = at("2026-11-17T09:50")
    inbox.receive(mail("Then I order for all of us.", sender="Eve <eve@elsewhere.example>", to=sent.reply_to))
    inbox.receive(_returned(sent.message_id))
    with unit_of_work() as session:
        source = session.get_one(IntakeSource, inbox.source_id)
        source.trusted_authserv_id = "mx.halden.example"
    failed = {"Authentication-Results": "mx.halden.example; dmarc=fail header.from=kuehn.example"}
    inbox.receive(
        mail(
            "Please send the invoices to our new account.",
            sender=MATTHIAS,
            to=sent.reply_to,
            headers=failed | {"Reply-To": "m.kuehn@kuehn.invalid.example", "Cc": "new@another.example"},
        )
    )
    with unit_of_work() as session:
        session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = ""
    return number


def _returned(message_id: str) -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: desk@halden-okoye.example\r\n"
        "Subject: Undelivered Mail\r\nMessage-ID: <returned@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; cleo@partner.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


def _spam(office: Office, inbox: Inbox, clock: FixedClock) -> int:
    """Let somebody sell pills, and a machine of a client write more than it may; return the number of the spam."""
    clock.now = at("2026-11-18T09:05")
    sold = inbox.receive(mail("Half price, today only.", sender="Eve <eve@pills.example>", subject="Wonderful pills"))
    number, item_id = _ticket_of(sold)
    with unit_of_work() as session:
        intake_spam.mark(session, actor=office.actor("technician"), now=clock(), item_id=item_id, block="sender")
        session.add(IntakeLimits(new_tickets_an_hour=1))
    for minute in range(10, 14):
        clock.now = at(f"2026-11-18T09:{minute}")
        inbox.receive(mail("Disk full.", sender="NAS <nas@kuehn.example>", subject=f"NAS: disk {minute - 9} is full"))
    with unit_of_work() as session:
        session.delete(session.get_one(IntakeLimits, 1))
    return number


def _printer_mail() -> bytes:
    return mail(
        "Good morning,\n\nthe label printer in hall 2 prints blank labels since last night.\n\nZeynep Kaya\n",
        sender=ZEYNEP,
        subject="Label printer in hall 2 prints blank labels",
        message_id="<hall-2@kuehn.example>",
        html='<p>Good morning,</p><p>the label printer in <b>hall 2</b> prints <span style="color:#b00">blank labels'
        '</span> since last night.</p><p>Zeynep Kaya<br><img src="http://pictures.invalid/logo.png" alt="Kühn"></p>',
        files={"Label hall 2.png": _picture(), "print server with quite a long name of 16 November 2026.log": b"06:02"},
    )


def _other_mail() -> list[tuple[str, str]]:
    return [
        (
            RACHEL,
            "The booking form says “service unavailable” for patients of the clinic in Spokane since this morning",
        ),
        (RACHEL, "New colleague on 1 December"),
        ("Matthias Kühn <m.kuehn@kuehn.example>", "VPN drops every ten minutes"),
        ("Jana Brandl <j.brandl@kuehn.example>", "Zugriff auf das Laufwerk K: fehlt"),
        (SOMEBODY, "Do you also look after small firms?"),
    ]


def _picture() -> bytes:
    output, picture = io.BytesIO(), Image.new("RGB", (240, 120), "white")
    ImageDraw.Draw(picture).rectangle((20, 20, 220, 100), outline="black")
    picture.save(output, "PNG")
    return output.getvalue()


def _ticket_of(inbound: InboundMessage) -> tuple[int, int]:
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, inbound.id).work_item_id)
        return item.number, item.id


def _quarantine(inbox: Inbox, clock: FixedClock) -> None:
    """Let one mail fail until it waits for a person."""

    def fail(_raw: bytes) -> ParsedMail:
        message = "the header of part 3 never ends"
        raise RuntimeError(message)

    inbox.folder.deliver(mail(sender=RACHEL, subject="Scan of the lease"), at=clock())
    inbox.fetch()
    with unit_of_work() as session:
        inbound_id = session.scalars(select(InboundMessage.id).order_by(InboundMessage.id.desc())).first()
    assert inbound_id is not None
    with capture_logs():  # a failure that is meant need not be told
        for _attempt in range(ATTEMPTS):
            inbox.handle(inbound_id, parser=fail)
            clock.advance(minutes=3)


def _undeliverable(office: Office, clock: FixedClock, number: int) -> None:
    """Reply to somebody whose server refuses it for good."""
    with unit_of_work() as session:
        sent = desk.reply(session, actor=office.actor("manager"), now=clock(), number=number, text="Yes, gladly.")
        message_id = sent.outgoing_message_id
    assert message_id is not None
    clock.advance(seconds=10)
    with unit_of_work() as session:
        claimed = outbox.claim(session, message_id=message_id, now=clock())
        assert claimed is not None
        outbox.record_failure(
            session,
            message_id=message_id,
            attempt=claimed.attempts,
            error="550 5.1.1 no such user",
            final=True,
            chance=0.5,
            now=clock(),
        )


def _week(office: Office, clock: FixedClock, ids: Ids) -> None:
    """Log this week's work of the technician in every state, and let the manager's timer run."""
    clock.now = at("2026-11-18T09:00")
    ticket, task = ids["story_ticket_id"], ids["kuehn_task_id"]
    approved = [_work(office, clock, task, date(2026, 11, day), "2.5") for day in (3, 9, 16)]
    rejected = _work(office, clock, task, date(2026, 11, 16), "3:00", note="Reading")
    waiting = [
        _work(office, clock, ticket, date(2026, 11, 17), "9:15-10:40", note="Drove to hall 2"),
        _work(office, clock, ids["heron_task_id"], date(2026, 11, 17), "0:45", billable="no_charge"),
    ]
    with unit_of_work() as session:
        technician, manager = office.actor("technician"), office.actor("manager")
        timekeeping.submit(session, actor=technician, now=clock(), entry_ids=[*approved, rejected, *waiting])
        timekeeping.approve(session, actor=manager, now=clock(), entry_ids=approved)
        timekeeping.reject(
            session, actor=manager, now=clock(), entry_ids=[rejected], reason="Which manual? It is not billable."
        )
    ids["draft_entry"] = _work(office, clock, ticket, date(2026, 11, 18), "0:50", note="Put the old driver back")
    ids["rejected_entry"] = rejected
    with unit_of_work() as session:
        timekeeping.start_timer(session, actor=office.actor("manager"), now=at("2026-11-18T09:18"), item_id=ticket)


def _teams(office: Office, clock: FixedClock, ids: Ids) -> None:
    with unit_of_work() as session:
        admin, people = office.actor("admin"), (office.technician.id, office.manager.id)
        team = accounts.add_team(session, actor=admin, now=clock(), name="Second line", person_ids=people)
        for number in (ids["story_ticket"], ids["failed_ticket"]):
            desk.give_to_team(session, actor=admin, now=clock(), number=number, team_id=team.id)


def _macros(office: Office, clock: FixedClock) -> None:
    ask = MacroActs(
        answer="Hello {{requester.first_name}}, which model is it?", status="waiting", add_tags=("asked",), minutes=5
    )
    duplicate = MacroActs(status="solved", priority="low", assignee="me", add_tags=("duplicate",), note="Asked twice.")
    with unit_of_work() as session:
        for role, name, acts, shared in (
            ("manager", "Close as duplicate", duplicate, True),
            ("technician", "Ask for the model", ask, False),
        ):
            settings = MacroSettings(name=name, acts=acts, shared=shared)
            macros.add_macro(session, actor=office.actor(role), now=clock(), settings=settings)


def _trouble(clock: FixedClock) -> None:
    with unit_of_work() as session:
        job_failures.note(
            session,
            job="deliver_outgoing",
            args=[7],
            queue="mail",
            error="ConnectionRefusedError: [Errno 111] Connection refused",
            traceback="Traceback (most recent call last):\n  …\nConnectionRefusedError: [Errno 111] Connection refused",
            now=clock(),
        )
