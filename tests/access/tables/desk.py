"""Who gets what from the desk: its pages for those who work there, clients for all who may see them."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.automation.models import Macro
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import CannedReply, ItemLink, Participant, TicketDetails
from helpdesk.tickets.service.writing import write
from tests.access.rows import Row, expect
from tests.builders import Office

HOME = expect(anonymous=302, technician=302, account_manager=302, rival=302, bookkeeper=302, manager=302, admin=302)
DESK = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
DESK_WRITES = expect(
    anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303
)
GLOBEX = expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200)
GLOBEX_WRITES = expect(
    anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
NOTED = expect(anonymous=302, technician=204, account_manager=204, rival=204, bookkeeper=403, manager=204, admin=204)
NOTED_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=204, bookkeeper=403, manager=204, admin=204
)
STAFF_SEE = expect(
    anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200
)
STAFF_DO = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=303, manager=303, admin=303)
STAFF_REFUSED = STAFF_DO | dict.fromkeys(set(STAFF_DO) - {"anonymous"}, 422)
NO_MONEY = {"anonymous": 302, "technician": 403, "bookkeeper": 403}
MONEY = expect(**NO_MONEY, account_manager=200, rival=200, manager=200, admin=200)
MONEY_OF_ACME = expect(**NO_MONEY, account_manager=200, rival=422, manager=200, admin=200)
MONEY_OF_GLOBEX = expect(**NO_MONEY, account_manager=422, rival=200, manager=200, admin=200)
MONEY_OF_NOBODY = expect(**NO_MONEY, account_manager=422, rival=422, manager=422, admin=422)
NO_SETTINGS = {
    "anonymous": 302,
    "technician": 403,
    "account_manager": 403,
    "rival": 403,
    "bookkeeper": 403,
    "manager": 403,
}
TYPES_SEEN = expect(**NO_SETTINGS, admin=200)
TYPES_SET = expect(**NO_SETTINGS, admin=303)
NO_TYPE = expect(**NO_SETTINGS, admin=404)
ASKED = "person_id={technician}&work_type_id=&on=2026-11-17&worked=0:13"
GLOBEX_REFUSED = expect(
    anonymous=302, technician=404, account_manager=404, rival=422, bookkeeper=403, manager=422, admin=422
)
OPEN_REFUSED = expect(
    anonymous=302, technician=422, account_manager=422, rival=422, bookkeeper=403, manager=422, admin=422
)
STAFF = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200)

RESTRICTED_CONFLICT = expect(
    anonymous=302, technician=404, account_manager=404, rival=409, bookkeeper=403, manager=409, admin=409
)
OPEN_CONFLICT = expect(
    anonymous=302, technician=409, account_manager=409, rival=409, bookkeeper=403, manager=409, admin=409
)

SHARES = expect(anonymous=302, technician=422, account_manager=422, rival=422, bookkeeper=403, manager=303, admin=303)
OWN_CANNED = expect(
    anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
OWN_MACRO = expect(
    anonymous=302, technician=200, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
MACRO = {"name": "Another", "status": "solved"}
CANNED = {"name": "Another", "body": "Hello {{requester.name}}"}
ONWARD = {"to": "bob@supplier.example", "message": "{note_on_acme}", "to_outside": "y", "billable": "billable"}
ONWARD_OF_GLOBEX = {**ONWARD, "message": "{note_on_globex}"}
REPLY = {"body": "Done.", "billable": "billable"}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Give both tickets a requester, and replies an address to leave from."""
    mailbox = Mailbox(
        address="desk-table@halden-okoye.example",
        name="Support",
        smtp_host="localhost",
        smtp_port=25,
        smtp_security="none",
        created_at=now,
    )
    session.add(mailbox)
    session.flush()
    copied = office.acme_contact
    for item, contact in ((office.acme_ticket, office.acme_contact), (office.globex_ticket, office.globex_contact)):
        if session.get(TicketDetails, item.id) is None:
            session.add(TicketDetails(work_item_id=item.id, requester_id=contact.id, reasons=[], last_message_at=now))
        session.add(Participant(work_item_id=item.id, contact_id=copied.id, role="cc", added_at=now))
    intranet = Project(client_id=office.acme.id, name="Intranet", created_at=now)
    session.add(intranet)
    session.flush()
    own = CannedReply(person_id=office.technician.id, name="Done", body="Done.", changed_at=now)
    shared = CannedReply(name="Closing", body="Bye.", changed_at=now)
    macros = [
        Macro(person_id=whose, position=1, name=name, acts={"priority": "low"}, used=0, created_at=now, changed_at=now)
        for whose, name in ((office.technician.id, "Mine"), (None, "Ours"))
    ]
    session.add_all([own, shared, *macros])
    session.flush()
    other = tickets.open_ticket(
        session,
        actor=SYSTEM,
        now=now,
        project_id=office.acme_project.id,
        requester_id=office.acme_contact.id,
        title="Labels stay blank",
        text="",
    )
    session.add(ItemLink(work_item_id=other.id, other_id=office.acme_ticket.id, kind="part", created_at=now))
    return {
        "own_canned": own.id,
        "shared_canned": shared.id,
        "own_macro": macros[0].id,
        "shared_macro": macros[1].id,
        "acme_intranet": intranet.id,
        "acme_other": other.number,
        "note_on_acme": _noted(session, office.acme_ticket.id, now),
        "call_on_acme": _called(session, office, now),
        "note_on_globex": _noted(session, office.globex_ticket.id, now),
        "held_on_acme": _held(session, office.acme_ticket.id, office.globex_contact.id, now),
        "failed_on_acme": _failed(session, office.acme_ticket.id, mailbox.id, now),
        "failed_on_globex": _failed(session, office.globex_ticket.id, mailbox.id, now),
        "sent_on_acme": _sent(session, office.acme_ticket.id, mailbox.id, now),
        "sent_on_globex": _sent(session, office.globex_ticket.id, mailbox.id, now),
        "held_on_globex": _held(session, office.globex_ticket.id, office.acme_contact.id, now),
    }


