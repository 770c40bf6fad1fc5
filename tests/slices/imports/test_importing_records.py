"""Clients, contacts, projects and tasks: made, changed, left as they are."""

from datetime import date

from sqlalchemy import func, select

from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import Project, TaskDetails, WorkItem

NOTHING = {"new": 0, "changed": 0, "same": 0, "refused": 0}


def test_clients_are_made_with_our_defaults_changed_where_the_file_says_more_and_else_left(importer, office):
    text = (
        "Firma;Ort;USt-IdNr.;Währung;Zahlungsziel;Domain\n"
        "Kühn GmbH;Köln;DE123;usd;30;kuehn.example\n"
        "ACME;;DE999;;;\n"
        "Globex;;;;;\n"
        "Kühn GmbH;Köln;DE123;usd;30;kuehn.example\n"
        "Broken;;;XYZ;;\n"
        "Free;;;;;gmail.com\n"
    )

    first = importer.imported(text)
    with unit_of_work() as session:
        session.execute(select(Client).where(Client.name == "Kühn GmbH")).scalar_one().vat_id = "mended by hand"
    again = importer.imported(text)

    assert first == {"new": 1, "changed": 1, "same": 2, "refused": 2}
    assert again == {**NOTHING, "same": 4, "refused": 2}
    with unit_of_work() as session:
        made = session.scalars(select(Client).where(Client.name == "Kühn GmbH")).one()
        assert (made.currency, made.payment_days, made.time_zone, made.tax_percent) == (
            "USD",
            30,
            "Europe/Berlin",
            "19",
        )
        assert made.vat_id == "mended by hand", "the same file does not take back what somebody did since"
        assert session.get_one(ClientDomain, "kuehn.example").client_id == made.id
        changed = session.get_one(Client, office.acme.id)
        assert (changed.name, changed.vat_id, changed.legal_name) == ("ACME", "DE999", "Acme GmbH")


def test_contacts_find_their_client_and_an_address_of_another_client_is_refused(importer, office):
    text = (
        "Vorname,Nachname,E-Mail,Firma,Telefon\n"
        "Lena,Graf,lena@acme.example,Acme,+49 30 1234\n"
        "New,Name,person@acme.example,Acme,\n"
        "Thief,Other,person@globex.example,Acme,\n"
        "No,Address,nowhere,Acme,\n"
    )

    outcome, again = importer.imported(text), importer.imported(text)

    assert outcome == {"new": 1, "changed": 1, "same": 0, "refused": 2}
    assert again == {**NOTHING, "same": 2, "refused": 2}
    with unit_of_work() as session:
        lena = session.scalars(select(Contact).where(Contact.email == "lena@acme.example")).one()
        assert (lena.name, lena.phone, lena.client_id) == ("Lena Graf", "+49 30 1234", office.acme.id)
        assert session.get_one(Contact, office.acme_contact.id).name == "New Name"
        assert session.get_one(Contact, office.globex_contact.id).name == "Globex Person"


def test_projects_and_their_tasks_come_with_days_budgets_and_people(importer, office):
    projects = (
        "Client,Project,Billing,Status,Manager,Start date,Due date,Budget hours,Budget\n"
        'Northwind,Website,Fixed price,open,Manager Person,01.10.2026,31.12.2026,"40,5","12.500,00"\n'
        "Acme,Support,,on hold,,,,,\n"
        "Acme,Backwards,,,,31.12.2026,01.10.2026,,\n"
        "Acme,Odd,by the moon,,,,,,\n"
    )
    tasks = (
        "Project,Task,Status,Assignee,Due date,Estimate\n"
        "Website,Design,in progress,technician@halden-okoye.example,2026-12-01,8\n"
        "Website,Design,done,,2026-12-01,8\n"
        "Support,Move the mail server,done,,,\n"
        "Website,Ghost,,nobody@halden-okoye.example,,\n"
    )

    made = importer.imported(projects)
    planned = importer.imported(tasks, fallback_client_id=office.acme.id)

    assert made == {"new": 1, "changed": 1, "same": 0, "refused": 2}
    assert planned == {"new": 1, "changed": 1, "same": 0, "refused": 2}
    with unit_of_work() as session:
        website = session.scalars(select(Project).where(Project.name == "Website")).one()
        assert (website.billing, website.manager_id, website.due_on) == (
            "fixed_fee",
            office.manager.id,
            date(2026, 12, 31),
        )
        assert (website.budget_seconds, website.budget_minor) == (145_800, 1_250_000)
        assert session.get_one(Project, office.acme_project.id).status == "paused"
        design = session.scalars(select(WorkItem).where(WorkItem.title == "Design")).one()
        assert (design.status, design.assignee_id, design.project_id) == (
            "in_progress",
            office.technician.id,
            website.id,
        )
        details = session.get_one(TaskDetails, design.id)
        assert (details.estimate_seconds, details.due_on) == (28_800, date(2026, 12, 1))
        assert session.get_one(WorkItem, office.acme_task.id).status == "solved"
        assert session.scalar(select(func.count()).select_from(WorkItem).where(WorkItem.title == "Design")) == 1
