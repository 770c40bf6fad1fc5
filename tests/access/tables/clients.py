"""Who gets what from clients. Globex is restricted to a team that has only the rival."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact, Note
from helpdesk.desk import merging_contacts
from tests.access.rows import Ids, Row, expect
from tests.builders import Office

NO_EDITORS = {"anonymous": 302, "technician": 403, "account_manager": 403, "rival": 403, "bookkeeper": 403}
EDITORS_SEE = expect(**NO_EDITORS, manager=200, admin=200)
EDITORS_DO = expect(**NO_EDITORS, manager=303, admin=303)
NOT_THERE = expect(**NO_EDITORS, manager=404, admin=404)

CLIENT = {
    "name": "Initech",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "language": "en",
    "tax_percent": "19",
    "payment_days": "14",
    "account_manager_id": "{account_manager}",
    "restricted_team_id": "",
}
CONTACT = {"name": "Ann", "email": "ann@initech.example"}

DETAILS = {"name": "Ann", "title": "Head of IT", "phone": "+49 711 1", "language": "de", "time_zone": ""}
STAFF_SEES = expect(
    anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200
)
STAFF_MISSES = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404
)
GLOBEX_SEES = expect(
    anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=200, manager=200, admin=200
)
DESK_SEES = {**STAFF_SEES, "bookkeeper": 403}
DESK_DOES = expect(
    anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303
)
GLOBEX_DOES = {**DESK_DOES, "technician": 404, "account_manager": 404}
GLOBEX_EDITS = {**GLOBEX_SEES, "bookkeeper": 403}
DESK_MISSES = {**STAFF_MISSES, "bookkeeper": 403}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Notes and further addresses of both clients, and somebody in each who is another contact's double."""
    ids: Ids = {}
    for name in ("acme", "globex"):
        client, contact = getattr(office, name), getattr(office, f"{name}_contact")
        notes = [Note(contact_id=contact.id, text=f"{name} canary", written_at=now)]
        notes.append(Note(client_id=client.id, text=f"{name} canary", written_at=now))
        further = Contact(
            name=contact.name,
            email=f"further@{name}.example",
            client_id=client.id,
            same_as_id=contact.id,
            created_at=now,
        )
        double = Contact(name=contact.name, email=f"double@{name}.example", client_id=client.id, created_at=now)
        session.add_all([*notes, further, double])
        session.flush()
        ids |= {f"{name}_note": notes[0].id, f"{name}_client_note": notes[1].id, f"{name}_address": further.id}
        ids[f"{name}_double"] = double.id
        _merge(session, office, now, contact, ids, name)
    return ids


def _merge(session: Session, office: Office, now: datetime, into: Contact, ids: Ids, name: str) -> None:
    """Merge somebody into a contact of each client, so that there is something to undo."""
    merged = Contact(name="Merged", email=f"merged@{name}.example", client_id=into.client_id, created_at=now)
    session.add(merged)
    session.flush()
    ids[f"{name}_merged"] = merged.id
    merging_contacts.merge(
        session, actor=office.actor("admin"), now=now, contact_id=merged.id, into_id=into.id, theirs={}
    )


def _of_contact(endpoint: str, method: str, rest: str, globex: dict[str, int], **more: Any) -> list[Row]:
    """Return the rows of a route of one contact: Acme's, Globex's, and one that is not there."""
    acme = {**globex, "technician": globex["manager"], "account_manager": globex["manager"]}
    if globex["technician"] == 403:
        acme = globex
    missing = {role: code if code in (302, 403) else 404 for role, code in globex.items()}
    return [
        Row(endpoint, method, f"/contacts/{{acme_contact}}{rest}", acme, **more),
        Row(endpoint, method, f"/contacts/{{globex_contact}}{rest}".replace("acme_a", "globex_a"), globex, **more),
        Row(endpoint, method, f"/contacts/{{missing}}{rest}", missing, **more),
    ]


