"""Anything is found by a number or the beginnings of words, by those who may see it, and by nobody else."""

import re

import pytest
from sqlalchemy import select, update

from helpdesk.clients.models import Client, Contact
from helpdesk.desk.finding import find
from helpdesk.infra.db import unit_of_work
from helpdesk.invoicing.models import Invoice
from helpdesk.projects.models import Project, WorkItem
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket


@pytest.fixture
def found(office):
    """Return what somebody finds, in words: ``found("kuhn", "manager")``."""

    def words(typed: str, who: str = "technician") -> dict[str, list[str]]:
        with unit_of_work() as session:
            result = find(session, actor=office.actor(who), typed=typed)
            lists = {
                "items": [item.title for item in result.items],
                "clients": [client.name for client in result.clients],
                "projects": [project.name for project in result.projects],
                "contacts": [contact.name for contact in result.contacts],
                "invoices": [str(invoice.number or invoice.id) for invoice in result.invoices],
            }
        return {name: names for name, names in lists.items() if names}

    return words


def test_words_are_found_by_their_beginnings_without_case_and_accents(office, found):
    open_ticket(office, title="Straßenbahn-Anzeige für Łódź fällt aus")

    for typed in ("strassenbahn", "STRASSENB anz", "lodz", "fallt für", "Łódź"):
        assert found(typed) == {"items": ["Straßenbahn-Anzeige für Łódź fällt aus"]}, typed
    for typed in ("bahn", "lodz printer", "", " - ", "%", '"', "' OR *", "\u01c0", "NOT"):
        assert found(typed) == {}, typed


def test_what_is_renamed_moved_or_gone_is_found_as_it_is_now(office, found):
    number = open_ticket(office, title="Cables stay blank")
    assert found("cables") == {"items": ["Cables stay blank"]}

    with unit_of_work() as session:
        session.execute(update(WorkItem).where(WorkItem.number == number).values(title="Ribbons stay blank"))
        session.execute(update(Client).where(Client.id == office.acme.id).values(name="Kühn Präzision"))
        session.execute(update(Contact).where(Contact.id == office.acme_contact.id).values(name="Ångström"))

    assert found("cables") == {}
    assert found("ribbons kuhn") == {"items": ["Ribbons stay blank"]}
    assert found("kuhn")["clients"] == ["Kühn Präzision"]
    assert found("angstrom") == {"items": ["Ribbons stay blank"], "contacts": ["Ångström"]}
    with unit_of_work() as session:
        session.execute(update(WorkItem).where(WorkItem.number == number).values(project_id=office.globex_project.id))
        session.delete(session.merge(Project(id=_spare_project(session, office), name="Spare")))
    assert found("ribbons kuhn", "manager") == {}
    assert found("ribbons globex", "manager") == {"items": ["Ribbons stay blank"]}
    assert found("spare") == {}


def _spare_project(session, office) -> int:
    project = Project(client_id=office.acme.id, name="Spare", created_at=NOW)
    session.add(project)
    session.flush()
    return project.id


def test_a_number_and_its_beginning_come_first_then_open_ones_newest_first(office, found):
    with unit_of_work() as session:
        for number, title, status in (
            (48, "Forty-eight", "closed"),
            (4871, "Long number", "open"),
            (900, "Room 48 is dark", "open"),
            (901, "Room 48 is cold", "closed"),
            (902, "Room 48 is loud", "open"),
        ):
            session.add(
                WorkItem(
                    number=number,
                    kind="task",
                    project_id=office.acme_project.id,
                    title=title,
                    status=status,
                    created_at=NOW,
                    updated_at=NOW,
                )
            )

    rooms = ["Room 48 is loud", "Room 48 is dark", "Room 48 is cold"]
    assert found("48") == {"items": ["Forty-eight", "Long number", *rooms]}
    assert found("#48") == {"items": ["Forty-eight", "Long number"]}
    assert found("487") == {"items": ["Long number"]}
    assert found("#99999999999") == {}


