"""A ticket leaves Triage for a client, who learns the domain, and others go along (docs/mail.md rule 37)."""

import pytest

from helpdesk.clients.models import ClientDomain
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect
from helpdesk.projects.models import WorkItem
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

NEW_CLIENT = "Nora <nora@newclient.example>"


def item_of(line):
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)


def project_of(item):
    with unit_of_work() as session:
        return session.get_one(WorkItem, item.id).project_id


def owner_of(domain):
    with unit_of_work() as session:
        row = session.get(ClientDomain, domain)
        return None if row is None else row.client_id


def test_a_person_confirms_the_client_who_learns_the_domain_and_the_next_mail_finds_it(inbox, office, sign_in_as):
    item, browser = item_of(inbox.receive(mail(sender=NEW_CLIENT))), sign_in_as(office.technician)
    offered = browser.get(f"/items/{item.number}").text

    browser.post(f"/items/{item.number}/move", data={"project_id": office.acme_project.id, "learn_domain": "y"})
    line = inbox.receive(mail(sender="Omar <omar@newclient.example>"))

    assert "Everybody at newclient.example writes for this client" in offered
    assert project_of(item) == office.acme_project.id
    assert owner_of("newclient.example") == office.acme.id
    assert "client by domain: Acme" in line.reasons


def test_without_the_tick_only_the_person_is_learned(inbox, office, sign_in_as):
    item = item_of(inbox.receive(mail(sender=NEW_CLIENT)))

    sign_in_as(office.technician).post(f"/items/{item.number}/move", data={"project_id": office.acme_project.id})

    assert owner_of("newclient.example") is None
    assert project_of(item_of(inbox.receive(mail(sender=NEW_CLIENT)))) == office.acme_project.id
    assert project_of(item_of(inbox.receive(mail(sender="Omar <omar@newclient.example>")))) == office.triage.id


def test_others_of_the_same_sender_or_domain_are_offered_and_go_along(inbox, office, sign_in_as):
    senders = (NEW_CLIENT, NEW_CLIENT, "Omar <omar@newclient.example>", "Eve <eve@elsewhere.example>")
    first, second, third, foreign = (item_of(inbox.receive(mail(sender=sender))) for sender in senders)
    browser = sign_in_as(office.technician)
    offered = browser.get(f"/items/{first.number}").text

    browser.post(
        f"/items/{first.number}/move",
        data={"project_id": office.acme_project.id, "also": [second.number, third.number]},
    )

    assert [f'name="also" value="{one.number}"' in offered for one in (second, third, foreign)] == [True, True, False]
    assert [project_of(one) for one in (first, second, third)] == [office.acme_project.id] * 3
    assert project_of(foreign) == office.triage.id


@pytest.mark.parametrize(
    ("sender", "words"),
    [("Nora <nora@gmail.com>", "Anybody can have an address at gmail.com")],
)
def test_a_domain_where_anybody_can_have_an_address_is_refused_in_words(inbox, office, sign_in_as, sender, words):
    item, browser = item_of(inbox.receive(mail(sender=sender))), sign_in_as(office.technician)
    page = browser.get(f"/items/{item.number}").text

    browser.post(f"/items/{item.number}/move", data={"project_id": office.acme_project.id, "learn_domain": "y"})

    assert words in page
    assert 'name="learn_domain"' not in page
    assert project_of(item) == office.triage.id


def test_a_domain_of_another_client_is_refused_in_words_and_nothing_moves(inbox, office, sign_in_as):
    with unit_of_work() as session:
        office_domain = session.get_one(ClientDomain, "globex.example")
        session.delete(office_domain)
    item, browser = item_of(inbox.receive(mail(sender="New <new@globex.example>"))), sign_in_as(office.admin)
    with unit_of_work() as session:
        session.add(ClientDomain(domain="globex.example", client_id=office.globex.id))

    browser.post(f"/items/{item.number}/move", data={"project_id": office.acme_project.id, "learn_domain": "y"})

    assert "Mail from globex.example goes to another client already." in browser.get(f"/items/{item.number}").text
    assert project_of(item) == office.triage.id