def _held(session: Session, item_id: int, contact_id: int, now: datetime) -> int:
    mail = IncomingMail("Re: Printer", "I take over.", None, "I take over.", "", "<held@x.example>", now, held=True)
    return tickets.add_mail(session, now=now, item_id=item_id, contact_id=contact_id, person_id=None, mail=mail).id


def _noted(session: Session, item_id: int, now: datetime) -> int:
    return tickets.add_note(session, actor=SYSTEM, now=now, item_id=item_id, text="The roll is empty.").id


def _called(session: Session, office: Office, now: datetime) -> int:
    spoken = tickets.Spoken("call", "They will call back.", who="Reception")
    actor = office.actor("technician")
    item = session.get_one(WorkItem, office.acme_ticket.id)
    return tickets.write_talk(session, actor=actor, now=now, item=item, spoken=spoken, at=now, until=now).id


def _sent(session: Session, item_id: int, mailbox_id: int, now: datetime) -> int:
    outgoing = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox_id,
        idempotency_key=f"table-sent:{item_id}",
        purpose="reply",
        about=("work_item", item_id),
        to=[Address("Ann", "ann@acme.example")],
        subject="Re: Printer",
        text="It prints.",
    )
    outgoing.state, outgoing.sent_at = "sent", now
    message = write(session, kind="reply", item_id=item_id, person_id=None, now=now, text="It prints.")
    message.outgoing_message_id = outgoing.id
    return message.id


def _failed(session: Session, item_id: int, mailbox_id: int, now: datetime) -> int:
    outgoing = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox_id,
        idempotency_key=f"table:{item_id}",
        purpose="notice",
        about=("work_item", item_id),
        to=[Address("Somebody", "somebody@nowhere.example")],
        subject="Canary",
        text="Canary",
        item_id=item_id,
    )
    outgoing.state, outgoing.last_error = "failed", "550 no such user"
    return outgoing.id