def test_nobody_finds_what_is_not_theirs_to_see(office, found):
    with unit_of_work() as session:
        for client, number in ((office.acme, "HO-2026-0371"), (office.globex, "HO-2026-0372")):
            session.add(
                Invoice(
                    client_id=client.id,
                    idempotency_key=number,
                    status="issued",
                    currency="EUR",
                    number=number,
                    issued_on=NOW.date(),
                    created_at=NOW,
                )
            )
    globex = {"items": ["Globex canary"], "clients": ["Globex"], "contacts": ["Globex Person"]}

    assert found("globex", "technician") == found("globex", "account_manager") == {}
    assert found("globex", "rival") == globex | {"invoices": ["HO-2026-0372"]}
    assert found("globex", "bookkeeper") == {
        "clients": ["Globex"],
        "contacts": ["Globex Person"],
        "invoices": ["HO-2026-0372"],
    }
    assert found("ho 2026 037", "manager") == {"invoices": ["HO-2026-0372", "HO-2026-0371"]}
    assert found("0371", "account_manager") == {"invoices": ["HO-2026-0371"]}
    assert found("0371", "technician") == found("0372", "account_manager") == {}


def test_the_palette_offers_what_one_may_do_and_both_ways_show_the_same(office, sign_in_as):
    number = office.acme_ticket.number

    def lines(who: str, typed: str) -> list[str]:
        page = sign_in_as(getattr(office, who)).get(f"/search/results?q={typed}").text
        hits = re.findall(r'role="option".*?</svg>(.*?)</(?:a|button)>', page)
        return [" ".join(re.sub(r"<kbd>.*?</kbd>|<[^>]*>", "", hit).replace(" ,", ",").split()) for hit in hits]

    assert lines("technician", "start printer")[0] == f"Start the timer on #{number} Printer prints blank labels"
    assert lines("technician", "move printer")[0] == f"Move #{number} Printer prints blank labels to another project"
    assert lines("technician", "new task acme") == ["New task in Acme · Support"]
    assert "New expense" in lines("technician", "")
    assert [line for line in lines("technician", "settings") if "Settings" in line] == [
        "Settings: Macros",
        "Settings: Canned replies",
    ]
    assert "Settings: Teams" in lines("admin", "teams")
    assert lines("bookkeeper", "month") == ["Month-end"]
    assert lines("bookkeeper", "new") == []
    assert lines("technician", "printer")[:2] == [
        f"#{number} Printer prints blank labels, Open, Acme",
        f"Start the timer on #{number} Printer prints blank labels",
    ]

    page = sign_in_as(office.technician).get("/search?q=printer").text
    assert f'href="/items/{number}"' in page
    assert f'<input type="hidden" name="number" value="{number}">' in page


def test_what_one_worked_on_and_may_see_no_more_is_offered_nowhere(office, sign_in_as, log_time):
    log_time(minutes=30)
    browser, title = sign_in_as(office.technician), "Printer prints blank labels"

    def offered() -> list[bool]:
        return [title in browser.get(path).text for path in ("/search/results?q=", "/search/results?q=start", "/desk")]

    before = offered()
    with unit_of_work() as session:
        moved = update(WorkItem).where(WorkItem.id == office.acme_ticket.id)
        session.execute(moved.values(project_id=office.globex_project.id))

    assert (before, offered()) == ([True] * 3, [False] * 3)


def test_a_search_is_a_handful_of_queries_however_much_is_found(office, count_queries):
    for _time in range(12):
        open_ticket(office, title="Acme printer")

    with unit_of_work() as session, count_queries() as statements:
        result = find(session, actor=office.actor("manager"), typed="acme printer")
        assert [item.client_name for item in result.items] == ["Acme"] * 5

    assert len(statements) <= 6


def test_people_are_found_by_the_digits_of_their_number_as_it_is_now(office, found):
    ways = ("+49 40 5550-12", "0049 (0)40 555012", "040/5550 12", "5550\N{NO-BREAK SPACE}12")
    open_ticket(office, title="It rings")
    with unit_of_work() as session:
        ours = {"phone": "0171 2345678, +49 (0)40 555012-34"}
        session.execute(update(Contact).where(Contact.id == office.acme_contact.id).values(**ours))
        session.execute(update(Contact).where(Contact.id == office.globex_contact.id).values(phone="+49 40 5550-12"))
        names = {one.id: one.name for one in session.scalars(select(Contact))}
    acme, globex = names[office.acme_contact.id], names[office.globex_contact.id]

    for typed in ways:
        assert found(typed) == {"contacts": [acme], "items": ["It rings"]}, typed
        assert set(found(typed, "rival")["contacts"]) == {acme, globex}, typed
    for typed in ("55501", "678 555", "67849405", "printer 555012", "040 999999"):
        assert "contacts" not in found(typed), typed
    with unit_of_work() as session:
        session.execute(update(Contact).where(Contact.id == office.acme_contact.id).values(phone="040 777777"))
    assert "contacts" not in found("040 5550-12")
    assert found("777777") == {"contacts": [acme], "items": ["It rings"]}
