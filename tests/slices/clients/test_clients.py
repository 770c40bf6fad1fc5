import threading

import pytest
from sqlalchemy import func, select

from helpdesk.clients import queries, service
from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.clients.service import ClientProfile
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound, RuleViolation
from tests.conftest import NOW

FORM = {
    "name": "Initech",
    "currency": "usd",
    "time_zone": "America/New_York",
    "language": "en",
    "tax_percent": "0",
    "payment_days": "30",
    "account_manager_id": "",
    "restricted_team_id": "",
}
SEEN = {
    "technician": ["Acme", "Halden & Okoye"],
    "account_manager": ["Acme", "Halden & Okoye"],
    "rival": ["Acme", "Globex", "Halden & Okoye"],
    "bookkeeper": ["Acme", "Globex", "Halden & Okoye"],
    "manager": ["Acme", "Globex", "Halden & Okoye"],
    "admin": ["Acme", "Globex", "Halden & Okoye"],
}
BILLED = {
    "technician": [],
    "account_manager": ["Acme"],
    "rival": ["Globex"],
    "bookkeeper": ["Acme", "Globex", "Halden & Okoye"],
    "manager": ["Acme", "Globex", "Halden & Okoye"],
    "admin": ["Acme", "Globex", "Halden & Okoye"],
}


@pytest.mark.parametrize(("who", "names"), SEEN.items())
def test_a_client_that_is_restricted_to_a_team_is_seen_by_its_members_and_those_who_see_all(
    session, office, who, names
):
    lines = queries.lines(session, actor=office.actor(who))

    assert [line.name for line in lines] == names


@pytest.mark.parametrize(("who", "names"), BILLED.items())
def test_account_managers_handle_the_money_of_their_own_clients(session, office, who, names):
    condition = queries.billable_by(office.actor(who))

    assert [name for _id, name in queries.choices(session, condition=condition)] == names


def test_a_hidden_client_and_a_missing_one_give_the_same_answer(session, office):
    said = []
    for client_id in (office.globex.id, 999_999):
        with pytest.raises(NotFound) as refusal:
            queries.get(session, actor=office.actor("technician"), client_id=client_id)
        said.append(str(refusal.value))

    assert said[0] == said[1]


def test_the_account_manager_of_a_restricted_client_sees_it_without_being_in_the_team(session, office):
    globex = session.get_one(Client, office.globex.id)
    globex.account_manager_id = office.account_manager.id
    session.flush()

    assert queries.get(session, actor=office.actor("account_manager"), client_id=globex.id) is globex


def test_the_list_takes_the_same_queries_however_many_clients_there_are(sign_in_as, office, count_queries):
    browser = sign_in_as(office.manager)
    with count_queries() as few:
        browser.get("/clients")
    with unit_of_work() as session:
        for at in range(6):
            client = service.add_client(session, actor=SYSTEM, now=NOW, profile=ClientProfile(name=f"Client {at}"))
            service.add_domain(session, actor=SYSTEM, now=NOW, client_id=client.id, domain=f"c{at}.example")

    with count_queries() as many:
        page = browser.get("/clients")

    assert "c5.example" in page.text
    assert len(many) == len(few)


def test_a_client_is_added_with_its_account_manager(sign_in_as, office):
    answer = sign_in_as(office.manager).post(
        "/clients/new", data=FORM | {"account_manager_id": str(office.account_manager.id)}
    )

    with unit_of_work() as session:
        client = session.scalars(select(Client).where(Client.name == "Initech")).one()
        row = session.scalars(select(AuditRow).where(AuditRow.object_kind == "client")).one()
    assert answer.status_code == 303
    assert (client.currency, client.time_zone, client.payment_days) == ("USD", "America/New_York", 30)
    assert client.account_manager_id == office.account_manager.id
    assert (row.action, row.actor_id) == ("added", office.manager.id)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "acme"}, "There is a client named acme already"),
        ({"currency": "XXY"}, "no ISO 4217 currency"),
        ({"tax_percent": "19 %"}, "no plain decimal"),
        ({"invoice_email": "nobody"}, "no e-mail address"),
        ({"account_manager_id": "999999"}, "Not a valid choice"),
        ({"is_internal": "y"}, "no field is_internal"),
        ({"payment_days": "soon"}, "Not a valid integer"),
    ],
)
def test_a_refused_client_is_not_added(sign_in_as, office, wrong, said):
    answer = sign_in_as(office.manager).post("/clients/new", data=FORM | wrong)

    with unit_of_work() as session:
        number = session.scalar(select(func.count()).select_from(Client))
    assert answer.status_code == 422
    assert said in answer.text
    assert number == 3


def test_a_technician_cannot_look_after_a_client(session, office):
    profile = ClientProfile(name="Initech", account_manager_id=office.technician.id)

    with pytest.raises(RuleViolation, match="cannot look after a client"):
        service.add_client(session, actor=SYSTEM, now=NOW, profile=profile)