def _on_items(endpoint: str, act: str, form: dict[str, str]) -> list[Row]:
    """Return the rows of one act on an item that all on the desk see, on a restricted one, and on a missing one."""
    return [
        Row(endpoint, "POST", f"/items/{{acme_ticket}}/{act}", DESK_WRITES, form=form),
        Row(endpoint, "POST", f"/items/{{globex_ticket}}/{act}", GLOBEX_WRITES, form=form),
        Row(endpoint, "POST", f"/items/{{missing}}/{act}", NOT_THERE, form=form),
    ]


def _on_held_mail(endpoint: str, act: str) -> list[Row]:
    """Return the rows of one decision: on a ticket that all see, a restricted one, and where the mail is not."""
    return [
        Row(endpoint, "POST", f"/items/{{acme_ticket}}/messages/{{held_on_acme}}/{act}", DESK_WRITES),
        Row(endpoint, "POST", f"/items/{{globex_ticket}}/messages/{{held_on_globex}}/{act}", GLOBEX_WRITES),
        Row(endpoint, "POST", f"/items/{{acme_ticket}}/messages/{{held_on_globex}}/{act}", NOT_THERE),
        Row(endpoint, "POST", f"/items/{{acme_ticket}}/messages/{{missing}}/{act}", NOT_THERE),
    ]


TOLD = {"who": "Somebody", "body": "They asked when."}
TALK = {**TOLD, "billable": "billable"}
OWN_TALK = expect(anonymous=302, technician=200, account_manager=404, rival=404, bookkeeper=403, manager=200, admin=200)
OWN_TALK_WRITES = expect(
    anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=303, admin=303
)


