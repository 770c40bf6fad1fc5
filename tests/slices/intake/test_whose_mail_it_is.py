"""The senders page: domains, contacts without a client, and an answer that is what would happen."""

import pytest
from sqlalchemy import func, select

from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import BlockedSender, InboundEffect, InboundMessage, IntakeSource, MailRule
from helpdesk.intake.service import blocking
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def browser(office, inbox, sign_in_as):
    return sign_in_as(office.admin)


def project_of(line):
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
        return item.project.client.name, item.project.name


@pytest.mark.parametrize(
    ("address", "client", "why"),
    [
        ("person@globex.example", "Globex", "client by contact: Globex"),
        ("somebody.new@acme.example", "Acme", "client by domain: Acme"),
        ("bo@labs.eu.acme.example", "Acme", "client by domain: Acme"),
        ("bo@notacme.example", "Halden &amp; Okoye", "no client found: in Triage until somebody decides"),
        ("bo@gmail.com", "Halden &amp; Okoye", "no client found: in Triage until somebody decides"),
    ],
)
def test_the_answer_is_what_happens_to_the_mail(inbox, browser, address, client, why):
    page = browser.get("/settings/senders", query_string={"address": address}).text

    line = inbox.receive(mail(sender=f"Somebody <{address}>"))
    happened = project_of(line)
    assert f"<b>{client}: {happened[1].replace('&', '&amp;')}</b>" in page
    assert happened[0].replace("&", "&amp;") == client
    assert why in page
    assert why in line.reasons


def test_asking_changes_nothing(browser):
    browser.get("/settings/senders?address=new@acme.example")

    with unit_of_work() as session:
        counts = [session.scalar(select(func.count()).select_from(model)) for model in (InboundMessage, WorkItem)]
        contact = session.scalar(select(Contact).where(Contact.email == "new@acme.example"))
    assert counts[0] == 0
    assert contact is None


def test_a_project_of_the_mailbox_comes_before_the_domain(office, browser):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().default_project_id = office.globex_project.id

    page = browser.get("/settings/senders?address=new@acme.example").text

    assert "project of the mailbox: Support" in page


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("support@halden-okoye.example", "one of our own mailboxes"),
        ("eve@spam.example", "@spam.example is blocked"),
        ("nonsense", "is no e-mail address"),
        ("<script>@x.example", "is no e-mail address"),
    ],
)
def test_what_becomes_no_ticket_is_said_so(browser, address, says):
    with unit_of_work() as session:
        blocking.block(session, actor=SYSTEM, now=NOW, pattern="@spam.example")

    page = browser.get("/settings/senders", query_string={"address": address}).text

    assert says in page
    assert "<script>@" not in page


@pytest.mark.on_sqlite
def test_an_answer_costs_eight_questions_at_most_whatever_there_is(office, browser, count_queries):
    """The contact's client has no project, the domain is another one's that has none, and rules name what they can."""
    with unit_of_work() as session:
        asked = {"field": "subject", "operator": "contains", "header": "", "value": "printer"}
        for n in range(100):
            owner = Client(name=f"Client {n}", currency="EUR", time_zone="UTC", created_at=NOW)
            session.add(owner)
            session.flush()
            contacts = (
                Contact(name=f"{n}", email=f"{n}@{where}.example", created_at=NOW) for where in ("of", "nobody")
            )
            session.add_all([*contacts, ClientDomain(domain=f"d{n}.example", client_id=owner.id)])
            rule = MailRule(
                position=n, name=f"Rule {n}", conditions=[asked], project_id=office.acme_project.id,
                assignee_id=office.technician.id, created_at=NOW,
            )  # fmt: skip
            session.add_all([rule, BlockedSender(pattern=f"{n}@spam.example", blocked_at=NOW)])
        session.add(Contact(name="Bo", email="bo@d1.example", client_id=owner.id, created_at=NOW))

    with count_queries() as statements:
        page = browser.get("/settings/senders?address=bo@d1.example").text

    assert "client by domain: Client 1, which has no project yet" in page
    for shown in ("d99.example", "99@nobody.example", "100 senders are blocked."):
        assert shown in page
    questions = [one for one in statements if one != "BEGIN"]
    assert len(questions) <= 8, "\n".join(questions)


def test_a_domain_is_added_and_removed(office, browser):
    form = {"domain": "Acme-Labs.example", "client_id": office.acme.id}
    added = browser.post("/settings/senders/domains", data=form).status_code
    page = browser.get("/settings/senders?address=x@acme-labs.example").text
    path = f"/clients/{office.acme.id}/domains/acme-labs.example/delete"

    removed = browser.post(path, data={"next": "/settings/senders"})

    with unit_of_work() as session:
        left = session.get(ClientDomain, "acme-labs.example")
    assert added == 303
    assert "client by domain: Acme" in page
    assert (removed.headers["Location"], left) == ("/settings/senders", None)


@pytest.mark.parametrize(
    ("domain", "says"),
    [
        ("gmail.com", "Anybody can have an address at gmail.com"),
        ("globex.example", "goes to another client already"),
        ("com", "is no mail domain"),
    ],
)
def test_a_domain_that_cannot_be_a_clients_is_refused_in_words(office, browser, domain, says):
    answer = browser.post("/settings/senders/domains", data={"domain": domain, "client_id": office.acme.id})

    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{domain}"' in answer.text


def test_contacts_without_a_client_get_one(office, inbox, browser):
    inbox.receive(mail(sender="Eve <eve@elsewhere.example>"))
    with unit_of_work() as session:
        eve = session.scalars(select(Contact).where(Contact.email == "eve@elsewhere.example")).one()
    assert "eve@elsewhere.example" in browser.get("/settings/senders").text

    form = {"contact_ids": [eve.id], "client_id": office.acme.id}
    status = browser.post("/settings/senders/contacts", data=form).status_code

    assert status == 303
    assert project_of(inbox.receive(mail(sender="Eve <eve@elsewhere.example>")))[0] == "Acme"


def test_a_contact_that_has_a_client_is_not_moved_by_a_forged_form(office, browser):
    with unit_of_work() as session:
        taken = session.scalars(select(Contact).where(Contact.email == "person@globex.example")).one()

    form = {"contact_ids": [taken.id], "client_id": office.acme.id}
    status = browser.post("/settings/senders/contacts", data=form).status_code

    with unit_of_work() as session:
        assert (status, session.get_one(Contact, taken.id).client_id) == (422, office.globex.id)


def test_the_page_costs_few_queries(browser, count_queries):
    with count_queries() as statements:
        browser.get("/settings/senders?address=new@acme.example")

    assert len(statements) <= 35
