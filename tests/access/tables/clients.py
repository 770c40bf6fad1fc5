"""Who gets what from clients. Globex is restricted to a team that has only the rival."""

from tests.access.rows import Row, expect

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

ROWS = [
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
    Row("clients.delete_domain", "POST", "/clients/{missing}/domains/acme.example/delete", NOT_THERE),
]