def test_an_edit_changes_what_was_changed_and_says_so_in_the_record(sign_in_as, office):
    browser = sign_in_as(office.manager)

    browser.post(f"/clients/{office.acme.id}/edit", data=FORM | {"name": "Acme", "purchase_order": "PO-7"})

    with unit_of_work() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "changed")).one()
        acme = session.get_one(Client, office.acme.id)
    assert acme.purchase_order == "PO-7"
    assert "name" not in row.data
    assert row.data["account_manager_id"] is None
    assert 'value="PO-7"' in browser.get(f"/clients/{office.acme.id}/edit").text


@pytest.mark.parametrize(
    ("domain", "client"),
    [
        ("acme.example", "Acme"),
        ("MAIL.Acme.Example.", "Acme"),
        ("eu.acme.example", "Acme Europe"),
        ("mail.eu.acme.example", "Acme Europe"),
        ("notacme.example", None),
        ("example", None),
        ("no domain", None),
    ],
)
def test_mail_finds_its_client_by_the_longest_domain_that_is_known(session, office, domain, client):
    europe = service.add_client(session, actor=SYSTEM, now=NOW, profile=ClientProfile(name="Acme Europe"))
    service.add_domain(session, actor=SYSTEM, now=NOW, client_id=europe.id, domain="eu.acme.example")

    found = queries.client_of_domain(session, domain)

    assert (found.name if found else None) == client


def test_a_domain_belongs_to_one_client_and_again_changes_nothing(session, office):
    again = service.add_domain(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, domain="ACME.example")

    assert again.client_id == office.acme.id
    with pytest.raises(RuleViolation, match="goes to another client"):
        service.add_domain(session, actor=SYSTEM, now=NOW, client_id=office.globex.id, domain="acme.example")


def test_a_freemail_domain_is_refused_with_the_reason_and_the_way_back(sign_in_as, office):
    browser = sign_in_as(office.manager)
    page = f"/clients/{office.acme.id}"

    answer = browser.post(
        f"{page}/domains", data={"domain": "gmail.com"}, headers={"Referer": f"http://localhost{page}"}
    )

    with unit_of_work() as session:
        assert session.get(ClientDomain, "gmail.com") is None
    assert answer.status_code == 422
    assert "Anybody can have an address at gmail.com" in answer.text
    assert 'value="gmail.com"' in answer.text  # what was typed
    assert f'data-came-from="{page}"' in answer.text  # as the address of the form answers no GET
    assert f'name="next" value="{page}"' in answer.text  # of the timer


def test_a_contact_is_corrected_but_takes_no_address_of_somebody_else(sign_in_as, office):
    browser = sign_in_as(office.manager)
    page = f"/clients/{office.acme.id}/contacts/{office.acme_contact.id}"

    taken = browser.post(page, data={"name": "Ann", "email": "person@globex.example"})
    corrected = browser.post(page, data={"name": "Ann", "email": "ann@acme.example"})

    with unit_of_work() as session:
        contact = session.get_one(Contact, office.acme_contact.id)
        assert (contact.name, contact.email, contact.client_id) == ("Ann", "ann@acme.example", office.acme.id)
    assert (taken.status_code, corrected.status_code) == (422, 303)
    assert "Globex Person has the address person@globex.example already" in taken.text


def test_a_removed_domain_finds_nobody_any_more(session, office):
    service.remove_domain(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, domain="acme.example")

    assert queries.client_of_domain(session, "acme.example") is None


def test_a_contact_is_there_once_whatever_the_case_of_the_address(session, office):
    again = service.add_contact(
        session, actor=SYSTEM, now=NOW, name="Other name", email="PERSON@acme.example", client_id=office.globex.id
    )

    assert (again.id, again.name, again.client_id) == (office.acme_contact.id, "Acme Person", office.acme.id)


def test_a_contact_that_belonged_nowhere_is_placed(session, office):
    nowhere = service.add_contact(session, actor=SYSTEM, now=NOW, name="", email="ann@new.example", client_id=None)

    placed = service.add_contact(
        session, actor=SYSTEM, now=NOW, name="Ann", email="ann@new.example", client_id=office.acme.id
    )

    assert nowhere.name == "ann@new.example"
    assert (placed.id, placed.client_id) == (nowhere.id, office.acme.id)


def test_two_mails_of_one_new_sender_at_once_make_one_contact(app, office):
    both_ready, ids, faults = threading.Barrier(2), [], []

    def arrive() -> None:
        try:
            with app.app_context():
                both_ready.wait()
                with unit_of_work() as session:
                    contact = service.add_contact(
                        session, actor=SYSTEM, now=NOW, name="Ann", email="ann@new.example", client_id=None
                    )
                    ids.append(contact.id)
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=arrive) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with unit_of_work() as session:
        rows = session.scalars(select(Contact.id).where(Contact.email == "ann@new.example")).all()
    assert faults == []
    assert ids == [rows[0]] * 2
    assert len(rows) == 1