ROWS = [
    *_of_contact("desk.contact", "GET", "", GLOBEX_SEES),
    *_of_contact("desk.edit_contact", "GET", "/edit", GLOBEX_EDITS),
    *_of_contact("desk.set_contact", "POST", "/edit", GLOBEX_DOES, form=DETAILS),
    *_of_contact("desk.add_address", "POST", "/addresses", EDITORS_DO, form={"email": "new@initech.example"}),
    *_of_contact("desk.make_main_address", "POST", "/addresses/{acme_address}/main", EDITORS_DO),
    *_of_contact("desk.remove_address", "POST", "/addresses/{acme_address}/delete", EDITORS_DO),
    *_of_contact("desk.retire_contact", "POST", "/retire", EDITORS_DO),
    *_of_contact("desk.reactivate_contact", "POST", "/reactivate", EDITORS_DO),
    *_of_contact("desk.add_contact_note", "POST", "/notes", GLOBEX_DOES, form={"text": "Calls back at noon."}),
    *_of_contact("desk.choose_contact", "GET", "/merge", EDITORS_SEE),
    Row("desk.choose_contact", "GET", "/contacts/{acme_double}/merge", EDITORS_SEE, query="into={acme_contact}"),
    Row("desk.merge_contacts", "POST", "/contacts/{acme_double}/merge", EDITORS_DO, form={"into": "{acme_contact}"}),
    Row("desk.merge_contacts", "POST", "/contacts/{missing}/merge", NOT_THERE, form={"into": "{acme_contact}"}),
    Row("desk.part_contacts", "POST", "/contacts/{acme_merged}/unmerge", EDITORS_DO),
    Row("desk.part_contacts", "POST", "/contacts/{missing}/unmerge", NOT_THERE),
    Row("desk.add_client_note", "POST", "/clients/{acme}/notes", DESK_DOES, form={"text": "Pays late."}),
    Row("desk.add_client_note", "POST", "/clients/{globex}/notes", GLOBEX_DOES, form={"text": "Pays late."}),
    Row("desk.add_client_note", "POST", "/clients/{missing}/notes", DESK_MISSES, form={"text": "Pays late."}),
    Row("desk.note", "GET", "/notes/{acme_note}", DESK_SEES),
    Row("desk.note", "GET", "/notes/{globex_client_note}", GLOBEX_EDITS),
    Row("desk.note", "GET", "/notes/{missing}", DESK_MISSES),
    Row("desk.change_note", "POST", "/notes/{acme_client_note}", DESK_DOES, form={"text": "Said otherwise."}),
    Row("desk.change_note", "POST", "/notes/{globex_note}", GLOBEX_DOES, form={"text": "Said otherwise."}),
    Row("desk.change_note", "POST", "/notes/{missing}", DESK_MISSES, form={"text": "Said otherwise."}),
    Row("desk.delete_note", "POST", "/notes/{acme_note}/delete", DESK_DOES),
    Row("desk.delete_note", "POST", "/notes/{globex_note}/delete", GLOBEX_DOES),
    Row("desk.delete_note", "POST", "/notes/{missing}/delete", DESK_MISSES),
    Row(
        "clients.index",
        "GET",
        "/clients",
        expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200),
    ),
    Row("clients.new", "GET", "/clients/new", EDITORS_SEE),
    Row("clients.add", "POST", "/clients/new", EDITORS_DO, form=CLIENT),
    Row("clients.edit", "GET", "/clients/{acme}/edit", EDITORS_SEE),
    Row("clients.edit", "GET", "/clients/{globex}/edit", EDITORS_SEE),
    Row("clients.edit", "GET", "/clients/{missing}/edit", NOT_THERE),
    Row("clients.update", "POST", "/clients/{acme}/edit", EDITORS_DO, form=CLIENT),
    Row("clients.update", "POST", "/clients/{missing}/edit", NOT_THERE, form=CLIENT),
    Row(
        "clients.add_contact",
        "POST",
        "/clients/{acme}/contacts",
        expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form=CONTACT,
    ),
    Row(
        "clients.add_contact",
        "POST",
        "/clients/{globex}/contacts",
        expect(anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303),
        form=CONTACT,
    ),
    Row(
        "clients.add_contact",
        "POST",
        "/clients/{missing}/contacts",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
        form=CONTACT,
    ),
    Row("clients.contact", "GET", "/clients/{acme}/contacts/{acme_contact}", EDITORS_SEE),
    Row("clients.contact", "GET", "/clients/{acme}/contacts/{globex_contact}", NOT_THERE),
    Row("clients.change_contact", "POST", "/clients/{acme}/contacts/{acme_contact}", EDITORS_DO, form=CONTACT),
    Row("clients.change_contact", "POST", "/clients/{acme}/contacts/{globex_contact}", NOT_THERE, form=CONTACT),
    Row("clients.add_domain", "POST", "/clients/{acme}/domains", EDITORS_DO, form={"domain": "initech.example"}),
    Row("clients.add_domain", "POST", "/clients/{missing}/domains", NOT_THERE, form={"domain": "initech.example"}),
    Row("clients.delete_domain", "POST", "/clients/{acme}/domains/acme.example/delete", EDITORS_DO),
    Row("clients.delete_domain", "POST", "/clients/{acme}/domains/globex.example/delete", NOT_THERE),
    Row("clients.adopt_senders", "POST", "/clients/{acme}/domains/acme.example/adopt", EDITORS_DO),
    Row("clients.adopt_senders", "POST", "/clients/{acme}/domains/globex.example/adopt", NOT_THERE),
    Row("clients.adopt_senders", "POST", "/clients/{missing}/domains/acme.example/adopt", NOT_THERE),
    Row("clients.delete_domain", "POST", "/clients/{missing}/domains/acme.example/delete", NOT_THERE),
]