ROWS = [
    Row("desk.ask_talk", "GET", "/items/{acme_ticket}/log/call", DESK),
    Row("desk.ask_talk", "GET", "/items/{globex_ticket}/log/visit", GLOBEX),
    Row("desk.ask_talk", "GET", "/items/{missing}/log/call", NOT_THERE),
    *_on_items("desk.log_talk", "log/call", TALK),
    Row("desk.ask_correction", "GET", "/items/{acme_ticket}/messages/{call_on_acme}/call", OWN_TALK),
    Row("desk.ask_correction", "GET", "/items/{globex_ticket}/messages/{call_on_acme}/call", NOT_THERE),
    Row("desk.correct_talk", "POST", "/items/{acme_ticket}/messages/{call_on_acme}/call", OWN_TALK_WRITES, form=TOLD),
    Row("desk.correct_talk", "POST", "/items/{acme_ticket}/messages/{note_on_acme}/call", NOT_THERE, form=TOLD),
    Row("desk.correct_talk", "POST", "/items/{globex_ticket}/messages/{call_on_acme}/call", NOT_THERE, form=TOLD),
    Row("desk.remove_talk", "POST", "/items/{acme_ticket}/messages/{call_on_acme}/delete-call", OWN_TALK_WRITES),
    Row("desk.remove_talk", "POST", "/items/{globex_ticket}/messages/{call_on_acme}/delete-call", NOT_THERE),
    Row("desk.ask_forward", "GET", "/items/{acme_ticket}/forward", DESK, query="message={note_on_acme}"),
    Row("desk.ask_forward", "GET", "/items/{globex_ticket}/forward", GLOBEX, query="message={note_on_globex}"),
    Row("desk.ask_forward", "GET", "/items/{acme_ticket}/forward", NOT_THERE, query="message={note_on_globex}"),
    Row("desk.forward", "POST", "/items/{acme_ticket}/forward", DESK_WRITES, form=ONWARD),
    Row("desk.forward", "POST", "/items/{globex_ticket}/forward", GLOBEX_WRITES, form=ONWARD_OF_GLOBEX),
    Row("desk.forward", "POST", "/items/{acme_ticket}/forward", OPEN_REFUSED, form=ONWARD_OF_GLOBEX),
    Row("desk.unsend_forward", "POST", "/items/{acme_ticket}/messages/{note_on_acme}/take-back-forward", NOT_THERE),
    Row("desk.unsend_forward", "POST", "/items/{globex_ticket}/messages/{note_on_globex}/take-back-forward", NOT_THERE),
    Row("desk.home", "GET", "/", HOME),
    Row("desk.account", "GET", "/account", STAFF_SEE),
    Row("desk.change_account", "POST", "/account", STAFF_DO, form={"time_zone": "Europe/Lisbon", "language": "de"}),
    Row("desk.change_account", "POST", "/account", STAFF_REFUSED, form={"time_zone": "Mars/Olympus"}),
    Row("desk.search", "GET", "/search", STAFF, query="q=printer"),
    Row("desk.search", "GET", "/search", STAFF, query="q=blank+-zebra+stauts:open+status:x"),
    Row("desk.search_results", "GET", "/search/results", STAFF, query="q=printer"),
    Row("desk.search_results", "GET", "/search/results", STAFF, query="q=printer+to:ac"),
    Row("desk.complete_search", "GET", "/search/complete", DESK, query="q=printer+to:ac"),
    Row("desk.queue", "GET", "/desk", DESK),
    Row("desk.queue", "GET", "/desk", GLOBEX, query="view=client&client={globex}"),
    Row("desk.queue", "GET", "/desk", NOT_THERE, query="view=client&client={missing}"),
    Row("desk.new_ticket", "GET", "/tickets/new", DESK),
    Row(
        "desk.open_ticket",
        "POST",
        "/tickets/new",
        DESK_WRITES,
        form={"project_id": "{acme_project}", "contact_id": "{acme_contact}", "subject": "It hums"},
    ),
    Row(
        "desk.open_ticket",
        "POST",
        "/tickets/new",
        expect(anonymous=302, technician=422, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"project_id": "{globex_project}", "who": "person@globex.example", "subject": "It hums"},
    ),
    Row(
        "desk.open_ticket",
        "POST",
        "/tickets/new",
        GLOBEX_WRITES,
        form={"contact_id": "{globex_contact}", "subject": "It hums"},
    ),
    Row(
        "desk.open_ticket",
        "POST",
        "/tickets/new",
        GLOBEX_WRITES,
        form={"contact_id": "{globex_contact}", "act": "onto:{globex_ticket}", "subject": "It hums"},
    ),
    Row("desk.new_ticket", "GET", "/tickets/new", GLOBEX, query="contact={globex_contact}"),
    Row("desk.new_ticket", "GET", "/tickets/new", GLOBEX, query="client={globex}"),
    Row("desk.find_asker", "GET", "/tickets/new/for", DESK, query="who=person"),
    Row("desk.find_asker", "GET", "/tickets/new/for", DESK, query="contact_id={globex_contact}"),
    Row("desk.add_form_files", "POST", f"/tickets/new/{'a' * 32}/files", DESK),
    Row("desk.remove_form_file", "POST", f"/tickets/new/{'a' * 32}/files/{{missing}}/remove", NOT_THERE),
    Row("desk.ask_requester", "GET", "/items/{acme_ticket}/requester", DESK, query="who=person"),
    Row("desk.ask_requester", "GET", "/items/{globex_ticket}/requester", GLOBEX),
    Row("desk.ask_requester", "GET", "/items/{acme_task}/requester", DESK),
    Row(
        "desk.set_requester",
        "POST",
        "/items/{acme_ticket}/requester",
        GLOBEX_REFUSED,
        form={"act": "pick:{globex_contact}"},
    ),
    Row("desk.set_requester", "POST", "/items/{globex_ticket}/requester", GLOBEX_REFUSED, form={"who": "nobody"}),
    Row("desk.item", "GET", "/items/{acme_ticket}", DESK),
    Row("desk.item", "GET", "/items/{acme_task}", DESK),
    Row("desk.item", "GET", "/items/{globex_ticket}", GLOBEX),
    Row("desk.item", "GET", "/items/{missing}", NOT_THERE),
    *_on_items("desk.reply", "reply", REPLY | {"to_new_outside": "y"}),
    *_on_items("desk.add_note", "note", REPLY),
    Row("desk.act_on_many", "POST", "/desk/bulk", DESK_WRITES, form={"pick": "{acme_ticket}-1", "act": "tag:vpn"}),
    Row("desk.choose_rows", "POST", "/desk/rows", DESK_WRITES, form={"rows": "dense"}),
    Row("desk.choose_box", "POST", "/desk/box", DESK_WRITES, form={"box": "plain"}),
    Row("desk.saved", "GET", "/desk/views", DESK),
    Row("desk.save_view", "POST", "/desk/views", DESK_WRITES, form={"name": "Fires", "priority": "urgent"}),
    Row("desk.rename_view", "POST", "/desk/views/{missing}", NOT_THERE, form={"name": "Fires"}),
    Row("desk.move_view", "POST", "/desk/views/{missing}/move", NOT_THERE, form={"by": "up"}),
    Row("desk.delete_view", "POST", "/desk/views/{missing}/delete", NOT_THERE),
    Row("desk.undo_act", "POST", "/desk/bulk/{missing}/undo", NOT_THERE),
    *_on_items("desk.snooze", "snooze", {"until": "2026-11-23T09:00"}),
    *_on_items("desk.wake", "wake", {}),
    *_on_items("desk.tag_ticket", "tags", {"tag": "vpn"}),
    *_on_items("desk.set_type", "type", {"type_id": ""}),
    *_on_items("desk.set_team", "team", {"team_id": ""}),
    Row("desk.ticket_types", "GET", "/settings/ticket-types", TYPES_SEEN),
    Row("desk.add_type", "POST", "/settings/ticket-types", TYPES_SET, form={"name": "Change"}),
    Row("desk.rename_type", "POST", "/settings/ticket-types/1", TYPES_SET, form={"name": "Query"}),
    Row("desk.rename_type", "POST", "/settings/ticket-types/{missing}", NO_TYPE, form={"name": "Query"}),
    Row("desk.move_type", "POST", "/settings/ticket-types/1/move", TYPES_SET, form={"by": "down"}),
    Row("desk.move_type", "POST", "/settings/ticket-types/{missing}/move", NO_TYPE, form={"by": "down"}),
    Row("desk.offer_type", "POST", "/settings/ticket-types/1/offer", TYPES_SET),
    Row("desk.offer_type", "POST", "/settings/ticket-types/{missing}/offer", NO_TYPE),
    *_on_items("desk.save_draft", "drafts/reply", REPLY),
    *_on_items("desk.add_files", "drafts/reply/files", {}),
    Row("desk.print_item", "GET", "/items/{acme_ticket}/print", DESK, query="notes=y&time=y&quotes=y"),
    Row("desk.print_item", "GET", "/items/{globex_ticket}/print", GLOBEX),
    Row("desk.print_item", "GET", "/items/{missing}/print", NOT_THERE),
    *[
        row
        for endpoint, path in (("desk.original", "original"), ("desk.original_mail", "original.eml"))
        for row in (
            Row(endpoint, "GET", f"/messages/{{sent_on_acme}}/{path}", DESK),
            Row(endpoint, "GET", f"/messages/{{sent_on_globex}}/{path}", GLOBEX),
            Row(endpoint, "GET", f"/messages/{{note_on_acme}}/{path}", NOT_THERE),
            Row(endpoint, "GET", f"/messages/{{missing}}/{path}", NOT_THERE),
        )
    ],
    *_on_items("desk.add_picture", "drafts/reply/pictures", {}),
    Row("desk.draft_picture", "GET", "/items/{acme_ticket}/drafts/reply/pictures/none", NOT_THERE),
    Row("desk.draft_picture", "GET", "/items/{missing}/drafts/reply/pictures/none", NOT_THERE),
    *_on_items("desk.remove_file", "drafts/note/files/{missing}/remove", {}),
    *_on_items("desk.discard_draft", "drafts/note/discard", {}),
    Row("desk.canned_replies", "GET", "/canned-replies", DESK),
    Row("desk.add_canned", "POST", "/canned-replies", DESK_WRITES, form=CANNED),
    Row("desk.add_canned", "POST", "/canned-replies", SHARES, form=CANNED | {"shared": "y"}),
    Row("desk.change_canned", "POST", "/canned-replies/{own_canned}", OWN_CANNED, form=CANNED),
    Row("desk.change_canned", "POST", "/canned-replies/{shared_canned}", SHARES, form=CANNED | {"shared": "y"}),
    Row("desk.remove_canned", "POST", "/canned-replies/{own_canned}/remove", OWN_CANNED),
    Row("desk.remove_canned", "POST", "/canned-replies/{shared_canned}/remove", SHARES),
    Row("desk.remove_canned", "POST", "/canned-replies/{missing}/remove", NOT_THERE),
    Row("desk.macros", "GET", "/macros", DESK),
    Row("desk.new_macro", "GET", "/macros/new", DESK),
    Row("desk.add_macro", "POST", "/macros/new", DESK_WRITES, form=MACRO),
    Row("desk.add_macro", "POST", "/macros/new", SHARES, form=MACRO | {"shared": "y"}),
    Row("desk.macro", "GET", "/macros/{shared_macro}", DESK),
    Row("desk.macro", "GET", "/macros/{own_macro}", OWN_MACRO),
    Row("desk.change_macro", "POST", "/macros/{own_macro}", OWN_CANNED, form=MACRO),
    Row("desk.change_macro", "POST", "/macros/{shared_macro}", SHARES, form=MACRO | {"shared": "y"}),
    Row("desk.act_on_macro", "POST", "/macros/{own_macro}/up", OWN_CANNED),
    Row("desk.act_on_macro", "POST", "/macros/{shared_macro}/delete", SHARES),
    Row("desk.act_on_macro", "POST", "/macros/{missing}/delete", NOT_THERE),
    *_on_items("desk.apply_macro", "macro", {"macro": "{shared_macro}"}),
    Row("desk.apply_macro", "POST", "/items/{acme_ticket}/macro", OWN_CANNED, form={"macro": "{own_macro}"}),
    Row("desk.choose_canned", "GET", "/items/{acme_ticket}/canned", DESK),
    Row("desk.choose_canned", "GET", "/items/{globex_ticket}/canned", GLOBEX),
    Row("desk.choose_canned", "GET", "/items/{acme_task}/canned", NOT_THERE),
    *_on_items("desk.use_canned", "canned/{shared_canned}", {}),
    Row("desk.use_canned", "POST", "/items/{acme_ticket}/canned/{own_canned}", OWN_CANNED),
    *_on_items("desk.set_status", "status", {"status": "waiting"}),
    *_on_items("desk.assign", "assign", {"assignee_id": ""}),
    *_on_items("desk.move", "move", {"project_id": "{acme_project}"}),
    Row("desk.preview_move", "GET", "/items/{acme_ticket}/move", DESK, query="project_id={acme_intranet}"),
    Row("desk.preview_move", "GET", "/items/{globex_ticket}/move", GLOBEX),
    Row("desk.preview_move", "GET", "/items/{globex_ticket}/move", GLOBEX_REFUSED, query="project_id={acme_project}"),
    Row("desk.preview_move", "GET", "/items/{missing}/move", NOT_THERE, query="project_id={acme_project}"),
    Row(
        "desk.move",
        "POST",
        "/items/{acme_ticket}/move",
        expect(anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"project_id": "{globex_project}"},
    ),
    Row("desk.preview_move", "GET", "/items/{acme_task}/move", DESK, query="project_id={acme_intranet}"),
    Row("desk.move", "POST", "/items/{acme_task}/move", DESK_WRITES, form={"project_id": "{acme_intranet}"}),
    Row(
        "desk.move",
        "POST",
        "/items/{acme_task}/move",
        expect(anonymous=302, technician=404, account_manager=404, rival=409, bookkeeper=403, manager=409, admin=409),
        form={"project_id": "{globex_project}", "seen": "another page"},
    ),
    Row("desk.choose_merge", "GET", "/items/{acme_ticket}/merge", DESK),
    Row("desk.choose_merge", "GET", "/items/{globex_ticket}/merge", GLOBEX),
    Row("desk.choose_merge", "GET", "/items/{missing}/merge", NOT_THERE),
    Row("desk.merge", "POST", "/items/{acme_ticket}/merge", DESK_WRITES, form={"into": "{acme_other}"}),
    Row("desk.merge", "POST", "/items/{acme_ticket}/merge", OPEN_REFUSED, form={"into": "{globex_ticket}"}),
    Row("desk.merge", "POST", "/items/{globex_ticket}/merge", GLOBEX_REFUSED, form={"into": "{acme_other}"}),
    Row("desk.merge", "POST", "/items/{missing}/merge", NOT_THERE, form={"into": "{acme_other}"}),
    *_on_items("desk.undo_merge", "unmerge", {}),
    Row("desk.read_here", "POST", "/items/{acme_ticket}/noticed", NOTED, form={"until": "1"}),
    Row("desk.read_here", "POST", "/items/{globex_ticket}/noticed", NOTED_GLOBEX, form={"until": "1"}),
    Row("desk.read_here", "POST", "/items/{missing}/noticed", NOT_THERE, form={"until": "1"}),
    Row("desk.mentionable", "GET", "/items/{acme_ticket}/people-to-mention", DESK),
    Row("desk.mentionable", "GET", "/items/{globex_ticket}/people-to-mention", GLOBEX),
    Row("desk.mentionable", "GET", "/items/{missing}/people-to-mention", NOT_THERE),
    *_on_items("desk.follow", "follow", {"follow": "yes"}),
    *_on_items("desk.link", "links", {"number": "{acme_task}", "how": "related"}),
    Row("desk.unlink", "POST", "/items/{acme_ticket}/links/{acme_other}/remove", DESK_WRITES),
    Row("desk.unlink", "POST", "/items/{acme_ticket}/links/{globex_ticket}/remove", NOT_THERE),
    Row("desk.unlink", "POST", "/items/{globex_ticket}/links/{acme_other}/remove", NOT_THERE),
    Row("desk.ask_close", "GET", "/items/{acme_ticket}/close", DESK, query="status=solved"),
    Row("desk.ask_close", "GET", "/items/{acme_ticket}/close", NOT_THERE, query="status=open"),
    Row("desk.ask_close", "GET", "/items/{globex_ticket}/close", GLOBEX, query="status=solved"),
    Row("desk.ask_close", "GET", "/items/{missing}/close", NOT_THERE, query="status=solved"),
    *_on_items("desk.close", "close", {"status": "solved", "parts": "too"}),
    Row("desk.ask_split", "GET", "/items/{acme_ticket}/messages/{note_on_acme}/split-off", DESK),
    Row("desk.ask_split", "GET", "/items/{globex_ticket}/messages/{note_on_globex}/split-off", GLOBEX),
    Row("desk.ask_split", "GET", "/items/{acme_ticket}/messages/{note_on_globex}/split-off", NOT_THERE),
    *(
        Row("desk.split_off", "POST", f"/items/{{{item}}}/messages/{{{note}}}/split-off", who, form={"subject": "Roll"})
        for item, note, who in (
            ("acme_ticket", "note_on_acme", DESK_WRITES),
            ("globex_ticket", "note_on_globex", GLOBEX_WRITES),
            ("acme_ticket", "note_on_globex", NOT_THERE),
            ("acme_ticket", "missing", NOT_THERE),
        )
    ),
    Row("desk.ask_price", "GET", "/rates/ask", MONEY),
    Row("desk.ask_price", "GET", "/rates/ask", MONEY_OF_ACME, query=ASKED + "&number={acme_ticket}"),
    Row("desk.ask_price", "GET", "/rates/ask", MONEY_OF_GLOBEX, query=ASKED + "&number={globex_ticket}"),
    Row("desk.ask_price", "GET", "/rates/ask", MONEY_OF_NOBODY, query=ASKED + "&number={missing}"),
    Row("desk.send_again", "POST", "/items/{acme_ticket}/mail/{failed_on_acme}/send-again", DESK_WRITES),
    Row("desk.send_again", "POST", "/items/{globex_ticket}/mail/{failed_on_globex}/send-again", GLOBEX_WRITES),
    Row("desk.send_again", "POST", "/items/{acme_ticket}/mail/{failed_on_globex}/send-again", NOT_THERE),
    Row("desk.unsend", "POST", "/items/{acme_ticket}/messages/{held_on_acme}/take-back", NOT_THERE),
    Row("desk.unsend", "POST", "/items/{globex_ticket}/messages/{held_on_globex}/take-back", NOT_THERE),
    *_on_items("desk.add_participant", "people", {"email": "somebody@partner.example"}),
    *_on_items("desk.remove_participant", "people/{acme_contact}/remove", {}),
    *_on_items("desk.put_back_participant", "people/{acme_contact}/put-back", {}),
    *_on_held_mail("desk.accept_held", "accept"),
    *_on_held_mail("desk.split_held", "split"),
    *_on_held_mail("desk.put_away_held", "put-away"),
    Row(
        "desk.hold_again",
        "POST",
        "/items/{acme_ticket}/messages/{held_on_acme}/hold-again",
        expect(anonymous=302, technician=409, account_manager=409, rival=409, bookkeeper=403, manager=409, admin=409),
    ),
    Row("desk.hold_again", "POST", "/items/{globex_ticket}/messages/{held_on_globex}/hold-again", RESTRICTED_CONFLICT),
    *_on_held_mail("desk.show_pictures", "pictures"),
    Row("desk.start_timer", "POST", "/timer/start", DESK_WRITES, form={"number": "{acme_ticket}"}),
    Row("desk.start_timer", "POST", "/timer/start", GLOBEX_WRITES, form={"number": "{globex_ticket}"}),
    Row("desk.start_timer", "POST", "/timer/start", NOT_THERE, form={"number": "{missing}"}),
    Row("desk.stop_timer", "POST", "/timer/stop", DESK_WRITES),
    Row("desk.client", "GET", "/clients/{acme}", STAFF),
    Row(
        "desk.client",
        "GET",
        "/clients/{globex}",
        expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=200, manager=200, admin=200),
    ),
    Row(
        "desk.client",
        "GET",
        "/clients/{missing}",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404),
    ),
    *_on_items("desk.mark_spam", "spam", {"block": "sender"}),
    Row("desk.not_spam", "POST", "/items/{acme_ticket}/not-spam", OPEN_CONFLICT),
    Row("desk.not_spam", "POST", "/items/{globex_ticket}/not-spam", RESTRICTED_CONFLICT),
    Row("desk.not_spam", "POST", "/items/{missing}/not-spam", NOT_THERE),
    Row("desk.pass_on", "POST", "/items/{acme_ticket}/passed-on", NOT_THERE),
    Row("desk.pass_on", "POST", "/items/{globex_ticket}/passed-on", NOT_THERE),
    Row("desk.pass_on", "POST", "/items/{missing}/passed-on", NOT_THERE),
    Row("desk.take_back", "POST", "/items/{acme_ticket}/passed-on/undo", NOT_THERE),
    Row("desk.take_back", "POST", "/items/{globex_ticket}/passed-on/undo", NOT_THERE),
    Row("desk.take_back", "POST", "/items/{missing}/passed-on/undo", NOT_THERE),
]
